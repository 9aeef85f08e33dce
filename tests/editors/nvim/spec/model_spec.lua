local child = require('child')
local describe = require('copilot_lsp.describe')
local expect = require('expect')

local tests = {}

local QWEN = {
  name = 'qwen2.5-coder-0.5b',
  bytes = 491400032,
  licence = 'Apache-2.0',
  present = false,
  active = false,
  fits = true,
  memoryBytes = 600000000,
  contextTokens = 32768,
  recommended = true,
  expectedMs = 352.4,
  expectedIsEstimate = true,
  quality = '41 % exact (n = 500)',
  source = 'registry',
}

local MODELS = {
  { name = 'default', bytes = 88e6, licence = 'MIT', present = true, active = true, fits = true, recommended = false, source = 'shipped' },
  { name = 'mine', bytes = 1117e6, licence = 'unknown', present = true, active = false, fits = true, recommended = false, source = 'user' },
  QWEN,
  {
    name = 'qwen2.5-coder-3b',
    bytes = 1930e6,
    licence = 'Qwen research',
    notice = 'No commercial use',
    present = false,
    active = false,
    fits = false,
    recommended = false,
    source = 'registry',
  },
}

--- A child whose server has MODELS; menus are kept in `menus`, and `pick(n)` chooses in the last.
local function with_models(options, test)
  child.with(options, { 'x' }, function(nvim)
    nvim:lua([[
      fake.answers['copilotLsp.models.list'] = { ok = true, folder = '/models', models = ...,
        recommendation = { name = 'qwen2.5-coder-0.5b', why = 'best that answers in 400 ms' } }
      menus, said, events = {}, {}, {}
      vim.ui.select = function(items, options, done)
        menus[#menus + 1] = { prompt = options.prompt, lines = vim.tbl_map(options.format_item, items) }
        pick = function(index) done(items[index], index) end
      end
      vim.notify = function(text) said[#said + 1] = text end
      vim.api.nvim_create_autocmd('User', { pattern = 'CopilotLspProgress', callback = function(event)
        events[#events + 1] = event.data
      end })
    ]], MODELS)
    test(nvim)
  end)
end

--- The menu that came last.
local function menu(nvim)
  return nvim:lua('return menus[#menus]')
end

--- The commands that the server was given, without the list.
local function commands(nvim)
  return vim.tbl_filter(function(params)
    return params.command ~= 'copilotLsp.models.list'
  end, nvim:lua("return fake.all('workspace/executeCommand')"))
end

tests['a line says what is known of a model'] = function()
  expect(describe.line(QWEN)).is(
    'qwen2.5-coder-0.5b             491 MB, Apache-2.0, about 352 ms, 41 % exact (n = 500), recommended'
  )
  expect(describe.line(MODELS[1])).is('default                        88 MB, MIT, in use')
  expect(describe.line(MODELS[4])).is('qwen2.5-coder-3b               1.9 GB, Qwen research, too large for this machine')
end

tests['from the menu to a model in use'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      fake.answers['copilotLsp.models.pull'] = { ok = true, name = 'qwen2.5-coder-0.5b', path = '/models/q' }
      fake.answers['copilotLsp.models.use'] = { ok = true, name = 'qwen2.5-coder-0.5b', message = 'it runs' }
      vim.cmd('CopilotLsp model')
    ]])
    expect(menu(nvim).lines[3]).is(describe.line(QWEN))
    nvim:lua('pick(3)')
    expect(menu(nvim)).is({
      prompt = 'qwen2.5-coder-0.5b, Apache-2.0; recommended: best that answers in 400 ms',
      lines = { 'Download 491 MB and use it', 'Download it' },
    })
    nvim:lua('pick(1)')
    local sent = commands(nvim)
    expect({ sent[1].command, sent[1].arguments }).is({ 'copilotLsp.models.pull', { { name = 'qwen2.5-coder-0.5b' } } })
    expect({ sent[2].command, sent[2].arguments }).is({ 'copilotLsp.models.use', { { name = 'qwen2.5-coder-0.5b' } } })
    expect(nvim:lua('return said')).is({ 'copilot-lsp: it runs' })
  end)
end

