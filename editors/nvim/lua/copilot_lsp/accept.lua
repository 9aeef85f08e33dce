--- Puts a suggestion, or the next part of it, into the buffer.

local Item = require('copilot_lsp.item')
local events = require('copilot_lsp.events')
local session = require('copilot_lsp.session')

local M = {}

--- So that undo takes the suggestion back and leaves what was typed before it.
local function break_undo()
  vim.cmd('let &g:undolevels = &g:undolevels')
end

--- Inserts as a paste: unlike nvim_buf_set_text(), that is part of what |.| repeats.
---@param s copilot_lsp.Suggestion
---@param text string
---@param swallow integer bytes right of the cursor that it replaces
local function paste(s, text, swallow)
  local row, col = s.cursor.row, s.cursor.col
  break_undo()
  if swallow > 0 then
    vim.api.nvim_buf_set_text(s.buf, row, col, row, col + swallow, {})
  end
  vim.api.nvim_paste(text, false, -1)
end

---@param s copilot_lsp.Suggestion
---@param text string
---@param swallow integer bytes right of the cursor that it replaces
---@return boolean inserted false where the text is locked: in an <expr> mapping, which blink.cmp's are
local function insert(s, text, swallow)
  local inserted, problem = pcall(paste, s, text, swallow)
  if not inserted then
    assert(tostring(problem):find('E565', 1, true), problem)
  end
  return inserted
end

---@param s copilot_lsp.Suggestion
---@param item copilot_lsp.Item
---@return boolean inserted
local function whole(s, item)
  if not insert(s, item.text, item.swallow) then
    return false
  end
  session.drop()
  if item.raw.command then
    s.client:exec_cmd(item.raw.command, { bufnr = s.buf })
  end
  return true
end

--- The rest stays on the screen: for the session this is typing.
---@param s copilot_lsp.Suggestion
---@param item copilot_lsp.Item
---@param taken string
---@return boolean inserted
local function part(s, item, taken)
  if not insert(s, taken, 0) then
    return false
  end
  s.client:notify('textDocument/didPartiallyAcceptCompletion', {
    item = item.raw,
    acceptedLength = Item.accepted_length(item, taken),
  })
  return true
end

---@param how copilot_lsp.Part
---@return boolean accepted false when nothing is shown
function M.accept(how)
  local s, item = session.shown()
  if not s or not item then
    return false
  end
  local taken = Item.take(item.text, how)
  local inserted ---@type boolean
  if taken == item.text then
    inserted = whole(s, item)
  else
    inserted = part(s, item, taken)
  end
  if inserted then
    events.fire('Accepted', { buf = s.buf, text = taken, part = how })
  else
    vim.schedule(function()
      M.accept(how)
    end)
  end
  return true
end

return M
