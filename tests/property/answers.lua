--- No answer of a workspace makes a command fail as a bug, whatever one of its fields is; and a
-- field that is null is as one that is absent.
--
-- Each command runs once against the embedded workspace, and its answers are kept. Then it runs
-- again with the kept answers, once for each field and each value in its place: none, null, and
-- values of the wrong types. answers.py starts this file, and says which cases run:
-- TARN_ANSWERS is "SEED SHARE SECONDS [COMMAND]": the share of the wrong types from 0 to 1, and how
-- long a command may take; cases that are left then do not run.

local clock = require "testing.clock"
local fault = require "base.fault"
local json = require "native.json"
local rows = require "output.render.rows"
local script = require "engine.script"
local workspace = require "testing.workspace"

local seed, share, seconds, only = (os.getenv "TARN_ANSWERS" or "1 0.1 5"):match
  "^(%d+) ([%d.]+) (%d+) ?(.*)$"
share, seconds = tonumber(share), tonumber(seconds)
math.randomseed(math.tointeger(tonumber(seed)))

local ORDERS <const> = "sales_orders_etl"
local FAILED <const> = "sales_forecast"
local MANY <const> = "finance*"
local SOON <const> = { timeout = 1, yes = true, quiet = true }

-- A name and arguments. `loose`: what is shown differs from run to run, by the clock, since the
-- journal knows the run before, or since nulls are shown as they are.
local COMMANDS <const> = {
  { "list", {} },
  { "list", { filter = "sales*" } },
  { "get", { pipeline = ORDERS }, loose = true },
  { "events", { pipeline = ORDERS, max_events = 40 } },
  { "events", { pipeline = FAILED, level = "error,warn" } },
  { "events", { pipeline = ORDERS, more = { FAILED }, dataset = "*orders*" } },
  { "updates", { pipeline = FAILED, max = 3, source = "rest" } },
  { "updates", { pipeline = MANY, max = 5, source = "rest" } },
  { "updates", { pipeline = FAILED, max = 3, source = "sql" } },
  { "expectations", { pipeline = ORDERS, source = "rest", gate = { "failed <= 1%" } } },
  { "expectations", { pipeline = FAILED, source = "rest", update = "latest" } },
  { "expectations", { pipeline = ORDERS, source = "system" } },
  { "lineage", { pipeline = ORDERS, source = "rest", columns = true } },
  { "lineage", { pipeline = ORDERS, source = "rest", format = "openlineage" } },
  { "dashboard", { source = "rest" } },
  { "dashboard", { source = "sql" } },
  { "permissions", { pipeline = ORDERS } },
  { "doctor", {} },
  { "auth", {} },
  { "sql", { statement = "SELECT 1 AS one" } },
  { "diff", { left = ORDERS, right = FAILED } },
  { "export", { pipeline = ORDERS, dir = "tarn-answers", with_sources = true, dry_run = true } },
  { "export", { pipeline = ORDERS, dir = "tarn-answers", format = "bundle", dry_run = true } },
  { "export", { pipeline = ORDERS, dir = "tarn-answers", format = "terraform", dry_run = true } },
  { "trigger", { pipeline = ORDERS } },
  { "trigger", { pipeline = ORDERS, wait = true }, loose = true },
  { "stop", { pipeline = "iot_telemetry_stream" } },
  { "wait", { pipeline = FAILED } },
  { "grant", { pipeline = ORDERS, entries = { "ada.okafor@example.com=CAN_VIEW" } } },
  { "clone", { pipeline = ORDERS, name = "copy", dry_run = true } },
  { "clone", { pipeline = ORDERS, name = "copy" }, loose = true },
  { "clone", { pipeline = ORDERS, name = "copy", to = "demo-dr", with_sources = true,
    permissions = true }, loose = true },
  { "delete", { pipeline = ORDERS } },
}

-- ---- the kept answers ----

-- Statements run side by side, so their texts are in the key, but not their times.
local function key_of(request)
  local body = tostring(request.body or ""):gsub("%d+", "0")
  return table.concat({ request.headers.authorization or "", request.method, request.path,
    (request.query or ""):gsub("%d+", "0"), body }, " ")
end

-- Keep the answers of `w` in a tape: key -> list of { status, body, value }.
local function record(w, tape)
  w:intercept(function(request, answer)
    local reply = answer()
    local key = key_of(request)
    tape[key] = tape[key] or {}
    local ok, value = pcall(json.decode, reply.body or "")
    table.insert(tape[key], { status = reply.status, body = reply.body, headers = reply.headers,
      value = ok and type(value) == "table" and value or nil, request = request.path })
    return reply
  end)
end

