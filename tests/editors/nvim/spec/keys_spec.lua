local child = require('child')
local expect = require('expect')

local ASKED_AT_1 = 'return #fake.asked > 0 and fake.asked[#fake.asked].params.position.character == 1'

local tests = {}

tests['without a suggestion Tab still jumps in a snippet'] = function()
  child.with({}, { '' }, function(nvim)
    nvim:keys('A')
    nvim:lua('vim.snippet.expand("f($1, $2)")')
    nvim:keys('a<Tab>b')
    nvim:wait_text('f(a, b)')
  end)
end

--- A child with Tab mapped by `code` before setup() maps it again.
local function mapped(code, test)
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua(code)
    nvim:lua("require('copilot_lsp').setup({ cmd = { vim.v.progpath }, debounce_ms = 1 })")
    nvim:lua("vim.lsp.config('copilot_lsp', { cmd = fake.cmd })")
    nvim:keys('A')
    test(nvim)
  end)
end

tests['an earlier mapping gets the key'] = function()
  mapped("vim.keymap.set('i', '<Tab>', 'mapped')", function(nvim)
    nvim:keys('<Tab>')
    nvim:wait_text('mapped')
  end)
end

tests['an earlier function gets it'] = function()
  local code = "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_set_current_line('called') end)"
  mapped(code, function(nvim)
    nvim:keys('<Tab>')
    nvim:wait_text('called')
  end)
end

tests['an earlier expression gets it'] = function()
  mapped("vim.keymap.set('i', '<Tab>', function() return 'a<Space>b' end, { expr = true })", function(nvim)
    nvim:keys('<Tab>')
    nvim:wait_text('a b')
  end)
end

tests['a suggestion goes before an earlier mapping'] = function()
  mapped("vim.keymap.set('i', '<Tab>', 'mapped')", function(nvim)
    nvim:keys('x')
    nvim:wait('a request', ASKED_AT_1)
    nvim:answer({ 'yz' })
    nvim:wait_ghost('yz')
    nvim:keys('<Tab>')
    nvim:wait_text('xyz')
  end)
end

tests['a global mapping gets the key also where the buffer has one of its own, as with nvim-cmp'] = function()
  local code = [[
    vim.keymap.set('i', '<Tab>', 'global')
    vim.keymap.set('i', '<Tab>', '<Tab>', { buffer = true, remap = true })
  ]]
  mapped(code, function(nvim)
    nvim:lua("vim.keymap.del('i', '<Tab>', { buffer = true })")
    nvim:keys('<Tab>')
    nvim:wait_text('global')
  end)
end

tests['special keys of an expression in Vim script'] = function()
  mapped([[vim.cmd('inoremap <expr> <Tab> "ab\\<Left>c"')]], function(nvim)
    nvim:keys('<Tab>')
    nvim:wait_text('acb')
  end)
end

tests['a second setup() takes the keys of the first away'] = function()
  mapped("vim.keymap.set('i', '<Tab>', 'mapped')", function(nvim)
    nvim:lua("require('copilot_lsp').setup({ cmd = { vim.v.progpath }, keymaps = { accept = '<C-j>' } })")
    expect(nvim:lua("return vim.fn.maparg('<Tab>', 'i')")).is('mapped')
    expect(nvim:lua("return vim.fn.maparg('<C-j>', 'i', false, true).desc")).is('copilot-lsp: take the suggestion')
    nvim:lua("require('copilot_lsp').setup({ cmd = { vim.v.progpath }, keymaps = false })")
    expect(nvim:lua("return vim.fn.maparg('<C-j>', 'i')")).is('')
    nvim:keys('<Tab>')
    nvim:wait_text('mapped')
  end)
end

tests["after a second setup() Neovim's own Tab works in a snippet"] = function()
  child.with({}, { '' }, function(nvim)
    nvim:lua("require('copilot_lsp').setup({ cmd = { vim.v.progpath }, keymaps = false })")
    nvim:keys('A')
    nvim:lua('vim.snippet.expand("f($1, $2)")')
    nvim:keys('a<Tab>b')
    nvim:wait_text('f(a, b)')
  end)
end

tests['a key that was mapped after setup() is left alone by the second'] = function()
  child.with({}, { '' }, function(nvim)
    nvim:lua("vim.keymap.set('i', '<Tab>', 'later')")
    nvim:lua("require('copilot_lsp').setup({ cmd = { vim.v.progpath }, keymaps = false })")
    nvim:keys('A<Tab>')
    nvim:wait_text('later')
  end)
end

tests['keys of the user\'s own, by <Plug>'] = function()
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua("vim.keymap.set('i', '<C-j>', '<Plug>(copilot-lsp-accept-word)')")
    nvim:keys('Ax')
    nvim:wait('a request', ASKED_AT_1)
    nvim:answer({ ' y z' })
    nvim:wait_ghost(' y z')
    nvim:keys('<C-j><C-j><C-j>!')
    nvim:wait_text('x y z!')
  end)
end

tests['accepting in an expression mapping, where the text is locked'] = function()
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua([[vim.keymap.set('i', '<C-j>', function()
      return require('copilot_lsp').accept_word() and '' or 'nothing'
    end, { expr = true })]])
    nvim:keys('Ax')
    nvim:wait('a request', ASKED_AT_1)
    nvim:answer({ ' y z' })
    nvim:wait_ghost(' y z')
    nvim:keys('<C-j>')
    nvim:wait_text('x y')
    nvim:wait_ghost(' z')
    nvim:keys('<C-j>')
    nvim:wait_text('x y z')
    nvim:keys('<C-j>')
    nvim:wait_text('x y znothing')
  end)
end

return tests
