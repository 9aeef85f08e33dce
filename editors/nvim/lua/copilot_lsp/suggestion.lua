--- One suggestion: what the server was asked, what came, and what of it still fits the text.

local Item = require('copilot_lsp.item')
local follow = require('copilot_lsp.follow')

local M = {}

M.INVOKED, M.AUTOMATIC = 1, 2

---@class copilot_lsp.Suggestion
---@field buf integer
---@field client vim.lsp.Client
---@field trigger 1|2
---@field line string the cursor's line when the server was asked
---@field anchor copilot_lsp.Place the cursor when the server was asked
---@field cursor copilot_lsp.Place? where typing has brought it; nil once the text changed in another way
---@field items copilot_lsp.Item[] what came so far
---@field index integer
---@field step integer? how to go on from the suggestion that was shown when the server was asked
---@field token string of its partial results
---@field request integer? while the answer is awaited
---@field told table<integer, true> indexes of the items that the server knows were shown

---@return copilot_lsp.Place
function M.cursor()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return { row = row - 1, col = col }
end

---@param s copilot_lsp.Suggestion
---@return string typed between the place of the request and the cursor
local function typed(s)
  local from, to = s.anchor, s.cursor
  return table.concat(vim.api.nvim_buf_get_text(s.buf, from.row, from.col, to.row, to.col, {}), '\n')
end

--- While an answer streams in, typing may be ahead of it.
---@param item copilot_lsp.Item
---@param text string
---@param growing boolean
---@return boolean
local function agrees(item, text, growing)
  return vim.startswith(item.text, text) or growing and vim.startswith(text, item.text)
end

--- The selected item as it is after what was typed, or the next that agrees with it; nil when none does.
---@param s copilot_lsp.Suggestion
---@param step integer 1 or -1: where to look for the next
---@return copilot_lsp.Item?
function M.fitting(s, step)
  local text = typed(s)
  for _ = 1, #s.items do
    local item = s.items[s.index]
    if agrees(item, text, s.request ~= nil) then
      return Item.rest(item, text)
    end
    s.index = (s.index - 1 + step) % #s.items + 1
  end
end

--- Whether `s` still belongs to the text and the cursor as they are.
---@param s copilot_lsp.Suggestion
---@return boolean
function M.stands(s)
  if not s.cursor or s.buf ~= vim.api.nvim_get_current_buf() or not follow.same(s.cursor, M.cursor()) then
    return false
  end
  if #s.items == 0 then
    return s.request ~= nil and follow.same(s.cursor, s.anchor)
  end
  local item = M.fitting(s, 1)
  return item ~= nil and (item.text ~= '' or s.request ~= nil)
end

---@param s copilot_lsp.Suggestion
---@param raws table[]
function M.receive(s, raws)
  local shown = s.step and s.items[1]
  s.items = Item.all(raws, s.line, s.anchor.row, s.anchor.col, s.client.offset_encoding)
  if not shown then
    return
  end
  s.index = s.step > 0 and 1 or math.max(#s.items, 1)
  for index, item in ipairs(s.items) do
    if item.text == shown.text then
      s.index = (index - 1 + s.step) % #s.items + 1
      break
    end
  end
end

return M
