--- lualine: `lualine_x = { "copilot_lsp" }`. Empty where no server works and none should.

local M = require('lualine.component'):extend()

local HIGHLIGHTS = { error = 'DiagnosticError', starting = 'DiagnosticWarn', loading = 'DiagnosticWarn' }

---@param text string
---@param state copilot_lsp.State
---@return string
local function coloured(text, state)
  return HIGHLIGHTS[state] and ('%%#%s#%s'):format(HIGHLIGHTS[state], text) or text
end

---@return string
function M:update_status()
  local copilot = package.loaded['copilot_lsp'] -- a plugin that is loaded later stays that
  if not copilot or not copilot.is_set_up then
    return ''
  end
  local state = require('copilot_lsp.status').state(vim.api.nvim_get_current_buf())
  return coloured((copilot.statusline():gsub('%%', '%%%%')), state)
end

return M
