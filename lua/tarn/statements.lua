--- The SQL statements that Tarn sends to a warehouse, by subject.
--
--     local statements = require "tarn.statements"
--     local text, params = statements.fleet.health(ws:org_id())
--     for row in ws:sql(text, params) do print(row.name, row.result) end
--
-- A function of a subject returns a text and its bound parameters; `ws:sql` sends them. All values
-- are bound. Names cannot be bound; they are quoted by `identifier`. The argument of the function
-- event_log must be a literal; `event_log` checks it. Texts use the SQL that Spark and SQLite have
-- in common, since the embedded workspace runs them with SQLite; where a text cannot, the file of
-- its subject says why. No other module has statements (tests/lua/tarn/statements_test.lua).

local name = require "tarn.statements.name"

local M = {}

M.identifier = name.identifier
M.event_log = name.event_log
M.event_log_table = name.event_log_table

for _, subject in ipairs { "check", "cost", "fleet", "lineage", "quality" } do
  M[subject] = require("tarn.statements." .. subject)
end

return M
