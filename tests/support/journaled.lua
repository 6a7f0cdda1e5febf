--- An embedded workspace with a journal and a home of its own, and the program run with them.
--
--   local j <close> = journaled.start()
--   local r = j:run { "undo", "last", "--yes" }       -- a process of its own
--   local op = journal.begin { target = j.side, ... }  -- the same journal, in this process

local directories = require "base.directories"
local fs = require "native.fs"
local journal = require "tarn.journal"

local program = require "testing.program"
local workspace = require "testing.workspace"

local M = {}

local Journaled = {}
Journaled.__index = Journaled

-- Notes every request. `self.on_request` may do something before the workspace answers, or after.
local function watch(self)
  self.w:intercept(function(request, answer)
    self.seen[#self.seen + 1] = request
    return (self.on_request or answer)(request, answer)
  end)
end

--- Start both; `opts` are options of the embedded workspace.
---@param opts? table
function M.start(opts)
  local self = setmetatable({ w = workspace.start(opts), dir = program.dir(), seen = {} },
    Journaled)
  self.dir.write(".databrickscfg",
    self.w:config { there = "demo-token", dr = "demo-dr-token" })
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

--- Start both, with one pipeline, and forget the requests for it.
---@param spec table
---@return table journaled
---@return string pipeline_id
function M.with_pipeline(spec)
  local self = M.start()
  local id = self.w:pipeline(spec)
  self:forget()
  return self, id
end

--- The settings of a pipeline, from the workspace.
---@param id string
---@return table
function Journaled:spec(id)
  return self.w:ok("GET", "/api/2.0/pipelines/" .. id).spec
end

function Journaled:__close()
  journal.close()
  directories.find_dir = self.find_dir
  self.ws:close()
  self.w:__close()
  self.dir.close()
end

--- The options of `program.run` for this home and journal.
function Journaled:options()
  return { home = self.dir.path, env = { XDG_STATE_HOME = self.dir.path .. "/state" } }
end

--- Run the program with this home and journal.
---@param words string[]
function Journaled:run(words)
  return program.run(words, self:options())
end

--- As `run`, with -o json; the data.
function Journaled:data(words)
  return (program.data(words, self:options()))
end

--- Run the program, and end it with SIGKILL at the first request for which `is_it(request)` is
-- true: before the request has an effect, or after.
---@param words string[]
---@param is_it fun(request: table): boolean
---@param when "before"|"after"
function Journaled:run_and_kill(words, is_it, when)
  local killed, running = false, nil
  self.on_request = function(request, answer)
    if killed or not is_it(request) then
      return answer()
    end
    killed = true
    local result = when == "after" and answer() or { status = 500, headers = {}, body = "" }
    running:signal "KILL"
    running:result()
    return result
  end
  running = program.start(words, self:options())
  local r = running:result()
  self.on_request = nil
  running:close()
  return r
end

--- The requests so far that change something, as "METHOD path?query".
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

--- Forget the requests so far.
function Journaled:forget()
  self.seen = {}
end

return M
