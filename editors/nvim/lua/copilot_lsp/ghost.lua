--- Draws a suggestion at the cursor as text that is not in the buffer.

local M = {}

local namespace = vim.api.nvim_create_namespace('copilot_lsp')

---@class copilot_lsp.Piece text drawn `at` bytes right of the cursor
---@field at integer
---@field text string

---@class copilot_lsp.Layout
---@field pieces copilot_lsp.Piece[] in the line of the cursor, between the characters that stay
---@field over string? drawn over all that stands right of the cursor, instead of `pieces`
---@field below string[] lines under it
---@field kept string what stands right of the cursor and stays there; drawn at the end of `below`

--- `tail` as it is spread in `text`: the pieces between its characters; nil when it is not a subsequence.
--- "a, b)" with the tail ")" is the piece "a, b" in front of it.
---@param text string
---@param tail string
---@return copilot_lsp.Piece[]?
local function around(text, tail)
  local pieces, from = {}, 1
  if tail:find('[\128-\255]') then
    return nil -- the search below goes by bytes
  end
  for at = 1, #tail do
    local found = text:find(tail:sub(at, at), from, true)
    if not found then
      return nil
    end
    pieces[at] = { at = at - 1, text = text:sub(from, found - 1) }
    from = found + 1
  end
  pieces[#tail + 1] = { at = #tail, text = text:sub(from) }
  return vim.tbl_filter(function(piece)
    return piece.text ~= ''
  end, pieces)
end

--- How `text` looks before `right`, the rest of the cursor's line, of which it replaces the first `swallow`
--- bytes.
---@param text string
---@param right string
---@param swallow integer
---@return copilot_lsp.Layout
function M.layout(text, right, swallow)
  local lines = vim.split(text, '\n', { plain = true })
  local first = table.remove(lines, 1)
  local kept = right:sub(swallow + 1)
  local pieces = (#lines == 0 or right == '') and around(first, right:sub(1, swallow))
  if pieces then
    return { pieces = pieces, below = lines, kept = '' }
  end
  if #lines == 0 then
    return { pieces = {}, over = first .. kept, below = lines, kept = '' }
  end
  return { pieces = {}, over = first, below = lines, kept = kept }
end

--- Tabs as spaces: virtual text shows them as control characters.
---@param text string
---@param column integer the screen column where it starts, 0-based
---@param tabstop integer
---@return string
function M.untab(text, column, tabstop)
  local parts = vim.split(text, '\t', { plain = true })
  for index = 1, #parts - 1 do
    column = column + vim.fn.strdisplaywidth(parts[index], column)
    local width = tabstop - column % tabstop
    parts[index] = parts[index] .. (' '):rep(width)
    column = column + width
  end
  return table.concat(parts)
end

---@class copilot_lsp.Canvas where drawing has got to
---@field buf integer
---@field row integer 0-based
---@field col integer bytes
---@field column integer the screen column, 0-based
---@field right string what stands right of the place
---@field hint string set apart at the end of the text, such as " (2/3)"

---@param canvas copilot_lsp.Canvas
---@param at integer bytes right of `canvas.col`
---@param text string
---@param last boolean the hint comes after it
---@param how "inline"|"overlay"
local function draw_beside(canvas, at, text, last, how)
  local chunks = { { text, 'CopilotLspGhost' } }
  if last then
    chunks[2] = { canvas.hint, 'CopilotLspHint' }
  end
  vim.api.nvim_buf_set_extmark(canvas.buf, namespace, canvas.row, canvas.col + at, {
    virt_text = chunks,
    virt_text_pos = how,
    -- At the end of a line it takes on the line's background; elsewhere it would take on a bracket's
    -- highlight too.
    hl_mode = canvas.right == '' and 'combine' or 'replace',
  })
end

---@param canvas copilot_lsp.Canvas
---@param layout copilot_lsp.Layout
local function draw_pieces(canvas, layout)
  for index, piece in ipairs(layout.pieces) do
    local text = M.untab(piece.text, canvas.column, vim.bo[canvas.buf].tabstop)
    canvas.column = canvas.column + vim.fn.strdisplaywidth(text)
    draw_beside(canvas, piece.at, text, #layout.below == 0 and index == #layout.pieces, 'inline')
  end
end

---@param canvas copilot_lsp.Canvas
---@param layout copilot_lsp.Layout
local function draw_over(canvas, layout)
  local text = M.untab(layout.over, canvas.column, vim.bo[canvas.buf].tabstop)
  local uncovered = vim.fn.strdisplaywidth(canvas.right, canvas.column) - vim.fn.strdisplaywidth(text)
  draw_beside(canvas, 0, text .. (' '):rep(uncovered), #layout.below == 0, 'overlay')
end

---@param canvas copilot_lsp.Canvas
---@param layout copilot_lsp.Layout
local function draw_below(canvas, layout)
  local lines = {}
  for index, text in ipairs(layout.below) do
    lines[index] = { { M.untab(text, 0, vim.bo[canvas.buf].tabstop), 'CopilotLspGhost' } }
  end
  vim.list_extend(lines[#lines], { { layout.kept, 'Normal' }, { canvas.hint, 'CopilotLspHint' } })
  vim.api.nvim_buf_set_extmark(canvas.buf, namespace, canvas.row, canvas.col, { virt_lines = lines })
end

--- Draws `text` at a place, instead of what was drawn before.
---@param buf integer
---@param row integer 0-based
---@param col integer bytes
---@param text string
---@param swallow integer bytes right of the place that it replaces
---@param hint string set apart at its end, such as " (2/3)"
function M.draw(buf, row, col, text, swallow, hint)
  M.clear(buf)
  local line = vim.api.nvim_buf_get_lines(buf, row, row + 1, false)[1]
  local column = vim.fn.strdisplaywidth(line:sub(1, col))
  local canvas = { buf = buf, row = row, col = col, column = column, right = line:sub(col + 1), hint = hint }
  local layout = M.layout(text, canvas.right, swallow)
  draw_pieces(canvas, layout)
  if layout.over then
    draw_over(canvas, layout)
  end
  if #layout.below > 0 then
    draw_below(canvas, layout)
  end
end

---@param buf integer
function M.clear(buf)
  if vim.api.nvim_buf_is_valid(buf) then
    vim.api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  end
end

--- A colour scheme may set the groups itself; otherwise they are grey, whatever its comments look like.
function M.define_highlights()
  local grey = { fg = '#808080', ctermfg = 244, italic = true, default = true }
  vim.api.nvim_set_hl(0, 'CopilotLspGhost', grey)
  vim.api.nvim_set_hl(0, 'CopilotLspHint', { link = 'NonText', default = true })
end

return M
