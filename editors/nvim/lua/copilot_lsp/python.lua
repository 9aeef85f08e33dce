--- A Python for `:CopilotLsp install`: the machine's own, or else python-build-standalone, which is downloaded once.

local M = {}

local PROGRAMS = { 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3', 'python' }
local USABLE = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
local NEEDS = 'needs Python 3.11 or newer with venv (Debian: apt install python3-venv)'

---@param program string
---@return boolean
local function usable(program)
  return vim.fn.executable(program) == 1 and vim.system({ program, '-I', '-c', USABLE }):wait().code == 0
end

---@return string? python 3.11 or newer that can make environments
function M.present()
  return vim.iter(PROGRAMS):find(usable)
end

local SYSTEMS = { Linux = 'linux', Darwin = 'darwin', Windows_NT = 'win32' }
local MACHINES = { x86_64 = 'x64', AMD64 = 'x64', amd64 = 'x64', aarch64 = 'arm64', arm64 = 'arm64', ARM64 = 'arm64' }

---@return string such as "linux-x64", as in python-builds.json
local function platform()
  local name = vim.uv.os_uname()
  return ('%s-%s'):format(SYSTEMS[name.sysname] or name.sysname, MACHINES[name.machine] or name.machine)
end

--- vim.fn.sha256() takes text only.
local SHA256 = { { 'sha256sum' }, { 'shasum', '-a', '256' }, { 'certutil', '-hashfile' } }

---@param file string
---@return string? hexadecimal
local function sha256(file)
  for _, program in ipairs(SHA256) do
    if vim.fn.executable(program[1]) == 1 then
      local command = vim.list_extend(vim.deepcopy(program), { file })
      vim.list_extend(command, program[1] == 'certutil' and { 'SHA256' } or {})
      local output = vim.system(command, { text = true }):wait().stdout or ''
      return output:lower():match('%f[%x]' .. ('%x'):rep(64) .. '%f[%X]')
    end
  end
end

---@param command string[]
---@param done fun(failure: string?)
local function run(command, done)
  if vim.fn.executable(command[1]) == 0 then
    return done(('the program %s is missing'):format(command[1]))
  end
  vim.system(command, { text = true }, function(result)
    local lines = vim.split(vim.trim(result.stderr or ''), '\n')
    vim.schedule(function()
      done(result.code ~= 0 and ('%s: %s'):format(command[1], lines[#lines]) or nil)
    end)
  end)
end

---@class copilot_lsp.Build
---@field url string
---@field sha256 string

---@param builds string python-builds.json
---@return copilot_lsp.Build? build for this machine
local function build_in(builds)
  if vim.uv.fs_stat(builds) then
    return vim.json.decode(table.concat(vim.fn.readfile(builds), '\n')).builds[platform()]
  end
end

---@param build copilot_lsp.Build
---@param archive string
---@param done fun(failure: string?)
local function download(build, archive, done)
  local curl = { 'curl', '--fail', '--silent', '--show-error', '--location', '--output', archive, build.url }
  run(curl, function(failure)
    local found = not failure and sha256(archive) or nil
    if not failure and found ~= build.sha256 then
      local what = '%s is not the file that was released: its SHA-256 is %s'
      failure = what:format(build.url, found or 'not to be had')
    end
    done(failure)
  end)
end

--- Calls `done` with the interpreter, or with nothing and what was wrong.
---@param builds string python-builds.json
---@param data string the folder that it is unpacked in
---@param done fun(program: string?, failure: string?)
function M.provide(builds, data, done)
  local build = build_in(builds)
  if not build then
    return done(nil, NEEDS)
  end
  local folder = ('%s/python-%s'):format(data, build.sha256:sub(1, 12))
  local program = folder .. (vim.fn.has('win32') == 1 and '/python/python.exe' or '/python/bin/python3')
  local archive = folder .. '/archive.tar.gz'
  local function unpacked(failure)
    vim.fs.rm(archive, { force = true })
    failure = failure or not usable(program) and 'the downloaded one does not run here' or nil
    if failure then
      vim.fs.rm(folder, { recursive = true, force = true })
      return done(nil, ('%s; %s'):format(NEEDS, failure))
    end
    done(program)
  end
  if usable(program) then
    return done(program)
  end
  vim.fn.mkdir(folder, 'p')
  download(build, archive, function(failure)
    if failure then
      return unpacked(failure)
    end
    run({ 'tar', '-xzf', archive, '-C', folder }, unpacked)
  end)
end

--- Removes what was unpacked in `data` that none of the virtual environments was made with.
---@param data string
---@param environments string[]
function M.forget_unused(data, environments)
  local made = vim.tbl_map(function(folder)
    local file = folder .. '/pyvenv.cfg'
    return vim.uv.fs_stat(file) and table.concat(vim.fn.readfile(file), '\n') or ''
  end, environments)
  for _, folder in ipairs(vim.fn.glob(data .. '/python-*', false, true)) do
    if not table.concat(made, '\n'):find(vim.fs.basename(folder), 1, true) then
      vim.fs.rm(folder, { recursive = true, force = true })
    end
  end
end

return M
