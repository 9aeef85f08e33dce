--- `User` events, for configurations and other plugins: |copilot-lsp-events|.

local M = {}

---@param name "Attach"|"Shown"|"Accepted"|"Status"|"Progress"
---@param data table? what a callback finds in `event.data`
function M.fire(name, data)
  vim.api.nvim_exec_autocmds('User', { pattern = 'CopilotLsp' .. name, modeline = false, data = data })
end

return M
