local golden = require "testing.golden"
local json = require "native.json"
local screens = require "output.screen"

-- The text that a renderer writes, and the number of writes.
local function render(form, data, opts, header, ...)
  local parts = {}
  local function write(text) parts[#parts + 1] = text end
  require("output.render." .. form)(write, header or {}, opts or { terminal = false }, data, ...)
  return table.concat(parts), #parts
end

local function iterate(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

local ROWS <const> = {
  { name = "nightly", state = "IDLE", runs = 3, tags = { "a", "b" }, note = json.null },
  { name = "höher", state = "FAILED", runs = 12, extra = "x, \"y\"" },
}

local SPEC <const> = {
  pipeline_id = "6d1f", name = "nightly",
  spec = {
    catalog = "main", continuous = false, libraries = {
      { notebook = { path = "/a" } }, { file = { path = "/b.sql" } },
    },
    clusters = { { label = "default", num_workers = 0, spark_conf = { ["a.b"] = "c" } } },
    tags = json.array {}, notifications = { { alerts = { "on-update-failure" } } },
    configuration = { query = "SELECT 1\nFROM t\n", empty = {} },
  },
  last_modified = 1787000000123, health = json.null,
}

test("json is one value, indented, with sorted keys", function(t)
  t.equal(render("json", { b = 1, a = json.null }), '{\n  "a": null,\n  "b": 1\n}\n')
  t.equal(render("json", nil), "null\n")
  t.equal(render("json", json.array {}), "[]\n")
  t.equal(json.decode((render("json", ROWS))), json.decode(json.encode(ROWS)))
end)

test("json writes an iterator as an array, item by item", function(t)
  local text, writes = render("json", iterate(ROWS))
  t.equal(text, (render("json", ROWS)))
  t.is_true(writes >= 4)
  t.equal(render("json", iterate {}), "[]\n")
end)

test("json lines are one line for each row", function(t)
  t.equal(render("jsonl", ROWS), json.encode(ROWS[1]) .. "\n" .. json.encode(ROWS[2]) .. "\n")
  t.equal(render("jsonl", iterate(ROWS)), (render("jsonl", ROWS)))
  t.equal(render("jsonl", { a = 1 }), '{"a":1}\n')
  t.equal(render("jsonl", 5), "5\n")
end)

test("csv has all columns of all rows, and quotes as RFC 4180 says", function(t)
  local text = render("csv", ROWS)
  t.equal(text, 'name,state,extra,note,runs,tags\r\n'
    .. 'nightly,IDLE,,,3,"[""a"",""b""]"\r\n'
    .. 'höher,FAILED,"x, ""y""",,12,\r\n')
  t.equal(render("csv", iterate(ROWS)), text)
end)

test("csv distinguishes an empty string from null", function(t)
  t.equal(render("csv", { { a = "", b = json.null } }), 'a,b\r\n"",\r\n')
end)

test("csv of one value is one row, and of plain values one column", function(t)
  t.equal(render("csv", { a = 1, b = true }), "a,b\r\n1,true\r\n")
  t.equal(render("csv", { "x", "y\nz" }), 'value\r\nx\r\n"y\nz"\r\n')
  t.equal(render("csv", json.array {}), "")
end)

test("csv streams data that names its columns, also when it has no rows", function(t)
  local rows = setmetatable({ columns = { { name = "b" }, { name = "a" } } },
    { __call = iterate { { a = 1, b = 2 } } })
  t.equal(render("csv", rows), "b,a\r\n2,1\r\n")
  rows = setmetatable({ columns = { { name = "b" } } }, { __call = iterate {} })
  t.equal(render("csv", rows), "b\r\n")
end)

test("csv streams if the header names all fields, and refuses others", function(t)
  local header = { fields = { "b", "a" } }
  t.equal(render("csv", iterate { { a = 1 }, { b = 2 } }, nil, header), "b,a\r\n,1\r\n2,\r\n")
  t.raises("a row has the field 'c'", render, "csv", iterate { { c = 1 } }, nil, header)
end)

test("text of rows is a table, of any width in a file", function(t)
  golden.check(t, "out/rows.txt", (render("text", ROWS)))
end)

test("text of one value shows what is nested", function(t)
  golden.check(t, "out/value.txt", (render("text", SPEC)))
end)

local function pipelines(n)
  local rows = {}
  for i = 1, n do
    rows[i] = { name = ("pipeline with quite a long name, number %d"):format(i), state = "RUNNING",
      creator = "somebody.with.a.name@example.com",
      pipeline_id = ("%08x-1111-2222-3333-444444444444"):format(i) }
  end
  return rows
end

local function widest(text)
  local most = 0
  for line in text:gmatch "[^\n]+" do
    most = math.max(most, require("native.term").width(line))
  end
  return most
end

test("a table fits every width", function(t)
  for width = 20, 140 do
    local text = render("text", pipelines(3),
      { terminal = true, colour = false, width = width, quiet = true })
    t.is_true(widest(text) <= width, ("width %d: %d"):format(width, widest(text)))
  end
end)

test("ids and states are shown whole or not at all", function(t)
  for width = 30, 140 do
    local text = render("text", pipelines(3),
      { terminal = true, colour = false, width = width, quiet = true },
      { columns = { "name", "state", "pipeline_id", "creator" } })
    t.equal(text:find "PIPELINE" ~= nil, text:find("3333-444444444444", 1, true) ~= nil)
    t.equal(text:find "STATE" ~= nil, text:find "RUNNING" ~= nil)
    t.match(text, "pipeline w")
  end
end)

test("long texts are cut first", function(t)
  golden.check(t, "out/narrow.txt",
    (render("text", pipelines(3), { terminal = true, colour = false, width = 90 })))
end)

local FAILURES <const> = {
  { name = "finance_revenue_recognition_monthly", update_id = "adfaf7f2", state = "FAILED",
    error = "[TABLE_OR_VIEW_NOT_FOUND] " .. ("the table is not there "):rep(8),
    path = "/Workspace/Users/somebody/folder/sub/notebook.py", cause = "JOB_TASK" },
  { name = "x", update_id = "00000000", state = "COMPLETED", error = json.null, path = "/a" },
}

local function shown(rows, columns, width, more)
  local opts = { terminal = true, colour = false, width = width }
  for name, value in pairs(more or {}) do
    opts[name] = value
  end
  return (render("text", json.array(rows), opts, { columns = columns, noun = "update" }))
end

test("a name is whole, and an error is not lost: it moves below its row", function(t)
  local columns = { "name", "update_id", "state", "error", "cause", "path" }
  for width = 60, 140 do
    local text = shown(FAILURES, columns, width)
    t.is_true(widest(text) <= width, width)
    t.match(text, "finance_revenue_recognition_monthly")
    t.match((text:gsub("%s+", " ")), "[TABLE_OR_VIEW_NOT_FOUND] the table is not there the table")
    t.match(text, "FAILED")
  end
  local _, below = shown(FAILURES, columns, 80):gsub("\n    %S", "")
  t.is_true(below >= 3 and below <= 4, "a row without an error has nothing below it")
  t.match(shown(FAILURES, columns, 400), "STATE%s+ERROR%s+CAUSE", true)
end)

test("a text of one word keeps both ends", function(t)
  local text = shown(FAILURES, { "path", "name" }, 70)
  t.match(text, "/Workspace/U")
  t.match(text, "notebook.py")
  local screen = screens.new(print, { terminal = false })
  for _, case in ipairs { { "abcdefghij", 5, "ab…ij" }, { "abcdefghij", 4, "ab…j" },
    { "äöüßäöüß", 5, "äö…üß" }, { "日本語日本語", 7, "日本…語" }, { "short", 9, "short" },
    { "abcdef", 1, "…" } } do
    t.equal(screen:cut_middle(case[1], case[2]), case[3])
  end
end)

test("the last line on a terminal says how many rows there are and what has no room", function(t)
  t.match(shown(FAILURES, { "name" }, 80), "\n2 updates\n$", true)
  t.match(shown({ FAILURES[1] }, { "name" }, 80), "\n1 update\n$", true)
  t.match(shown(FAILURES, { "name", "cause", "path", "update_id", "state" }, 64),
    "\n2 updates; not shown, there is no room: ")
  t.no_match(shown(FAILURES, { "name" }, 80, { quiet = true }), "2 updates")
  t.no_match(shown(FAILURES, { "name" }, math.huge, { terminal = false }), "2 updates")
end)

test("a table inside of a page has no notes", function(t)
  local parts = {}
  local screen = screens.new(function(text) parts[#parts + 1] = text end,
    { terminal = true, colour = false, width = 40 })
  local count, left_out = screen:table(pipelines(2))
  t.equal(count, 2)
  t.is_true(#left_out > 0)
  t.no_match(table.concat(parts), "room")
end)

test("a table streams, and later rows keep to the columns", function(t)
  local n, seen = 0, nil
  local function next_row()
    n = n + 1
    return n <= 200 and { id = n, name = n == 150 and ("x"):rep(100) or "short" } or nil
  end
  local lines = 0
  local function write(text)
    lines = lines + select(2, text:gsub("\n", ""))
    seen = seen or n
  end
  require "output.render.text"(write, {}, { terminal = true, colour = false, width = 60 }, next_row)
  t.equal(lines, 202, "a title, the rows, and how many they are")
  t.is_true(seen <= 51, "the first line came after " .. tostring(seen) .. " rows")
end)

test("an iterator with a closing value is closed, also when writing fails", function(t)
  local closed = 0
  local function rows()
    local last = setmetatable({}, { __close = function() closed = closed + 1 end })
    return iterate(ROWS), nil, nil, last
  end
  for _, form in ipairs { "text", "json", "jsonl", "csv", "yaml" } do
    closed = 0
    render(form, rows())
    local f, s, v, c = rows()
    render(form, f, nil, nil, s, v, c)
    t.equal(closed, 1, form)
    closed = 0
    f, s, v, c = rows()
    pcall(require("output.render." .. form), function() error "full" end, {}, { terminal = false },
      f, s, v, c)
    t.equal(closed, 1, form .. " that fails")
  end
end)

test("columns of the header are shown, with fields of fields", function(t)
  local rows = { { name = "a", latest = { state = "FAILED" } }, { name = "b", latest = json.null } }
  t.equal(render("text", rows, nil, { columns = { "name", { "latest.state", title = "LAST" } } }),
    "NAME  LAST\na     FAILED\nb     -\n")
end)

test("text from a workspace cannot move the cursor", function(t)
  local text = render("text", { { name = "a\27[2Jb\r\nc\194\155x" } })
  t.no_match(text, "\27")
  t.no_match(text, "\r")
  t.no_match(text, "\194\155")
  t.equal(select(2, text:gsub("\n", "")), 2)
  text = render("text", { name = "a\27]0;title\7" })
  t.no_match(text, "%c[^\n]", true)
end)

test("there are colours only if they are wanted", function(t)
  t.match(render("text", ROWS, { terminal = true, colour = true }), "\27[31mFAILED")
  t.no_match(render("text", ROWS, { terminal = true, colour = false }), "\27")
  t.no_match(render("text", ROWS, { terminal = false }), "\27")
end)

test("a time is UTC in a file and local on a terminal", function(t)
  local row = { { timestamp = "2026-08-19T10:11:12.345Z" } }
  t.match(render("text", row), "2026-08-19T10:11:12Z")
  t.match(render("text", row, { terminal = true, colour = false }),
    os.date("%Y-%m-%d %H:%M:%S", 1787134272))
  t.match(render("text", { { creation_time = 1787134272345 } }), "2026-08-19T10:11:12Z")
  t.match(render("json", row), "2026-08-19T10:11:12.345Z")
end)

test("a script's own text form is used for text only", function(t)
  local header = { text = function(data, out) out:line("<", data.a, ">") end }
  t.equal(render("text", { a = "x" }, nil, header), "<x>\n")
  t.equal(render("json", { a = "x" }, nil, header), '{\n  "a": "x"\n}\n')
end)

test("wide characters count as the columns they take", function(t)
  local screen = screens.new(print, { terminal = true, colour = false, width = 40 })
  t.equal(screen:cut("日本語テスト", 7), "日本語…")
  t.equal(screen:pad("日本", 6), "日本  ")
  t.equal(screen:cut("abc", 3), "abc")
  t.equal(screen:cut("abcd", 3), "ab…")
  t.equal(screen:cut("\255\254abc", 3), "\255\254…")
end)

test("long text is wrapped at blanks", function(t)
  local screen = screens.new(print, { terminal = true, colour = false, width = 20 })
  t.equal(screen:wrap("one two three four five six", "  "), "  one two three four\n  five six")
end)
