-- A create or a start whose answer is lost is never sent twice, and its result is never guessed.

local fake = require "testing.fake"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local task = require "native.task"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"
local ME = { userName = "ana@example.com" }

-- A workspace that resets each POST, before or (`effect`) after it takes effect.
local function workspace(effect)
  local made = {}
  return fake.workspace {
    ["GET /api/2.0/preview/scim/v2/Me"] = ME,
    ["POST /api/2.0/pipelines"] = function()
      if effect then
        made[#made + 1] = { pipeline_id = ID, name = "copy", creator_user_name = ME.userName }
      end
      return fake.reply { reset = true }
    end,
    ["GET /api/2.0/pipelines"] = function() return { statuses = made } end,
    ["GET /api/2.0/pipelines/" .. ID] = function()
      return { pipeline_id = ID, last_modified = task.time() }
    end,
  }, made
end

local function posts(ws)
  local n = 0
  for _, request in ipairs(ws.seen) do
    n = n + (request.method == "POST" and 1 or 0)
  end
  return n
end

test("a create whose answer is lost is found, and not sent again", function(t)
  local ws <close> = workspace(true)
  t.equal(pipelines.create(ws, { name = "copy" }).pipeline_id, ID)
  t.equal(posts(ws), 1)
end)

test("a create that did not arrive is a fault that says that nothing was created", function(t)
  local ws <close> = workspace(false)
  local e = t.fault(pipelines.create, ws, { name = "copy" })
  t.match(e.hint, "nothing was created")
  t.equal({ e.kind, e.retryable }, { "network", true })
  t.equal(posts(ws), 1)
end)

test("an older pipeline of that name is not taken for the created one", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/preview/scim/v2/Me"] = ME,
    ["POST /api/2.0/pipelines"] = fake.reply { reset = true },
    ["GET /api/2.0/pipelines"] = { statuses = {
      { pipeline_id = ID, name = "copy", creator_user_name = ME.userName } } },
    ["GET /api/2.0/pipelines/" .. ID] = { pipeline_id = ID, last_modified = 1000 },
  }
  t.match(t.fault(pipelines.create, ws, { name = "copy" }).hint, "nothing was created")
end)

test("a start whose answer is lost is found among the updates", function(t)
  local updates = { { update_id = "old", creation_time = 1000, cause = "API_CALL" } }
  local ws <close> = fake.workspace {
    ["GET /api/2.0/preview/scim/v2/Me"] = ME,
    ["POST /api/2.0/pipelines/" .. ID .. "/updates"] = function()
      table.insert(updates, 1,
        { update_id = "new", creation_time = task.time(), cause = "API_CALL" })
      return fake.reply { reset = true }
    end,
    ["GET /api/2.0/pipelines/" .. ID .. "/updates"] = function() return { updates = updates } end,
  }
  t.equal(pipelines.start(ws, ID).update_id, "new")
  t.equal(posts(ws), 1)
end)

test("an update that somebody else has started is not taken for the started one", function(t)
  local theirs = { update_id = "theirs", cause = "API_CALL", creation_time = task.time() }
  local cases = { { full_refresh = true }, { validate_only = true },
    { refresh_selection = { "a" } }, { cause = "JOB_TASK" } }
  pool.each(cases, function(fields)
    for key, value in pairs(theirs) do
      fields[key] = fields[key] or value
    end
    local ws <close> = fake.workspace {
      ["GET /api/2.0/preview/scim/v2/Me"] = ME,
      ["POST /api/2.0/pipelines/" .. ID .. "/updates"] = fake.reply { reset = true },
      ["GET /api/2.0/pipelines/" .. ID .. "/updates"] = { updates = { fields } },
    }
    t.match(t.fault(pipelines.start, ws, ID, {}).hint, "none was started")
    t.equal(posts(ws), 1)
  end)
end)

test("after a refusal there is no search", function(t)
  local ws <close> = fake.workspace {
    ["POST /api/2.0/pipelines"] = fake.refusal(409, "RESOURCE_CONFLICT", "taken"),
  }
  t.equal(t.fault(pipelines.create, ws, { name = "copy" }).code, "RESOURCE_CONFLICT")
  t.equal(#ws.seen, 1)
end)

test("a change whose answer cannot be parsed is ambiguous; a read is not", function(t)
  local torn = function() return fake.reply { body = '{"pipelines": [oops' } end
  local ws <close> = fake.workspace {
    ["PUT /api/2.0/pipelines/" .. ID] = torn, ["GET /api/2.0/pipelines/" .. ID] = torn,
  }
  local e = t.fault(ws.native.pipeline_edit, ws.native, ID, { name = "x" })
  t.equal({ e.kind, e.ambiguous }, { "parse", true })
  e = t.fault(ws.native.pipeline_get, ws.native, ID)
  t.equal({ e.kind, e.ambiguous }, { "parse", nil })
end)
