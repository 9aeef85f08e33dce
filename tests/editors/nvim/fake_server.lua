--- A language server inside Neovim: it keeps what it is sent, and answers when the test says so.
local M = {
  asked = {}, ---@type { id: integer, params: table, reply: function }[] requests for suggestions
  told = {}, ---@type { method: string, params: table }[] notifications and commands
}

local CAPABILITIES = {
  positionEncoding = 'utf-16',
  textDocumentSync = { openClose = true, change = 2 },
  inlineCompletionProvider = {},
  executeCommandProvider = { commands = { 'accepted' } },
}

local dispatchers

--- For `cmd` of vim.lsp.config().
function M.cmd(given)
  dispatchers = given
  local last, closing = 0, false
  return {
    request = function(method, params, reply)
      last = last + 1
      if method == 'textDocument/inlineCompletion' then
        M.asked[#M.asked + 1] = { id = last, params = params, reply = reply }
      elseif method == 'initialize' then
        reply(nil, { capabilities = CAPABILITIES })
      else
        M.told[#M.told + 1] = { method = method, params = params }
        reply(nil, vim.NIL)
      end
      return true, last
    end,
    notify = function(method, params)
      M.told[#M.told + 1] = { method = method, params = params }
      return true
    end,
    is_closing = function()
      return closing
    end,
    terminate = function()
      closing = true
    end,
  }
end

--- An item that puts `text` at the cursor of the request and replaces `swallow` characters after it.
local function item(request, text, swallow, id)
  local from = request.params.position
  local to = { line = from.line, character = from.character + swallow }
  return {
    insertText = text,
    range = { start = from, ['end'] = to },
    command = { command = 'accepted', title = '', arguments = { id } },
  }
end

local function items(request, texts, swallow)
  local list = {}
  for index, text in ipairs(texts) do
    list[index] = item(request, text, swallow or 0, ('%d/%d'):format(request.id, index))
  end
  return { items = list }
end

--- Answers the newest request.
function M.answer(texts, swallow)
  local request = M.asked[#M.asked]
  request.reply(nil, items(request, texts, swallow))
end

--- Answers an older one.
function M.answer_late(index, texts)
  local request = M.asked[index]
  request.reply(nil, items(request, texts))
end

--- A partial answer to the newest request.
function M.stream(texts)
  local request = M.asked[#M.asked]
  local token = request.params.partialResultToken
  dispatchers.notification('$/progress', { token = token, value = items(request, texts) })
end

function M.status(params)
  dispatchers.notification('didChangeStatus', params)
end

--- The parameters of every message of `method`.
function M.all(method)
  local found = {}
  for _, message in ipairs(M.told) do
    if message.method == method then
      found[#found + 1] = message.params
    end
  end
  return found
end

return M
