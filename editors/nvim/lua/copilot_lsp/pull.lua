--- The download or the copy of a model: one at a time, by the server, on the user's word.

local events = require('copilot_lsp.events')
local execute = require('copilot_lsp.execute')
local say = require('copilot_lsp.say')

local M = {}

---@alias copilot_lsp.Work "pull"|"trim" the server's command

---@class copilot_lsp.Pull
---@field name string of the model
---@field work copilot_lsp.Work
---@field token string
---@field client vim.lsp.Client?
---@field percentage integer?
---@field listener integer? the autocommand that hears of its progress

local DOING = { pull = 'downloaded', trim = 'copied' } ---@type table<copilot_lsp.Work, string>

local current ---@type copilot_lsp.Pull?
local tokens = 0

---@return copilot_lsp.Pull? pull one whose server is still there
function M.current()
  if current and current.client and current.client:is_stopped() then
    M._forget()
  end
  return current
end

--- In the command line, unless the user is typing there. A line that is too long would wait for Enter.
---@param text string
local function echo(text)
  if not vim.api.nvim_get_mode().mode:match('^[cr]') then
    vim.api.nvim_echo({ { text:sub(1, vim.o.columns - 12) } }, false, {})
  end
end

---@param pull copilot_lsp.Pull
---@param value { kind: string, percentage: integer?, message: string? } LSP WorkDoneProgress
local function progressed(pull, value)
  pull.percentage = value.percentage or pull.percentage
  local message = value.message and ', ' .. value.message or ''
  echo(('copilot-lsp: %s %d%%%s'):format(pull.name, pull.percentage or 0, message))
  events.fire('Progress', {
    name = pull.name,
    kind = value.kind,
    percentage = pull.percentage,
    message = value.message,
  })
  vim.cmd.redrawstatus()
end

---@param pull copilot_lsp.Pull
---@return integer autocommand
local function listen(pull)
  return vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(event)
      local params = event.data.params
      if params.token == pull.token and pull.client and event.data.client_id == pull.client.id then
        progressed(pull, params.value)
      end
    end,
  })
end

---@private
function M._forget()
  if current and current.listener then
    vim.api.nvim_del_autocmd(current.listener)
  end
  current = nil
  vim.cmd.redrawstatus()
end

---@param work copilot_lsp.Work
---@param name string
---@param done fun(answer: copilot_lsp.Answer)
function M.start(work, name, done)
  local running = M.current()
  if running then
    return done({ ok = false, message = ('%s is being %s; :CopilotLsp model cancel'):format(running.name, DOING[running.work]) })
  end
  tokens = tokens + 1
  local pull = { name = name, work = work, token = 'copilot_lsp.pull:' .. tokens } ---@type copilot_lsp.Pull
  current = pull
  pull.listener = listen(pull)
  pull.client = execute.start('models.' .. work, { name = name }, function(answer)
    M._forget()
    done(answer)
  end, pull.token)
end

--- What is there of a download stays, for the next time.
function M.cancel()
  local running = M.current()
  if not running or not running.client then
    return say('nothing is being downloaded or copied')
  end
  running.client:notify('window/workDoneProgress/cancel', { token = running.token })
end

return M
