local http = require "native.http"
local json = require "native.json"
local workspace = require "testing.workspace"

local IMPORT <const> = "/api/2.0/workspace/import"
local VIEWER <const> = { token = "demo-viewer-token" }

local function import(w, path, fields, opts)
  local body = { path = path, content = http.base64_encode(fields.text or "") }
  for key, value in pairs(fields) do
    body[key] = key ~= "text" and value or nil
  end
  return w:call("POST", IMPORT, body, opts)
end

local function at(endpoint, path, more)
  return ("/api/2.0/workspace/%s?path=%s%s"):format(endpoint, http.escape(path), more or "")
end

local function export(w, path, format)
  local answer = w:ok("GET", at("export", path, "&format=" .. format))
  return http.base64_decode(answer.content), answer.file_type
end

local HEADER <const> = "# Databricks notebook source\n"

local IMPORTS <const> = {
  { why = "SOURCE is a notebook at exactly that path", path = "/Shared/a.py", format = "SOURCE",
    language = "PYTHON", text = "x = 1\n", made = "/Shared/a.py", type = "NOTEBOOK",
    native = "SOURCE", bytes = HEADER .. "x = 1\n" },
  { why = "SOURCE is the format if none is named", path = "/Shared/b", language = "SQL",
    text = "SELECT 1", made = "/Shared/b", type = "NOTEBOOK", native = "SOURCE",
    bytes = "-- Databricks notebook source\nSELECT 1" },
  { why = "AUTO with a header is a notebook without extension", path = "/Shared/c.py",
    format = "AUTO", text = HEADER .. "x\n", made = "/Shared/c", type = "NOTEBOOK",
    native = "SOURCE", bytes = HEADER .. "x\n" },
  { why = "AUTO with the header of another language is a file", path = "/Shared/d.sql",
    format = "AUTO", text = HEADER .. "x\n", made = "/Shared/d.sql", type = "FILE",
    bytes = HEADER .. "x\n" },
  { why = "AUTO without a header is a file", path = "/Shared/e.py", format = "AUTO",
    text = "x\n", made = "/Shared/e.py", type = "FILE", bytes = "x\n" },
  { why = "the header must be the first line", path = "/Shared/f.py", format = "AUTO",
    text = "\n" .. HEADER, made = "/Shared/f.py", type = "FILE", bytes = "\n" .. HEADER },
  { why = "AUTO with .ipynb is a notebook", path = "/Shared/g.ipynb", format = "AUTO",
    text = '{"cells":[],"metadata":{},"nbformat":4}', made = "/Shared/g", type = "NOTEBOOK",
    native = "JUPYTER", bytes = '{"cells":[],"metadata":{},"nbformat":4}' },
  { why = "RAW is always a file", path = "/Shared/h.py", format = "RAW",
    text = HEADER, made = "/Shared/h.py", type = "FILE", bytes = HEADER },
  { why = "bytes are not changed", path = "/Shared/i.bin", format = "RAW",
    text = "\0\1\255\r\n", made = "/Shared/i.bin", type = "FILE", bytes = "\0\1\255\r\n" },
  { why = "/Workspace is the same folder", path = "/Workspace/Shared/j", format = "RAW",
    text = "j", made = "/Shared/j", type = "FILE", bytes = "j" },
}

test("each format of import creates an object of the right type", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(IMPORTS) do
    local status, answer = import(w, case.path,
      { text = case.text, format = case.format, language = case.language })
    t.equal(status, 200, case.why)
    t.equal(answer, {}, case.why)
    local object = w:ok("GET", at("get-status", case.made, "&return_export_info=true"))
    t.equal(object.path, case.made, case.why)
    t.equal(object.object_type, case.type, case.why)
    t.equal(object.repos_export_format, case.native, case.why)
    t.equal(export(w, case.made, "AUTO"), case.bytes, case.why)
  end
end)

