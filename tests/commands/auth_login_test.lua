local fs = require "native.fs"
local json = require "native.json"
local process = require "native.process"
local program = require "testing.program"
local server = require "native.server"
local wait = require "testing.wait"
local workspace = require "testing.workspace"

local LARS <const> = "demo/lars.nygaard@example.com"

-- A browser for $BROWSER: it answers the form of the embedded workspace, and shows where that leads
-- (in the file "page"). `$answer` and `$person` are what the person chooses.
local BROWSER <const> = [[
#!/bin/sh
query=${1#*\?}
form="$query&answer=$answer&person=$person"
to=$(curl -s -o /dev/null -w '%{redirect_url}' -d "$form" "${1%%\?*}")
echo "$to" >"$HOME/to"
curl -s -o "$HOME/page" "$to"
]]

local function new_home()
  local home = program.dir()
  fs.write(home.path .. "/browser", BROWSER, { mode = 448 }) -- 0700
  return home
end

local function env_of(home, more)
  local env = { BROWSER = home.path .. "/browser", answer = "allow", person = LARS,
    XDG_STATE_HOME = home.path .. "/state", DATABRICKS_AUTH_STORAGE = false }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

local function run(home, words, more)
  return program.run({ "auth", table.unpack(words) }, { home = home.path, env = env_of(home, more),
    timeout = 60 })
end

-- What the browser shows in the end, which it may do after the program has ended.
local function page_of(home)
  return wait.until_true(function()
    local text = home.read "page"
    return text and text:find("</html>", 1, true) and text
  end, "the browser's page")
end

local function cache_of(home)
  return json.decode(home.read ".databricks/token-cache.json" or "{}")
end

-- Nothing that was printed holds a token.
local function no_tokens(t, home, r)
  for _, entry in pairs(cache_of(home).tokens or {}) do
    for _, text in ipairs { r.stdout, r.stderr } do
      t.no_match(text, entry.access_token)
      t.no_match(text, entry.refresh_token or entry.access_token)
    end
  end
end

test("a log-in writes a profile and the tokens, and the next command uses them", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  home.write(".databrickscfg", "# mine\n[other]\nhost = https://x.net # keep\n")
  local r = run(home, { "login", "--host", w.url, "-p", "work", "-vv" })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "logged in as lars.nygaard@example.com at " .. w.url)
  t.match(page_of(home), "You are logged in")
  no_tokens(t, home, r)
  local code = home.read "to":match "code=([^&]+)"
  t.no_match(r.stderr, code)
  t.equal(home.read ".databrickscfg", ("# mine\n[other]\nhost = https://x.net # keep\n\n[work]\n"
    .. "host = %s\nauth_type = databricks-cli\n\n[__settings__]\nauth_storage = plaintext\n")
    :format(w.url))
  t.equal(fs.find_stat(home.path .. "/.databrickscfg").mode & 511, 384) -- 0600
  local tokens = cache_of(home).tokens
  t.match(tokens.work.access_token, "doat")
  t.match(tokens.work.refresh_token, "dorf-")
  t.match(tokens.work.expiry, "Z")
  t.equal(tokens[w.url].access_token, tokens.work.access_token)

  local described = run(home, { "describe", "-p", "work", "-o", "json" })
  t.equal(described.status, 0, described.stderr)
  t.equal(json.decode(described.stdout).user, "lars.nygaard@example.com")
  no_tokens(t, home, described)
end)

test("the first profile of a file becomes the default one, and has a name of its host", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local r = run(home, { "login", "--host", w.url .. "/?o=77", "-o", "json" })
  t.equal(r.status, 0, r.stderr)
  local data = json.decode(r.stdout)
  t.equal(data.profile, "127.0.0.1-" .. w.url:match "%d+$")
  t.match(home.read ".databrickscfg", "workspace_id = 77")
  t.match(home.read ".databrickscfg", "default_profile = " .. data.profile)
end)

test("a refused consent is told, and nothing is written", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local r = run(home, { "login", "--host", w.url }, { answer = "refuse" })
  t.equal(r.status, 4)
  t.match(r.stderr, "the log-in was refused: access_denied: The user refused the log-in")
  t.match(page_of(home), "The log-in failed")
  t.match(page_of(home), "access_denied")
  t.is_nil(home.read ".databrickscfg")
  t.is_nil(cache_of(home).tokens)
end)

-- A log-in that waits for its answer, and the address at which it does.
local function waiting(home, words, more)
  local running = program.start({ "auth", "login", "--no-browser", table.unpack(words) },
    { home = home.path, env = env_of(home, more), timeout = 60 })
  running:wait_for "code_challenge_method=S256"
  return running, running:output():match "(http://[^%s]+/authorize[^%s]+)"
