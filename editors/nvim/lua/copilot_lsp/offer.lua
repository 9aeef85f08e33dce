--- One line, once, when a better model than the one that came along suits this machine.

local config = require('copilot_lsp.config')
local describe = require('copilot_lsp.describe')
local execute = require('copilot_lsp.execute')
local say = require('copilot_lsp.say')
local server = require('copilot_lsp.server')

local M = {}

local ROOM = 12 -- columns that Neovim keeps free; a longer line would wait for Enter

---@return string file that says that the offer was made
local function marker()
  return vim.fs.joinpath(config.data_folder(), 'model-offered')
end

---@param offered copilot_lsp.Model
---@return string
local function words(offered)
  local parts = { describe.size(offered.bytes), offered.licence, describe.speed(offered) }
  local long = ('%s (%s) suits this machine; :CopilotLsp model'):format(offered.name, table.concat(parts, ', '))
  local fits = vim.fn.strdisplaywidth('copilot-lsp: ' .. long) <= vim.o.columns - ROOM
  return fits and long or 'a better model suits this machine; :CopilotLsp model'
end

---@param offered copilot_lsp.Model
local function tell(offered)
  vim.fn.mkdir(config.data_folder(), 'p')
  if pcall(vim.fn.writefile, {}, marker()) then
    say(words(offered), vim.log.levels.INFO)
  end
end

--- Not while the user types.
---@param offered copilot_lsp.Model
local function tell_when_idle(offered)
  if vim.api.nvim_get_mode().mode == 'n' then
    return tell(offered)
  end
  vim.api.nvim_create_autocmd('InsertLeave', {
    once = true,
    callback = vim.schedule_wrap(function()
      tell(offered)
    end),
  })
end

local function look()
  execute.start('models.list', nil, function(answer)
    for _, candidate in ipairs(answer.models or {}) do
      if candidate.recommended and not candidate.present then
        return tell_when_idle(candidate)
      end
    end
  end)
end

--- Nothing is offered to those who chose a model.
---@param group integer of autocommands
function M.watch(group)
  if not config.options.offer_model or config.options.settings.model or vim.uv.fs_stat(marker()) then
    return
  end
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = 'CopilotLspStatus',
    callback = function()
      local ready = server.status and server.status.state == 'ready'
      if ready then
        look()
      end
      return ready -- then this autocommand has done its work
    end,
  })
end

return M