local REFUSED <const> = {
  { why = "SOURCE without a language", path = "/Shared/x", fields = { text = "1" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "an unknown language", path = "/Shared/x", fields = { language = "COBOL" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "an unknown format", path = "/Shared/x", fields = { format = "ZIP" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "content that is not base64", path = "/Shared/x",
    fields = { format = "RAW", content = "%%%" }, code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "a relative path", path = "x", fields = { format = "RAW" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "a path with ..", path = "/Shared/../x", fields = { format = "RAW" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "a missing parent", path = "/Shared/no/x", fields = { format = "RAW" },
    code = "RESOURCE_DOES_NOT_EXIST", status = 404,
    message = "The parent folder (/Shared/no) does not exist." },
  { why = "an existing object", path = "/Shared/there", fields = { format = "RAW" },
    code = "RESOURCE_ALREADY_EXISTS", status = 400,
    message = "Path (/Shared/there) already exists." },
  { why = "another kind of object", path = "/Shared/there",
    fields = { language = "SQL", overwrite = true }, code = "INVALID_PARAMETER_VALUE",
    status = 400 },
  { why = "a file as a parent", path = "/Shared/there/x", fields = { format = "RAW" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "more than 10 MB", path = "/Shared/x",
    fields = { format = "RAW", text = ("x"):rep(10 * 1024 * 1024 + 1) },
    code = "MAX_NOTEBOOK_SIZE_EXCEEDED", status = 400 },
  { why = "an archive", path = "/Shared/x", fields = { format = "DBC", text = "PK" },
    code = "INVALID_PARAMETER_VALUE", status = 400 },
  { why = "an invalid Jupyter notebook", path = "/Shared/x",
    fields = { format = "JUPYTER", text = "{}" }, code = "INVALID_PARAMETER_VALUE", status = 400 },
}

test("invalid imports are refused with the messages of the API", function(t)
  local w <close> = workspace.start()
  import(w, "/Shared/there", { format = "RAW", text = "first" })
  for _, case in ipairs(REFUSED) do
    local status, answer = import(w, case.path, case.fields)
    t.equal(status, case.status, case.why)
    t.equal(answer.error_code, case.code, case.why)
    if case.message then
      t.equal(answer.message, case.message, case.why)
    end
  end
  t.equal(export(w, "/Shared/there", "AUTO"), "first")
end)

test("overwriting replaces the bytes and keeps the id", function(t)
  local w <close> = workspace.start()
  import(w, "/Shared/x", { format = "RAW", text = "1" })
  local before = w:ok("GET", at("get-status", "/Shared/x"))
  w.clock:advance(1000)
  t.equal(import(w, "/Shared/x", { format = "RAW", text = "22", overwrite = true }), 200)
  local after = w:ok("GET", at("get-status", "/Shared/x"))
  t.equal(after.object_id, before.object_id)
  t.equal(after.size, 2)
  t.equal(after.created_at, before.created_at)
  t.is_true(after.modified_at > before.modified_at)
end)

test("a multipart form imports bytes without base64", function(t)
  local w <close> = workspace.start()
  local function part(name, value, more)
    return ('--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n')
      :format(name, more or "", value)
  end
  local bytes = "\0line\r\n--B is not the end\r\n"
  local text = part("path", "/Shared/m.bin") .. part("format", "RAW")
    .. part("overwrite", "true")
    .. part("content", bytes, '; filename="m.bin"\r\nContent-Type: application/octet-stream')
    .. "--B--\r\n"
  local status = w:call("POST", IMPORT, nil, {
    text = text, headers = { ["Content-Type"] = "multipart/form-data; boundary=B" },
  })
  t.equal(status, 200)
  t.equal(export(w, "/Shared/m.bin", "AUTO"), bytes)
end)

test("a notebook is exported as source, Jupyter and HTML", function(t)
  local w <close> = workspace.start()
  local text = HEADER .. "print(1)\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC # A title\n"
    .. "\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT '<1>'\n"
  import(w, "/Shared/n", { language = "PYTHON", text = text })
  local source, extension = export(w, "/Shared/n", "SOURCE")
  t.equal(source, text)
  t.equal(extension, "py")
  local bytes, kind = export(w, "/Shared/n", "JUPYTER")
  local book = json.decode(bytes)
  t.equal(kind, "ipynb")
  t.equal(#book.cells, 3)
  t.equal(book.cells[1].source, { "print(1)" })
  t.equal(book.cells[2].cell_type, "markdown")
  t.equal(book.cells[2].source, { "# A title" })
  t.equal(book.cells[3].source, { "%sql\n", "SELECT '<1>'" })
  t.match((export(w, "/Shared/n", "HTML")), "&lt;1&gt;")

  import(w, "/Shared/again", { format = "JUPYTER", text = bytes })
  t.equal(export(w, "/Shared/again", "SOURCE"), text)
end)

test("a folder is exported as an archive", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/d/e" })
  import(w, "/Shared/d/n", { language = "SQL", text = "SELECT 1" })
  import(w, "/Shared/d/e/f.txt", { format = "RAW", text = "text" })
  local bytes, extension = export(w, "/Shared/d", "SOURCE")
  t.equal(extension, "zip")
  t.match(bytes, "d/n.sql")
  t.match(bytes, "d/e/f.txt")
  t.equal(bytes:sub(1, 4), "PK\3\4")
  local status = w:call("GET", at("export", "/Shared/d", "&format=HTML"))
  t.equal(status, 400)
end)

test("direct_download gives the plain bytes", function(t)
  local w <close> = workspace.start()
  import(w, "/Shared/x.bin", { format = "RAW", text = "\1\2\3" })
  local _, bytes = w:call("GET", at("export", "/Shared/x.bin", "&format=AUTO&direct_download=true"))
  t.equal(bytes, "\1\2\3")
  for _, format in ipairs { "&format=SOURCE", "" } do
    _, bytes = w:call("GET", at("export", "/Shared/x.bin", format .. "&direct_download=true"))
    t.equal(bytes, "\1\2\3", "the content of a file, as downloads and bundles ask for it")
  end
  local status = w:call("GET", at("export", "/Shared/x.bin", "&format=JUPYTER"))
  t.equal(status, 400, "a file is no notebook")
end)

test("a listing has the objects directly below, and is empty for an empty folder", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/a/b/c" })
  import(w, "/Shared/a/x", { format = "RAW", text = "1" })
  local list = w:ok("GET", at("list", "/Workspace/Shared/a"))
  t.equal(#list.objects, 2)
  t.equal(list.objects[1].path, "/Shared/a/b")
  t.equal(list.objects[2].object_type, "FILE")
  t.equal(w:ok("GET", at("list", "/Shared/a/b/c")), {})
  t.equal(w:ok("GET", at("list", "/Shared/a/x")).objects[1].path, "/Shared/a/x")
end)

test("a listing can be restricted to recently modified notebooks", function(t)
  local w <close> = workspace.start()
  import(w, "/Shared/old", { language = "SQL" })
  w.clock:advance(10000)
  import(w, "/Shared/new", { language = "SQL" })
  local after = w.clock:now() - 5000
  local list = w:ok("GET", at("list", "/Shared", "&notebooks_modified_after=" .. after))
  t.equal(#list.objects, 1)
  t.equal(list.objects[1].path, "/Shared/new")
end)

test("the message about a missing object has its path", function(t)
  local w <close> = workspace.start()
  for _, endpoint in ipairs { "get-status", "export", "list" } do
    local status, answer = w:call("GET", at(endpoint, "/Shared/no"))
    t.equal(status, 404)
    t.equal(answer.message, "Path (/Shared/no) doesn't exist.")
  end
  local status = w:call("POST", "/api/2.0/workspace/delete", { path = "/Shared/no" })
  t.equal(status, 404)
end)

test("a folder that is not empty is deleted only with `recursive`", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/d/e" })
  w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/d2" })
  local status, answer = w:call("POST", "/api/2.0/workspace/delete", { path = "/Shared/d" })
  t.equal(status, 400)
  t.equal(answer.error_code, "DIRECTORY_NOT_EMPTY")
  w:ok("POST", "/api/2.0/workspace/delete", { path = "/Shared/d", recursive = true })
  t.equal(w:call("GET", at("get-status", "/Shared/d/e")), 404)
  t.equal(w:call("GET", at("get-status", "/Shared/d2")), 200, "a name that begins the same")
  t.equal(w:call("POST", "/api/2.0/workspace/delete", { path = "/Shared", recursive = true }), 400)
end)

test("the files endpoint writes and reads raw bytes", function(t)
  local w <close> = workspace.start()
  local put = "/api/2.0/workspace-files/import-file/"
  t.equal(w:call("POST", put .. "Shared%2Fraw.bin", nil, { text = "\0\1" }), 200)
  local _, bytes = w:call("GET", "/api/2.0/workspace-files/Shared/raw.bin")
  t.equal(bytes, "\0\1")
  local status, answer = w:call("POST", put .. "Shared%2Fraw.bin", nil, { text = "2" })
  t.equal(status, 409)
  t.equal(answer.message, "File already exists at (/Shared/raw.bin).")
  t.equal(w:call("POST", put .. "Shared%2Fraw.bin?overwrite=true", nil, { text = "2" }), 200)
  t.equal(w:call("POST", put .. "Shared%2Fno%2Fx", nil, { text = "2" }), 404)
  w:call("POST", put .. "Shared%2Fn.py", nil, { text = HEADER })
  t.equal(w:ok("GET", at("get-status", "/Shared/n")).object_type, "NOTEBOOK")
end)

test("homes of other users are hidden and read-only", function(t)
  local w <close> = workspace.start()
  local ada = "/Users/ada.okafor@example.com"
  t.equal(w:call("GET", at("list", ada), nil, VIEWER), 404)
  local status, answer = import(w, ada .. "/x", { format = "RAW" }, VIEWER)
  t.equal(status, 403)
  t.equal(answer.error_code, "PERMISSION_DENIED")
  t.equal(import(w, "/Users/lars.nygaard@example.com/x", { format = "RAW" }, VIEWER), 200)
  t.equal(#w:ok("GET", at("list", "/Users"), nil, VIEWER).objects, 1)
end)

test("an object in a Git folder has its repository", function(t)
  local w <close> = workspace.start()
  local path = "/Repos/ada.okafor@example.com/sales-pipelines"
  local repo = w:ok("GET", at("get-status", path))
  t.equal(repo.object_type, "REPO")
  t.equal(repo.directory_info, { is_git_folder = true })
  local file = w:ok("GET", at("get-status", path .. "/README.md", "&return_git_info=true"))
  t.equal(file.git_info.branch, "main")
  t.equal(file.git_info.path, path)
  t.equal(w:call("GET", at("export", path, "&format=AUTO")), 400, "not as a whole")
end)
