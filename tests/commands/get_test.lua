--- `tarn get -o json` is the workspace's answer.

local fake = require "testing.fake"
local json = require "native.json"
local program = require "testing.program"
local workspace = require "testing.workspace"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"

test("the answer has all keys and values of the API, and two of Tarn's", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local client <close> = workspace.client(w)
  local with_run_as = 0
  for row in require("tarn.pipelines").rows(client) do
    local given = w:ok("GET", "/api/2.0/pipelines/" .. row.pipeline_id)
    local r = program.run({ "get", row.pipeline_id, "-o", "json" }, { env = w:env() })
    t.equal(r.status, 0, r.stderr)
    local got = json.decode(r.stdout)
    t.equal(got.creator, given.creator_user_name)
    t.match(got.url, "/pipelines/" .. row.pipeline_id)
    got.creator, got.url = nil, nil
    t.equal(json.encode(got), json.encode(given), row.name)
    with_run_as = with_run_as + (given.run_as and 1 or 0)
  end
  t.is_true(with_run_as > 0, "a pipeline of the demo sets run_as")
end)

test("keys that Tarn does not know stay, with exact numbers", function(t)
  local text = '{"pipeline_id":"' .. ID .. '","name":"p","state":"IDLE",'
    .. '"run_as":{"group_name":"g"},'
    .. '"creator_user_name":"a","n":null,'
    .. '"x":[12345678901234567890123,1e400,null,{},[]],"spec":{"y":1.0}}'
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines/" .. ID] = json.decode(text) }
  local got = fake.run("get", { pipeline = ID }, ws)
  got.creator, got.url = nil, nil
  t.equal(json.encode(got), json.encode(json.decode(text)))
end)
