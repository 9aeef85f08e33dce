local expect = require('expect')
local ghost = require('copilot_lsp.ghost')

local tests = {}

tests['at the end of a line the text is one piece'] = function()
  expect(ghost.layout('rn x', '', 0)).is({ pieces = { { at = 0, text = 'rn x' } }, below = {}, kept = '' })
end

tests['further lines go below'] = function()
  expect(ghost.layout('a:\n    b\n    c', '', 0)).is({
    pieces = { { at = 0, text = 'a:' } },
    below = { '    b', '    c' },
    kept = '',
  })
end

tests['replaced brackets stay where they are'] = function()
  expect(ghost.layout('a, b)', ')', 1).pieces).is({ { at = 0, text = 'a, b' } })
  expect(ghost.layout('a[i], b[j])', '])', 2).pieces).is({
    { at = 0, text = 'a[i' },
    { at = 1, text = ', b[j]' },
  })
end

tests['pieces and brackets together are the text'] = function()
  local text, right = 'f(g(x), {y})})', '})'
  local line, at = '', 0
  for _, piece in ipairs(ghost.layout(text, right, 2).pieces) do
    line = line .. right:sub(at + 1, piece.at) .. piece.text
    at = piece.at
  end
  expect(line .. right:sub(at + 1)).is(text)
end

tests['several lines before text that stays are drawn over it'] = function()
  expect(ghost.layout('a,\n  b', ')', 0)).is({ pieces = {}, over = 'a,', below = { '  b' }, kept = ')' })
end

tests['replaced text that is not in the suggestion is drawn over'] = function()
  expect(ghost.layout('abc', 'x; y', 1)).is({ pieces = {}, over = 'abc; y', below = {}, kept = '' })
  expect(ghost.layout('aéb', 'é', #'é').over).is('aéb')
end

tests['tabs become spaces up to the next tab stop'] = function()
  expect(ghost.untab('\tx\ty', 0, 4)).is('    x   y')
  expect(ghost.untab('\tx', 3, 4)).is(' x')
  expect(ghost.untab('x', 3, 4)).is('x')
end

return tests
