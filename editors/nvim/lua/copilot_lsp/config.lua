--- The options of setup(): what they mean, their defaults, and a check that names what is wrong.

local M = {}

---@class copilot_lsp.Keymaps keys of insert mode; false leaves an action without a key
---@field accept string|false the whole suggestion
---@field accept_word string|false
---@field accept_line string|false
---@field next string|false the next alternative; asks for a suggestion when none is shown
---@field prev string|false
---@field dismiss string|false

---@class copilot_lsp.Options
---@field cmd string[] how the server is started
---@field display "streaming"|"native" who draws the ghost text: this plugin, or Neovim (0.12 and later)
---@field auto_trigger boolean ask while you type; without it only `next` and `prev` ask
---@field debounce_ms integer how long typing must pause before the server is asked
---@field enabled fun(buf: integer): boolean whether completion is on in a buffer, where `filetypes` has it on
---@field hide_during_completion boolean no suggestions while a menu of completions is open
---@field offer_model boolean say once that a better model suits this machine
---@field filetypes table<string, boolean> where completion is on; "*" is for those not named
---@field keymaps copilot_lsp.Keymaps
---@field root_markers string[] what marks the folder of a project
---@field settings table the server's own settings, section `copilotLsp`

---@return string
function M.log_file()
  return vim.fs.joinpath(vim.fn.stdpath('log'), 'copilot-lsp.log')
end

--- The option `cmd` with another subcommand of the program in place of `serve` and its arguments.
---@param subcommand string
---@return string[]? nil: the option has no `serve`, or its program is not there
function M.command(subcommand)
  local cmd = M.options.cmd
  for index, argument in ipairs(cmd) do
    if argument == 'serve' and vim.fn.executable(cmd[1]) == 1 then
      return vim.list_extend(vim.list_slice(cmd, 1, index - 1), { subcommand })
    end
  end
end

--- Where `:CopilotLsp install` puts servers.
---@return string
function M.data_folder()
  return vim.fs.joinpath(vim.fn.stdpath('data'), 'copilot-lsp')
end

--- The folders of finished installations, the newest last.
---@return string[]
function M.installations()
  local markers = vim.fn.glob(M.data_folder() .. '/server-*/ready', false, true)
  table.sort(markers)
  return vim.tbl_map(vim.fs.dirname, markers)
end

--- The installed server, or the one on $PATH.
---@return string
function M.program()
  local folders = M.installations()
  local inside = vim.fn.has('win32') == 1 and '/Scripts/copilot-lsp.exe' or '/bin/copilot-lsp'
  local program = #folders > 0 and folders[#folders] .. inside or ''
  return vim.fn.executable(program) == 1 and program or 'copilot-lsp'
end

---@return boolean
local function everywhere()
  return true
end

---@return copilot_lsp.Options
function M.defaults()
  return {
    cmd = { M.program(), 'serve', '--log-file', M.log_file() },
    display = 'streaming',
    auto_trigger = true,
    debounce_ms = 75,
    enabled = everywhere,
    hide_during_completion = false,
    offer_model = true,
    filetypes = { ['*'] = true, gitrebase = false, help = false },
    keymaps = {
      accept = '<Tab>',
      accept_word = '<M-Right>',
      accept_line = '<M-C-Right>',
      next = '<M-]>',
      prev = '<M-[>',
      dismiss = '<C-]>',
    },
    root_markers = { '.git', '.hg', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' },
    settings = {},
  }
end

---@alias copilot_lsp.Check fun(value: any): string? says what is allowed when `value` is not

---@param kind type
---@return copilot_lsp.Check
local function is(kind)
  return function(value)
    return type(value) ~= kind and 'must be a ' .. kind or nil
  end
end

---@param check copilot_lsp.Check
---@return copilot_lsp.Check
local function list_of(check)
  return function(value)
    if not vim.islist(value) or #value == 0 then
      return 'must be a list that is not empty'
    end
    for _, element in ipairs(value) do
      local problem = check(element)
      if problem then
        return 'every element ' .. problem
      end
    end
  end
end

---@param check copilot_lsp.Check
---@return copilot_lsp.Check
local function values(check)
  return function(value)
    if type(value) ~= 'table' then
      return 'must be a table'
    end
    for key, element in pairs(value) do
      local problem = check(element)
      if problem then
        return ('%s %s'):format(key, problem)
      end
    end
  end
end

---@type copilot_lsp.Check
local function key(value)
  return value ~= false and type(value) ~= 'string' and 'must be a key such as "<Tab>", or false' or nil
end

---@type copilot_lsp.Check
local function display(value)
  if value ~= 'streaming' and value ~= 'native' then
    return 'must be "streaming" or "native"'
  end
  if value == 'native' and not vim.lsp.inline_completion then
    return '"native" needs Neovim 0.12 or later'
  end
end

---@type copilot_lsp.Check
local function milliseconds(value)
  return (type(value) ~= 'number' or value < 0 or value > 5000) and 'must be between 0 and 5000' or nil
end

---@type table<string, copilot_lsp.Check>
local checks = {
  cmd = list_of(is('string')),
  display = display,
  auto_trigger = is('boolean'),
  debounce_ms = milliseconds,
  enabled = is('function'),
  hide_during_completion = is('boolean'),
  offer_model = is('boolean'),
  filetypes = values(is('boolean')),
  keymaps = values(key),
  root_markers = list_of(is('string')),
  settings = is('table'),
}

--- Puts `given` over the defaults. An option that is wrong or unknown keeps its default and gives one
--- problem, a line that names it.
---@param given table?
---@return copilot_lsp.Options options
---@return string[] problems
function M.resolve(given)
  local options, problems = M.defaults(), {}
  given = vim.deepcopy(given or {})
  if given.keymaps == false then
    given.keymaps = vim.tbl_map(function()
      return false
    end, options.keymaps)
  end
  for name, value in vim.spairs(given) do
    local check = checks[name]
    local problem = not check and 'is not an option' or check and check(value)
    if problem then
      problems[#problems + 1] = ('%s %s'):format(name, problem)
    elseif vim.islist(value) and #value > 0 or type(value) ~= 'table' then
      options[name] = value
    else
      options[name] = vim.tbl_deep_extend('force', options[name], value)
    end
  end
  return options, problems
end

--- What setup() was given, over the defaults.
---@type copilot_lsp.Options
M.options = M.defaults()

return M
