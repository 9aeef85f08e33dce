--- What the plugin and the server are doing, in words.

local config = require('copilot_lsp.config')
local gate = require('copilot_lsp.gate')
local pull = require('copilot_lsp.pull')
local server = require('copilot_lsp.server')

local M = {}

---@alias copilot_lsp.State "off"|"stopped"|"starting"|"loading"|"ready"|"error"

--- The server's last reason for answering nothing, when it was about this buffer.
---@param buf integer
---@return string?
local function silence(buf)
  local last = server.status and server.status.lastSilence
  if type(last) == 'table' and last.uri == vim.uri_from_bufnr(buf) then
    return last.message
  end
end

---@param status table the server's `didChangeStatus`
---@return copilot_lsp.State
local function state_of_server(status)
  if status.kind == 'Error' then
    return 'error'
  elseif status.state == 'disabled' or status.kind == 'Inactive' then
    return 'off'
  end
  return status.state == 'ready' and 'ready' or 'loading'
end

--- How many windows use the engine, this one too, or why it is this window's own.
---@param windows integer? the `sharedBy` of `didChangeStatus`
---@param why string? its `notShared`
---@return string[]
local function sharing(windows, why)
  if type(windows) ~= 'number' or windows == 0 then
    return (why or '') ~= '' and { 'engine: not shared: ' .. why } or {}
  end
  local several = ('engine: shared by %d windows'):format(windows)
  return { windows == 1 and 'engine: shared, no other window uses it now' or several }
end

---@param hosts string[]? the `waitingHosts` of `didChangeStatus`
---@return string[]
local function permission(hosts)
  return #(hosts or {}) > 0 and { ':CopilotLsp allow asks again; until then nothing is sent there' } or {}
end

--- What the index of other files holds; nothing where there is none.
---@param index table? the `index` of `didChangeStatus`
---@return string[]
local function others(index)
  if type(index) ~= 'table' or index.state == 'off' then
    return {}
  end
  return { 'other files: ' .. index.message }
end

--- What became of the suggestions since the server started.
---@param counts table? the `statistics` of `didChangeStatus`
---@return string[]
local function statistics(counts)
  if type(counts) ~= 'table' or counts.offered == 0 then
    return {}
  end
  local lines = {
    ('since start: %d shown, %d accepted, %d accepted in part, %d keys saved'):format(
      counts.shown,
      counts.accepted,
      counts.partiallyAccepted,
      counts.savedKeys
    ),
  }
  if type(counts.latencyP50Ms) == 'number' then
    lines[2] = ('latency: %.0f ms median, %.0f ms 95th percentile'):format(counts.latencyP50Ms, counts.latencyP95Ms)
  end
  return lines
end

--- One word for a buffer, and why.
---@param buf integer
---@return copilot_lsp.State state
---@return string reason "" when there is nothing to say
function M.state(buf)
  local closed = gate.closed(buf)
  if closed then
    return 'off', closed
  end
  if server.problem then
    return 'error', server.problem
  end
  if not server.client(buf) then
    local starting = #vim.lsp.get_clients({ name = server.NAME, _uninitialized = true }) > 0
    return starting and 'starting' or 'stopped', starting and '' or 'no server is running for this buffer'
  end
  if not server.status then
    return 'starting', ''
  end
  return state_of_server(server.status), server.status.message or ''
end

--- For a statusline: "copilot-lsp", then what is not as usual, or how much of a model is here.
---@param buf integer?
---@return string
function M.line(buf)
  local download = pull.current()
  if download then
    local doing = download.work == 'trim' and 'copying' or 'downloading'
    return ('copilot-lsp: %s %d%%'):format(doing, download.percentage or 0)
  end
  local state = M.state(buf or vim.api.nvim_get_current_buf())
  return state == 'ready' and 'copilot-lsp' or 'copilot-lsp: ' .. state
end

---@param buf integer
---@return string[]
function M.report(buf)
  local state, reason = M.state(buf)
  local why = reason ~= '' and reason ~= state and ', ' .. reason or ''
  local lines = { ('copilot-lsp: %s%s'):format(state, why) }
  local status = server.status
  if status then
    vim.list_extend(lines, permission(status.waitingHosts))
    lines[#lines + 1] = ('model: %s%s'):format(status.model, status.safeMode and ' (safe mode)' or '')
    vim.list_extend(lines, sharing(status.sharedBy, status.notShared))
    vim.list_extend(lines, others(status.index))
    if type(status.lastLatencyMs) == 'number' then
      lines[#lines + 1] = ('last answer: %.0f ms'):format(status.lastLatencyMs)
    end
    vim.list_extend(lines, statistics(status.statistics))
  end
  local silent = silence(buf)
  if silent and silent ~= reason then
    lines[#lines + 1] = 'last request here gave nothing: ' .. silent
  end
  if server.error then
    lines[#lines + 1] = 'last request failed: ' .. server.error
  end
  if not config.options.auto_trigger then
    lines[#lines + 1] = 'suggestions come on request only (option auto_trigger)'
  end
  return lines
end

return M
