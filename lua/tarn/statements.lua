--- Every SQL statement that Tarn sends to a warehouse, by subject.
--
-- A function of a subject gives the text and its bound parameters, and sends nothing:
-- `ws:sql(text, params, opts)` does. Values are always bound; what cannot be bound, because it is
-- a name, goes through `identifier`, and the one argument that must be a literal through
-- `event_log`. Texts use the part of SQL that Spark and SQLite share, which is what the embedded
-- workspace runs; where one cannot, its subject's file says why. tests/lua/tarn/statements_test.lua
-- holds that no other module has a text of its own.

local name = require "tarn.statements.name"

local M = {}

M.identifier = name.identifier
M.event_log = name.event_log
M.event_log_table = name.event_log_table

-- A subject is a file of its own; a new one is named here.
for _, subject in ipairs { "check", "fleet", "lineage", "quality" } do
  M[subject] = require("tarn.statements." .. subject)
end

return M
