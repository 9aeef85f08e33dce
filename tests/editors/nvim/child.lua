--- A Neovim of the same version, with the plugin and fake_server.lua, driven by keys.
local M = {}

local plugin = vim.api.nvim_get_runtime_file('plugin/copilot_lsp.lua', false)[1]
local root = vim.fs.dirname(vim.fs.dirname(plugin))
local here = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))

local SETUP = [[
  local root, here = ...
  vim.g.loaded_python3_provider = 0
  vim.o.swapfile = false
  vim.opt.runtimepath:prepend(root)
  package.path = here .. '/?.lua;' .. package.path
  vim.cmd.runtime('plugin/copilot_lsp.lua')
  fake = require('fake_server')
  function set_up(options)
    local defaults = { cmd = { vim.v.progpath }, debounce_ms = 1, offer_model = false }
    require('copilot_lsp').setup(vim.tbl_extend('force', defaults, options))
    vim.lsp.config('copilot_lsp', { cmd = fake.cmd })
  end
]]

local BUFFER = [[
  vim.cmd.enew()
  vim.api.nvim_buf_set_name(0, vim.fn.tempname() .. '.txt')
  vim.bo.filetype = 'text'
]]

local GHOST = [[
  local namespace = vim.api.nvim_get_namespaces().copilot_lsp
  local shown = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
    for _, chunk in ipairs(mark[4].virt_text or {}) do
      shown[#shown + 1] = chunk[1]
    end
    for _, line in ipairs(mark[4].virt_lines or {}) do
      shown[#shown + 1] = '\n'
      for _, chunk in ipairs(line) do
        shown[#shown + 1] = chunk[1]
      end
    end
  end
  return table.concat(shown)
]]

---@class Child
local Child = {}
Child.__index = Child

---@param options table? of setup()
---@param lines string[]? the text; the cursor is at its end
function M.start(options, lines)
  local command = { vim.v.progpath, '--clean', '--embed', '--headless', '-n' }
  local channel = vim.fn.jobstart(command, { rpc = true })
  local self = setmetatable({ channel = channel }, Child)
  self:lua(SETUP, root, here)
  self:set_up(options)
  self:lua(BUFFER)
  self:wait('the client', 'return #vim.lsp.get_clients({ name = "copilot_lsp", bufnr = 0 }) == 1')
  if lines then
    self:lua('vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)', lines)
    self:lua('vim.cmd.normal({ "G$", bang = true })')
  end
  return self
end

--- Runs `test(child)` and ends the child, whatever comes of it.
function M.with(options, lines, test)
  local child = M.start(options, lines)
  local ok, problem = xpcall(test, debug.traceback, child)
  vim.fn.jobstop(child.channel)
  if not ok then
    error(problem, 0)
  end
end

--- Runs `test(child)` once the server has been asked for what `keys` typed.
function M.typed(options, lines, keys, test)
  M.with(options, lines, function(child)
    child:type(keys)
    test(child)
  end)
end

function Child:lua(code, ...)
  return vim.rpcrequest(self.channel, 'nvim_exec_lua', code, { ... })
end

--- Calls setup(), as a configuration that is read again does.
function Child:set_up(options)
  self:lua('set_up(...)', options or vim.empty_dict())
end

--- Keys that end in small letters, which are typed, and the request for that text.
function Child:type(keys)
  self:keys(keys)
  self:wait('a request for the last of ' .. keys, [[
    local last = fake.asked[#fake.asked]
    local row, col = unpack(vim.api.nvim_win_get_cursor(0))
    return vim.endswith(vim.api.nvim_get_current_line(), ...) and last ~= nil
      and last.params.position.line == row - 1 and last.params.position.character == col]], keys:match('%l+$'))
end

function Child:keys(keys)
  vim.rpcrequest(self.channel, 'nvim_input', keys)
end

function Child:wait(what, code, ...)
  local last
  local arguments = { ... }
  local came = vim.wait(5000, function()
    last = self:lua(code, unpack(arguments))
    return last == true
  end, 5)
  if not came then
    error(('waited in vain for %s\nghost: %s\ntext: %s'):format(what, self:ghost(), self:text()), 2)
  end
end

function Child:ghost()
  return self:lua(GHOST)
end

function Child:text()
  return table.concat(self:lua('return vim.api.nvim_buf_get_lines(0, 0, -1, false)'), '\n')
end

--- Waits until the server has been asked `count` times in all.
function Child:wait_asked(count)
  self:wait(count .. ' requests', 'return #fake.asked == ...', count)
end

function Child:wait_ghost(text)
  self:wait(('the ghost text %q'):format(text), ('return (function() %s end)() == ...'):format(GHOST), text)
end

function Child:wait_text(text)
  self:wait(
    ('the text %q'):format(text),
    'return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\\n") == ...',
    text
  )
end

--- How often the server has been asked, when nothing more comes for a while.
function Child:settled()
  vim.wait(60)
  return self:lua('return #fake.asked')
end

--- Lets the server suggest `text`, and waits until it is shown.
function Child:suggest(text)
  self:answer({ text })
  self:wait_ghost(text)
end

function Child:answer(texts, swallow)
  self:lua('fake.answer(...)', texts, swallow or 0)
end

return M
