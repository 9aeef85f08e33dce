--- expect(actual).is(expected): deep equality, with both values in the message.
return function(actual)
  return {
    is = function(expected)
      if not vim.deep_equal(actual, expected) then
        error(('expected %s\n     got %s'):format(vim.inspect(expected), vim.inspect(actual)), 2)
      end
    end,
  }
end
