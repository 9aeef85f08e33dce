(class_selector (class_name) @name) @selector
(id_selector (id_name) @name) @selector
((declaration (property_name) @name) @constant (#match? @name "^--"))
(keyframes_statement (keyframes_name) @name) @type
(import_statement) @import
