std = "lua54"
max_line_length = 100
files["tests"] = { read_globals = { "test" } }
files["docs/native"] = { ignore = { "212", "211", "122" } }