end

local function ask(url, form)
  local argv = { "curl", "-s", "-i", "-m", "20", url }
  if form then
    table.move({ "-d", form }, 1, 2, #argv + 1, argv)
  end
  return process.run(argv).stdout
end

-- Sign in as a browser would; returns the address to which that leads.
local function sign_in(address)
  local path, query = address:match "^(.-)%?(.*)$"
  return ask(path, query .. "&answer=allow&person=" .. LARS):match "[Ll]ocation: ([^\r\n]+)"
end

test("an answer with another state changes nothing", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local running <close>, address = waiting(home, { "--host", w.url, "-p", "a" })
  local back = sign_in(address)
  local wrong = ask((back:gsub("state=[^&]+", "state=wrong")))
  t.match(wrong, "400")
  t.match(wrong, "This is not the log-in that was begun")
  t.match(ask((back:gsub("[&?]state=[^&]+", ""))), "This is not the log-in that was begun")
  local base = back:match "^[^?]+"
  t.match(ask(base .. "/favicon.ico"), "404")
  t.match(ask(base .. "?error=access_denied"), "400")
  t.match(ask(back), "You are logged in")
  t.equal(running:result().status, 0)
end)

test("the answer of the page asks for no other server and runs nothing", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local running <close>, address = waiting(home, { "--host", w.url, "-p", "a" })
  local answer = ask(sign_in(address))
  for _, line in ipairs { "content-security-policy: default-src 'none'", "cache-control: no-store",
    "referrer-policy: no-referrer" } do
    t.match(answer:lower(), line)
  end
  t.no_match(answer, "<script")
  t.equal(running:result().status, 0)
end)

test("a code is sent once, even if its answer is lost", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local running <close>, address = waiting(home, { "--host", w.url, "-p", "a" })
  local back, codes = sign_in(address), 0
  w:intercept(function(request, answer)
    local reply = answer()
    if request.path == "/oidc/v1/token" then
      codes = codes + 1
      return { reset = true }
    end
    return reply
  end)
  t.match(ask(back), "The log-in failed")
  local r = running:result()
  t.equal(r.status, 1)
  t.match(r.stderr, "cannot get a token from the token endpoint")
  t.equal(codes, 1)
  t.is_nil(cache_of(home).tokens)
end)

test("a code that was used before is refused", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local running <close>, address = waiting(home, { "--host", w.url, "-p", "a" })
  local back = sign_in(address)
  w.w.db:exec "UPDATE signin_codes SET state = 'used'"
  t.match(ask(back), "The authorization code has been used")
  local r = running:result()
  t.equal(r.status, 4)
  t.match(r.stderr, "invalid_grant: The authorization code has been used")
  t.is_nil(cache_of(home).tokens)
end)

test("a port that is in use is passed over, and refused where it was chosen", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local taken <close> = server.listen({ port = 0 }, function() return { status = 204 } end)
  local port = ("%d"):format(taken.port)
  local r = run(home, { "login", "--host", w.url, "--port", port, "--no-browser" })
  t.equal(r.status, 1)
  t.match(r.stderr, "nothing can listen for the answer of the browser: port " .. port)
  local first <close>, one = waiting(home, { "--host", w.url, "-p", "a" })
  local second <close>, other = waiting(home, { "--host", w.url, "-p", "b" })
  t.is_true(one:match "localhost%%3A(%d+)" ~= other:match "localhost%%3A(%d+)")
  ask(sign_in(other)) -- two log-ins at once lose nothing
  ask(sign_in(one))
  t.equal(first:result().status, 0)
  t.equal(second:result().status, 0)
  local tokens = cache_of(home).tokens
  t.is_true(tokens.a and tokens.b)
  t.match(home.read ".databrickscfg", "[a]")
  t.match(home.read ".databrickscfg", "[b]")
end)

test("nobody who logs in is told after the time, and Ctrl-C ends the wait", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local r = run(home, { "login", "--host", w.url, "--wait", "1", "--no-browser" })
  t.equal(r.status, 6)
  t.match(r.stderr, "nobody has logged in for 1 seconds")
  t.match(r.stderr, "was the window closed?")
  local running <close> = waiting(home, { "--host", w.url })
  running:signal "INT"
  t.equal(running:result().status, 130)
  t.is_nil(home.read ".databrickscfg")
end)

test("a token that expires is renewed, and the new one is kept", function(t)
  local w <close> = workspace.start { token_ttl = 200 }
  local home <close> = new_home()
  t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  local before = cache_of(home).tokens.a
  local r = run(home, { "describe", "-p", "a", "-o", "json", "-vv" })
  t.equal(r.status, 0, r.stderr)
  local after = cache_of(home).tokens.a
  t.is_true(after.access_token ~= before.access_token)
  t.is_true(after.refresh_token ~= before.refresh_token)
  no_tokens(t, home, r)
end)

test("a refresh token that is revoked while a command runs ends it with what to do", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  w.w.db:exec "DELETE FROM tokens"
  w.w.db:exec "DELETE FROM signin_refresh"
  local r = program.run({ "list", "-p", "a" }, { home = home.path, env = env_of(home) })
  t.equal(r.status, 4)
  t.match(r.stderr, "the log-in of profile a has ended")
  t.match(r.stderr, "Refresh token is invalid")
  t.match(r.stderr, "log in: tarn auth login --profile a")
  no_tokens(t, home, r)
  t.equal(run(home, { "login", "a" }).status, 0, "the hint is right")
  t.equal(run(home, { "describe", "-p", "a" }).status, 0)
end)

test("logging out revokes the tokens and removes them, and no others", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  t.equal(run(home, { "login", "--host", w.url, "-p", "b" }).status, 0)
  local token = cache_of(home).tokens.b.access_token
  local r = run(home, { "logout", "b", "-o", "json" })
  t.equal(r.status, 0, r.stderr)
  t.equal(json.decode(r.stdout), { profile = "b", found = true, revoked = true, deleted = false })
  local tokens = cache_of(home).tokens
  t.is_nil(tokens.b)
  t.is_nil(tokens[w.url], "it was of the same log-in")
  t.is_true(tokens.a)
  t.equal((w:call("GET", "/api/2.0/preview/scim/v2/Me", nil, { token = token })), 401)
  t.equal(run(home, { "describe", "-p", "a" }).status, 0)
  r = run(home, { "logout", "b", "--delete" })
  t.match(r.stdout, "nobody was logged in, and the profile is removed")
  t.no_match(home.read ".databrickscfg", "[b]")
  t.match(home.read ".databrickscfg", "[a]")
  t.equal(run(home, { "logout" }).status, 2, "a profile is never guessed")
end)

test("logging out works although the workspace cannot be asked", function(t)
  local home <close> = new_home()
  do
    local w <close> = workspace.start()
    t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  end
  local r = run(home, { "logout", "a" })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "the workspace did not revoke them")
  t.equal(cache_of(home).tokens, {})
end)