tests['a download that was stopped is in the menu'] = function()
  with_models({}, function(nvim)
    nvim:lua("fake.answers['copilotLsp.models.list'].models[3].partBytes = 120e6 vim.cmd('CopilotLsp model')")
    expect(menu(nvim).lines[3]:match('120 MB of it here')).is('120 MB of it here')
    nvim:lua('pick(3)')
    expect(menu(nvim).lines[1]).is('Download the remaining 371 MB and use it')
  end)
end

tests['what can be done with a model that is here'] = function()
  with_models({}, function(nvim)
    nvim:lua("vim.cmd('CopilotLsp model') pick(2)")
    expect(menu(nvim).lines).is({ 'Use it', 'Delete it (1.1 GB)' })
    nvim:lua("fake.answers['copilotLsp.models.remove'] = { ok = false, message = 'another server uses it' } pick(2)")
    expect(nvim:lua('return said')).is({ 'copilot-lsp: another server uses it' })
    nvim:lua("vim.cmd('CopilotLsp model') pick(1)")
    expect(nvim:lua('return said[2]')).is('copilot-lsp: default is in use')
  end)
end

tests['a licence that forbids something is agreed to before the download'] = function()
  with_models({}, function(nvim)
    nvim:lua("vim.cmd('CopilotLsp model pull qwen2.5-coder-3b')")
    expect(menu(nvim)).is({
      prompt = 'qwen2.5-coder-3b, Qwen research. No commercial use',
      lines = { 'Agree and download 1.9 GB' },
    })
    nvim:lua('pick(nil)')
    expect(commands(nvim)).is({})
    nvim:lua("vim.cmd('CopilotLsp model pull qwen2.5-coder-3b') pick(1)")
    expect(commands(nvim)[1].arguments).is({ { name = 'qwen2.5-coder-3b' } })
    nvim:lua("vim.cmd('CopilotLsp model') pick(4)")
    expect(menu(nvim).prompt).is('qwen2.5-coder-3b, Qwen research. No commercial use')
  end)
end

--- A child whose download waits.
local function pulling(test)
  with_models({}, function(nvim)
    nvim:lua("fake.answers['copilotLsp.models.pull'] = false vim.cmd('CopilotLsp model pull qwen2.5-coder-0.5b')")
    local token = commands(nvim)[1].workDoneToken
    test(nvim, token)
  end)
end

tests['progress is told as an event and in the statusline'] = function()
  pulling(function(nvim, token)
    nvim:lua("fake.progress(..., { kind = 'begin', title = 'pull', cancellable = true, percentage = 0 })", token)
    nvim:lua("fake.progress(..., { kind = 'report', percentage = 24, message = '120 of 491 MB' })", token)
    nvim:wait('two events', 'return #events == 2')
    expect(nvim:lua('return events[2]')).is({
      name = 'qwen2.5-coder-0.5b',
      kind = 'report',
      percentage = 24,
      message = '120 of 491 MB',
    })
    expect(nvim:lua("return require('copilot_lsp').statusline()")).is('copilot-lsp: downloading 24%')
    expect(nvim:lua("return vim.fn.execute('1messages')"):find('24%', 1, true)).is(nil) -- not kept
    nvim:lua("vim.cmd('CopilotLsp model pull mine')")
    expect(nvim:lua('return said')).is({
      'copilot-lsp: qwen2.5-coder-0.5b is being downloaded; :CopilotLsp model cancel',
    })
    nvim:lua("fake.finish('copilotLsp.models.pull', { ok = true, name = 'qwen2.5-coder-0.5b', path = '/q' })")
    nvim:wait('the end', 'return #said == 2')
    expect(nvim:lua('return said[2]')).is(
      'copilot-lsp: qwen2.5-coder-0.5b is here; :CopilotLsp model use qwen2.5-coder-0.5b'
    )
    expect(nvim:lua("return require('copilot_lsp').statusline()")).is('copilot-lsp: starting')
    nvim:lua("fake.progress(..., { kind = 'report', percentage = 99 })", token)
    expect(nvim:lua('return #events')).is(2)
  end)
end

tests['cancel'] = function()
  pulling(function(nvim, token)
    nvim:lua("vim.cmd('CopilotLsp model cancel')")
    expect(nvim:lua("return fake.all('window/workDoneProgress/cancel')")).is({ { token = token } })
    nvim:lua("fake.finish('copilotLsp.models.pull', { ok = false, cancelled = true, message = 'stopped at 24 %' })")
    nvim:wait('the end', 'return #said == 1')
    expect(nvim:lua('return said')).is({ 'copilot-lsp: stopped at 24 %' })
    nvim:lua("vim.cmd('CopilotLsp model cancel')")
    expect(nvim:lua('return said[2]')).is('copilot-lsp: nothing is being downloaded or copied')
  end)
