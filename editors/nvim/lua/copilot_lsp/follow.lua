--- Follows the cursor through the changes that typing makes. Pure.
---
--- A suggestion stays right while the user types its beginning, or takes some of that back. Whatever else
--- changes the text (another window, a formatter, undo) may have moved or altered what it was made for.

local M = {}

---@class copilot_lsp.Place
---@field row integer 0-based
---@field col integer bytes

---@class copilot_lsp.Change text from `start` to `old` became text from `start` to `new`
---@field start copilot_lsp.Place
---@field old copilot_lsp.Place
---@field new copilot_lsp.Place

---@param a copilot_lsp.Place
---@param b copilot_lsp.Place
---@return boolean
function M.same(a, b)
  return a.row == b.row and a.col == b.col
end

---@param a copilot_lsp.Place
---@param b copilot_lsp.Place
---@return boolean
local function before(a, b)
  return a.row < b.row or a.row == b.row and a.col < b.col
end

--- Arguments of `on_bytes` (|nvim_buf_attach()|) from the start's row on; the ends are relative to the start.
---@return copilot_lsp.Change
function M.change(row, col, _, old_rows, old_col, _, new_rows, new_col, _)
  local function finish(rows, last)
    return { row = row + rows, col = rows == 0 and col + last or last }
  end
  local start = { row = row, col = col }
  return { start = start, old = finish(old_rows, old_col), new = finish(new_rows, new_col) }
end

--- Where the cursor is after `change`, when that only put text in at the cursor or removed text between
--- `anchor` and the cursor; nil after any other.
---@param anchor copilot_lsp.Place
---@param cursor copilot_lsp.Place
---@param change copilot_lsp.Change
---@return copilot_lsp.Place?
function M.after(anchor, cursor, change)
  if not M.same(change.old, cursor) then
    return nil
  end
  local puts_in = M.same(change.start, cursor)
  local takes_back = M.same(change.new, change.start) and not before(change.start, anchor)
  return (puts_in or takes_back) and change.new or nil
end

return M
