(class name: [(constant) @name (scope_resolution name: (constant) @name)]) @class
(module name: [(constant) @name (scope_resolution name: (constant) @name)]) @class
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(assignment left: (constant) @name) @constant
((call method: (identifier) @attr arguments: (argument_list (simple_symbol) @name)) @field (#match? @attr "^attr_(reader|writer|accessor)$"))
((call method: (identifier) @require) @import (#match? @require "^require(_relative)?$"))
