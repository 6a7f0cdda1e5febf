--- The parts of the embedded workspace, in the order in which they fill a new workspace.
--
-- A part is a module with any of: `schema` (SQL that makes its tables if they are missing),
-- `routes` (a list of { method, pattern, handler, opts? }), `seed(w, scenario)` (puts the part's
-- share of a scenario into an empty workspace).

return {
  "sandbox.identity",
  "sandbox.identity.scim",
  "sandbox.files",
  "sandbox.unity",
  "sandbox.sql.warehouses",
  "sandbox.scenarios.compute",
  "sandbox.identity.permissions",
  "sandbox.pipelines",
  "sandbox.pipelines.migrate",
  "sandbox.pipelines.updates",
  "sandbox.pipelines.runs",
  "sandbox.pipelines.jobs",
  "sandbox.pipelines.events",
  "sandbox.sql.statements",
  "sandbox.unity.catalog",
  "sandbox.unity.lineage",
}
