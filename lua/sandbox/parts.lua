--- The parts of the embedded workspace, in the order in which they fill a new workspace.
--
-- A part is a module with any of: `schema` (SQL that makes its tables if they are missing),
-- `routes` (a list of { method, pattern, handler, opts? }), `seed(w, scenario)` (puts the part's
-- share of a scenario into an empty workspace).

return {
  "sandbox.identity",
  "sandbox.identity.scim",
  "sandbox.identity.tokens",
  "sandbox.files",
  "sandbox.files.volumes",
  "sandbox.files.dbfs",
  "sandbox.files.repos",
  "sandbox.unity",
  "sandbox.unity.external",
  "sandbox.unity.volumes",
  "sandbox.unity.privileges",
  "sandbox.sql.warehouses",
  "sandbox.secrets",
  "sandbox.settings",
  "sandbox.compute.clusters",
  "sandbox.compute.policies",
  "sandbox.compute.pools",
  "sandbox.identity.permissions",
  "sandbox.pipelines",
  "sandbox.pipelines.migrate",
  "sandbox.pipelines.updates",
  "sandbox.pipelines.runs",
  "sandbox.jobs",
  "sandbox.jobs.routes",
  "sandbox.pipelines.events",
  "sandbox.sql.statements",
  "sandbox.sql.history",
  "sandbox.unity.catalog",
  "sandbox.unity.tables",
  "sandbox.unity.metastores",
  "sandbox.unity.lineage",
}
