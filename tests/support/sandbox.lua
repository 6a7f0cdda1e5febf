--- tarn.testing.workspace, by the name that older tests have for it.

return require "tarn.testing.workspace"
