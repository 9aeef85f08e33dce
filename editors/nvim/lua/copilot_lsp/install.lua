--- `:CopilotLsp install`: the server in an environment of its own, made by the scripts that come with the plugin.
---
--- Each installation is a new folder, so that a failure leaves the last one as it was, and so that a server that
--- another Neovim runs keeps its files.

local config = require('copilot_lsp.config')
local python = require('copilot_lsp.python')
local say = require('copilot_lsp.say')

local M = {}

--- The server's version that belongs to this plugin.
M.VERSION = '0.1.0'

local KEPT = 2

M.running = false

---@return boolean
local function headless()
  return #vim.api.nvim_list_uis() == 0
end

--- Without a screen at once: Neovim may end before the moment that `say` waits for.
---@param text string
---@param level vim.log.levels?
local function tell(text, level)
  if headless() then
    return vim.notify('copilot-lsp: ' .. text, level or vim.log.levels.WARN)
  end
  say(text, level)
end

---@return string? script that installs: beside the plugin in its own repository, in scripts/ in the whole one
local function script()
  local file = vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2))
  local root = vim.fn.fnamemodify(file, ':p:h:h:h')
  for _, path in ipairs({ root .. '/install/install.py', vim.fs.dirname(vim.fs.dirname(root)) .. '/scripts/install.py' }) do
    if vim.uv.fs_stat(path) then
      return path
    end
  end
end

local step = '' ---@type string what is being done

--- Shows the last line of a read. Indented ones say how far a step is.
---@param chunk string?
local function tell_progress(chunk)
  local line = (chunk or ''):gsub('%s+$', ''):match('[^\n]*$')
  if line == '' then
    return
  end
  local detail = line:match('^%s+(.*)')
  step = detail and step or line
  local text = ('copilot-lsp: %s%s'):format(step, detail and ', ' .. detail or '')
  vim.schedule(function()
    vim.api.nvim_echo({ { text:sub(1, vim.o.columns - 12) } }, false, {}) -- longer ones wait for Enter
  end)
end

--- Keeps the newest ones: an older one may be what another Neovim runs.
local function forget_old()
  local folders = config.installations()
  for index = 1, #folders - KEPT do
    for _, folder in ipairs({ folders[index], folders[index] .. '-logs' }) do
      vim.fs.rm(folder, { recursive = true, force = true })
    end
  end
  python.forget_unused(config.data_folder(), config.installations())
end

--- Uses what was installed, unless the option `cmd` names another program.
local function use()
  local cmd, server = config.options.cmd, require('copilot_lsp.server')
  if cmd[1] == 'copilot-lsp' or vim.startswith(cmd[1], config.data_folder()) then
    cmd[1] = config.program()
  end
  if require('copilot_lsp').is_set_up then
    server.stop()
    vim.defer_fn(server.start, 500)
  end
end

---@param folder string
---@param result vim.SystemCompleted
local function done(folder, result)
  M.running = false
  if result.code == 0 then
    vim.fn.writefile({}, folder .. '/ready')
    forget_old()
    use()
    return tell('the server is installed', vim.log.levels.INFO)
  end
  local lines = vim.split(vim.trim(result.stderr or ''), '\n')
  tell(lines[#lines] ~= '' and lines[#lines] or ('install: exit code %d'):format(result.code))
end

---@param server string its wheel, or name and version on the package index
---@param program string Python
---@param installer string
local function start(server, program, installer)
  local folder = ('%s/server-%s-%d'):format(config.data_folder(), os.date('%Y%m%d%H%M%S'), vim.fn.getpid())
  vim.system({ program, installer, folder, server }, {
    text = true,
    stdout = function(_, chunk)
      tell_progress(chunk)
    end,
  }, function(result)
    vim.schedule(function()
      done(folder, result)
    end)
  end)
end

---@param installer string
---@param act fun(program: string)
local function with_python(installer, act)
  local present = python.present()
  if present then
    return act(present)
  end
  tell_progress('Getting Python: none that is new enough was found')
  local builds = vim.fs.joinpath(vim.fs.dirname(installer), 'python-builds.json')
  python.provide(builds, config.data_folder(), function(own, failure)
    if own then
      return act(own)
    end
    M.running = false
    tell('install: ' .. failure)
  end)
end

--- Waits where nobody looks on: `nvim --headless "+Lazy! sync" +qa` would end it.
---@param given string? a wheel instead of the server on the package index; "~" and "*" are expanded
function M.run(given)
  local wheel = given and vim.fn.expand(given)
  local installer = script()
  if M.running then
    return tell('install: is running already')
  elseif not installer then
    return tell('install: the scripts are missing; use the branch that `make nvim-repo` writes, or a clone')
  elseif wheel and vim.fn.filereadable(wheel) == 0 then
    return tell(('install: %s is not a file'):format(wheel))
  end
  M.running = true
  vim.fn.mkdir(config.data_folder(), 'p')
  with_python(installer, function(program)
    start(wheel and vim.fn.fnamemodify(wheel, ':p') or 'copilot-lsp==' .. M.VERSION, program, installer)
  end)
  if headless() then
    vim.wait(3600 * 1000, function()
      return not M.running
    end, 50)
  end
end

return M
