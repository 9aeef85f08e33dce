local expect = require('expect')
local follow = require('copilot_lsp.follow')

local ANCHOR, CURSOR = { row = 2, col = 4 }, { row = 2, col = 6 }

--- After a change that begins at (row, col), removes and puts in text of the given numbers of bytes on one
--- line.
local function after(row, col, removed, added)
  return follow.after(ANCHOR, CURSOR, follow.change(row, col, 0, 0, removed, 0, 0, added, 0))
end

local tests = {}

tests['typing moves the cursor'] = function()
  expect(after(2, 6, 0, 1)).is({ row = 2, col = 7 })
end

tests['a line end moves it to the next line'] = function()
  expect(follow.after(ANCHOR, CURSOR, follow.change(2, 6, 0, 0, 0, 0, 1, 8, 9))).is({ row = 3, col = 8 })
end

tests['taking back what was typed is followed, up to where the server was asked'] = function()
  expect(after(2, 5, 1, 0)).is({ row = 2, col = 5 })
  expect(after(2, 4, 2, 0)).is({ row = 2, col = 4 })
  expect(after(2, 3, 3, 0)).is(nil)
end

tests['any other change is not'] = function()
  expect(after(1, 0, 0, 5)).is(nil) -- above
  expect(after(2, 7, 0, 1)).is(nil) -- right of the cursor
  expect(after(2, 0, 0, 1)).is(nil) -- left of it
  expect(after(2, 6, 1, 0)).is(nil) -- what stands after it
  expect(after(2, 5, 1, 1)).is(nil) -- replaced
end

return tests
