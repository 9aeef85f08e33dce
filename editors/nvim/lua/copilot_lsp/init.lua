--- The plugin's public functions. Everything else may change.

local config = require('copilot_lsp.config')
local events = require('copilot_lsp.events')
local gate = require('copilot_lsp.gate')
local ghost = require('copilot_lsp.ghost')
local keys = require('copilot_lsp.keys')
local say = require('copilot_lsp.say')
local server = require('copilot_lsp.server')
local status = require('copilot_lsp.status')

local M = {}

--- Whether setup() was called.
M.is_set_up = false

---@return boolean
local function native()
  return config.options.display == 'native'
end

---@param how copilot_lsp.Part
---@param instead fun()?
---@return boolean
local function accept(how, instead)
  if native() then
    return require('copilot_lsp.native').accept(how, instead or function() end)
  end
  return require('copilot_lsp.accept').accept(how)
end

---@param step 1|-1
---@return boolean
local function cycle(step)
  local buf = vim.api.nvim_get_current_buf()
  if gate.closed(buf) or not server.client(buf) then
    return false
  end
  require(native() and 'copilot_lsp.native' or 'copilot_lsp.session').cycle(step)
  return true
end

--- Takes the whole suggestion. Like all of these: for mappings of insert mode, false when there is nothing to
--- take.
---@return boolean
function M.accept()
  return accept('all')
end

---@return boolean
function M.accept_word()
  return accept('word')
end

---@return boolean
function M.accept_line()
  return accept('line')
end

--- Shows the next alternative; asks for a suggestion when none is shown.
---@return boolean
function M.next()
  return cycle(1)
end

---@return boolean
function M.prev()
  return cycle(-1)
end

---@return boolean
function M.dismiss()
  if native() then
    return require('copilot_lsp.native').dismiss()
  end
  local shown = M.visible()
  require('copilot_lsp.session').drop()
  return shown
end

--- Whether a suggestion is on the screen; always false with `display = "native"`, which does not tell.
---@return boolean
function M.visible()
  return not native() and require('copilot_lsp.session').shown() ~= nil
end

--- For a statusline: "copilot-lsp", "copilot-lsp: loading" and so on.
---@return string
function M.statusline()
  return status.line()
end

--- Changes settings of the server at once, for example { completion = { multiline = "never" } }.
---@param settings table
function M.configure(settings)
  server.change(settings)
end

--- Switches completion on or off: everywhere, or in one buffer.
---@param on boolean? nil: the other way round
---@param buf integer? 0 for the current one; nil: everywhere
function M.enable(on, buf)
  buf = buf == 0 and vim.api.nvim_get_current_buf() or buf
  if buf then
    on = on == nil and gate.closed(buf) ~= nil or on or false
    vim.b[buf].copilot_lsp_enabled = on
  else
    on = on == nil and vim.g.copilot_lsp_enabled == false or on or false
    vim.g.copilot_lsp_enabled = on
  end
  require('copilot_lsp.session').drop()
  if on then
    server.attach()
  end
  M._apply_native()
end

local ACTIONS = {
  accept = function(instead)
    return accept('all', instead)
  end,
  accept_word = function(instead)
    return accept('word', instead)
  end,
  accept_line = function(instead)
    return accept('line', instead)
  end,
  next = M.next,
  prev = M.prev,
  dismiss = M.dismiss,
}

--- Neovim's own client follows the same switches; where the suggestions are drawn by us it must not draw them
--- too.
function M._apply_native()
  if not vim.lsp.inline_completion then
    return
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = server.NAME })) do
    if native() then
      for buf in pairs(client.attached_buffers) do
        require('copilot_lsp.native').enable(buf, gate.closed(buf) == nil)
      end
    elseif vim.lsp.inline_completion.is_enabled({ client_id = client.id }) then
      vim.lsp.inline_completion.enable(false, { client_id = client.id })
    end
  end
end

---@param group integer
---@param events string[]
---@param callback fun(event: table)
local function on(group, events, callback)
  vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
end

---@param group integer
local function watch_typing(group)
  local session = require('copilot_lsp.session')
  on(group, { 'InsertEnter', 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, session.moved)
  on(group, { 'InsertLeave', 'BufLeave', 'WinLeave' }, session.left)
  on(group, { 'LspDetach' }, session.left)
  if config.options.hide_during_completion then
    on(group, { 'CompleteChanged', 'CompleteDone' }, vim.schedule_wrap(session.menu_changed))
    vim.api.nvim_create_autocmd('User', {
      group = group,
      pattern = { 'BlinkCmpMenuOpen', 'BlinkCmpMenuClose' },
      callback = vim.schedule_wrap(session.menu_changed),
    })
  end
end

---@param event { buf: integer, data: { client_id: integer } }
local function attached(event)
  M._apply_native()
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if client and client.name == server.NAME then
    events.fire('Attach', { buf = event.buf, client_id = client.id })
  end
end

---@param options copilot_lsp.Setup? see |copilot-lsp-options|
function M.setup(options)
  local resolved, problems = config.resolve(options)
  config.options = resolved
  M.is_set_up = true
  for _, problem in ipairs(problems) do
    say('setup: ' .. problem)
  end
  local group = vim.api.nvim_create_augroup('copilot_lsp', {})
  ghost.define_highlights()
  on(group, { 'ColorScheme' }, ghost.define_highlights)
  on(group, { 'LspAttach' }, attached)
  on(group, { 'BufEnter', 'LspAttach' }, function()
    server.focus(vim.api.nvim_get_current_buf())
  end)
  if native() then
    require('copilot_lsp.native').setup(group)
  else
    watch_typing(group)
  end
  require('copilot_lsp.offer').watch(group)
  keys.defaults(ACTIONS)
  server.configure(require('copilot_lsp.session').progress)
  server.start()
end

---@private
function M._plugs()
  keys.plugs(ACTIONS)
end

return M
