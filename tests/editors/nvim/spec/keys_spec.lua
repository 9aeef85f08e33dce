local child = require('child')
local expect = require('expect')

local tests = {}

--- Fills a snippet in with Tab between its places.
local function fill_snippet(nvim)
  nvim:keys('A')
  nvim:lua('vim.snippet.expand("f($1, $2)")')
  nvim:keys('a<Tab>b')
  nvim:wait_text('f(a, b)')
end

tests['without a suggestion Tab still jumps in a snippet'] = function()
  child.with({}, { '' }, fill_snippet)
end

--- A child with Tab mapped by `code` before setup() maps it again.
local function mapped(code, test)
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua(code)
    nvim:set_up()
    nvim:keys('A')
    test(nvim)
  end)
end

--- Tab without a suggestion, mapped by `code` before, gives `text`.
local function falls_back(code, text)
  mapped(code, function(nvim)
    nvim:keys('<Tab>')
    nvim:wait_text(text)
  end)
end

tests['an earlier mapping gets the key'] = function()
  falls_back("vim.keymap.set('i', '<Tab>', 'mapped')", 'mapped')
end

tests['an earlier function gets it'] = function()
  falls_back("vim.keymap.set('i', '<Tab>', function() vim.api.nvim_set_current_line('called') end)", 'called')
end

tests['an earlier expression gets it'] = function()
  falls_back("vim.keymap.set('i', '<Tab>', function() return 'a<Space>b' end, { expr = true })", 'a b')
end

tests['a suggestion goes before an earlier mapping'] = function()
  mapped("vim.keymap.set('i', '<Tab>', 'mapped')", function(nvim)
    nvim:type('x')
    nvim:suggest('yz')
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
  falls_back([[vim.cmd('inoremap <expr> <Tab> "ab\\<Left>c"')]], 'acb')
end

tests['a second setup() takes the keys of the first away'] = function()
  mapped("vim.keymap.set('i', '<Tab>', 'mapped')", function(nvim)
    nvim:set_up({ keymaps = { accept = '<C-j>' } })
    expect(nvim:lua("return vim.fn.maparg('<Tab>', 'i')")).is('mapped')
    expect(nvim:lua("return vim.fn.maparg('<C-j>', 'i', false, true).desc")).is('copilot-lsp: take the suggestion')
    nvim:set_up({ keymaps = false })
    expect(nvim:lua("return vim.fn.maparg('<C-j>', 'i')")).is('')
    nvim:keys('<Tab>')
    nvim:wait_text('mapped')
  end)
end

tests["after a second setup() Neovim's own Tab works in a snippet"] = function()
  child.with({}, { '' }, function(nvim)
    nvim:set_up({ keymaps = false })
    fill_snippet(nvim)
  end)
end

tests['a key that was mapped after setup() is left alone by the second'] = function()
  child.with({}, { '' }, function(nvim)
    nvim:lua("vim.keymap.set('i', '<Tab>', 'later')")
    nvim:set_up({ keymaps = false })
    nvim:keys('A<Tab>')
    nvim:wait_text('later')
  end)
end

tests['keys of the user\'s own, by <Plug>'] = function()
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua("vim.keymap.set('i', '<C-j>', '<Plug>(copilot-lsp-accept-word)')")
    nvim:type('Ax')
    nvim:suggest(' y z')
    nvim:keys('<C-j><C-j><C-j>!')
    nvim:wait_text('x y z!')
  end)
end

tests['accepting in an expression mapping, where the text is locked'] = function()
  child.with({ keymaps = false }, { '' }, function(nvim)
    nvim:lua([[vim.keymap.set('i', '<C-j>', function()
      return require('copilot_lsp').accept_word() and '' or 'nothing'
    end, { expr = true })]])
    nvim:type('Ax')
    nvim:suggest(' y z')
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
