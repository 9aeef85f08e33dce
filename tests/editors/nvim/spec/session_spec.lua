local child = require('child')
local expect = require('expect')

local tests = {}

--- A child that has typed "ab" at the end of `lines`; the server has been asked for that.
local function typed(options, lines, test)
  child.typed(options, lines, 'Aab', test)
end

tests['Tab takes what is shown, and the server is told'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd\n  ef')
    nvim:keys('<Tab>')
    nvim:wait_text('xabcd\n  ef')
    expect(nvim:ghost()).is('')
    expect(nvim:lua('return vim.api.nvim_win_get_cursor(0)')).is({ 2, 4 })
    expect(#nvim:lua("return fake.all('textDocument/didShowCompletion')")).is(1)
    expect(nvim:lua("return fake.all('workspace/executeCommand')[1].command")).is('accepted')
  end)
end

tests['Tab is a tab where nothing is shown'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:answer({})
    nvim:keys('<Tab>c')
    nvim:wait_text('xab\tc')
  end)
end

tests['Tab with keys typed ahead of it'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    nvim:keys('<Tab>!<Tab>?')
    nvim:wait_text('xabcd!\t?')
  end)
end

tests['undo takes back the suggestion alone'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    nvim:keys('<Tab>')
    nvim:wait_text('xabcd')
    nvim:keys('<Esc>u')
    nvim:wait_text('xab')
  end)
end

tests['undo after more typing: the suggestion goes with what followed it, what was before it stays'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd\n  ef')
    nvim:keys('<Tab>!<Esc>')
    nvim:wait_text('xabcd\n  ef!')
    nvim:keys('u')
    nvim:wait_text('xab')
    nvim:keys('<C-r>')
    nvim:wait_text('xabcd\n  ef!')
  end)
end

tests['the dot repeats what was typed and the suggestion, once each'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua('vim.bo.autoindent = true')
    nvim:suggest('cd\n  é\n  f')
    nvim:keys('<Tab>!<Esc>')
    nvim:wait_text('xabcd\n  é\n  f!')
    nvim:keys('.')
    nvim:wait_text('xabcd\n  é\n  f!abcd\n  é\n  f!')
  end)
end

tests['the dot repeats words that were taken one by one'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd, ef')
    nvim:keys('<M-Right>')
    nvim:wait_ghost(', ef')
    nvim:keys('<M-Right>')
    nvim:wait_ghost(' ef')
    nvim:keys('<Esc>.')
    nvim:wait_text('xabcd,abcd,')
  end)
end

tests['a macro that takes a suggestion does not hold its text twice'] = function()
  child.typed({}, { 'x' }, 'qqAab', function(nvim)
    nvim:suggest('cd')
    nvim:keys('<Tab><Esc>q')
    nvim:wait_text('xabcd')
    expect(nvim:lua("return vim.fn.keytrans(vim.fn.getreg('q'))")).is('Aab<Tab><Esc>')
  end)
end

tests['typing the suggestion keeps it and asks for nothing'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cde')
    local before = nvim:settled()
    nvim:keys('c')
    nvim:wait_ghost('de')
    nvim:keys('d')
    nvim:wait_ghost('e')
    nvim:keys('<BS>')
    nvim:wait_ghost('de')
    expect(nvim:settled()).is(before)
    nvim:keys('<Tab>')
    nvim:wait_text('xabcde')
  end)
end

tests['typing through a line end'] = function()
  typed({}, { '  x' }, function(nvim)
    nvim:lua('vim.bo.autoindent = true')
    nvim:suggest('c\n  d')
    nvim:keys('c<CR>')
    nvim:wait_ghost('d')
    nvim:keys('<Tab>')
    nvim:wait_text('  xabc\n  d')
  end)
end

tests['typing something else takes it away and asks again'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    local before = nvim:settled()
    nvim:keys('X')
    nvim:wait_asked(before + 1)
    expect(nvim:ghost()).is('')
  end)
end

tests['an answer for a text that is not there any more is not shown'] = function()
  typed({}, { 'x' }, function(nvim)
    local count = nvim:lua('return #fake.asked')
    nvim:keys('X')
    nvim:wait_asked(count + 1)
    nvim:lua('fake.answer_late(...)', count, { 'stale' })
    vim.wait(30)
    expect(nvim:ghost()).is('')
    local cancelled = nvim:lua("return fake.all('$/cancelRequest')")
    expect(cancelled[#cancelled].id).is(nvim:lua('return fake.asked[...].id', count))
  end)
end

tests['an edit elsewhere while a request runs'] = function()
  typed({}, { 'one', 'x' }, function(nvim)
    local count = nvim:lua('return #fake.asked')
    local shown = nvim:lua([[
      vim.api.nvim_buf_set_lines(0, 0, 1, false, { "two", "three" })
      fake.answer({ 'stale' })
      return require('copilot_lsp').visible() or #vim.api.nvim_buf_get_extmarks(
        0, vim.api.nvim_get_namespaces().copilot_lsp, 0, -1, {}) > 0
    ]])
    expect(shown).is(false)
    nvim:wait_asked(count + 1)
    expect(nvim:ghost()).is('')
    nvim:suggest('fresh')
    nvim:keys('<Tab>')
    nvim:wait_text('two\nthree\nxabfresh')
  end)
end

tests['an edit elsewhere takes away what is shown'] = function()
  typed({}, { 'one', 'x' }, function(nvim)
    nvim:suggest('cd')
    nvim:lua('vim.api.nvim_buf_set_lines(0, 0, 1, false, {})')
    nvim:wait_ghost('')
  end)
end

tests['Escape takes it away'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    nvim:keys('<Esc>')
    nvim:wait_ghost('')
    expect(nvim:text()).is('xab')
  end)
end

tests['dismissed is gone until the next key'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    local before = nvim:settled()
    nvim:keys('<C-]>')
    nvim:wait_ghost('')
    expect(nvim:settled()).is(before)
    nvim:keys('c')
    nvim:wait_asked(before + 1)
  end)
end

tests['word by word, and the rest stays'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd, ef\n  gh')
    local before = nvim:settled()
    nvim:keys('<M-Right>')
    nvim:wait_text('xabcd')
    nvim:wait_ghost(', ef\n  gh')
    nvim:keys('<M-Right><M-Right>')
    nvim:wait_text('xabcd, ef')
    nvim:keys('<M-Right>')
    nvim:wait_text('xabcd, ef\n  gh')
    expect(nvim:ghost()).is('')
    local lengths = vim.tbl_map(function(params)
      return params.acceptedLength
    end, nvim:lua("return fake.all('textDocument/didPartiallyAcceptCompletion')"))
    expect(lengths).is({ 2, 3, 6 })
    expect(#nvim:lua("return fake.all('workspace/executeCommand')")).is(1)
    expect(#nvim:lua("return fake.all('textDocument/didShowCompletion')")).is(1)
    expect(nvim:lua('return #fake.asked') <= before + 1).is(true)
  end)
end

tests['line by line'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd\n  ef\n  gh')
    nvim:keys('<M-C-Right>')
    nvim:wait_text('xabcd')
    nvim:wait_ghost('\n  ef\n  gh')
    nvim:keys('<M-C-Right>')
    nvim:wait_text('xabcd\n  ef')
    nvim:wait_ghost('\n  gh')
  end)
end

tests['it streams'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua("fake.stream({ 'c' })")
    nvim:wait_ghost('c')
    nvim:lua("fake.stream({ 'cde' })")
    nvim:wait_ghost('cde')
    local before = nvim:lua('return #fake.asked')
    nvim:keys('c')
    nvim:wait_ghost('de')
    nvim:lua("fake.stream({ 'cdef' })")
    nvim:wait_ghost('def')
    nvim:answer({ 'cdefg' })
    nvim:wait_ghost('defg')
    expect(nvim:lua('return #fake.asked')).is(before)
    nvim:keys('<Tab>')
    nvim:wait_text('xabcdefg')
  end)
end

tests['typing may be ahead of the stream'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua("fake.stream({ 'c' })")
    nvim:wait_ghost('c')
    nvim:keys('cd')
    nvim:wait_text('xabcd')
    nvim:lua("fake.stream({ 'cde' })")
    nvim:wait_ghost('e')
  end)
end

tests['an empty answer takes a stream back'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua("fake.stream({ 'c' })")
    nvim:wait_ghost('c')
    nvim:answer({})
    nvim:wait_ghost('')
  end)
end

tests['taking a stream ends it'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua("fake.stream({ 'cd' })")
    nvim:wait_ghost('cd')
    local id = nvim:lua('return fake.asked[#fake.asked].id')
    nvim:keys('<Tab>')
    nvim:wait_text('xabcd')
    local cancelled = nvim:lua("return fake.all('$/cancelRequest')")
    expect(cancelled[#cancelled].id).is(id)
  end)
end

tests['the next alternative is asked for once, then shown in turn'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:suggest('cd')
    local before = nvim:settled()
    nvim:keys('<M-]>')
    nvim:wait_asked(before + 1)
    expect(nvim:lua('return fake.asked[#fake.asked].params.context.triggerKind')).is(1)
    expect(nvim:ghost()).is('cd')
    nvim:answer({ 'cd', 'ef', 'gh' })
    nvim:wait_ghost('ef (2/3)')
    nvim:keys('<M-]>')
    nvim:wait_ghost('gh (3/3)')
    nvim:keys('<M-]>')
    nvim:wait_ghost('cd (1/3)')
    nvim:keys('<M-[>')
    nvim:wait_ghost('gh (3/3)')
    expect(nvim:settled()).is(before + 1)
    nvim:keys('<Tab>')
    nvim:wait_text('xabgh')
  end)
end

tests['asked for where nothing is shown'] = function()
  child.with({ auto_trigger = false }, { 'x' }, function(nvim)
    nvim:keys('A')
    expect(nvim:settled()).is(0)
    nvim:keys('<M-]>')
    nvim:wait_asked(1)
    nvim:suggest('cd')
  end)
end

tests['brackets right of the cursor are replaced, not doubled'] = function()
  child.with({}, { 'f()' }, function(nvim)
    nvim:keys('i')
    nvim:wait_asked(1)
    nvim:answer({ 'a, b)' }, 1)
    nvim:wait_ghost('a, b')
    nvim:keys('<Tab>')
    nvim:wait_text('f(a, b)')
  end)
end

tests['completion switched off and on in a buffer'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua('vim.b.copilot_lsp_enabled = false')
    local before = nvim:settled()
    nvim:keys('c')
    expect(nvim:settled()).is(before)
    expect(nvim:lua("return require('copilot_lsp').statusline()")).is('copilot-lsp: off')
    nvim:lua('vim.b.copilot_lsp_enabled = nil')
    nvim:keys('d')
    nvim:wait_asked(before + 1)
  end)
end

tests['the reason for silence is in the status'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:answer({})
    nvim:lua([[fake.status({
      kind = 'Normal', busy = false, message = 'ready', state = 'ready', model = 'tiny', safeMode = false, lastLatencyMs = 12,
      sharedBy = 2, index = { state = 'ready', message = '12 files indexed, 340 symbols, 1.2 MB' },
      statistics = { offered = 9, shown = 7, accepted = 3, partiallyAccepted = 1, savedKeys = 120, latencyP50Ms = 84, latencyP95Ms = 230 },
      lastSilence = {
        uri = vim.uri_from_bufnr(0), reason = 'mid-word', message = 'the cursor is inside a word' } })]])
    nvim:wait('the status', "return require('copilot_lsp.server').status ~= nil")
    expect(nvim:lua("return require('copilot_lsp.status').report(0)")).is({
      'copilot-lsp: ready',
      'model: tiny',
      'engine: shared by 2 windows',
      'other files: 12 files indexed, 340 symbols, 1.2 MB',
      'last answer: 12 ms',
      'since start: 7 shown, 3 accepted, 1 accepted in part, 120 keys saved',
      'latency: 84 ms median, 230 ms 95th percentile',
      'last request here gave nothing: the cursor is inside a word',
    })
    nvim:lua([[fake.status({ kind = 'Normal', busy = false, message = 'ready', state = 'ready', model = 'tiny', safeMode = false,
      sharedBy = 0, notShared = 'engine.shared is off' })]])
    nvim:wait('the next status', "return require('copilot_lsp.server').status.sharedBy == 0")
    expect(nvim:lua("return require('copilot_lsp.status').report(0)")).is({
      'copilot-lsp: ready',
      'model: tiny',
      'engine: not shared: engine.shared is off',
    })
    expect(nvim:lua("return require('copilot_lsp').statusline()")).is('copilot-lsp')
  end)
end

tests['an error is in the status until the next answer'] = function()
  typed({}, { 'x' }, function(nvim)
    nvim:lua('fake.asked[#fake.asked].reply({ code = -32603, message = "no idea" })')
    nvim:wait('the error', [[return require('copilot_lsp.server').error == 'no idea']])
    expect(nvim:lua("return require('copilot_lsp.status').report(0)")).is({
      'copilot-lsp: starting',
      'last request failed: no idea',
    })
    nvim:keys('c')
    nvim:wait('the next request', 'return fake.asked[#fake.asked].params.position.character == 4')
    nvim:answer({})
    nvim:wait('no error', [[return require('copilot_lsp.server').error == nil]])
  end)
end

tests['settings reach the running server'] = function()
  typed({ settings = { model = 'a' } }, { 'x' }, function(nvim)
    nvim:lua("require('copilot_lsp').configure({ model = 'b' })")
    local sent = nvim:lua("return fake.all('workspace/didChangeConfiguration')")
    expect(sent[#sent].settings).is({ copilotLsp = { model = 'b' } })
  end)
end

tests['no settings are an empty object, not a list'] = function()
  child.with({}, { '' }, function(nvim)
    expect(nvim:lua('return vim.json.encode(vim.lsp.get_clients()[1].settings)')).is('{"copilotLsp":{}}')
  end)
end

tests['no suggestion beside the menu of completions, if so wished; it comes back after it'] = function()
  typed({ hide_during_completion = true }, { 'cab1', 'cab2', 'c' }, function(nvim)
    nvim:suggest('yz')
    nvim:keys('<C-x><C-l>')
    nvim:wait('the menu', 'return vim.fn.pumvisible() == 1')
    nvim:wait_ghost('')
    local before = nvim:lua('return #fake.asked')
    nvim:keys('<C-e>')
    nvim:wait_asked(before + 1)
    nvim:suggest('yz')
  end)
end

tests['beside the menu of another plugin'] = function()
  typed({ hide_during_completion = true }, { 'x' }, function(nvim)
    nvim:lua("package.loaded['blink.cmp'] = { is_menu_visible = function() return menu end }")
    nvim:suggest('cd')
    nvim:lua("menu = true vim.api.nvim_exec_autocmds('User', { pattern = 'BlinkCmpMenuOpen' })")
    nvim:wait_ghost('')
    local before = nvim:settled()
    nvim:lua("menu = false vim.api.nvim_exec_autocmds('User', { pattern = 'BlinkCmpMenuClose' })")
    nvim:wait_asked(before + 1)
  end)
end

tests['the menu and the suggestion at the same time, by default'] = function()
  typed({}, { 'cab', 'c' }, function(nvim)
    nvim:suggest('yz')
    nvim:lua("package.loaded['blink.cmp'] = { is_menu_visible = function() return true end }")
    nvim:keys('y')
    nvim:wait_ghost('z')
  end)
end

tests['a predicate switches a buffer off, also when it fails'] = function()
  child.with({}, { '' }, function(nvim)
    local closed = nvim:lua([[
      local config, gate = require('copilot_lsp.config'), require('copilot_lsp.gate')
      local asked
      config.options.enabled = function(buf) asked = buf return false end
      local off = gate.closed(0)
      config.options.enabled = function() error('no', 0) end
      local failed = gate.closed(0)
      config.options.enabled = function() return true end
      return { asked, off, failed, gate.closed(0) == nil }
    ]])
    expect(closed).is({
      0,
      'turned off for this buffer (option enabled)',
      'the option enabled failed: no',
      true,
    })
  end)
end

tests['without a subcommand, the status'] = function()
  child.with({}, { '' }, function(nvim)
    local said = nvim:lua("return vim.api.nvim_exec2('CopilotLsp', { output = true }).output")
    expect(said:match('^copilot%-lsp: %w+') ~= nil).is(true)
  end)
end

return tests
