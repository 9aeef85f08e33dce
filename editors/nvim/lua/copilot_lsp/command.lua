--- `:CopilotLsp`: its subcommands and their completion.

local config = require('copilot_lsp.config')
local say = require('copilot_lsp.say')
local server = require('copilot_lsp.server')
local status = require('copilot_lsp.status')

local M = {}

---@class copilot_lsp.Subcommand
---@field run fun(...: string) with the words after it
---@field most integer? how many there may be; nil: none
---@field complete (fun(words: string[]): string[])? what may follow these words

---@param lines string[]
local function print_lines(lines)
  vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
end

--- The file after `--log-file` in the option `cmd`; Neovim's own log, which has the server's stderr, without
--- one.
---@return string
local function log_file()
  for index, argument in ipairs(config.options.cmd) do
    if argument == '--log-file' then
      return config.options.cmd[index + 1]
    end
  end
  return vim.lsp.log.get_filename()
end

local function open_log()
  local file = log_file()
  if vim.fn.filereadable(file) == 0 then
    return say(file .. ' is not there yet')
  end
  vim.cmd.split(vim.fn.fnameescape(file))
  vim.bo.autoread = true
  vim.cmd.normal({ 'G', bang = true })
end

---@param where string?
local function toggle(where)
  local buf = where == 'buffer' and 0 or nil
  if where and not buf then
    return say(('toggle %s: only "buffer" can follow'):format(where))
  end
  require('copilot_lsp').enable(nil, buf)
  print_lines(status.report(vim.api.nvim_get_current_buf()))
end

--- `:CopilotLsp start` works without any configuration.
local function start()
  local plugin = require('copilot_lsp')
  if plugin.is_set_up then
    server.start()
  else
    plugin.setup()
  end
end

---@param wheel string?
local function install(wheel)
  require('copilot_lsp.install').run(wheel)
end

--- The server asks again for the hosts that are not allowed, and says what came of it.
local function allow()
  require('copilot_lsp.execute').start('remote.ask', nil, function(answer)
    say(answer.message)
  end)
end

---@type table<string, copilot_lsp.Subcommand>
local subcommands = {
  start = { run = start },
  stop = { run = server.stop },
  toggle = {
    run = toggle,
    most = 1,
    complete = function()
      return { 'buffer' }
    end,
  },
  status = {
    run = function()
      print_lines(status.report(vim.api.nvim_get_current_buf()))
    end,
  },
  log = { run = open_log },
  allow = { run = allow },
  install = {
    run = install,
    most = 1,
    complete = function()
      return vim.fn.glob('*.whl', false, true)
    end,
  },
  model = {
    run = function(...)
      require('copilot_lsp.model').run(...)
    end,
    most = 2,
    complete = function(words)
      return require('copilot_lsp.model').complete(words)
    end,
  },
  doctor = {
    run = function()
      require('copilot_lsp.doctor').run()
    end,
  },
  tune = {
    run = function()
      require('copilot_lsp.tune').run()
    end,
  },
}

---@param arguments string[] the subcommand and what follows it; none: the status
function M.run(arguments)
  local subcommand = subcommands[arguments[1] or 'status']
  if not subcommand or #arguments - 1 > (subcommand.most or 0) then
    local names = table.concat(M.complete('CopilotLsp '), ', ')
    return say(('%s: not one of %s'):format(table.concat(arguments, ' '), names))
  end
  subcommand.run(unpack(arguments, 2))
end

---@param line string the command line up to the cursor
---@return string[]
function M.complete(line)
  local words = vim.split(vim.trim(line), '%s+')
  local last = line:match('%s$') and '' or table.remove(words)
  local choices = {} ---@type string[]
  if #words == 1 then
    choices = vim.tbl_keys(subcommands)
  elseif subcommands[words[2]] and #words - 2 < (subcommands[words[2]].most or 0) then
    choices = subcommands[words[2]].complete(vim.list_slice(words, 3))
  end
  table.sort(choices)
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, last)
  end, choices)
end

return M
