--- The keys of insert mode. A key whose action has nothing to do is given back to what it was mapped to
--- before.

local config = require('copilot_lsp.config')

local M = {}

---@param keys string as they are stored, special keys included
---@param flags string of nvim_feedkeys()
local function feed(keys, flags)
  vim.api.nvim_feedkeys(keys, flags, false)
end

--- The global mapping of `lhs` in insert mode. Not maparg(): it would give the one of the current buffer, and
--- nvim-cmp maps its keys in every buffer.
---@param lhs string
---@return table<string, any>? mapping as maparg() gives it
local function global(lhs)
  local raw = vim.keycode(lhs)
  for _, mapping in ipairs(vim.api.nvim_get_keymap('i')) do
    if mapping.lhsraw == raw or mapping.lhsrawalt == raw then
      return mapping
    end
  end
end

--- The keys that an <expr> mapping stands for now.
---@param mapping table<string, any>
---@return string
local function evaluate(mapping)
  local keys
  if mapping.callback then
    keys = mapping.callback()
  else
    keys = vim.api.nvim_eval((mapping.rhs:gsub('<SID>', ('<SNR>%d_'):format(mapping.sid))))
  end
  keys = type(keys) == 'string' and keys or ''
  return mapping.replace_keycodes == 1 and vim.keycode(keys) or keys
end

--- What `lhs` does without this plugin: an earlier mapping, Neovim's own ones included, or the key itself.
---@param lhs string
---@param earlier table<string, any>?
---@return fun()
local function fallback(lhs, earlier)
  -- "i" puts the keys before those that were typed ahead, "n" takes them literally.
  if not earlier then
    return function()
      feed(vim.keycode(lhs), 'in')
    end
  end
  local flags = earlier.noremap == 1 and 'in' or 'im'
  return function()
    if earlier.expr == 1 then
      feed(evaluate(earlier), flags)
    elseif earlier.callback then
      earlier.callback()
    else
      feed(vim.keycode(earlier.rhs), flags)
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

---@class copilot_lsp.Mapped
---@field callback fun()
---@field earlier table<string, any>? what the key was mapped to

local mapped = {} ---@type table<string, copilot_lsp.Mapped> our keys, by lhs

---@param lhs string
---@param action string
---@param act fun(instead: fun()): boolean says whether it did something
local function map(lhs, action, act)
  local earlier = global(lhs)
  local instead = fallback(lhs, earlier)
  local function callback()
    if not act(instead) then
      instead()
    end
  end
  vim.keymap.set('i', lhs, callback, { desc = 'copilot-lsp: ' .. DESCRIPTIONS[action] })
  mapped[lhs] = { callback = callback, earlier = earlier }
end

--- Gives our keys back to what they were mapped to. A key that was mapped again since stays.
local function unmap()
  for lhs, ours in pairs(mapped) do
    local now = global(lhs)
    if now and now.callback == ours.callback then
      vim.keymap.del('i', lhs)
      if ours.earlier then
        vim.fn.mapset('i', false, ours.earlier)
      end
    end
  end
  mapped = {}
end

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

--- The keys of the option `keymaps`, and no others of ours: setup() may be called again.
---@param actions table<string, fun(instead: fun()): boolean>
function M.defaults(actions)
  unmap()
  for action, lhs in vim.spairs(config.options.keymaps) do
    if lhs and actions[action] then
      map(lhs, action, actions[action])
    end
  end
end

return M
