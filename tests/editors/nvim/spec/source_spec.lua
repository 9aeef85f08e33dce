--- The sources of blink.cmp and nvim-cmp, against stand-ins that call what their documentation says: blink.cmp's
--- doc/development/source-boilerplate.md, nvim-cmp's `:help cmp-develop`.
local child = require('child')
local expect = require('expect')

local tests = {}

-- blink.cmp: get_completions(context, callback), then execute(context, item, callback, default_implementation).
local BLINK = [[
  local source = require('copilot_lsp.blink').new({}, {})
  local cursor, line = vim.api.nvim_win_get_cursor(0), vim.api.nvim_get_current_line()
  local word = line:sub(1, cursor[2]):find('[%w_]*$')
  blink = { source = source, kind = 'trigger_character' }
  function blink.ask(kind)
    local context = { bufnr = 0, cursor = cursor, line = line, bounds = { start_col = word }, trigger = { kind = kind } }
    blink.cancel = source:get_completions(context, function(response) blink.response = response end)
  end
  function blink.accept(index)
    local item = vim.deepcopy(blink.response.items[index])
    local col = vim.api.nvim_win_get_cursor(0)[2]
    item.textEdit.range['end'].character = col
    source:execute({}, item, function() blink.done = true end, function()
      vim.lsp.util.apply_text_edits({ item.textEdit }, vim.api.nvim_get_current_buf(), 'utf-8')
    end)
  end
]]

-- nvim-cmp: complete(params, callback), then the text and execute(item, callback).
local CMP = [[
  package.loaded.cmp = { register_source = function(name, source) cmp = { name = name, source = source } end }
  require('copilot_lsp.cmp').register()
  require('copilot_lsp.cmp').register()
  function cmp.ask(reason)
    local col = vim.api.nvim_win_get_cursor(0)[2]
    local offset = vim.api.nvim_get_current_line():sub(1, col):find('[%w_]*$')
    local context = { get_reason = function() return reason end }
    cmp.source:complete({ offset = offset, context = context, completion_context = { triggerKind = 1 } }, function(response)
      cmp.response = response
    end)
  end
  function cmp.accept(index)
    local item = cmp.response.items[index]
    vim.lsp.util.apply_text_edits({ item.textEdit }, vim.api.nvim_get_current_buf(), cmp.source:get_position_encoding_kind())
    cmp.source:execute(item, function(same) cmp.done = same == item end)
  end
]]

--- A child in insert mode at the end of `line`, which asks for nothing by itself.
local function with_source(stand_in, line, test)
  child.with({ auto_trigger = false }, { line }, function(nvim)
    nvim:keys('A')
    nvim:wait('insert mode', "return vim.api.nvim_get_mode().mode == 'i'")
    nvim:lua(stand_in)
    test(nvim)
  end)
end

