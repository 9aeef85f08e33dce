--- `:checkhealth copilot_lsp`

local config = require('copilot_lsp.config')
local server = require('copilot_lsp.server')
local status = require('copilot_lsp.status')

local M = {}

local health = vim.health

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.11') == 0 then
    return health.error('Neovim ' .. version .. ' is too old: 0.11 or later is needed')
  end
  health.ok(('Neovim %s, suggestions drawn by %s'):format(
    version,
    config.options.display == 'native' and 'Neovim' or 'this plugin'
  ))
end

local function check_command()
  local program = config.options.cmd[1]
  if vim.fn.executable(program) == 0 then
    return health.error(program .. ' is not installed or not on PATH', {
      'Install it: :CopilotLsp install',
      'Or name it: require("copilot_lsp").setup({ cmd = { "/path/to/copilot-lsp", "serve" } })',
    })
  end
  local result = vim.system({ program, '--version' }, { text = true, timeout = 10000 }):wait()
  if result.code == 0 then
    health.ok(('%s: %s'):format(vim.fn.exepath(program), vim.trim(result.stdout)))
  else
    health.warn(('%s --version failed: %s'):format(program, vim.trim(result.stderr or '')))
  end
end

local function check_server()
  local clients = vim.lsp.get_clients({ name = server.NAME })
  if server.problem then
    health.error(server.problem)
  elseif #clients == 0 then
    health.info('The server is not running: it starts with the first buffer that has a file type')
  elseif not server.status then
    health.info('The server is running and has not told its state yet')
  elseif server.status.kind == 'Error' then
    health.error(server.status.message, { 'See :CopilotLsp log', 'Run: copilot-lsp doctor' })
  else
    health.ok(('server: %s, model: %s'):format(server.status.state, server.status.model))
  end
end

local function check_buffer()
  local buf = vim.fn.bufnr('#')
  if buf > 0 and vim.api.nvim_buf_is_valid(buf) then
    for _, line in ipairs(status.report(buf)) do
      health.info(line)
    end
  end
end

local function check_keys()
  for action, lhs in vim.spairs(config.options.keymaps) do
    local now = lhs and vim.fn.maparg(lhs, 'i', false, true)
    if not lhs then
      health.info(action .. ' has no key')
    elseif not vim.startswith(now.desc or '', 'copilot-lsp') then
      local what = now.desc or now.rhs or 'nothing'
      health.warn(('%s (%s) is mapped to something else: %s'):format(lhs, action, what))
    else
      health.ok(('%s: %s'):format(lhs, action))
    end
  end
end

function M.check()
  health.start('copilot-lsp: program')
  check_neovim()
  check_command()
  health.start('copilot-lsp: server')
  check_server()
  health.start('copilot-lsp: the buffer before this one')
  check_buffer()
  health.start('copilot-lsp: keys')
  check_keys()
end

return M
