local Item = require('copilot_lsp.item')
local expect = require('expect')

--- An item of the server whose range is on row 3, in the units of the encoding.
local function raw(text, from, to)
  if not from then
    return { insertText = text }
  end
  local range = { start = { line = 3, character = from }, ['end'] = { line = 3, character = to or from } }
  return { insertText = text, range = range }
end

local tests = {}

tests['without a range the text goes to the cursor'] = function()
  local item = assert(Item.of(raw('rest'), 'x = ', 3, 4, 'utf-16'))
  expect({ item.text, item.swallow, item.head_length }).is({ 'rest', 0, 0 })
end

tests['what stands before the cursor is not inserted again'] = function()
  local item = assert(Item.of(raw('    return 1', 0, 8), '    retu', 3, 8, 'utf-16'))
  expect({ item.text, item.swallow, item.head_length }).is({ 'rn 1', 0, 8 })
end

tests['text right of the cursor may be replaced'] = function()
  local item = assert(Item.of(raw('f(a, b)', 0, 3), 'f()', 3, 2, 'utf-16'))
  expect({ item.text, item.swallow }).is({ 'a, b)', 1 })
end

tests['positions are counted in the encoding of the server'] = function()
  local line = "s = '𝄞é' + "
  expect(Item.of(raw("s = '𝄞é' + x", 0, 12), line, 3, #line, 'utf-16').text).is('x')
  expect(Item.of(raw("s = '𝄞é' + x", 0, 11), line, 3, #line, 'utf-32').text).is('x')
  expect(Item.of(raw("s = '𝄞é' + x", 0, #line), line, 3, #line, 'utf-8').text).is('x')
end

tests['an item for another text is refused'] = function()
  expect(Item.of(raw('other', 0, 3), 'abc', 3, 3, 'utf-16')).is(nil)
  expect(Item.of(raw('abcd', 0, 2), 'abc', 3, 3, 'utf-16')).is(nil)
  expect(Item.of(raw('abcd', 0, 3), 'abc', 4, 3, 'utf-16')).is(nil)
end

tests['items that insert nothing are left out'] = function()
  local items = Item.all({ raw('abc', 0, 3), raw('abcd', 0, 3) }, 'abc', 3, 3, 'utf-16')
  expect(#items).is(1)
  expect(items[1].text).is('d')
end

tests['a word takes the white space before it along'] = function()
  expect(Item.take('name, other)', 'word')).is('name')
  expect(Item.take(', other)', 'word')).is(',')
  expect(Item.take(' other)', 'word')).is(' other')
  expect(Item.take('\n    return x', 'word')).is('\n    return')
  expect(Item.take('größe = 1', 'word')).is('größe')
  expect(Item.take('):\n', 'word')).is('):')
  expect(Item.take('  \n', 'word')).is('  \n')
end

tests['a line ends before its line end'] = function()
  expect(Item.take('a, b):\n    pass\n', 'line')).is('a, b):')
  expect(Item.take('\n    pass\n', 'line')).is('\n    pass')
  expect(Item.take('\n', 'line')).is('\n')
end

tests['the parts, taken one after another, are the whole'] = function()
  local text = 'x, größe):\n    """𝄞"""\n\n    return [x for x in y]\n'
  for _, part in ipairs({ 'word', 'line', 'all' }) do
    local rest, taken = text, ''
    while rest ~= '' do
      local next_part = Item.take(rest, part)
      taken, rest = taken .. next_part, rest:sub(#next_part + 1)
    end
    expect(taken).is(text)
  end
end

tests['accepted length counts UTF-16 units from the start of insertText'] = function()
  local item = assert(Item.of(raw('ab𝄞cd', 0, 2), 'ab', 3, 2, 'utf-16'))
  expect(Item.accepted_length(item, '𝄞c')).is(5)
  expect(Item.accepted_length(Item.rest(item, '𝄞'), 'c')).is(5)
end

tests['a server that ends lines with CR LF is answered in its own count'] = function()
  local item = assert(Item.of(raw('a\r\nb\r\nc'), '', 3, 0, 'utf-16'))
  expect(item.text).is('a\nb\nc')
  expect(Item.accepted_length(item, 'a\nb')).is(4)
  expect(Item.accepted_length(Item.rest(item, 'a\nb'), '\nc')).is(7)
end

return tests