-- Answer from the tape, the last answer to a request again and again; what was not recorded is
-- answered by the workspace. `instead` has the bodies that replace those of entries.
local function replay(w, tape, instead)
  local at = {}
  w:intercept(function(request, answer)
    local key = key_of(request)
    local list = tape[key]
    if not list then
      return answer()
    end
    at[key] = math.min((at[key] or 0) + 1, #list)
    local entry = list[at[key]]
    return { status = entry.status, headers = entry.headers, body = instead[entry] or entry.body }
  end)
end

-- ---- the cases ----

local function copy(value)
  if type(value) ~= "table" or json.is_array(value) == nil then
    return value
  end
  local mt, made = getmetatable(value), {}
  for k, v in pairs(value) do
    made[k] = copy(v)
  end
  return setmetatable(made, mt)
end

local function is_plain(value)
  return type(value) == "table" and (getmetatable(value) == nil or json.is_array(value))
end

-- Call `visit(path, pattern)` for all values below a value. A path is a list of keys.
local function walk(value, path, pattern, visit)
  if not is_plain(value) then
    return
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then return a < b end
    return type(a) == "number"
  end)
  for _, key in ipairs(keys) do
    local here = table.move(path, 1, #path, 1, {})
    here[#here + 1] = key
    local name = pattern .. (type(key) == "number" and "[]" or "." .. key)
    visit(here, name)
    walk(value[key], here, name, visit)
  end
end

-- The answers with a value in the place of another one: name -> function(parent, key).
local VALUES <const> = {
  absent = function(parent, key)
    if type(key) == "number" then
      table.remove(parent, key)
    else
      parent[key] = nil
    end
  end,
  null = function(parent, key) parent[key] = json.null end,
  text = function(parent, key) parent[key] = "odd text" end,
  number = function(parent, key) parent[key] = 17 end,
  boolean = function(parent, key) parent[key] = true end,
  object = function(parent, key) parent[key] = { odd = "field" } end,
  list = function(parent, key) parent[key] = json.array { "odd", json.array {}, {} } end,
  empty = function(parent, key) parent[key] = json.array {} end,
}
local WRONG <const> = { "text", "number", "boolean", "object", "list", "empty" }

local function changed(entry, path, value)
  local whole = copy(entry.value)
  local parent = whole
  for i = 1, #path - 1 do
    parent = parent[path[i]]
  end
  VALUES[value](parent, path[#path])
  return json.encode(whole)
end

-- All fields of the tape, one for each pattern of requests and paths: { entry, path, name }, in any
-- order.
local function fields_of(tape)
  local list, seen, keys = {}, {}, {}
  for key in pairs(tape) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    for _, entry in ipairs(tape[key]) do
      local request = entry.request:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
      walk(entry.value, {}, "", function(path, pattern)
        local name = request .. " " .. pattern
        if not seen[name] then
          seen[name] = true
          list[#list + 1] = { entry = entry, path = path, name = name }
        end
      end)
    end
  end
  for i = #list, 2, -1 do
    local k = math.random(i)
    list[i], list[k] = list[k], list[i]
  end
  return list
end

-- ---- a run ----

-- What a person sees, without ids and times that differ between any two runs.
local function shown(name, data)
  local parts = {}
  local render = script.load(name).render or {}
  local has_rows = rows.is_iterator(data)
  if has_rows then
    local list = json.array {}
    for row in data do
      list[#list + 1] = row
    end
    data = list
  end
  local at, source = 0, data
  if has_rows or type(data) == "table" and getmetatable(data) == nil and data[1] then
    source = function()
      at = at + 1
      return data[at]
    end
  end
  require "output.render.text"(function(text) parts[#parts + 1] = text end, render,
    { width = 200, quiet = true }, source)
  parts[#parts + 1] = json.encode(data)
  return (table.concat(parts):gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
    :gsub("%d%d%d%d%d%d%-%w%w%w%w", "OPERATION")
    :gsub("%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z?", "TIME"):gsub("%d%d%d%d%d%d%d%d%d%d%d+", "MS")
    :gsub("%d+%.?%d* m?s", "SPAN"):gsub("127%.0%.0%.1:%d+", "HOST"))
end

-- Run a command; returns what it shows, or its fault as text, and a bug's traceback.
local function run(w, command)
  local data, status
  local ok, e = fault.call(function()
    data, status = w:command(command[1], command[2], SOON)
    if type(data) ~= "string" then
      data = shown(command[1], data)
    end
  end)
  if ok then
    return data .. " status " .. status
  end
  local is_bug = type(e) ~= "table" or e.kind == "bug"
  return "fault: " .. tostring(type(e) == "table" and e.message or e),
    is_bug and tostring(e) .. "\n" .. tostring(type(e) == "table" and e.traceback or "") or nil
end

-- A spec is copied with its nulls, so there null may differ from absent.
local function is_in_spec(name)
  return name:find("%.spec%.") or name:find("%.effective_settings%.") or name:find("api/2.0/sql/")
end

local function name_of(command)
  return (command[1] .. " " .. json.encode(command[2])):sub(1, 70)
end

for _, command in ipairs(COMMANDS) do
  if only == "" or only == command[1] then
    test(name_of(command), function(t)
      local w <close> = workspace.start { scenario = "demo" }
      w:as("demo-dr", "demo-dr")
      clock.skip_sleeps()
      local tape, bad, count = {}, {}, 0
      record(w, tape)
      local whole, broken = run(w, command)
      t.equal(broken, nil, "the answers as they are")
      t.is_true(not whole:find "^fault:", whole)
      local function check(field, value)
        count = count + 1
        replay(w, tape, { [field.entry] = changed(field.entry, field.path, value) })
        local got, bug = run(w, command)
        if bug then
          bad[#bad + 1] = ("%s: %s: %s"):format(field.name, value, bug)
        end
        return got
      end
      local fields, ends = fields_of(tape), clock.real.now() + seconds
      for i, field in ipairs(fields) do
        if clock.real.now() > ends then
          print(("%s: %d of %d fields, by the limit of time"):format(name_of(command), i, #fields))
          break
        end
        local absent, null = check(field, "absent"), check(field, "null")
        if absent ~= null and not command.loose and not is_in_spec(field.name) then
          bad[#bad + 1] = ("%s: null differs from absent:\n%s\n%s"):format(field.name,
            null:sub(1, 300), absent:sub(1, 300))
        end
        for _, value in ipairs(WRONG) do
          if math.random() < share then
            check(field, value)
          end
        end
      end
      print(("%s: %d cases"):format(name_of(command), count))
      t.is_true(#bad == 0, ("%d of %d cases:\n%s"):format(#bad, count, table.concat(bad, "\n", 1,
        math.min(#bad, tonumber(os.getenv "TARN_SHOWN" or 5)))))
    end)
  end
end
