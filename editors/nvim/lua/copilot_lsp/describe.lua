--- Models in words.

local M = {}

---@class copilot_lsp.Model as the server lists them
---@field name string
---@field bytes integer
---@field licence string
---@field notice string? what the licence forbids; shown before a download
---@field present boolean
---@field partBytes integer? what a download that was stopped has left
---@field active boolean
---@field fits boolean
---@field recommended boolean
---@field trimmable boolean? a quicker copy can be made; older servers do not say so
---@field expectedMs number? to the first ghost text
---@field expectedIsEstimate boolean?
---@field quality string?
---@field source "shipped"|"registry"|"user"

---@param bytes integer
---@return string
function M.size(bytes)
  local megabytes = bytes / 1e6
  return megabytes < 1000 and ('%.0f MB'):format(megabytes) or ('%.1f GB'):format(megabytes / 1000)
end

---@param model copilot_lsp.Model
---@return string? in words how fast it is here
function M.speed(model)
  if model.expectedMs then
    return ('%s%.0f ms'):format(model.expectedIsEstimate and 'about ' or '', model.expectedMs)
  end
end

---@param model copilot_lsp.Model
---@return string[] what sets it apart
local function marks(model)
  local words = {} ---@type string[]
  for _, mark in ipairs({
    { model.active, 'in use' },
    { model.present and not model.active, 'here' },
    { not model.present and model.partBytes, M.size(model.partBytes or 0) .. ' of it here' },
    { model.recommended, 'recommended' },
    { not model.fits, 'too large for this machine' },
  }) do
    if mark[1] then
      words[#words + 1] = mark[2]
    end
  end
  return words
end

---@param model copilot_lsp.Model
---@return string line of the menu
function M.line(model)
  local parts = { M.size(model.bytes), model.licence, M.speed(model) or false, model.quality or false }
  vim.list_extend(parts, marks(model))
  return ('%-30s %s'):format(model.name, table.concat(vim.tbl_filter(function(part)
    return part ~= false
  end, parts), ', '))
end

--- What stands above the choices for one model.
---@param model copilot_lsp.Model
---@param why string? it is recommended
---@return string
function M.heading(model, why)
  local head = ('%s, %s'):format(model.name, model.licence)
  head = why and ('%s; recommended: %s'):format(head, why) or head
  return model.notice and ('%s. %s'):format(head, model.notice) or head
end

return M
