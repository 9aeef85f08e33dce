-- Runs the specs with one Neovim:  nvim --clean -l tests/editors/nvim/run.lua A spec is a file
-- spec/*_spec.lua that returns a table: what should be true -> a function that fails when it is not.
local here = vim.fs.dirname(vim.fs.abspath(debug.getinfo(1, 'S').source:sub(2)))
local root = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(here)))
vim.opt.runtimepath:prepend(vim.fs.joinpath(root, 'editors', 'nvim'))
package.path = here .. '/?.lua;' .. package.path

local failed, passed = 0, 0

---@param name string
---@param test fun()
local function try(name, test)
  local ok, problem = xpcall(test, debug.traceback)
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    io.stderr:write(('FAILED %s\n%s\n'):format(name, problem))
  end
end

for _, file in ipairs(vim.fn.glob(here .. '/spec/*_spec.lua', false, true)) do
  local tests = dofile(file)
  for name, test in vim.spairs(tests) do
    try(vim.fs.basename(file) .. ': ' .. name, test)
  end
end
io.stderr:write(('%d passed, %d failed\n'):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
