--- `:CopilotLsp doctor`: the server's report on itself; without a server that can give it, the program's.

local config = require('copilot_lsp.config')
local execute = require('copilot_lsp.execute')
local say = require('copilot_lsp.say')

local M = {}

---@param text string
local function show(text)
  vim.cmd.new()
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(vim.trim(text), '\n'))
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile, vim.bo.modifiable = 'nofile', 'wipe', false, false
  vim.keymap.set('n', 'q', vim.cmd.close, { buffer = true, desc = 'copilot-lsp: close the report' })
end

---@param why string there is no answer from the server
local function ask_program(why)
  local line = config.command('doctor')
  if not line then
    return say('doctor: ' .. why)
  end
  vim.system(line, { text = true }, function(result)
    vim.schedule(function()
      show(vim.trim(result.stdout) ~= '' and result.stdout or result.stderr)
    end)
  end)
end

function M.run()
  execute.start('doctor', nil, function(answer)
    if answer.ok then
      show(answer.text)
    else
      ask_program(answer.message or 'the server gave no answer')
    end
  end)
end

return M
