local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/preview/scim/v2/"

local function names(w, kind, query)
  local list = {}
  for i, resource in ipairs(w:ok("GET", PATH .. kind .. "?" .. (query or "")).Resources or {}) do
    list[i] = resource.userName or resource.applicationId or resource.displayName
  end
  return list
end

test("a client that pages until a page is empty sees each principal once", function(t)
  local w <close> = workspace.start()
  for kind, total in pairs { Users = 5, ServicePrincipals = 2, Groups = 4 } do
    for _, count in ipairs { 1, 2, 3, 100 } do
      local seen, start = {}, 1
      while true do
        local page = w:ok("GET", ("%s%s?startIndex=%d&count=%d"):format(PATH, kind, start, count))
        t.equal({ page.startIndex, page.totalResults, page.itemsPerPage },
          { start, total, #(page.Resources or {}) })
        if not page.Resources then
          break
        end
        for _, resource in ipairs(page.Resources) do
          t.is_nil(seen[resource.id])
          seen[resource.id] = true
          start = start + 1
        end
      end
      t.equal(start, total + 1, kind .. " by " .. count)
    end
  end
  t.equal(#names(w, "Users", "count=0"), 0)
  t.equal((w:call("GET", PATH .. "Users?count=-1")), 400)
  t.equal((w:call("GET", PATH .. "Users?startIndex=x")), 400)
end)

local FILTERS <const> = {
  { "userName eq \"lars.nygaard@example.com\"", 1 }, { "userName eq LARS.nygaard@example.com", 1 },
  { "displayName eq any-x", 0 }, { "userName sw \"ada\"", 1 }, { "userName co example", 5 },
  { "userName ew .org", 0 }, { "userName ne \"lars.nygaard@example.com\"", 4 },
  { "displayName pr", 5 }, { "title pr", 0 }, { "emails.value co okafor", 1 },
  { "name.familyName eq Tanaka", 1 }, { "userName sw ada or userName sw mei", 2 },
  { "userName sw ada and displayName co Ok", 1 },
  { "userName sw ada or userName sw mei and displayName co x", 1 },
  { "userName", 400 }, { "userName eq", 400 }, { "userName gt \"a\"", 400 }, { "\"a\" eq b", 400 },
  { "userName eq \"a", 400 }, { "userName eq a userName", 400 }, { "(userName eq a)", 400 },
}

test("a filter takes values with and without quotes, and refuses other forms", function(t)
  local w <close> = workspace.start()
  local http = require "native.http"
  for _, case in ipairs(FILTERS) do
    local status, answer = w:call("GET", PATH .. "Users?filter=" .. http.escape(case[1]))
    if case[2] == 400 then
      t.equal({ status, answer.message }, { 400, "Given filter operator is not supported." },
        case[1])
    else
      t.equal({ status, answer.totalResults }, { 200, case[2] }, case[1])
    end
  end
end)

test("a list is sorted, and has the attributes that were asked for", function(t)
  local w <close> = workspace.start()
  local up = names(w, "Users", "sortBy=userName")
  local down = names(w, "Users", "sortBy=userName&sortOrder=descending")
  for i, name in ipairs(up) do
    t.equal(down[#down - i + 1], name)
  end
  t.equal((w:call("GET", PATH .. "Users?sortBy=userName&sortOrder=up")), 400)
  local user = w:ok("GET", PATH .. "Users?attributes=userName").Resources[1]
  t.is_nil(user.displayName)
  t.is_true(user.id and user.userName)
  t.is_nil(w:ok("GET", PATH .. "Groups?excludedAttributes=members").Resources[1].members)
end)

test("principals are found by their ids", function(t)
  local w <close> = workspace.start()
  for _, kind in ipairs { "Users", "ServicePrincipals", "Groups" } do
    for _, resource in ipairs(w:ok("GET", PATH .. kind).Resources) do
      t.equal(w:ok("GET", PATH .. kind .. "/" .. resource.id), resource)
    end
    local status, answer = w:call("GET", PATH .. kind .. "/12")
    t.equal({ status, answer.status }, { 404, "404" })
  end
  local groups = w:ok("GET", PATH .. "Groups?filter=displayName+eq+admins").Resources
  t.equal(#groups[1].members, 2)
end)