test("a token is shown only where it is asked for in these words", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  local token = cache_of(home).tokens.a.access_token
  local r = run(home, { "token", "a", "-vv" })
  local data = json.decode(r.stdout)
  t.equal(data.access_token, token)
  t.equal(data.token_type, "Bearer")
  t.match(data.expiry, "T")
  t.no_match(r.stderr, token)
  t.equal(run(home, { "token", "-o", "text", "--host", w.url }).stdout, token .. "\n")
  local renewed = run(home, { "token", "a", "-o", "text", "--force-refresh" }).stdout
  t.is_true(renewed ~= token .. "\n")
  t.equal(cache_of(home).tokens.a.access_token .. "\n", renewed)
end)

test("a profile is made the default one, and one that is not there is refused", function(t)
  local home <close> = new_home()
  home.write(".databrickscfg", "[a]\nhost = https://a.net\n[b]\nhost = https://b.net # b\n")
  local r = run(home, { "switch", "b" })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "b is the default profile")
  t.equal(home.read ".databrickscfg", "[a]\nhost = https://a.net\n[b]\nhost = https://b.net # b\n"
    .. "\n[__settings__]\ndefault_profile = b\n")
  r = run(home, { "switch", "-p", "c" })
  t.equal(r.status, 4)
  t.match(r.stderr, "has no c profile")
  t.match(r.stderr, "profiles there: a, b")
end)

test("a token that is typed becomes a profile, and is never shown", function(t)
  local home <close> = new_home()
  home.write(".databrickscfg", "[a]\nhost = https://a.net\nclient_id = x\nclient_secret = y\n")
  local r = program.run({ "auth", "configure", "a", "-vv" },
    { home = home.path, env = env_of(home), stdin = "  dapi-typed-secret \n" })
  t.equal(r.status, 0, r.stderr)
  t.no_match(r.stdout .. r.stderr, "typed-secret")
  t.equal(home.read ".databrickscfg", "[a]\nhost = https://a.net\ntoken = dapi-typed-secret\n")
  for _, stdin in ipairs { "", "\n", "two words\n" } do
    local refused = program.run({ "auth", "configure", "a" },
      { home = home.path, env = env_of(home), stdin = stdin })
    t.is_true(refused.status ~= 0)
    t.no_match(refused.stderr, "two words")
  end
  t.match(home.read ".databrickscfg", "dapi-typed-secret")
end)

