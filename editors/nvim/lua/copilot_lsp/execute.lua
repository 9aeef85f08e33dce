--- Commands of the server (docs/protocol.md). Whatever goes wrong is an answer too, with one line for the user.

local server = require('copilot_lsp.server')

local M = {}

---@class copilot_lsp.Answer what else there is depends on the command
---@field ok boolean
---@field message string? a line for the user
---@field cancelled boolean?

local WAIT_MS = 1000

---@param message string
---@return copilot_lsp.Answer
local function refusal(message)
  return { ok = false, message = message }
end

---@param name string
---@return vim.lsp.Client? client that knows the command
---@return copilot_lsp.Answer? refusal when there is none
local function capable(name)
  local client = vim.lsp.get_clients({ name = server.NAME })[1]
  if not client then
    return nil, refusal('no server is running: open a file first; :CopilotLsp says more')
  end
  local known = vim.tbl_get(client.server_capabilities, 'executeCommandProvider', 'commands') or {}
  if not vim.list_contains(known, name) then
    return nil, refusal('this server is too old for that; :CopilotLsp install gets another')
  end
  return client
end

---@param err lsp.ResponseError?
---@param result any
---@return copilot_lsp.Answer
local function answer(err, result)
  if err then
    return refusal(err.message)
  end
  return type(result) == 'table' and result or refusal('the server gave no answer')
end

---@param name string
---@param argument table?
---@return table params
local function parameters(name, argument)
  return { command = name, arguments = argument and { argument } or nil }
end

--- `done` is not called when the server ends before it has answered.
---@param name string after "copilotLsp."
---@param argument table?
---@param done fun(answer: copilot_lsp.Answer)
---@param token string? of the progress that the server reports
---@return vim.lsp.Client? client that was asked
function M.start(name, argument, done, token)
  local client, refused = capable('copilotLsp.' .. name)
  if not client then
    done(assert(refused))
    return nil
  end
  local params = parameters('copilotLsp.' .. name, argument)
  params.workDoneToken = token
  client:request('workspace/executeCommand', params, function(err, result)
    done(answer(err, result))
  end)
  return client
end

--- The same for what must be known at once, such as the completion of a command line.
---@param name string after "copilotLsp."
---@return copilot_lsp.Answer
function M.wait(name)
  local client, refused = capable('copilotLsp.' .. name)
  if not client then
    return assert(refused)
  end
  local reply = client:request_sync('workspace/executeCommand', parameters('copilotLsp.' .. name), WAIT_MS)
  return answer(reply and reply.err, reply and reply.result)
end

return M
