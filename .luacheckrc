std = "lua54"
max_line_length = 100
files["tests"] = { read_globals = { "test" } }
-- Stubs: nothing is used.
files["docs/reference/native"] = { ignore = { "212", "211", "122", "241" } }
