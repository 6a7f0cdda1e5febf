-- Answers of a workspace: null is as absent, and fields have the types that anything relies on.

local fake = require "testing.fake"
local json = require "native.json"

local ID <const> = "00000001-0000-4000-8000-000000000000"
local PIPELINE <const> = "GET /api/2.0/pipelines/" .. ID

-- A workspace with this text as the answer to an endpoint.
local function says(endpoint, text)
  return fake.workspace { [endpoint] = function()
    return fake.reply { body = text }
  end }
end

test("null is as absent, but not in a spec, which is copied", function(t)
  local ws <close> = says(PIPELINE, ([[{"pipeline_id": "%s", "name": null, "latest_updates": [null],
    "run_as": {"user_name": null}, "spec": {"catalog": null, "libraries": [null]}}]]):format(ID))
  local found = ws.native:pipeline_get(ID)
  t.equal(found.name, nil)
  t.equal(#found.latest_updates, 0)
  t.equal(next(found.run_as), nil)
  t.equal(found.spec, { catalog = json.null, libraries = { json.null } })
  t.equal(ws:request("GET", "/api/2.0/pipelines/" .. ID).spec, { libraries = {} })
  local exact = ws:request("GET", "/api/2.0/pipelines/" .. ID, { nulls = true })
  t.equal({ exact.name, exact.latest_updates[1], exact.spec.catalog },
    { json.null, json.null, json.null })
end)

test("an answer that is null is an empty one", function(t)
  local ws <close> = says("GET /api/2.0/anything", "null")
  t.equal(ws:request("GET", "/api/2.0/anything"), {})
end)

-- Answers to GET of an endpoint that have not its form, and what the fault says.
local WRONG <const> = {
  { "/api/2.0/pipelines", '{"statuses": {"a": 1}}',
    "'statuses' in the answer is an object, not a list" },
  { "/api/2.0/pipelines", '{"statuses": [{"pipeline_id": "p", "name": true}]}',
    "'statuses[1].name' in the answer is a boolean, not a string" },
  { "/api/2.0/pipelines", '{"statuses": [{"name": "n"}]}',
    "'statuses[1].pipeline_id' is missing in the answer" },
  { "/api/2.0/pipelines", '{"statuses": ["x"]}',
    "'statuses[1]' in the answer is a string, not an object" },
  { "/api/2.0/pipelines", '{"next_page_token": true}',
    "'next_page_token' in the answer is a boolean, not a string" },
  { "/api/2.0/pipelines", "[]", "the answer is a list, not an object" },
}

test("an answer of another form is a fault that names the field", function(t)
  for _, case in ipairs(WRONG) do
    local ws <close> = says("GET " .. case[1], case[2])
    local e = t.fault(ws.native.pipeline_list, ws.native, {})
    t.equal({ e.kind, e.status, e.retryable }, { "parse", 200, false }, case[2])
    t.match(e.message, case[3])
  end
end)

test("an empty object is an empty list; strings and numbers stand for each other", function(t)
  local ws <close> = says(PIPELINE .. "/updates", '{"updates": {}}')
  t.equal(#ws.native:update_list(ID, {}).updates, 0)
  local other <close> = says(PIPELINE .. "/updates",
    '{"updates": [{"update_id": "u", "creation_time": "1764500000000"}]}')
  t.equal(other.native:update_list(ID, {}).updates[1].creation_time, 1764500000000)
  local third <close> = says(PIPELINE .. "/updates", '{"updates": [{"update_id": 7}]}')
  t.equal(third.native:update_list(ID, {}).updates[1].update_id, "7")
end)

test("after a request with an effect, an answer of another form leaves it in doubt", function(t)
  local ws <close> = says("POST /api/2.0/pipelines/" .. ID .. "/updates", '{"update_id": true}')
  local e = t.fault(ws.native.update_start, ws.native, ID)
  t.equal({ e.kind, e.ambiguous }, { "parse", true })
end)

test("a script can ask for a shape of its own", function(t)
  local ws <close> = says("GET /x", '{"list": [{"n": 1}, {"n": "a"}], "more": null}')
  local e = t.fault(ws.request, ws, "GET", "/x", { shape = "{list:[{n!:n}]}" })
  t.match(e.message, "'list[2].n' in the answer is a string, not a number")
  t.equal(ws:request("GET", "/x", { shape = "{list!:l,more:s}" }).list[1].n, 1)
end)
