--- How each kind of step is undone: kind -> { key, find_outcome, plan, undo }.

local kinds = {}

for _, name in ipairs { "pipeline", "update", "permission", "object", "job" } do
  for kind, value in pairs(require("tarn.undo." .. name)) do
    if kind:find(".", 1, true) then
      kinds[kind] = value
    end
  end
end

return kinds
