--- What the server suggests, brought into the form that the rest works with. Pure: no buffer, no window.

local M = {}

---@class copilot_lsp.Item
---@field text string what comes after the cursor of the request; lines end in "\n"
---@field swallow integer bytes right of the cursor that it replaces
---@field head_length integer UTF-16 units of the server's insertText that stand before `text`
---@field crlf boolean the server ends lines with "\r\n"
---@field raw table the item as the server sent it

---@param raw table LSP InlineCompletionItem
---@return string
local function insert_text(raw)
  local text = raw.insertText
  return type(text) == 'table' and text.value or text
end

--- An item as text to put at the cursor; nil when it does not fit there: its range is not on the cursor's
--- line, does not reach the cursor, or its text does not begin with what stands before the cursor.
---@param raw table LSP InlineCompletionItem
---@param line string the line of the cursor, when the server was asked
---@param row integer 0-based
---@param col integer bytes
---@param encoding "utf-8"|"utf-16"|"utf-32" of the item's positions
---@return copilot_lsp.Item?
function M.of(raw, line, row, col, encoding)
  local text = insert_text(raw)
  local from, to = col, col
  if raw.range then
    if raw.range.start.line ~= row or raw.range['end'].line ~= row then
      return nil
    end
    from = vim.str_byteindex(line, encoding, raw.range.start.character, false)
    to = vim.str_byteindex(line, encoding, raw.range['end'].character, false)
  end
  local head = line:sub(from + 1, col)
  if from > col or to < col or not vim.startswith(text, head) then
    return nil
  end
  return {
    text = (text:sub(#head + 1):gsub('\r\n', '\n')),
    swallow = to - col,
    head_length = vim.str_utfindex(head, 'utf-16'),
    crlf = text:find('\r\n', 1, true) ~= nil,
    raw = raw,
  }
end

--- All that fit, in the server's order, without those that would insert nothing.
---@param raws table[]
---@return copilot_lsp.Item[]
function M.all(raws, line, row, col, encoding)
  local items = {}
  for _, raw in ipairs(raws) do
    local item = M.of(raw, line, row, col, encoding)
    if item and item.text ~= '' then
      items[#items + 1] = item
    end
  end
  return items
end

---@alias copilot_lsp.Part "all"|"word"|"line"

-- Bytes from 128 on belong to characters that are not ASCII: letters, for this purpose.
local WORD = '^%s*[%w_\128-\255]+'
local SIGNS = '^%s*[^%w_%s\128-\255]+'

--- The next part of `text`. A word takes the white space before it along, across lines; a line stops before
--- its end.
---@param text string
---@param part copilot_lsp.Part
---@return string
function M.take(text, part)
  if part == 'word' then
    return text:match(WORD) or text:match(SIGNS) or text
  elseif part == 'line' then
    return text:match('^\n*[^\n]+') or text
  end
  return text
end

--- How much of the server's insertText the user has when `taken` of `item.text` is in the buffer.
---@param item copilot_lsp.Item
---@param taken string
---@return integer length UTF-16 units from the start of insertText
function M.accepted_length(item, taken)
  local length = item.head_length + vim.str_utfindex(taken, 'utf-16')
  return item.crlf and length + select(2, taken:gsub('\n', '')) or length
end

--- The item as if the server had been asked after the user typed `taken`, the beginning of its text.
---@param item copilot_lsp.Item
---@param taken string
---@return copilot_lsp.Item
function M.rest(item, taken)
  return vim.tbl_extend('force', item, {
    text = item.text:sub(#taken + 1),
    head_length = M.accepted_length(item, taken),
  })
end

return M
