--- One line, once: a better model than the one that came along suits this machine; a model has a quicker copy.

local config = require('copilot_lsp.config')
local describe = require('copilot_lsp.describe')
local execute = require('copilot_lsp.execute')
local say = require('copilot_lsp.say')
local server = require('copilot_lsp.server')

local M = {}

local ROOM = 12 -- columns that Neovim keeps free; a longer line would wait for Enter

---@param of string? the model that a copy was offered of
---@return string file that says that the offer was made
local function marker(of)
  return vim.fs.joinpath(config.data_folder(), of and 'copy-offered-' .. of or 'model-offered')
end

---@param file string marker
---@param text string
local function tell_once(file, text)
  vim.fn.mkdir(config.data_folder(), 'p')
  if pcall(vim.fn.writefile, {}, file) then
    say(text, vim.log.levels.INFO)
  end
end

---@param offered copilot_lsp.Model
---@return string
local function words(offered)
  local parts = { describe.size(offered.bytes), offered.licence, describe.speed(offered) }
  local long = ('%s (%s) suits this machine; :CopilotLsp model'):format(offered.name, table.concat(parts, ', '))
  local fits = vim.fn.strdisplaywidth('copilot-lsp: ' .. long) <= vim.o.columns - ROOM
  return fits and long or 'a better model suits this machine; :CopilotLsp model'
end

--- Not while the user types.
---@param tell fun()
local function when_idle(tell)
  if vim.api.nvim_get_mode().mode == 'n' then
    return tell()
  end
  vim.api.nvim_create_autocmd('InsertLeave', { once = true, callback = vim.schedule_wrap(tell) })
end

local function look()
  execute.start('models.list', nil, function(answer)
    for _, candidate in ipairs(answer.models or {}) do
      if candidate.recommended and not candidate.present then
        return when_idle(function()
          tell_once(marker(), words(candidate))
        end)
      end
    end
  end)
end

--- After its download.
---@param name string of a model
function M.copy(name)
  if not config.options.offer_model or vim.uv.fs_stat(marker(name)) then
    return
  end
  execute.start('models.list', nil, function(answer)
    for _, model in ipairs(answer.models or {}) do
      if model.name == name and model.trimmable then
        when_idle(function()
          tell_once(marker(name), ('faster copy (English comments only): :CopilotLsp model trim %s'):format(name))
        end)
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
