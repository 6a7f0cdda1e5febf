--- tarn.testing.fake, by the name that older tests have for it.

return require "tarn.testing.fake"
