local doctor = require "tarn.doctor"

return {
  summary = "Check credentials, network, permissions and overrides.",
  effect = "read",
  route = { "GET", "/api/dlt/doctor" },
  returns = { { check = "string", status = "string", message = "string", ["todo?"] = "string" } },
  details = [[
Each check is a line: ok, warn, fail, or skip where an earlier one had to pass first; with what
to do about it. A check that fails does not end the others. The status is 1 if one failed.

A warehouse that is stopped is not started for this, since that takes minutes and costs money:
--start does it, and checks the system tables through it.]],
  args = {
    { "start", "flag", "Start a warehouse that is stopped.", served = false },
    { "warehouse", "string", "Id of the warehouse to check.", optional = true, value = "ID",
      of = "warehouse" },
  },
  examples = {
    { "doctor", "the workspace that is used by default" },
    { "doctor --profile prod -o json", "another one, for a program" },
  },
  see = { "which" },
  render = {
    text = function(rows, out)
      for row in rows do
        out:line(out:style(out:mood(row.status) or "dim", row.status), (" "):rep(6 - #row.status),
          out:pad(row.check, 15), out:clean(row.message))
        if row.todo then
          out:line((" "):rep(20), out:style("dim", "-> "), out:clean(row.todo))
        end
      end
    end,
  },

  run = function(ctx, arg)
    return doctor.rows(ctx, arg)
  end,
}
