--- tarn.testing.golden, by the name that older tests have for it.

return require "tarn.testing.golden"
