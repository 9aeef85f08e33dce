--- `:CopilotLsp model`: a menu of the models, and a subcommand for each thing that can be done with one.

local describe = require('copilot_lsp.describe')
local execute = require('copilot_lsp.execute')
local offer = require('copilot_lsp.offer')
local pull = require('copilot_lsp.pull')
local say = require('copilot_lsp.say')

local M = {}

---@param answer copilot_lsp.Answer
---@param otherwise string when it went well and the server has nothing to say
local function report(answer, otherwise)
  say(answer.message or otherwise, answer.ok and vim.log.levels.INFO or vim.log.levels.WARN)
end

---@param name string
local function use(name)
  execute.start('models.use', { name = name }, function(answer)
    report(answer, name .. ' is in use')
  end)
end

---@param name string
local function remove(name)
  execute.start('models.remove', { name = name }, function(answer)
    report(answer, name .. ' is removed')
  end)
end

---@param name string
---@param and_use boolean
local function download(name, and_use)
  pull.start('pull', name, function(answer)
    if answer.ok and and_use then
      use(name)
    else
      report(answer, ('%s is here; :CopilotLsp model use %s'):format(name, name))
    end
    if answer.ok then
      offer.copy(name)
    end
  end)
end

--- The copy is used at once.
---@param name string of the original
local function trim(name)
  pull.start('trim', name, function(answer)
    if answer.ok then
      return use(answer.name)
    end
    report(answer, '')
  end)
end

---@class copilot_lsp.Choice
---@field text string
---@field run fun()

---@param prompt string
---@param choices copilot_lsp.Choice[]
local function choose(prompt, choices)
  vim.ui.select(choices, {
    prompt = prompt,
    kind = 'copilot_lsp_model',
    format_item = function(choice)
      return choice.text
    end,
  }, function(choice)
    if choice then
      choice.run()
    end
  end)
end

---@param text string
---@param run fun(name: string, argument: any)
---@param ... any its arguments
---@return copilot_lsp.Choice
local function choice(text, run, ...)
  local arguments = { ... }
  return {
    text = text,
    run = function()
      run(unpack(arguments))
    end,
  }
end

---@param model copilot_lsp.Model
---@return copilot_lsp.Choice[]
local function actions(model)
  local name = model.name
  if not model.present then
    local size = describe.size(model.bytes - (model.partBytes or 0))
    local what = model.partBytes and 'the remaining ' .. size or size
    return { choice(('Download %s and use it'):format(what), download, name, true), choice('Download it', download, name, false) }
  end
  local found = {} ---@type copilot_lsp.Choice[]
  if not model.active then
    found[1] = choice('Use it', use, name)
  end
  if model.trimmable then
    found[#found + 1] = choice('Make a faster copy (English comments only) and use it', trim, name)
  end
  if not model.active and model.source ~= 'shipped' then
    found[#found + 1] = choice(('Delete it (%s)'):format(describe.size(model.bytes)), remove, name)
  end
  return found
end

---@param model copilot_lsp.Model
---@param why string? it is recommended
local function act(model, why)
  local choices = actions(model)
  if #choices == 0 then
    return say(model.name .. ' is in use', vim.log.levels.INFO)
  end
  choose(describe.heading(model, model.recommended and why or nil), choices)
end

---@param list fun(answer: copilot_lsp.Answer) with the fields `models` and `recommendation`
local function with_list(list)
  execute.start('models.list', nil, function(answer)
    if not answer.ok then
      return report(answer, '')
    end
    list(answer)
  end)
end

local function menu()
  with_list(function(answer)
    local why = answer.recommendation and answer.recommendation.why
    choose('Models', vim.tbl_map(function(model)
      return choice(describe.line(model), act, model, why)
    end, answer.models))
  end)
end

--- A licence that forbids something is agreed to first.
---@param name string
local function ask_and_download(name)
  with_list(function(answer)
    for _, model in ipairs(answer.models) do
      if model.name == name and model.notice and not model.present then
        local agree = choice(('Agree and download %s'):format(describe.size(model.bytes)), download, name, false)
        return choose(describe.heading(model), { agree })
      end
    end
    download(name, false)
  end)
end

---@type table<string, { run: fun(name: string), names: (fun(model: copilot_lsp.Model): boolean?)? }>
local subcommands = {
  cancel = { run = pull.cancel },
  pull = {
    run = ask_and_download,
    names = function(model)
      return not model.present
    end,
  },
  trim = {
    run = trim,
    names = function(model)
      return model.trimmable
    end,
  },
  use = {
    run = use,
    names = function(model)
      return model.present and not model.active
    end,
  },
  remove = {
    run = remove,
    names = function(model)
      return model.present and not model.active and model.source ~= 'shipped'
    end,
  },
}

---@param verb string? none: the menu
---@param name string?
function M.run(verb, name)
  if not verb then
    return menu()
  end
  local subcommand = subcommands[verb]
  if not subcommand then
    return say(('model %s: not one of cancel, pull, remove, trim, use'):format(verb))
  elseif (name ~= nil) ~= (subcommand.names ~= nil) then
    return say(('model %s: %s'):format(verb, name and 'takes no name' or 'needs the name of a model'))
  end
  subcommand.run(name)
end

--- What may follow `:CopilotLsp model` and `words`.
---@param words string[]
---@return string[]
function M.complete(words)
  if #words == 0 then
    return vim.tbl_keys(subcommands)
  end
  local names = #words == 1 and subcommands[words[1]] and subcommands[words[1]].names
  local models = names and execute.wait('models.list').models or {}
  return vim.tbl_map(function(model)
    return model.name
  end, names and vim.tbl_filter(names, models) or {})
end

return M