end

tests['a faster copy from the menu, with progress, is used at once'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      fake.answers['copilotLsp.models.list'].models[2].trimmable = true
      fake.answers['copilotLsp.models.trim'] = false
      fake.answers['copilotLsp.models.use'] = { ok = true, name = 'mine-trimmed', message = 'mine-trimmed is the model now' }
      vim.cmd('CopilotLsp model')
      pick(2)
    ]])
    expect(menu(nvim).lines).is({ 'Use it', 'Make a faster copy (English comments only) and use it', 'Delete it (1.1 GB)' })
    nvim:lua('pick(2)')
    local sent = commands(nvim)[1]
    expect({ sent.command, sent.arguments }).is({ 'copilotLsp.models.trim', { { name = 'mine' } } })
    nvim:lua("fake.progress(..., { kind = 'report', percentage = 12, message = 'filling' })", sent.workDoneToken)
    nvim:wait('the event', 'return #events == 1')
    expect(nvim:lua("return require('copilot_lsp').statusline()")).is('copilot-lsp: copying 12%')
    nvim:lua("vim.cmd('CopilotLsp model trim mine')")
    expect(nvim:lua('return said[1]')).is('copilot-lsp: mine is being copied; :CopilotLsp model cancel')
    nvim:lua("fake.finish('copilotLsp.models.trim', { ok = true, name = 'mine-trimmed', bytes = 1 })")
    nvim:wait('the switch', 'return #said == 2')
    expect(commands(nvim)[2].arguments).is({ { name = 'mine-trimmed' } })
    expect(nvim:lua('return said[2]')).is('copilot-lsp: mine-trimmed is the model now')
  end)
end

tests['a copy is mentioned once, after the download'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      vim.env.XDG_DATA_HOME = vim.fn.tempname()
      require('copilot_lsp.config').options.offer_model = true
      fake.answers['copilotLsp.models.list'].models[3].trimmable = true
      fake.answers['copilotLsp.models.pull'] = { ok = true, name = 'qwen2.5-coder-0.5b', path = '/q' }
      vim.cmd('CopilotLsp model pull qwen2.5-coder-0.5b')
    ]])
    local offer = 'copilot-lsp: faster copy (English comments only): :CopilotLsp model trim qwen2.5-coder-0.5b'
    expect(nvim:lua('return said[2]')).is(offer)
    nvim:lua("vim.cmd('CopilotLsp model pull qwen2.5-coder-0.5b')")
    expect(nvim:lua('return #said')).is(3)
    expect(nvim:lua("return vim.fn.getcompletion('CopilotLsp model trim ', 'cmdline')")).is({ 'qwen2.5-coder-0.5b' })
  end)
end

tests['names complete: those that the subcommand can be used with'] = function()
  with_models({}, function(nvim)
    local function complete(line)
      return nvim:lua("return vim.fn.getcompletion(..., 'cmdline')", line)
    end
    expect(complete('CopilotLsp model ')).is({ 'cancel', 'pull', 'remove', 'trim', 'use' })
    expect(complete('CopilotLsp model pull ')).is({ 'qwen2.5-coder-0.5b', 'qwen2.5-coder-3b' })
    expect(complete('CopilotLsp model use ')).is({ 'mine' })
    expect(complete('CopilotLsp model remove m')).is({ 'mine' })
    expect(complete('CopilotLsp model cancel ')).is({})
    expect(complete('CopilotLsp model use mine ')).is({})
  end)
end

tests['what is wrong is said in one line'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      vim.cmd('CopilotLsp model mine')
      vim.cmd('CopilotLsp model use')
      vim.cmd('CopilotLsp model cancel mine')
      vim.lsp.get_clients()[1].server_capabilities.executeCommandProvider.commands = {}
      vim.cmd('CopilotLsp model')
      require('copilot_lsp.server').NAME = 'nobody'
      vim.cmd('CopilotLsp model')
    ]])
    expect(nvim:lua('return said')).is({
      'copilot-lsp: model mine: not one of cancel, pull, remove, trim, use',
      'copilot-lsp: model use: needs the name of a model',
      'copilot-lsp: model cancel: takes no name',
      'copilot-lsp: this server is too old for that; :CopilotLsp install gets another',
      'copilot-lsp: no server is running: open a file first; :CopilotLsp says more',
    })
  end)
