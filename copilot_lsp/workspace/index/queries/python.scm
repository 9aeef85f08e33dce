; What each capture means is said in ../symbols.py.
(class_definition name: (identifier) @name) @class
(function_definition name: (identifier) @name) @function
(module (expression_statement (assignment left: (identifier) @name) @constant))
(module (type_alias_statement left: (type (identifier) @name)) @type)
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @field)))
((assignment left: (attribute object: (identifier) @self attribute: (identifier) @name)) @field (#eq? @self "self"))
[(import_statement) (import_from_statement)] @import
