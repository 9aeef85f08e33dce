(function_declaration name: (identifier) @name) @function
(function_declaration name: (dot_index_expression table: (identifier) @parent field: (identifier) @name)) @function
(function_declaration name: (method_index_expression table: (identifier) @parent method: (identifier) @name)) @function
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @constant)
((function_call name: (identifier) @require) @import (#eq? @require "require"))
