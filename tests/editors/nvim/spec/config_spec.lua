local config = require('copilot_lsp.config')
local expect = require('expect')
local gate = require('copilot_lsp.gate')

local tests = {}

tests['nothing given gives the defaults'] = function()
  local options, problems = config.resolve(nil)
  expect(problems).is({})
  expect(options).is(config.defaults())
end

tests['what is given goes over the defaults, key by key'] = function()
  local given = { keymaps = { accept = '<C-j>' }, filetypes = { markdown = false } }
  local options, problems = config.resolve(given)
  expect(problems).is({})
  expect({ options.keymaps.accept, options.keymaps.dismiss }).is({ '<C-j>', '<C-]>' })
  expect({ options.filetypes.markdown, options.filetypes.help }).is({ false, false })
end

tests['a list replaces the default'] = function()
  expect(config.resolve({ cmd = { 'x' } }).cmd).is({ 'x' })
end

tests['no keys at all'] = function()
  local options = config.resolve({ keymaps = false })
  for _, lhs in pairs(options.keymaps) do
    expect(lhs).is(false)
  end
end

tests['a wrong option is named and keeps its default'] = function()
  local options, problems = config.resolve({
    debounce_ms = 'soon',
    keymaps = { accept = 3 },
    colour = 'red',
    cmd = 'copilot-lsp serve',
  })
  expect(problems).is({
    'cmd must be a list that is not empty',
    'colour is not an option',
    'debounce_ms must be between 0 and 5000',
    'keymaps accept must be a key such as "<Tab>", or false',
  })
  expect(options).is(config.defaults())
end

tests['native display needs a Neovim that has it'] = function()
  local options, problems = config.resolve({ display = 'native' })
  local has = vim.lsp.inline_completion ~= nil
  expect(options.display).is(has and 'native' or 'streaming')
  expect(#problems).is(has and 0 or 1)
end

tests['the nearest switch decides'] = function()
  config.options = config.resolve({ filetypes = { markdown = false } })
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].filetype = 'python'
  expect(gate.closed(buf)).is(nil)
  vim.bo[buf].filetype = 'markdown'
  expect(gate.closed(buf)).is('turned off for markdown (option filetypes)')
  vim.b[buf].copilot_lsp_enabled = true
  expect(gate.closed(buf)).is(nil)
  vim.b[buf].copilot_lsp_enabled = false
  expect(gate.closed(buf)).is('turned off in this buffer (:CopilotLsp toggle buffer)')
  vim.g.copilot_lsp_enabled = false
  expect(gate.closed(buf)).is('turned off everywhere (:CopilotLsp toggle)')
  vim.g.copilot_lsp_enabled = nil
end

tests['only named file types'] = function()
  config.options = config.resolve({ filetypes = { ['*'] = false, lua = true } })
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].filetype = 'lua'
  expect(gate.closed(buf)).is(nil)
  vim.bo[buf].filetype = 'python'
  expect(gate.closed(buf)).is('turned off for python (option filetypes)')
end

--- The names of the fields of a class in types.lua.
local function fields(class)
  local file = vim.api.nvim_get_runtime_file('lua/copilot_lsp/types.lua', false)[1]
  local text = table.concat(vim.fn.readfile(file), '\n') .. '\n\n'
  local names = {}
  for name in text:match('@class ' .. class .. '[ \n].-\n\n'):gmatch('@field ([%w_]+)') do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function keys_of(options)
  local names = vim.tbl_keys(options)
  table.sort(names)
  return names
end

tests['the types of the options are those that there are'] = function()
  expect(fields('copilot_lsp.Setup')).is(keys_of(config.defaults()))
  expect(fields('copilot_lsp.SetupKeymaps')).is(keys_of(config.defaults().keymaps))
end

return tests
