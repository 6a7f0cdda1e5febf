local formats = require "output.formats"

test("each format has a renderer", function(t)
  for _, format in ipairs(formats.list) do
    t.equal(type(require("output.render." .. format.name)), "function", format.name)
  end
end)

test("--output offers the formats, and text is the default", function(t)
  local choices = require("engine.header.globals").by_name.output.choices
  t.equal(#choices, #formats.list)
  for i, format in ipairs(formats.list) do
    t.equal(choices[i], format.name)
    t.equal(formats.of { output = format.name }, format)
  end
  t.equal(formats.of({}).name, "text")
end)
