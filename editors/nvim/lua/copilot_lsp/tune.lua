--- `:CopilotLsp tune`: the program's command in a terminal; it shows its progress there, and CTRL-C stops it.

local config = require('copilot_lsp.config')
local say = require('copilot_lsp.say')

local M = {}

function M.run()
  local line = config.command('tune')
  if not line then
    return say('tune: the server cannot be found; :CopilotLsp install gets one')
  end
  vim.cmd.new()
  vim.fn.jobstart(line, {
    term = true,
    on_exit = function(_, code)
      if code == 0 then
        say('measured; :CopilotLsp stop and start, or a restart of Neovim, uses it', vim.log.levels.INFO)
      end
    end,
  })
  vim.cmd.startinsert()
end

return M
