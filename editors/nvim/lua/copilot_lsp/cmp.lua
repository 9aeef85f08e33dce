--- A source of nvim-cmp: `require("copilot_lsp.cmp").register()`. See |copilot-lsp-cmp|.

local source = require('copilot_lsp.source')

local M = {}

local registered = false

--- Under the name "copilot_lsp"; once, however often it is called.
function M.register()
  if not registered then
    registered = true
    require('cmp').register_source('copilot_lsp', M.new())
  end
end

---@return table
function M.new()
  return setmetatable({}, { __index = M })
end

---@return string
function M:get_debug_name()
  return 'copilot-lsp'
end

---@return boolean
function M:is_available()
  return source.enabled(vim.api.nvim_get_current_buf())
end

---@return string
function M:get_position_encoding_kind()
  return 'utf-8'
end

---@return string[]
function M:get_trigger_characters()
  return source.TRIGGERS
end

---@param params table cmp.SourceCompletionApiParams: `offset` is where its keyword starts, 1-based
---@param callback fun(response: table)
function M:complete(params, callback)
  local manual = params.context:get_reason() == 'manual'
  source.ask(params.offset - 1, manual, function(items)
    callback({ items = items, isIncomplete = true })
  end)
end

---@param item table
---@param callback fun(item: table)
function M:execute(item, callback)
  source.taken(item.data)
  callback(item)
end

return M