tests['blink.cmp: an item, its text and what is told to the server'] = function()
  with_source(BLINK, 'x = foo', function(nvim)
    expect(nvim:lua('return blink.source:enabled()')).is(true)
    nvim:lua("blink.ask('keyword')")
    nvim:wait_asked(1)
    expect(nvim:lua('return fake.asked[1].params.context.triggerKind')).is(2)
    nvim:answer({ 'bar(é)\n  return' })
    nvim:wait('the items', 'return blink.response ~= nil')
    local response = nvim:lua('return blink.response')
    expect({ response.is_incomplete_forward, #response.items }).is({ true, 1 })
    local item = response.items[1]
    expect({ item.label, item.filterText }).is({ 'foobar(é) …', 'foobar(é)' })
    expect(item.textEdit).is({
      newText = 'foobar(é)\n  return',
      range = { start = { line = 0, character = 4 }, ['end'] = { line = 0, character = 7 } },
    })
    expect(item.documentation.value).is('```text\nfoobar(é)\n  return\n```')
    nvim:lua('blink.accept(1)')
    nvim:wait_text('x = foobar(é)\n  return')
    expect(nvim:lua('return blink.done')).is(true)
    expect(nvim:lua("return fake.all('workspace/executeCommand')[1].command")).is('accepted')
  end)
end

tests['blink.cmp: by a key several suggestions; a request is cancelled'] = function()
  with_source(BLINK, 'foo.', function(nvim)
    nvim:lua("blink.ask('manual')")
    nvim:wait_asked(1)
    expect(nvim:lua('return fake.asked[1].params.context.triggerKind')).is(1)
    nvim:lua('blink.cancel()')
    expect(nvim:lua("return fake.all('$/cancelRequest')[1].id == fake.asked[1].id")).is(true)
    nvim:lua("blink.ask('manual')")
    nvim:wait_asked(2)
    nvim:answer({ 'bar', 'baz' })
    nvim:wait('the items', 'return blink.response ~= nil')
    local labels = vim.tbl_map(function(item)
      return item.label
    end, nvim:lua('return blink.response.items'))
    expect(labels).is({ 'bar', 'baz' })
  end)
end

tests['blink.cmp: brackets right of the cursor are not doubled, though it ignores the range there'] = function()
  child.with({ auto_trigger = false }, { 'f()' }, function(nvim)
    nvim:keys('i')
    nvim:wait('insert mode', "return vim.api.nvim_get_mode().mode == 'i'")
    nvim:lua(BLINK)
    nvim:lua("blink.ask('trigger_character')")
    nvim:wait_asked(1)
    nvim:answer({ 'a, b)' }, 1)
    nvim:wait('the items', 'return blink.response ~= nil')
    nvim:lua('blink.accept(1)')
    nvim:wait_text('f(a, b)')
  end)
end

tests['nvim-cmp: an item, its text and what is told to the server'] = function()
  with_source(CMP, 'é = foo', function(nvim)
    expect(nvim:lua('return { cmp.name, cmp.source:is_available(), cmp.source:get_position_encoding_kind() }')).is({
      'copilot_lsp',
      true,
      'utf-8',
    })
    nvim:lua("cmp.ask('auto')")
    nvim:wait_asked(1)
    expect(nvim:lua('return fake.asked[1].params.context.triggerKind')).is(2)
    nvim:answer({ 'bar' })
    nvim:wait('the items', 'return cmp.response ~= nil')
    expect(nvim:lua('return { cmp.response.isIncomplete, cmp.response.items[1].textEdit.range.start.character }')).is({
      true,
      5,
    })
    nvim:lua('cmp.accept(1)')
    nvim:wait_text('é = foobar')
    expect(nvim:lua('return cmp.done')).is(true)
    expect(nvim:lua("return fake.all('workspace/executeCommand')[1].command")).is('accepted')
    nvim:lua("cmp.ask('manual')")
    nvim:wait_asked(2)
    expect(nvim:lua('return fake.asked[2].params.context.triggerKind')).is(1)
  end)
end

tests['no items where completion is off, and no request'] = function()
  with_source(BLINK .. CMP, 'x', function(nvim)
    nvim:lua('vim.b.copilot_lsp_enabled = false')
    expect(nvim:lua('return { blink.source:enabled(), cmp.source:is_available() }')).is({ false, false })
    nvim:lua("require('copilot_lsp.server').NAME = 'nobody' cmp.ask('auto')")
    expect(nvim:lua('return { cmp.response.items, #fake.asked }')).is({ {}, 0 })
  end)
end

tests['a suggestion that has a fence in it is shown as a whole'] = function()
  with_source(BLINK, '', function(nvim)
    nvim:lua("vim.bo.filetype = 'text' blink.ask('keyword')")
    nvim:wait_asked(1)
    nvim:answer({ '\n```\nx' })
    nvim:wait('the items', 'return blink.response ~= nil')
    local item = nvim:lua('return blink.response.items[1]')
    expect(item.documentation.value).is('````text\n\n```\nx\n````')
    expect(item.label).is('``` …')
  end)
end

tests['lualine: the component says what the statusline says, coloured when it is not as usual'] = function()
  child.with({}, { '' }, function(nvim)
    nvim:lua([[
      package.preload['lualine.component'] = function()
        local Component = {}
        function Component:extend() return setmetatable({}, { __index = self }) end
        return Component
      end
      component = require('lualine.components.copilot_lsp')
    ]])
    expect(nvim:lua('return component:update_status()')).is('%#DiagnosticWarn#copilot-lsp: starting')
    nvim:lua("fake.status({ kind = 'Normal', state = 'ready', model = 'default', message = '' })")
    nvim:wait('ready', "return component:update_status() == 'copilot-lsp'")
    nvim:lua("require('copilot_lsp').is_set_up = false")
    expect(nvim:lua('return component:update_status()')).is('')
  end)
end

--- The specs of the extra, with `vim.g.ai_cmp` as given.
local function extra(ai_cmp)
  vim.g.ai_cmp = ai_cmp
  package.loaded['copilot_lsp.lazyvim'] = nil
  return require('copilot_lsp.lazyvim')
end

tests['LazyVim: ghost text or items of the menu, by its own switch'] = function()
  local function names(specs)
    return vim.tbl_map(function(spec)
      return spec[1]
    end, specs)
  end
  expect(names(extra(true))).is({ 'copilot-lsp', 'saghen/blink.cmp', 'hrsh7th/nvim-cmp', 'nvim-lualine/lualine.nvim' })
  expect(extra(true)[1].opts.auto_trigger).is(false)
  expect(names(extra(false))).is({ 'copilot-lsp', 'nvim-lualine/lualine.nvim' })
  expect(extra(false)[1].opts.auto_trigger).is(true)
  for _, spec in ipairs(extra(true)) do
    expect(spec[1] == 'copilot-lsp' or spec.optional).is(true)
  end
  local _, problems = require('copilot_lsp.config').resolve(extra(true)[1].opts)
  expect(problems).is({})
end

tests['LazyVim: its Tab takes the suggestion'] = function()
  child.with({}, { 'x' }, function(nvim)
    nvim:lua([[
      LazyVim = { cmp = { actions = {} } }
      vim.g.ai_cmp = false
      local plugin = require('copilot_lsp.lazyvim')[1]
      plugin.config(plugin, vim.tbl_extend('force', plugin.opts, { cmd = { vim.v.progpath }, debounce_ms = 1 }))
      vim.lsp.config('copilot_lsp', { cmd = fake.cmd })
      vim.keymap.set('i', '<Tab>', function() return LazyVim.cmp.actions.ai_accept() and '' or 'nothing' end, { expr = true })
    ]])
    nvim:keys('A<Tab>')
    nvim:wait_text('xnothing')
    nvim:type('w')
    nvim:suggest('yz')
    nvim:keys('<Tab>')
    nvim:wait_text('xnothingwyz')
  end)
end

return tests
