local fs = require "native.fs"
local statements = require "tarn.statements"

test("a name from data is quoted, and cannot end its quotes", function(t)
  t.equal(statements.identifier "main", "`main`")
  t.equal(statements.identifier("main", "a.b", "c d"), "`main`.`a.b`.`c d`")
  t.equal(statements.identifier "x` UNION SELECT 1 --", "`x`` UNION SELECT 1 --`")
  t.equal(statements.identifier "größe", "`größe`")
  t.equal(statements.identifier(("ö"):rep(255)), "`" .. ("ö"):rep(255) .. "`")
end)

test("a text that cannot be a name is refused", function(t)
  for _, bad in ipairs { "", "a\0b", "a\nb", "a\127", ("x"):rep(256), ("ö"):rep(256), "\xff" } do
    t.equal(t.fault(statements.identifier, "main", bad).code, "INVALID_IDENTIFIER")
  end
  t.equal(t.fault(statements.identifier, "main", nil, "t").code, "INVALID_IDENTIFIER")
end)

test("event_log accepts only the id of a pipeline", function(t)
  local id <const> = "0000000A-0000-4000-8000-000000000000"
  t.equal(statements.event_log(id), "event_log('0000000a-0000-4000-8000-000000000000')")
  for _, bad in ipairs { "", "x", id .. "'", id:gsub("0$", "'"), id .. "\n" } do
    t.equal(t.fault(statements.event_log, bad).code, "INVALID_IDENTIFIER")
  end
end)

-- A statement elsewhere would be `:sql("SELECT`, or a call in a file without tarn.statements.
test("no module sends a statement that is not in tarn.statements", function(t)
  local own <const> = { ["lua/tarn/workspace.lua"] = true, ["lua/tarn/sql.lua"] = true,
    ["scripts/sql.lua"] = true }
  local wrong = {}
  local function walk(dir)
    for _, name in ipairs(fs.list(dir)) do
      local path = dir .. "/" .. name
      if fs.find_stat(path).type == "directory" then
        walk(path)
      elseif path:find "%.lua$" and not own[path] then
        local text = fs.read(path)
        if text:find ":sql%(%s*[\"%[]" or text:find ":sql%(" and not
          text:find "tarn%.statements" then
          wrong[#wrong + 1] = path
        end
      end
    end
  end
  walk "lua/tarn"
  walk "scripts"
  t.equal(wrong, {})
end)
