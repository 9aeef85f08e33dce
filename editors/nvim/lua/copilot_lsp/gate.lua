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

--- What the option `enabled` says. Where it fails completion is off: it may be there to keep text private.
---@param buf integer
---@return string? reason
local function refused(buf)
  local ran, on = pcall(config.options.enabled, buf)
  if not ran then
    return ('the option enabled failed: %s'):format(on)
  end
  return not on and 'turned off for this buffer (option enabled)' or nil
end

--- Whether a menu of completions is open that suggestions are not to be shown beside: Neovim's own, nvim-cmp's,
--- blink.cmp's.
---@return boolean
function M.menu()
  if not config.options.hide_during_completion then
    return false
  end
  local cmp, blink = package.loaded['cmp'], package.loaded['blink.cmp']
  return vim.fn.pumvisible() == 1
    or cmp ~= nil and cmp.visible() == true
    or blink ~= nil and blink.is_menu_visible() == true
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
  return refused(buf)
end

return M
