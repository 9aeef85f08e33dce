if vim.g.loaded_copilot_lsp then
  return
end
vim.g.loaded_copilot_lsp = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('copilot-lsp needs Neovim 0.11 or later', vim.log.levels.ERROR)
  return
end

require('copilot_lsp')._plugs()

vim.api.nvim_create_user_command('CopilotLsp', function(command)
  require('copilot_lsp.command').run(command.fargs)
end, {
  nargs = '*',
  desc = 'copilot-lsp: status, start, stop, toggle, install, model, doctor, log',
  complete = function(_, line)
    return require('copilot_lsp.command').complete(line)
  end,
})
