--- The suggestion that is shown or waited for. There is at most one: insert mode has one cursor.

local config = require('copilot_lsp.config')
local events = require('copilot_lsp.events')
local follow = require('copilot_lsp.follow')
local gate = require('copilot_lsp.gate')
local ghost = require('copilot_lsp.ghost')
local server = require('copilot_lsp.server')
local suggestion = require('copilot_lsp.suggestion')

local M = {}

local METHOD = 'textDocument/inlineCompletion'

---@type copilot_lsp.Suggestion?
local current
local seen ---@type string the place and text that the last event saw
local tokens = 0
local pause = assert(vim.uv.new_timer())

---@return boolean
local function inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

--- Once for an item, however often it is drawn or grows. What a request found on the screen was told before.
---@param s copilot_lsp.Suggestion
---@param item copilot_lsp.Item
local function tell_shown(s, item)
  local found = s.step and s.request
  if not found and not s.told[s.index] then
    s.told[s.index] = true
    s.client:notify('textDocument/didShowCompletion', { item = item.raw })
    events.fire('Shown', { buf = s.buf, text = item.text })
  end
end

---@param s copilot_lsp.Suggestion
local function show(s)
  local item = suggestion.fitting(s, 1)
  if not item or item.text == '' then
    return ghost.clear(s.buf)
  end
  local several = s.trigger == suggestion.INVOKED and #s.items > 1
  local hint = several and (' (%d/%d)'):format(s.index, #s.items) or ''
  ghost.draw(s.buf, s.cursor.row, s.cursor.col, item.text, item.swallow, hint)
  tell_shown(s, item)
end

--- Ends what is shown or waited for; the server is told not to go on.
function M.drop()
  pause:stop()
  local s = current
  current = nil
  if not s then
    return
  end
  ghost.clear(s.buf)
  if s.request then
    s.client:cancel_request(s.request)
  end
end

---@param s copilot_lsp.Suggestion
local function refresh(s)
  if inserting() and suggestion.stands(s) and not gate.menu() then
    show(s)
  else
    M.drop()
  end
end

---@param s copilot_lsp.Suggestion
---@param result table? LSP InlineCompletionItem[] or InlineCompletionList
local function answered(s, result)
  if s ~= current then
    return
  end
  s.request = nil
  suggestion.receive(s, result and (result.items or result) or {})
  refresh(s)
end

--- A `$/progress` of the server: the items as they have grown.
---@param token string
---@param value table
---@return boolean mine
function M.progress(token, value)
  local s = current
  if s and s.token == token and s.request then
    suggestion.receive(s, value.items or value)
    refresh(s)
  end
  return type(token) == 'string' and vim.startswith(token, 'copilot_lsp:')
end

--- Keeps `s.cursor` right for as long as `s` lives.
---@param s copilot_lsp.Suggestion
local function watch(s)
  local function lost()
    s.cursor = nil
    return true
  end
  vim.api.nvim_buf_attach(s.buf, false, {
    on_bytes = function(_, _, _, ...)
      if s ~= current or not s.cursor then
        return true
      end
      s.cursor = follow.after(s.anchor, s.cursor, follow.change(...))
    end,
    on_reload = lost,
    on_detach = lost,
  })
end

---@param s copilot_lsp.Suggestion
local function send(s)
  local params = vim.lsp.util.make_position_params(0, s.client.offset_encoding)
  params.context = { triggerKind = s.trigger }
  params.partialResultToken = #s.items == 0 and s.token or nil
  local sent, id = s.client:request(METHOD, params, function(err, result)
    server.note_error(err)
    answered(s, result)
  end, s.buf)
  s.request = sent and id or nil
end

--- Asks the server for a suggestion at the cursor.
---@param trigger 1|2
---@param shown copilot_lsp.Item? stays on the screen until the answer is there
---@param step integer? from `shown` to the one that is wanted
local function ask(trigger, shown, step)
  local buf = vim.api.nvim_get_current_buf()
  local client = server.client(buf)
  M.drop()
  if not client then
    return
  end
  tokens = tokens + 1
  local s = {
    buf = buf,
    client = client,
    trigger = trigger,
    line = vim.api.nvim_get_current_line(),
    anchor = suggestion.cursor(),
    cursor = suggestion.cursor(),
    items = { shown },
    index = 1,
    step = shown and step,
    token = 'copilot_lsp:' .. tokens,
    told = {},
  }
  current = s
  watch(s)
  send(s)
  if shown then
    show(s)
  end
end

local function pause_over()
  if inserting() and not gate.menu() and not gate.closed(vim.api.nvim_get_current_buf()) then
    ask(suggestion.AUTOMATIC)
  end
end

--- The cursor moved or the text changed, in insert mode. One key may give two such events.
function M.moved()
  local buf, here = vim.api.nvim_get_current_buf(), suggestion.cursor()
  local now = table.concat({ buf, vim.api.nvim_buf_get_changedtick(buf), here.row, here.col }, ':')
  if now == seen then
    return
  end
  seen = now
  if gate.menu() then
    return M.drop()
  end
  if current and suggestion.stands(current) then
    return show(current)
  end
  M.drop()
  if config.options.auto_trigger and vim.fn.reg_executing() == '' then
    pause:start(config.options.debounce_ms, 0, vim.schedule_wrap(pause_over))
  end
end

--- A menu of completions opened or closed.
function M.menu_changed()
  seen = ''
  M.moved()
end

--- Insert mode, the window or the buffer was left.
function M.left()
  seen = ''
  M.drop()
end

--- The next (1) or previous (-1) alternative; the server is asked for them the first time.
---@param step 1|-1
function M.cycle(step)
  local s = current
  local shown = s and suggestion.stands(s) and suggestion.fitting(s, step) or nil
  if s and shown and s.trigger == suggestion.INVOKED and not s.request then
    s.index = (s.index - 1 + step) % #s.items + 1
    suggestion.fitting(s, step)
    show(s)
  else
    ask(suggestion.INVOKED, shown and shown.text ~= '' and shown or nil, step)
  end
end

--- What is on the screen now and fits the text as it is now.
---@return copilot_lsp.Suggestion?
---@return copilot_lsp.Item? item as of the cursor
function M.shown()
  local s = current
  if s and inserting() and suggestion.stands(s) then
    local item = suggestion.fitting(s, 1)
    if item and item.text ~= '' then
      return s, item
    end
  end
end

return M
