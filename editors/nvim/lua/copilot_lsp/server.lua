--- The language server: started once for all buffers, restarted when it dies, told about settings.

local config = require('copilot_lsp.config')
local events = require('copilot_lsp.events')
local gate = require('copilot_lsp.gate')
local say = require('copilot_lsp.say')

local M = {}

M.NAME = 'copilot_lsp'

--- What the server said last (`didChangeStatus`); nil while there is none.
---@type table?
M.status = nil

--- Why there is no server; nil when there is one, or none is wanted.
---@type string?
M.problem = 'require("copilot_lsp").setup() was not called'

--- The last request was answered with this error; nil when it was not.
---@type string?
M.error = nil

local MAX_RESTARTS, WITHIN_MS, FIRST_DELAY_MS = 5, 60000, 250
local wanted = false
local deaths = {} ---@type integer[] when the last ones were, milliseconds

---@param err lsp.ResponseError? of a request for a suggestion
function M.note_error(err)
  local codes = vim.lsp.protocol.ErrorCodes
  if not err or err.code ~= codes.RequestCancelled and err.code ~= codes.ContentModified then
    M.error = err and err.message
  end
end

---@param buf integer
---@return vim.lsp.Client? client once it is ready
function M.client(buf)
  return vim.lsp.get_clients({ name = M.NAME, bufnr = buf })[1]
end

--- For statuslines and the like; `User CopilotLspStatus` is the event to listen to.
local function announce()
  events.fire('Status')
  vim.cmd.redrawstatus()
end

--- The server tells its status several times a request; most of it is not for the statusline.
---@param status table
local function told(status)
  local old = M.status or {}
  M.status = status
  if old.kind ~= status.kind or old.state ~= status.state or old.message ~= status.message then
    announce()
  end
end

--- Neovim does not start a server again that died by itself.
local function restart_later()
  local now = vim.uv.now()
  deaths = vim.tbl_filter(function(time)
    return now - time < WITHIN_MS
  end, deaths)
  deaths[#deaths + 1] = now
  if #deaths > MAX_RESTARTS then
    wanted = false
    M.problem = 'the server keeps ending; see :CopilotLsp log'
    say(M.problem)
  else
    M.problem = 'the server ended and is being restarted'
    say(M.problem)
    vim.defer_fn(M.attach, FIRST_DELAY_MS * 2 ^ (#deaths - 1))
  end
end

local function ended()
  M.status = nil
  if wanted and vim.v.exiting == vim.NIL then
    restart_later()
  end
  announce()
end

--- Starts the program. Its exit status is not passed on: Neovim would tell of it in a message that waits for
--- Enter, in the middle of typing, and name the wrong log.
---@param dispatchers vim.lsp.rpc.Dispatchers
---@return vim.lsp.rpc.PublicClient
local function spawn(dispatchers)
  local on_exit = dispatchers.on_exit
  dispatchers.on_exit = function()
    on_exit(0, 0)
  end
  return vim.lsp.rpc.start(config.options.cmd, dispatchers)
end

--- One server serves every project: two would hold the model in memory twice. Each root becomes one of its
--- folders.
---@param client vim.lsp.Client
---@param buf integer
local function join_folder(client, buf)
  local root = vim.fs.root(buf, config.options.root_markers)
  local folders = client.workspace_folders or {}
  for _, folder in ipairs(folders) do
    if folder.name == root then
      return
    end
  end
  if root then
    local folder = { name = root, uri = vim.uri_from_fname(root) }
    client.workspace_folders = vim.list_extend(vim.list_slice(folders), { folder })
    client:notify('workspace/didChangeWorkspaceFolders', { event = { added = { folder }, removed = {} } })
  end
end

---@return lsp.ClientCapabilities
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.textDocument.inlineCompletion = { dynamicRegistration = false }
  all.experimental = { didChangeStatus = true } -- asks for the notification
  return all
end

--- The section `copilotLsp`. An empty table of Lua would reach the server as a list.
---@return table
local function settings()
  local given = config.options.settings
  return { copilotLsp = next(given) and given or vim.empty_dict() }
end

--- Gives Neovim the server's configuration; starts nothing.
---@param progress fun(token: string, value: table): boolean says whether a `$/progress` was a partial result
function M.configure(progress)
  local options = config.options
  vim.lsp.config(M.NAME, {
    cmd = spawn,
    capabilities = capabilities(),
    settings = settings(),
    reuse_client = function(client, new)
      return client.name == new.name and not client:is_stopped()
    end,
    root_dir = function(buf, attach)
      if not gate.closed(buf) then
        attach(vim.fs.root(buf, options.root_markers))
      end
    end,
    on_init = function()
      M.problem = nil
    end,
    on_attach = join_folder,
    on_exit = vim.schedule_wrap(ended),
    handlers = {
      didChangeStatus = function(_, params)
        told(params)
      end,
      ['$/progress'] = function(err, params, context)
        if not progress(params.token, params.value) then
          vim.lsp.handlers['$/progress'](err, params, context)
        end
      end,
    },
  })
end

--- Attaches the server to every open buffer where completion is on, and to those opened later.
function M.attach()
  if wanted then
    vim.lsp.enable(M.NAME)
  end
end

--- Starts the server, or tries again after it failed.
function M.start()
  local program = config.options.cmd[1]
  if vim.fn.executable(program) == 0 then
    M.problem = ('%s cannot be found; try :CopilotLsp install'):format(program)
    return say(M.problem)
  end
  wanted, deaths, M.problem = true, {}, nil
  M.attach()
end

function M.stop()
  wanted, M.problem = false, nil
  vim.lsp.enable(M.NAME, false)
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    client:stop()
  end
end

--- Changes settings of the running server, and of those started later.
---@param changes table as the option `settings`; what is not named stays
function M.change(changes)
  config.options.settings = vim.tbl_deep_extend('force', config.options.settings, changes)
  vim.lsp.config(M.NAME, { settings = settings() })
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME })) do
    client.settings = settings()
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

--- Tells the server which document the user looks at.
---@param buf integer
function M.focus(buf)
  local client = M.client(buf)
  if client then
    client:notify('textDocument/didFocus', { textDocument = vim.lsp.util.make_text_document_params(buf) })
  end
end

return M
