local expect = require('expect')

local tests = {}

tests['subcommands complete'] = function()
  local complete = require('copilot_lsp.command').complete
  expect(complete('CopilotLsp ')).is({
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
  expect(said).is('copilot-lsp: status now: not one of doctor, install, log, model, start, status, stop, toggle, tune')
end

return tests
