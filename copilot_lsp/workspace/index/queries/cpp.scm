(class_specifier name: (type_identifier) @name body: (_)) @class
(struct_specifier name: (type_identifier) @name body: (_)) @class
(union_specifier name: (type_identifier) @name body: (_)) @class
(enum_specifier name: (type_identifier) @name body: (_)) @enum
(type_definition declarator: (type_identifier) @name) @type
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(function_declarator declarator: [(identifier) (field_identifier)] @name) @declarator
(function_declarator declarator: (qualified_identifier scope: (namespace_identifier) @parent name: (identifier) @name)) @declarator
(field_declaration declarator: [(field_identifier) @name (pointer_declarator (field_identifier) @name) (reference_declarator (field_identifier) @name) (array_declarator (field_identifier) @name)]) @field
(preproc_def name: (identifier) @name) @constant
(preproc_function_def name: (identifier) @name) @function
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @constant)
(preproc_include) @import
(enumerator name: (identifier) @name) @field
(type_definition type: [(struct_specifier !name body: (_)) (union_specifier !name body: (_))] declarator: (type_identifier) @name) @class
