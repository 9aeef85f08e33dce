--- What the README and `:help` tell users to write is Lua, and the specs of plugin managers say what they should.
local expect = require('expect')

local tests = {}

local root = vim.fs.dirname(vim.fs.dirname(vim.api.nvim_get_runtime_file('plugin/copilot_lsp.lua', false)[1]))

local function read(file)
  return table.concat(vim.fn.readfile(vim.fs.joinpath(root, file)), '\n') .. '\n'
end

--- The code in the row of the README's table that begins with `manager`.
local function row(manager)
  local escaped = vim.pesc('| ' .. manager .. ' |')
  return assert(read('README.md'):match('\n%s*' .. escaped .. ' `([^\n]+)` |\n'), manager)
end

--- What `code` hands to the plugin manager whose functions are in `environment`.
local function given(code, environment)
  local chunk, problem = loadstring(code)
  assert(chunk, problem)
  local result
  environment.take = function(spec)
    result = spec
  end
  return setfenv(chunk, environment)() or result
end

tests['lazy.nvim'] = function()
  local spec = given('return ' .. row('lazy.nvim'), {})
  expect(spec).is({
    url = 'REPOSITORY',
    branch = 'nvim',
    name = 'copilot-lsp',
    main = 'copilot_lsp',
    opts = {},
    lazy = false,
    build = ':CopilotLsp install',
  })
  local clone = given('return ' .. row('lazy.nvim, from a clone'), {})
  expect({ clone.dir, clone.name, clone.main }).is({
    '/path/to/copilot-lsp/editors/nvim',
    'copilot-lsp',
    'copilot_lsp',
  })
end

tests['vim.pack'] = function()
  local took
  given(row('vim.pack (Neovim 0.12)'), {
    vim = {
      pack = {
        add = function(specs)
          took = specs
        end,
      },
    },
  })
  expect(took).is({ { src = 'REPOSITORY', version = 'nvim', name = 'copilot-lsp' } })
end

tests['mini.deps: the server is installed once the plugin is loaded'] = function()
  local took, ran
  local deps = {
    add = function(spec)
      took = spec
    end,
    later = function(run)
      run()
    end,
  }
  given(row('mini.deps'), {
    MiniDeps = deps,
    vim = {
      cmd = function(line)
        ran = line
      end,
    },
  })
  expect({ took.source, took.checkout, took.name }).is({ 'REPOSITORY', 'nvim', 'copilot-lsp' })
  took.hooks.post_install()
  expect(ran).is('CopilotLsp install')
end

tests['packer.nvim'] = function()
  local took, set_up
  given(row('packer.nvim'), {
    use = function(spec)
      took = spec
    end,
    require = function(name)
      return {
        setup = function()
          set_up = name
        end,
      }
    end,
  })
  expect({ took[1], took.branch, took.as, took.run }).is({
    'REPOSITORY',
    'nvim',
    'copilot-lsp',
    ':CopilotLsp install',
  })
  took.config()
  expect(set_up).is('copilot_lsp')
end

--- Whether `code` is Lua, as a chunk or as fields of a table.
local function is_lua(code)
  return loadstring(code) ~= nil or loadstring('return {' .. code .. '}') ~= nil
end

local function all_are_lua(text, pattern)
  local count = 0
  for code in text:gmatch(pattern) do
    count = count + 1
    expect({ code, is_lua(code) }).is({ code, true })
  end
  return count
end

tests['examples are Lua'] = function()
  expect(all_are_lua(read('README.md'), '```lua\n(.-)```') >= 2).is(true)
  expect(all_are_lua(read('doc/copilot-lsp.txt'), '>lua\n(.-)\n<?\n?[^%s\n]') >= 10).is(true)
  expect(is_lua('local = 1')).is(false)
end

return tests
