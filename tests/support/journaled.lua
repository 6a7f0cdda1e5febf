--- A workspace on a port, a journal and a home of their own; and the program run with them.
--
--   local j <close> = journaled.start()
--   local r = j:run { "undo", "last", "--yes" }       -- a process of its own
--   local op = journal.begin { target = j.side, ... }  -- the same journal, in this process

local directories = require "base.directories"
local fs = require "native.fs"
local journal = require "tarn.journal"
local json = require "native.json"
local process = require "native.process"
local program = require "testing.program"
local task = require "native.task"
local workspace = require "testing.workspace"

local M = {}

local Journaled = {}
Journaled.__index = Journaled

local CONFIG <const> = [[
[there]
host = %s
token = demo-token
[dr]
host = %s
token = demo-dr-token
]]

-- Every request passes here: it is noted, and `self.on_request` may do something before the
-- true answer, or after it.
local function watch(self)
  local server = self.w.server
  local answer = getmetatable(server).__index.answer
  server.answer = function(_, request)
    self.seen[#self.seen + 1] = request
    if self.on_request then
      return self.on_request(request, function() return answer(server, request) end)
    end
    return answer(server, request)
  end
end

--- Start it all; `opts` are those of the embedded workspace.
---@param opts? table
function M.start(opts)
  local self = setmetatable({ w = workspace.start(opts), dir = program.dir(), seen = {} }, Journaled)
  self.dir.write(".databrickscfg", CONFIG:format(self.w.url, self.w.url))
  fs.mkdir(self.dir.path .. "/state")
  self.ws = workspace.client(self.w, nil, nil, "there")
  self.find_dir = directories.find_dir
  directories.find_dir = function() return self.dir.path .. "/state/tarn" end
  local _, response = self.ws:request("GET", "/api/2.0/preview/scim/v2/Me")
  self.side = { profile = "there", host = self.w.url,
    org_id = response.headers["x-databricks-org-id"] }
  watch(self)
  return self
end

function Journaled:__close()
  journal.close()
  directories.find_dir = self.find_dir
  self.ws:close()
  self.w:__close()
  getmetatable(self.dir).__close()
end

--- Run the program with this home and journal.
---@param words string[]
function Journaled:run(words)
  return program.run(words, { home = self.dir.path,
    env = { XDG_STATE_HOME = self.dir.path .. "/state" } })
end

--- As `run`, with -o json; the data.
function Journaled:data(words)
  local all = table.move(words, 1, #words, 1, {})
  all[#all + 1] = "-ojson"
  local r = self:run(all)
  if r.status ~= 0 then
    error(("%s: %d %s"):format(table.concat(words, " "), r.status, r.stderr), 2)
  end
  return json.decode(r.stdout)
end

--- Run the program, and end it with SIGKILL at the first request that `is_it(request)`:
-- before it has an effect, or after.
---@param words string[]
---@param is_it fun(request: table): boolean
---@param when "before"|"after"
function Journaled:run_and_kill(words, is_it, when)
  local pid_file = self.dir.path .. "/pid"
  local killed = false
  self.on_request = function(request, answer)
    if killed or not is_it(request) then
      return answer()
    end
    killed = true
    local result = when == "after" and answer() or { status = 500, headers = {}, body = "" }
    process.run { "/bin/kill", "-9", (fs.read(pid_file):match "%d+") }
    task.sleep(0.05)
    return result
  end
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = "'" .. word:gsub("'", "'\\''") .. "'"
  end
  local r = program.shell(("echo $$ >%s; exec $TARN %s"):format(pid_file, table.concat(quoted, " ")),
    { env = { HOME = self.dir.path, XDG_STATE_HOME = self.dir.path .. "/state" } })
  self.on_request = nil
  return r
end

--- The requests that were seen and that change something, as "METHOD path?query".
function Journaled:changes()
  local list = {}
  for _, request in ipairs(self.seen) do
    if request.method ~= "GET" then
      local query = (request.query or "") ~= "" and "?" .. request.query or ""
      list[#list + 1] = request.method .. " " .. request.path .. query
    end
  end
  return list
end

--- Forget the requests that were seen.
function Journaled:forget()
  self.seen = {}
end

return M
