--- The parts of the embedded workspace, in the order in which they fill a new one.
--
-- A part is a module with any of: `schema` (SQL that makes its tables if they are missing),
-- `routes` (a list of { method, pattern, handler, opts? }), `seed(w, scenario)` (put its
-- share of a scenario into an empty workspace).

return {
  "sandbox.identity",
  "sandbox.files",
  "sandbox.unity",
  "sandbox.warehouses",
  "sandbox.compute",
  "sandbox.permissions",
  "sandbox.pipelines",
  "sandbox.migrate",
  "sandbox.updates",
  "sandbox.runs",
  "sandbox.jobs",
  "sandbox.events",
  "sandbox.statements",
  "sandbox.catalog",
  "sandbox.lineage",
}
