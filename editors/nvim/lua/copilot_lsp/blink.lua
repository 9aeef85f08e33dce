--- A source of blink.cmp: its option `sources.providers.copilot_lsp.module`. See |copilot-lsp-blink|.

local source = require('copilot_lsp.source')

local M = {}

---@return table
function M.new()
  return setmetatable({}, { __index = M })
end

---@return boolean
function M:enabled()
  return source.enabled(vim.api.nvim_get_current_buf())
end

---@return string[]
function M:get_trigger_characters()
  return source.TRIGGERS
end

--- Every key asks again: the server has what it needs for that, and a suggestion gets better with each.
---@param context table blink.cmp.Context: `bounds.start_col` is where its keyword starts, 1-based
---@param callback fun(response: table)
---@return fun() cancel
function M:get_completions(context, callback)
  local manual = context.trigger ~= nil and context.trigger.kind == 'manual'
  return source.ask(context.bounds.start_col - 1, manual, function(items)
    callback({ items = items, is_incomplete_forward = true, is_incomplete_backward = true })
  end)
end

---@param _ table blink.cmp.Context
---@param item table
---@param callback fun()
---@param put_in (fun())? puts the text in; before blink.cmp 1.0 it was in already
function M:execute(_, item, callback, put_in)
  source.taken(item.data)
  if put_in then
    put_in()
  end
  callback()
end

return M
