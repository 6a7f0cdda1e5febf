std = "lua54"
max_line_length = 100
files["tests"] = { read_globals = { "test" } }
-- Stubs: nothing is used.
files["docs/reference/native"] = { ignore = { "212", "211", "122", "241" } }
files["docs/reference/native/fault.lua"] = { ignore = { "631" } } -- a type stands on one line
