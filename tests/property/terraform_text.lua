-- The program behind terraform_text.py: writes a JSON list of texts from standard input as
-- outputs of Terraform: `list` in this order, and `map` with each text as key and value.

local hcl = require "tarn.export.hcl"
local json = require "native.json"

local texts, map = json.decode(io.read "a"), {}
for _, text in ipairs(texts) do
  map[text] = text
end
print(hcl.encode {
  { "output", labels = { "list" }, body = { { "value", texts } } },
  { "output", labels = { "map" }, body = { { "value", hcl.map(map) } } },
})
