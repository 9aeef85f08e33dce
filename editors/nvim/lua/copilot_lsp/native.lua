--- Neovim 0.12's own inline completion (`display = "native"`), with an accept that cannot corrupt the buffer.
---
--- Neovim asks again 200 ms after a key. Until the answer is there its item belongs to the text before that
--- key; taken as it is, it would replace the wrong range.

local Item = require('copilot_lsp.item')
local events = require('copilot_lsp.events')
local server = require('copilot_lsp.server')

local M = {}

---@class copilot_lsp.Asked where a request was made
---@field row integer 0-based
---@field col integer bytes
---@field right string what stood right of the cursor

local pending = {} ---@type table<integer, copilot_lsp.Asked> by request id
local answered ---@type copilot_lsp.Asked? the request whose items Neovim shows

---@param event { data: { client_id: integer, request_id: integer, request: table } } of LspRequest
local function remember(event)
  local id, request = event.data.request_id, event.data.request
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if not client or client.name ~= server.NAME or request.method ~= 'textDocument/inlineCompletion' then
    return
  end
  if request.type == 'pending' then
    local row, col = unpack(vim.api.nvim_win_get_cursor(0))
    pending[id] = { row = row - 1, col = col, right = vim.api.nvim_get_current_line():sub(col + 1) }
  elseif request.type == 'complete' then
    answered = pending[id]
    pending[id] = nil
  end
end

--- Widens the range of `item` to the cursor.
---@param item vim.lsp.inline_completion.Item
---@return string? text that comes after the cursor; nil when the item does not fit there any more
---@return integer? swallow bytes right of the cursor that it replaces
local function fit(item)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  if not (answered and item.range) or answered.row ~= row - 1 or line:sub(col + 1) ~= answered.right then
    return nil
  end
  local _, from, _, to = item.range:to_extmark()
  local typed = line:sub(from + 1, col)
  if from > col or not vim.startswith(item.insert_text, typed) then
    return nil
  end
  item.range = vim.range.extmark(0, row - 1, from, row - 1, col + to - answered.col)
  return item.insert_text:sub(#typed + 1), to - answered.col
end

--- What of `item` goes into the buffer.
---@param item vim.lsp.inline_completion.Item
---@param how copilot_lsp.Part
---@return vim.lsp.inline_completion.Item?
local function narrow(item, how)
  local text, swallow = fit(item)
  if not text or not swallow then
    return nil
  end
  local taken = Item.take(text, how)
  vim.schedule(function() -- when it is in
    events.fire('Accepted', { buf = vim.api.nvim_get_current_buf(), text = taken, part = how })
  end)
  if taken ~= text then
    local row, from, _, to = item.range:to_extmark()
    item.range = vim.range.extmark(0, row, from, row, to - swallow)
    item.insert_text = item.insert_text:sub(1, #item.insert_text - #text + #taken)
    item.command = nil
  end
  return item
end

---@param how copilot_lsp.Part
---@param instead fun() called when the suggestion turns out not to fit
---@return boolean taken false when Neovim has none
function M.accept(how, instead)
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      return narrow(item, how) or instead()
    end,
  })
end

---@param step 1|-1
---@return boolean
function M.cycle(step)
  vim.lsp.inline_completion.select({ count = step })
  return true
end

---@return boolean dismissed
function M.dismiss()
  return vim.lsp.inline_completion.get({ on_accept = function() end })
end

---@param group integer of autocommands
function M.setup(group)
  vim.api.nvim_create_autocmd('LspRequest', { group = group, callback = remember })
end

---@param buf integer
---@param on boolean
function M.enable(buf, on)
  vim.lsp.inline_completion.enable(on, { bufnr = buf })
end

return M
