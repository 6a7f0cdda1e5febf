local json = require "native.json"
local secrets = require "base.secrets"

test("a value that looks like a secret is one, and a reference to a secret is none", function(t)
  for _, case in ipairs {
    { "db.password", "hunter2", true }, { "DB_PASSWORD", "hunter2", true },
    { "aws.access_key", "x", true }, { "fs.azure.account.key.x.net", "abc==", true },
    { "token", "t0k", true }, { "client-secret", "s", true },
    { "x", "dapi0123456789abcdef", true }, { "x", "AKIAIOSFODNN7EXAMPLE", true },
    { "x", "eyJhbGciOi.eyJzdWIi.c2ln", true }, { "url", "jdbc:x://user:pw@host/db", true },
    { "x", "DefaultEndpointsProtocol=https;AccountKey=abc", true },
    { "password", "{{secrets/scope/key}}", false },
    { "password", "", false }, { "secret_scope", "finance", false },
    { "token.url", "https://x/y", false }, { "token.provider.type", "Custom", false },
    { "env", "prod", false }, { "primary_keys", "id", false }, { "max_tokens", "100", false },
    { "use_token", "true", false }, { "password", 5, false },
  } do
    t.equal(secrets.is_secret(case[1], case[2]), case[3], case[1] .. "=" .. tostring(case[2]))
  end
end)

test("a masked copy shows no secret and is otherwise equal", function(t)
  local spec = json.decode '{"configuration":{"a.password":"x","b":"y"},"list":[],"n":1e400}'
  t.equal(json.encode(secrets.masked(spec)),
    '{"configuration":{"a.password":"***","b":"y"},"list":[],"n":1e400}')
  t.equal(spec.configuration["a.password"], "x")
end)

test("every reference to a secret scope is found", function(t)
  t.equal(secrets.references "a {{secrets/s/k}} b {{ secrets/t/l }}",
    { { scope = "s", key = "k" }, { scope = "t", key = "l" } })
  t.equal(secrets.references "{{secrets/s}}", {})
  t.equal(secrets.references(7), {})
end)

test("a token inside of a longer text is masked, and nothing else of it", function(t)
  t.equal(secrets.mask("note", "curl -H 'Bearer dapi0123456789abcdef0123456789abcdef' x"),
    "curl -H 'Bearer dapi***' x")
  t.equal(secrets.mask("note", "nothing here"), "nothing here")
  t.equal(secrets.masked({ a = { "x dapi0123456789abcdef0123456789abcdef-2" } }).a[1], "x dapi***")
  t.is_true(secrets.is_masked "x dapi***")
  t.is_true(not secrets.is_masked "x" and not secrets.is_masked(7))
end)
