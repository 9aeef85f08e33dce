--- An extra for LazyVim: `{ url = …, name = "copilot-lsp", import = "copilot_lsp.lazyvim" }`, see |copilot-lsp-lazyvim|.
---
--- As LazyVim's own extras for AI: with `vim.g.ai_cmp` (its default) suggestions are items of the completion menu,
--- otherwise ghost text; Tab takes either.

local menu = vim.g.ai_cmp == true

--- LazyVim's Tab calls it before it goes on.
---@return boolean?
local function accept()
  return require('copilot_lsp').accept() or nil
end

---@param opts table of setup()
local function set_up(_, opts)
  local lazyvim = rawget(_G, 'LazyVim')
  if lazyvim then
    lazyvim.cmp.actions.ai_accept = accept
  end
  require('copilot_lsp').setup(opts)
end

local plugin = {
  'copilot-lsp',
  name = 'copilot-lsp',
  main = 'copilot_lsp',
  event = 'VeryLazy',
  cmd = 'CopilotLsp',
  build = ':CopilotLsp install',
  opts = { auto_trigger = not menu, keymaps = { accept = false } },
  config = set_up,
}

local blink = {
  'saghen/blink.cmp',
  optional = true,
  dependencies = { 'copilot-lsp' },
  opts = {
    sources = {
      default = { 'copilot_lsp' },
      providers = {
        copilot_lsp = { name = 'copilot-lsp', module = 'copilot_lsp.blink', async = true, score_offset = 100 },
      },
    },
  },
}

local cmp = {
  'hrsh7th/nvim-cmp',
  optional = true,
  dependencies = { 'copilot-lsp' },
  opts = function(_, opts)
    require('copilot_lsp.cmp').register()
    table.insert(opts.sources, 1, { name = 'copilot_lsp', group_index = 1, priority = 100 })
  end,
}

local lualine = {
  'nvim-lualine/lualine.nvim',
  optional = true,
  opts = function(_, opts)
    table.insert(opts.sections.lualine_x, 2, 'copilot_lsp')
  end,
}

return menu and { plugin, blink, cmp, lualine } or { plugin, lualine }