test("the settings are printed for a shell, secrets only on demand", function(t)
  local home <close> = new_home()
  home.write(".databrickscfg", "[a]\nhost = https://a.net\ntoken = \"it's\"\n")
  t.equal(run(home, { "env", "a" }).stdout, "export DATABRICKS_HOST='https://a.net'\n"
    .. "# DATABRICKS_TOKEN is a secret, and is not shown\n")
  local all = run(home, { "env", "a", "--secrets" }).stdout
  t.equal(process.run({ "/bin/sh", "-c", all .. 'echo "$DATABRICKS_TOKEN"' }).stdout, "it's\n")
end)

test("practice in the embedded workspace keeps nothing", function(t)
  local home <close> = new_home()
  local r = run(home, { "login", "-p", "demo" })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "logged in at http://127.0.0.1:")
  t.is_nil(home.read ".databrickscfg")
  t.is_nil(cache_of(home).tokens)
end)

-- Words that cannot be followed, each with a part of what is said.
local WRONG <const> = {
  { words = { "login" }, status = 2, says = "no workspace is named", hint = "--host https://" },
  { words = { "login", "gone" }, status = 2, says = "there is no profile 'gone'" },
  { words = { "login", "-p", "a", "--host", "https://b.net" }, status = 2,
    says = "the profile 'a' is about https://a.net" },
  { words = { "login", "a", "--host", "https://b.net" }, status = 2,
    says = "'a' does not go together with --profile and --host" },
  { words = { "login", "--host", "http://b.net" }, status = 4, says = "without https" },
  { words = { "login", "--host", "https://b.net", "-p", "__settings__" }, status = 2,
    says = "cannot be the name of a profile" },
  { words = { "login", "a" }, status = 4, env = { DATABRICKS_AUTH_STORAGE = "secure" },
    says = "auth_storage is 'secure'", hint = "databricks auth login" },
}

for i, case in ipairs(WRONG) do
  test(("wrong words %d: %s"):format(i, case.says), function(t)
    local home <close> = new_home()
    local text = "[a]\nhost = https://a.net\ntoken = t\n[__settings__]\ndefault_profile = a\n"
    home.write(".databrickscfg", text)
    local words = { table.unpack(case.words) }
    words[#words + 1] = "--no-browser"
    local r = run(home, words, case.env)
    t.equal(r.status, case.status, r.stderr)
    t.match(r.stderr, case.says)
    t.match(r.stderr, case.hint or "")
    t.equal(home.read ".databrickscfg", text)
  end)
end

test("a cache of a newer version is left as it is, and the log-in says so", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  local newer = '{"version": 2, "tokens": {"x": 1}}'
  home.write(".databricks/token-cache.json", newer)
  local r = run(home, { "login", "--host", w.url, "-p", "a" })
  t.equal(r.status, 1)
  t.match(r.stderr, "has version 2, and this program knows version 1")
  t.equal(home.read ".databricks/token-cache.json", newer)
  t.is_nil(home.read ".databrickscfg")
end)

test("a full disk while the tokens are written is told, and loses no other log-in", function(t)
  local w <close> = workspace.start()
  local home <close> = new_home()
  t.equal(run(home, { "login", "--host", w.url, "-p", "a" }).status, 0)
  local before = cache_of(home)
  local r = program.run({ "auth", "login", "--host", w.url, "-p", "b" },
    { home = home.path, env = env_of(home), first = "ulimit -f 1", timeout = 60 })
  t.is_true(r.status ~= 0)
  t.match(r.stderr, "token-cache.json")
  t.equal(cache_of(home), before)
end)

test("a workspace that cannot be reached or knows no log-in is told", function(t)
  local home <close> = new_home()
  local silent <close> = server.listen({ port = 0 }, function() return { status = 404 } end)
  local url = ("http://127.0.0.1:%d"):format(silent.port)
  local r = run(home, { "login", "--host", url })
  t.equal(r.status, 4)
  t.match(r.stderr, "does not say where to get tokens (HTTP 404)")
  silent:close()
  r = run(home, { "login", "--host", url })
  t.is_true(r.status ~= 0)
  t.match(r.stderr, "127.0.0.1")
end)
