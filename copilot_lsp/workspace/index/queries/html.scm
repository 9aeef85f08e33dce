((attribute (attribute_name) @id (quoted_attribute_value (attribute_value) @name)) @constant (#eq? @id "id"))
((attribute (attribute_name) @src (quoted_attribute_value)) @import (#match? @src "^(src|href)$"))
