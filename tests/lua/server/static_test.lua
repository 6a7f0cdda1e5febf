--- The page in the program: all of its files or, if npm was missing at build time, none.

local bundle = require "native.bundle"
local static = require "server.static"

local index <const> = bundle.read "web/index.html"

test("the page is in the program with every file that it names, or not at all", function(t)
  if not index then
    t.equal(bundle.list "web/", {})
    return
  end
  local named = 0
  for name in index:gmatch '[hs]r[ec]f?="/(assets/[^"]+)"' do
    named = named + 1
    t.is_true(bundle.read("web/" .. name), name)
  end
  t.is_true(named > 30, named)
  for _, name in ipairs { "preact", "dagre" } do
    t.is_true(bundle.read("web/assets/vendor/" .. name .. ".LICENSE"), name)
  end
end)

test("the server shows the page, or says how to build it", function(t)
  local reply = static.reply "/"
  t.equal(reply.headers["Content-Type"], "text/html; charset=utf-8")
  if index then
    t.equal((reply.body:gsub("/assets/%x+/", "/assets/")), index)
  else
    t.match(reply.body, "./dev build --web")
  end
end)
