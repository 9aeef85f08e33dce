--- The keys of insert mode. A key whose action has nothing to do is given back to what it was mapped to
--- before.

local config = require('copilot_lsp.config')

local M = {}

---@param keys string
---@param flags string of nvim_feedkeys()
local function feed(keys, flags)
  vim.api.nvim_feedkeys(vim.keycode(keys), flags, false)
end

--- What `lhs` does without this plugin: an earlier mapping, Neovim's own ones included, or the key itself.
---@param lhs string
---@return fun()
local function fallback(lhs)
  local earlier = vim.fn.maparg(lhs, 'i', false, true)
  -- "i" puts the keys before those that were typed ahead, "n" takes them literally.
  if vim.tbl_isempty(earlier) or earlier.buffer == 1 then
    return function()
      feed(lhs, 'in')
    end
  end
  local flags = earlier.noremap == 1 and 'in' or 'im'
  return function()
    local keys = earlier.rhs
    if earlier.callback then
      keys = earlier.callback()
    elseif earlier.expr == 1 then
      keys = vim.api.nvim_eval(keys)
    end
    if (earlier.expr == 1 or not earlier.callback) and type(keys) == 'string' then
      feed(keys, flags)
    end
  end
end

---@type table<string, string> action to what it does, for :map
local DESCRIPTIONS = {
  accept = 'take the suggestion',
  accept_word = 'take the next word of the suggestion',
  accept_line = 'take the next line of the suggestion',
  next = 'next suggestion',
  prev = 'previous suggestion',
  dismiss = 'dismiss the suggestion',
}

---@param lhs string
---@param action string
---@param act fun(instead: fun()): boolean says whether it did something
local function map(lhs, action, act)
  local instead = fallback(lhs)
  vim.keymap.set('i', lhs, function()
    if not act(instead) then
      instead()
    end
  end, { desc = 'copilot-lsp: ' .. DESCRIPTIONS[action] })
end

local set = {} ---@type table<string, true> lhs that are ours already

--- `<Plug>(copilot-lsp-accept)` and so on: they do nothing when there is nothing to do.
---@param actions table<string, fun(instead: fun()): boolean>
function M.plugs(actions)
  for action, act in pairs(actions) do
    local lhs = ('<Plug>(copilot-lsp-%s)'):format((action:gsub('_', '-')))
    vim.keymap.set('i', lhs, function()
      act(function() end)
    end, { desc = 'copilot-lsp: ' .. DESCRIPTIONS[action] })
  end
end

--- The keys of the option `keymaps`.
---@param actions table<string, fun(instead: fun()): boolean>
function M.defaults(actions)
  for action, lhs in vim.spairs(config.options.keymaps) do
    if lhs and actions[action] and not set[lhs] then
      set[lhs] = true
      map(lhs, action, actions[action])
    end
  end
end

return M