end

local READY = "fake.status({ kind = 'Normal', state = 'ready', model = 'default', message = '' })"

--- A child that was set up with the offer, and data of its own.
local function offering(options, test)
  with_models({ offer_model = false }, function(nvim)
    nvim:lua([[
      vim.env.XDG_DATA_HOME = vim.fn.tempname()
      vim.o.columns = 120
    ]])
    nvim:set_up(vim.tbl_extend('keep', options, { offer_model = true }))
    test(nvim)
  end)
end

tests['a better model is offered once'] = function()
  offering({}, function(nvim)
    nvim:lua(READY)
    nvim:wait('the offer', 'return #said == 1')
    local offer = 'copilot-lsp: qwen2.5-coder-0.5b (491 MB, Apache-2.0, about 352 ms) suits this machine; :CopilotLsp model'
    expect(nvim:lua('return said')).is({ offer })
    nvim:lua("set_up({ offer_model = true }) require('copilot_lsp.server').status = nil " .. READY)
    nvim:wait('the status', "return require('copilot_lsp.server').status ~= nil")
    vim.wait(30)
    expect(nvim:lua('return #said')).is(1)
  end)
end

tests['the offer waits until typing ends, and fits into a line'] = function()
  offering({}, function(nvim)
    nvim:keys('A')
    nvim:wait_asked(1)
    nvim:lua('vim.o.columns = 80 ' .. READY)
    nvim:wait('the list', "return #fake.all('workspace/executeCommand') == 1")
    vim.wait(30)
    expect(nvim:lua('return said')).is({})
    nvim:keys('<Esc>')
    nvim:wait('the offer', 'return #said == 1')
    expect(nvim:lua('return said')).is({ 'copilot-lsp: a better model suits this machine; :CopilotLsp model' })
  end)
end

tests['no offer to those who chose a model or want none'] = function()
  for _, options in ipairs({ { settings = { model = 'mine' } }, { offer_model = false } }) do
    offering(options, function(nvim)
      nvim:lua(READY)
      nvim:wait('the status', "return require('copilot_lsp.server').status ~= nil")
      vim.wait(30)
      expect(nvim:lua("return #fake.all('workspace/executeCommand')")).is(0)
      expect(nvim:lua('return said')).is({})
    end)
  end
end

tests['the report of the doctor in a window of its own'] = function()
  with_models({}, function(nvim)
    nvim:lua("fake.answers['copilotLsp.doctor'] = { ok = true, text = 'model: fine\\ncache: fine\\n', report = {} }")
    nvim:lua("vim.cmd('CopilotLsp doctor')")
    nvim:wait_text('model: fine\ncache: fine')
    expect(nvim:lua('return { vim.bo.modifiable, vim.bo.buftype }')).is({ false, 'nofile' })
    nvim:keys('q')
    nvim:wait_text('x')
  end)
end

tests['without a server the program reports'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      require('copilot_lsp.config').options.cmd = { 'echo', 'report:', 'serve', '--log-file', 'x' }
      require('copilot_lsp.server').NAME = 'nobody'
      vim.cmd('CopilotLsp doctor')
    ]])
    nvim:wait_text('report: doctor')
  end)
end

tests['tune runs in a terminal, and says how its result is used'] = function()
  with_models({}, function(nvim)
    nvim:lua([[
      require('copilot_lsp.config').options.cmd = { 'echo', 'measures:', 'serve', '--log-file', 'x' }
      vim.cmd('CopilotLsp tune')
    ]])
    nvim:wait('the end', 'return #said == 1')
    expect(nvim:lua('return { vim.bo.buftype, vim.fn.getline(1) }')).is({ 'terminal', 'measures: tune' })
    nvim:lua([[
      require('copilot_lsp.config').options.cmd = { 'nobody', 'serve' }
      vim.cmd('CopilotLsp tune')
    ]])
    expect(nvim:lua('return said')).is({
      'copilot-lsp: measured; :CopilotLsp stop and start, or a restart of Neovim, uses it',
      'copilot-lsp: tune: the server cannot be found; :CopilotLsp install gets one',
    })
  end)
end

return tests
