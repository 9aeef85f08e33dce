--- One line to the user. While Neovim starts it would ask for Enter, after Neovim's own line about the file: it
--- waits until the screen is there (milliseconds). A warning and no error, because Neovim puts "Error detected
--- while processing" before those of a configuration.
---@param text string
---@param level vim.log.levels?
return function(text, level)
  local function notify()
    vim.notify('copilot-lsp: ' .. text, level or vim.log.levels.WARN)
  end
  if vim.v.vim_did_enter == 1 then
    return notify()
  end
  vim.api.nvim_create_autocmd('VimEnter', {
    once = true,
    callback = function()
      vim.defer_fn(notify, 100)
    end,
  })
end
