local child = require('child')
local expect = require('expect')

local tests = {}

tests['subcommands complete'] = function()
  local complete = require('copilot_lsp.command').complete
  expect(complete('CopilotLsp ')).is({
    'allow',
    'doctor',
    'install',
    'log',
    'model',
    'start',
    'status',
    'stop',
    'toggle',
    'tune',
  })
  expect(complete('CopilotLsp sta')).is({ 'start', 'status' })
  expect(complete('CopilotLsp toggle ')).is({ 'buffer' })
  expect(complete('CopilotLsp status ')).is({})
end

tests['an unknown subcommand is named'] = function()
  local said
  local notify = vim.notify
  vim.notify = function(text)
    said = text
  end
  require('copilot_lsp.command').run({ 'restart' })
  require('copilot_lsp.command').run({ 'status', 'now' })
  vim.notify = notify
  expect(said).is('copilot-lsp: status now: not one of allow, doctor, install, log, model, start, status, stop, toggle, tune')
end

--- What is said once the server has answered `allow` with `answer`.
local function allow(nvim, answer)
  nvim:lua([[
    said, fake.answers['copilotLsp.remote.ask'] = {}, ...
    vim.notify = function(text) said[#said + 1] = text end
    vim.cmd('CopilotLsp allow')
  ]], answer)
  nvim:wait('a line', 'return #said > 0')
  return nvim:lua('return said')
end

tests['a server that waits for permission is in the status, and `allow` asks again'] = function()
  child.with({}, { 'x' }, function(nvim)
    nvim:lua([[fake.status({ kind = 'Warning', state = 'ready', model = 'm', waitingHosts = { 'gpu.example' },
      message = 'gpu.example is waiting for your permission; ready' })]])
    local report = nvim:lua("return require('copilot_lsp.status').report(0)")
    expect({ report[1], report[2] }).is({
      'copilot-lsp: ready, gpu.example is waiting for your permission; ready',
      ':CopilotLsp allow asks again; until then nothing is sent there',
    })
    expect(allow(nvim, { ok = true, message = 'gpu.example may receive text now' })).is({
      'copilot-lsp: gpu.example may receive text now',
    })
    expect(nvim:lua("return fake.all('workspace/executeCommand')[1].command")).is('copilotLsp.remote.ask')
    nvim:lua([[fake.status({ kind = 'Normal', state = 'ready', model = 'm', waitingHosts = {}, message = 'ready' })]])
    expect(nvim:lua("return require('copilot_lsp.status').report(0)")[2]).is('model: m')
  end)
end

return tests
