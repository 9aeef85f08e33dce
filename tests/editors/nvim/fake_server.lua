--- A language server inside Neovim: it keeps what it is sent, and answers when the test says so.
local M = {
  asked = {}, ---@type { id: integer, params: table, reply: function }[] requests for suggestions
  told = {}, ---@type { method: string, params: table }[] notifications and commands
  answers = {}, ---@type table<string, table|false> what a command is answered with; false: later, by finish()
  waiting = {}, ---@type table<string, function> the replies of those
}

local CAPABILITIES = {
  positionEncoding = 'utf-16',
  textDocumentSync = { openClose = true, change = 2 },
  inlineCompletionProvider = {},
  executeCommandProvider = {
    commands = {
      'accepted',
      'copilotLsp.models.list',
      'copilotLsp.models.pull',
      'copilotLsp.models.trim',
      'copilotLsp.models.use',
      'copilotLsp.models.remove',
      'copilotLsp.doctor',
      'copilotLsp.remote.ask',
    },
  },
}

local dispatchers

--- Keeps a request that is none for a suggestion, and answers it.
local function told(method, params, reply)
  M.told[#M.told + 1] = { method = method, params = params }
  local answer = M.answers[params.command]
  if answer == false then
    M.waiting[params.command] = reply
  else
    reply(nil, answer or vim.NIL)
  end
end

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
        told(method, params or {}, reply)
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

--- Answers a command that waits.
function M.finish(command, answer)
  M.waiting[command](nil, answer)
end

--- The progress of a command that waits.
function M.progress(token, value)
  dispatchers.notification('$/progress', { token = token, value = value })
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
