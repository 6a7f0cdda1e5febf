local fake = require "testing.fake"
local pool = require "base.pool"
local probe = require "tarn.clone.probe"

local UC <const> = "GET /api/2.1/unity-catalog/"

test("a refused question and a missing endpoint are 'unknown', not 'no'", function(t)
  local ws <close> = fake.workspace {
    [UC .. "catalogs/there"] = { name = "there" },
    [UC .. "catalogs/gone"] = fake.refusal(404, "CATALOG_DOES_NOT_EXIST", "no"),
    [UC .. "catalogs/hidden"] = fake.refusal(403, "PERMISSION_DENIED", "you may not"),
    ["GET /api/2.0/workspace/get-status"] = fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "no"),
  }
  local p = probe.new(ws)
  t.equal((p:has("catalog", "there")), "yes")
  t.equal((p:has("catalog", "gone")), "no")
  t.equal({ p:has("catalog", "hidden") }, { "unknown", "you may not" })
  t.equal((p:has("policy", "x")), "unknown", "no such endpoint")
  t.equal((p:has("path", "/Workspace/Users/a/**")), "no")
  t.equal((p:has("zone", "eu-west-1a")), "unknown")
end)

test("a question that many tasks ask is sent once", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/clusters/list-node-types"] = { node_types = { { node_type_id = "a" } } },
  }
  local p = probe.new(ws)
  local answers = pool.map({ "a", "b", "a", "c" }, function(name)
    return (p:has("node_type", name))
  end)
  t.equal(answers, { "yes", "no", "yes", "no" })
  t.equal(#ws.seen, 1)
end)

test("a question that failed is asked again", function(t)
  local n = 0
  local ws <close> = fake.workspace {
    ["GET /api/2.0/preview/scim/v2/Me"] = function()
      n = n + 1
      return n == 1 and fake.refusal(403, "PERMISSION_DENIED", "no") or { userName = "a@x.io" }
    end,
  }
  local p = probe.new(ws)
  t.equal(t.fault(p.identity, p).status, 403)
  t.equal(p:identity().user, "a@x.io")
end)

test("a secret exists if its key exists, and the first missing one is named", function(t)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/secrets/list"] = function(request)
      if request.query:find "scope=s" then
        return { secrets = { { key = "k" } } }
      end
      return fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "Scope does not exist!")
    end,
  }
  local p = probe.new(ws)
  t.equal((p:has("secret", "{{secrets/s/k}}")), "yes")
  t.equal({ p:has("secret", "{{secrets/s/k}}{{secrets/s/other}}") },
    { "no", "secret 'other' in scope 's'" })
  t.equal((p:has("secret", "{{secrets/x/k}}")), "no")
end)

test("a principal's name is quoted in the SCIM filter", function(t)
  local filter
  local ws <close> = fake.workspace {
    ["GET /api/2.0/preview/scim/v2/Groups"] = function(request)
      filter = request.query
      return { Resources = { { displayName = 'A "b" group' } } }
    end,
  }
  t.equal((probe.new(ws):principal("group_name", 'a "b" group')), "yes")
  t.match(filter, "%5C%22b%5C%22")
end)
