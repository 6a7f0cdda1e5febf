--- One box of each type that a native library makes, for test_bindings.c.
--
-- Called with the port of a server that answers as a workspace does. Returns, by the names of
-- types: functions that make a box; functions that wait with a box on the stack, which no script
-- is given; types of which no box stays anywhere; and types of tables, which are scripts' own.

local port = ...

local task = require "native.task"
local databricks = require "native.databricks"
local sqlite = require "native.sqlite"
local server = require "native.server"

local open = {}

open["tarn.workspace"] = function()
  return databricks.connect { host = "http://127.0.0.1:" .. port,
    credential = databricks.credential { token = "x" } }
end

open["tarn.cursor"] = function()
  return open["tarn.workspace"]():sql("select 1", { warehouse_id = "w" })
end

open["tarn.credential"] = function() return databricks.credential { token = "x" } end
open["tarn.signin"] = function()
  return databricks.sign_in { host = "http://127.0.0.1:1", practice = true }
end

open["tarn.server"] = function() return server.listen({}, function() return {} end) end
open["tarn.server.body"] = function() return server.body "abc" end
open["tarn.server.token"] = function() return server.token() end
open["tarn.sqlite.database"] = function() return sqlite.open ":memory:" end

open["tarn.sqlite.statement"] = function()
  local db = sqlite.open ":memory:"
  return db:prepare "select 1 union select :a"
end

open["tarn.sqlite.cursor"] = function()
  return (select(4, open["tarn.sqlite.statement"]():rows()))
end

open["tarn.fs.folder"] = function() return require("native.fs").folder "/" end
open["tarn.task"] = function() return task.spawn(function() task.sleep(1000) end) end
open["tarn.json.number"] = function() return require("native.json").number "1e999" end
open["tarn.editor"] = function() return require("native.editor").open() end

-- Boxes that no script is given: they lie on the stack of a task that waits so, or nowhere.
local waits = {}

waits["tarn.process"] = function()
  require("native.process").run { "sleep", "1000" }
end

waits["tarn.http_request"] = function()
  require("native.http").request("GET", "http://127.0.0.1:" .. port .. "/slow")
end

waits["tarn.workspace_call"] = function()
  open["tarn.workspace"]():request("GET", "/slow")
end

waits["tarn.cursor_guard"] = function()
  open["tarn.workspace"]():sql("slow", { warehouse_id = "w" })
end

waits["tarn.term.line"] = function() require("native.term").read_line() end

waits["tarn.server.exchange"] = function()
  local s <close> = server.listen({}, function(request)
    if request.path == "/in" then
      task.sleep(1000)
    end
    return { stream = function(write)
      while true do
        write(("x"):rep(1 << 20))
      end
    end }
  end)
  require("native.http").request("GET", "http://127.0.0.1:" .. s.port .. "/in")
end

local nowhere = {
  ["tarn.workspace_login"] = true, -- as long as a log-in takes
  ["tarn.signout"] = true, -- likewise
  ["tarn.workspace_held"] = true,
  ["tarn.profiles"] = true, ["tarn.fs.bytes"] = true, ["tarn.json.scratch"] = true,
  ["tarn.yaml.reader"] = true, ["tarn.yaml.writer"] = true, ["tarn.sqlite.transaction"] = true,
  ["tarn.locale"] = true,
}

-- Metatables of tables, which are scripts' own.
local tables = { ["tarn.fault"] = true, ["tarn.json.array"] = true }

return open, waits, nowhere, tables
