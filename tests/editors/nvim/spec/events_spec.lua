local child = require('child')
local expect = require('expect')

local tests = {}

local LISTEN = [[
  events = {}
  vim.api.nvim_create_autocmd('User', { pattern = 'CopilotLsp*', callback = function(event)
    events[#events + 1] = { event.match:sub(#'CopilotLsp' + 1), event.data or {} }
  end })
  vim.api.nvim_create_autocmd('User', { pattern = 'CopilotLspAccepted', callback = function()
    text_when_accepted = vim.api.nvim_get_current_line()
  end })
]]

--- The events named `name` that came, each with what it carries.
local function events(nvim, name)
  return vim.tbl_map(
    function(event)
      return event[2]
    end,
    vim.tbl_filter(function(event)
      return event[1] == name
    end, nvim:lua('return events'))
  )
end

tests['a suggestion is told of once, and each part of it that is taken, when it is in the text'] = function()
  child.typed({}, { 'x' }, 'Aab', function(nvim)
    nvim:lua(LISTEN)
    nvim:suggest('cd, ef')
    nvim:keys('<M-Right>')
    nvim:wait_ghost(', ef')
    expect(events(nvim, 'Accepted')).is({ { buf = 1, text = 'cd', part = 'word' } })
    expect(nvim:lua('return text_when_accepted')).is('xabcd')
    nvim:keys('<Tab>')
    nvim:wait_text('xabcd, ef')
    expect(events(nvim, 'Accepted')[2]).is({ buf = 1, text = ', ef', part = 'all' })
    expect(events(nvim, 'Shown')).is({ { buf = 1, text = 'cd, ef' } })
  end)
end

tests['a buffer that the server is attached to, and its state'] = function()
  child.with({}, { '' }, function(nvim)
    nvim:lua(LISTEN)
    nvim:lua("vim.cmd.enew() vim.cmd.file(vim.fn.tempname()) vim.bo.filetype = 'text'")
    nvim:wait('the client', 'return #vim.lsp.get_clients({ bufnr = 0 }) == 1')
    local attached = events(nvim, 'Attach')
    expect({ #attached, attached[1].buf == nvim:lua('return vim.api.nvim_get_current_buf()') }).is({ 1, true })
    nvim:lua("fake.status({ kind = 'Normal', state = 'ready', model = 'default', message = '' })")
    nvim:wait('the status', "return require('copilot_lsp.server').status ~= nil")
    expect(#events(nvim, 'Status')).is(1)
  end)
end

return tests
