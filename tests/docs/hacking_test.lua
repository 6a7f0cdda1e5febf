--- docs/develop/hacking.md: what it calls is there.

local fs = require "native.fs"

test("docs/develop/hacking.md names parts of ./dev and options of CMake that exist", function(t)
  local page = fs.read "docs/develop/hacking.md"
  local dev, cmake = fs.read "dev", fs.read "CMakeLists.txt"
  local count = 0
  for word in page:gmatch "%./dev (%a+)" do
    t.match(dev, "\n" .. word .. ")")
    count = count + 1
  end
  for option in page:gmatch "%-D (%u[%u_]+)=ON" do
    t.match(cmake, "option(" .. option)
    count = count + 1
  end
  t.is_true(count >= 8, count)
end)
