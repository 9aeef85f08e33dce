--- Whether completion is on in a buffer, and if not, which switch is off.

local config = require('copilot_lsp.config')

local M = {}

---@param filetype string
---@return boolean
local function filetype_is_on(filetype)
  local filetypes = config.options.filetypes
  if filetypes[filetype] ~= nil then
    return filetypes[filetype]
  end
  return filetypes['*'] ~= false
end

--- The nearest switch wins: the buffer's own, then the file type's; the global one turns everything off.
---@param buf integer
---@return string? reason nil when completion is on
function M.closed(buf)
  if vim.g.copilot_lsp_enabled == false then
    return 'turned off everywhere (:CopilotLsp toggle)'
  end
  local own = vim.b[buf].copilot_lsp_enabled
  if own ~= nil then
    return own == false and 'turned off in this buffer (:CopilotLsp toggle buffer)' or nil
  end
  local filetype = vim.bo[buf].filetype
  if filetype == '' then
    return 'this buffer has no file type'
  end
  if not filetype_is_on(filetype) then
    return ('turned off for %s (option filetypes)'):format(filetype)
  end
end

return M
