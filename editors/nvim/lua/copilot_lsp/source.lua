--- Suggestions as items of a completion menu, for blink.lua and cmp.lua. Positions are in bytes (UTF-8).

local Item = require('copilot_lsp.item')
local events = require('copilot_lsp.events')
local gate = require('copilot_lsp.gate')
local server = require('copilot_lsp.server')
local suggestion = require('copilot_lsp.suggestion')

local M = {}

--- Where a suggestion is worth asking for though no word is being typed.
M.TRIGGERS = { '.', '(', '[', '{', ':', '=', ',' }

---@class copilot_lsp.MenuPlace
---@field row integer 0-based
---@field col integer bytes
---@field line string
---@field word integer bytes before the word at the cursor

---@class copilot_lsp.MenuData what an item needs once it was taken
---@field text string after the cursor
---@field command lsp.Command? tells the server
---@field swallowed string what stood right of the cursor and is part of the suggestion

---@param buf integer
---@return boolean
function M.enabled(buf)
  return gate.closed(buf) == nil and server.client(buf) ~= nil
end

---@param text string
---@param filetype string
---@return lsp.MarkupContent
local function preview(text, filetype)
  local fence = '```'
  while text:find(fence, 1, true) do
    fence = fence .. '`'
  end
  return { kind = 'markdown', value = ('%s%s\n%s\n%s'):format(fence, filetype, text, fence) }
end

--- The range ends at the cursor: blink.cmp takes it for that anyhow. What stands right of it and is part of the
--- suggestion goes in M.taken().
---@param item copilot_lsp.Item
---@param place copilot_lsp.MenuPlace
---@param filetype string
---@return lsp.CompletionItem
local function menu_item(item, place, filetype)
  local text = place.line:sub(place.word + 1, place.col) .. item.text
  local first = vim.trim(text:match('[^\n]*[^\n%s][^\n]*') or text)
  return {
    label = text:find('\n', 1, true) and first .. ' …' or first,
    labelDetails = { description = 'copilot-lsp' },
    filterText = first,
    kind = vim.lsp.protocol.CompletionItemKind.Text,
    insertTextFormat = vim.lsp.protocol.InsertTextFormat.PlainText,
    insertTextMode = 1, -- as it is: it is indented already
    textEdit = {
      newText = text,
      range = {
        start = { line = place.row, character = place.word },
        ['end'] = { line = place.row, character = place.col },
      },
    },
    documentation = preview(text, filetype),
    data = {
      text = item.text,
      command = item.raw.command,
      swallowed = place.line:sub(place.col + 1, place.col + item.swallow),
    },
  }
end

---@param client vim.lsp.Client
---@param result table? LSP InlineCompletionList or InlineCompletionItem[]
---@param place copilot_lsp.MenuPlace
---@return lsp.CompletionItem[]
local function menu_items(client, result, place)
  local raws = result and (result.items or result) or {}
  return vim.tbl_map(function(item)
    return menu_item(item, place, vim.bo.filetype)
  end, Item.all(raws, place.line, place.row, place.col, client.offset_encoding))
end

--- Asks for suggestions at the cursor of the current buffer.
---@param word integer bytes before the word at the cursor
---@param manual boolean asked for by a key: several suggestions
---@param done fun(items: lsp.CompletionItem[]) called once
---@return fun() cancel
function M.ask(word, manual, done)
  local client = server.client(0)
  if not client then
    done({})
    return function() end
  end
  local cursor = suggestion.cursor()
  local place = { row = cursor.row, col = cursor.col, line = vim.api.nvim_get_current_line(), word = word }
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = manual and suggestion.INVOKED or suggestion.AUTOMATIC }
  local sent, id = client:request('textDocument/inlineCompletion', params, function(err, result)
    server.note_error(err)
    done(menu_items(client, result, place))
  end)
  return function()
    if sent and id then
      client:cancel_request(id)
    end
  end
end

--- An item was put into the current buffer, or is about to be.
---@param data copilot_lsp.MenuData
function M.taken(data)
  local client, cursor = server.client(0), suggestion.cursor()
  local to = cursor.col + #data.swallowed
  if #data.swallowed > 0 and vim.api.nvim_get_current_line():sub(cursor.col + 1, to) == data.swallowed then
    vim.api.nvim_buf_set_text(0, cursor.row, cursor.col, cursor.row, to, {})
  end
  if client and data.command then
    client:exec_cmd(data.command, { bufnr = vim.api.nvim_get_current_buf() })
  end
  events.fire('Accepted', { buf = vim.api.nvim_get_current_buf(), text = data.text, part = 'all' })
end

return M
