--- The statements of Tarn, each with a comment at its end that names its function. Loaded in place
-- of the bundled module; only the suite uses it.

local statements = require "@tarn.statements"

local function tagged(name, f)
  return function(...)
    local text, params = f(...)
    if type(text) == "string" and text:find "SELECT" then
      text = ("%s\n/* %s */"):format(text, name)
    end
    return text, params
  end
end

for subject, functions in pairs(statements) do
  if type(functions) == "table" then
    local all = {}
    for name, f in pairs(functions) do
      local is_part = name == "alive" -- of other statements
      all[name] = type(f) == "function" and not is_part and tagged(subject .. "." .. name, f) or f
    end
    statements[subject] = all
  end
end

return statements
