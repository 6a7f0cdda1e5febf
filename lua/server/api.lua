--- Commands as routes: runs the script of a route for a request.

local arguments = require "server.arguments"
local collections = require "base.collections"
local command = require "engine.command"
local contexts = require "engine.context"
local errors = require "server.errors"
local fault = require "base.fault"
local json = require "native.json"
local pool = require "base.pool"
local rows = require "output.render.rows"
local script = require "engine.script"

local M = {}

local MAX_DEPTH <const> = 32 -- levels of a JSON body

--- The routes of all commands that have one: a list of { method, path, script, command }. If the
-- last part of a path is an optional argument, the path without it is a route too, unless the
-- header has a path for many, at which the arguments of the path are in the request.
---@param warn? fun(text: string) called for each script that does not load; it is not served
---@return table[]
function M.routes(warn)
  local list = {}
  for _, name in ipairs(script.names()) do
    local loaded, problem = script.try(name)
    if problem and warn then
      warn(("%s; the command %s is not served"):format(problem.message, name))
    end
    local declared = loaded and loaded.route
    if declared then
      local route = { method = declared[1], path = declared[2], script = loaded, command = name,
        defaults = declared.defaults, secret = declared.secret, cached = declared.cached }
      list[#list + 1] = route
      if declared.many then
        list[#list + 1] = setmetatable({ path = declared.many, many = true }, { __index = route })
      end
      local shorter, last
      if not declared.many then
        shorter, last = route.path:match "^(.*)/{([%w_]+)}$"
      end
      for _, spec in ipairs(last and loaded.args or {}) do
        if spec[1] == last and spec.optional then
          list[#list + 1] = setmetatable({ path = shorter, without = last }, { __index = route })
        end
      end
    end
  end
  return list
end

local function is_partial(data)
  if type(data) ~= "table" then
    return false
  end
  local problems = rawget(data, "problems")
  return type(problems) == "table" and #problems > 0 or data.status == "partial"
end

-- The value that `run` returned, for JSON. All rows of an iterator are read before the answer
-- begins, because the last row may fail and the status is sent first.
local function as_value(data, ...)
  if data == nil then
    return json.null
  elseif not rows.is_iterator(data) then
    return data
  end
  local list, n = json.array {}, 0
  for row in rows.each(data, ...) do
    n = n + 1
    list[n] = row
  end
  return list
end

---@class tarn.Served the result of a command
---@field data any
---@field status integer     the HTTP status
---@field outcome string     the name of the exit status: see engine.report
---@field partial boolean    true if something could not be read
---@field warnings string[]

local function context(self, route, request, common, listener)
  local opts = collections.copy(self.options)
  opts.profile, opts.timeout = common.profile or opts.profile, common.timeout or opts.timeout
  opts.output, opts.quiet, opts.yes, opts.verbose = "json", true, true, nil
  local ctx = contexts.new("tarn " .. route.command, opts)
  local warnings = {}
  function ctx.open(profile)
    return self.workspaces:get(profile)
  end
  function ctx.warn(text)
    warnings[#warnings + 1] = text
    if listener.warning then
      listener.warning(text)
    end
  end
  ctx.progress = listener.progress or function() end
  ctx.served, ctx.allow_private_hosts = true, self.allow_private_hosts
  ctx.credential = route.secret and (request.secrets or {})[route.secret] or false
  rawset(ctx, "workspace", self.workspaces:get(common.profile))
  return ctx, warnings
end

local function refuse_unconfirmed(what)
  errors.refuse(422, "CONFIRMATION_REQUIRED", what .. ": 'confirm' must be true",
    "'dry_run' shows what the command would do")
end

-- Refuse a command that destroys something without a confirmation, before any request.
local function check_confirmed(route, arg, common)
  if route.script.effect == "destroy" and not arg.dry_run and not common.confirm then
    refuse_unconfirmed "this command destroys something"
  end
end

-- Refuse what has a question without a confirmation.
local function check_question(route, ctx, arg, common)
  local what = route.script.question and not common.confirm
    and command.find_question(ctx, route.script, arg)
  if what then
    refuse_unconfirmed("this command would " .. what:match "^[^\n]*":gsub("[:.]$", ""))
  end
end

--- Run the command of a route.
---@param self table the server
---@param route table
---@param request tarn.Request
---@param params table<string, string>
---@param given table the arguments in the query or the body
---@param listener? { progress?: function, warning?: function } called while the command runs
---@return tarn.Served
function M.run(self, route, request, params, given, listener)
  if route.secret then
    given[route.secret] = nil -- request.secrets holds it in a box
  end
  local arg, common = arguments.read(route, params, given)
  check_confirmed(route, arg, common)
  if self.options.read_only and route.script.effect ~= "read" and not arg.dry_run then
    errors.refuse(403, "READ_ONLY", "this server is read-only; 'dry_run' is allowed")
  end
  local ctx, warnings = context(self, route, request, common, listener or {})
  ctx.literal = next(params) ~= nil -- the path names what is meant
  contexts.open_workspaces(ctx, route.script.args, arg)
  check_question(route, ctx, arg, common)
  local function run()
    return as_value(command.invoke(ctx, route.script, arg))
  end
  local data
  if common.timeout and route.script.effect == "read" then
    data = pool.timeout(common.timeout, run)
  else -- a command that changes something minds the timeout itself: it must not be cut off
    data = run()
  end
  local created = route.script.effect ~= "read" and type(data) == "table"
    and data.status == "created"
  return { data = data, status = created and 201 or 200, outcome = ctx.outcome,
    partial = is_partial(data), warnings = warnings }
end

--- The members of a request's JSON body.
---@param request tarn.Request
---@return table
function M.body(request)
  if request.malformed then
    errors.refuse(400, "MALFORMED_REQUEST", "the body is not JSON, or nested too deep")
  elseif request.body == "" then
    return {}
  end
  local body, e = fault.try(json.decode, request.body, { max_depth = MAX_DEPTH })
  if e then
    errors.refuse(400, "MALFORMED_REQUEST",
      ("the body is not JSON, or is nested deeper than %d levels"):format(MAX_DEPTH))
  elseif type(body) ~= "table" or json.is_array(body) then
    errors.refuse(422, "MALFORMED_REQUEST", "the body is not a JSON object")
  end
  return body
end

return M
