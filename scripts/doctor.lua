local doctor = require "tarn.doctor"

return {
  summary = "Check credentials, network, permissions and overrides.",
  effect = "read",
  route = { "GET", "/api/dlt/doctor" },
  returns = { { check = "string", status = "string", message = "string", ["todo?"] = "string" } },
  details = [[
Each check is one line with its result: ok, warn, fail, or skip if an earlier check must pass
first. The next line says what to do. A failed check does not stop the others. The exit status is
1 if one failed.

A stopped warehouse is not started, because that takes minutes and costs money. --start starts it,
and then checks the system tables with it.]],
  args = {
    { "start", "flag", "Start the warehouse if it is stopped.", served = false },
    { "warehouse", "string", "Id of the warehouse to check.", optional = true, value = "ID",
      of = "warehouse" },
  },
  examples = {
    { "doctor", "check the default workspace" },
    { "doctor --profile prod -o json", "check another workspace, for a program" },
  },
  see = { "which" },
  render = {
    text = function(rows, screen)
      for row in rows do
        screen:line(screen:style(screen:mood(row.status) or "dim", row.status),
          (" "):rep(6 - #row.status), screen:pad(row.check, 15), screen:clean(row.message))
        if row.todo then
          screen:line((" "):rep(20), screen:style("dim", "-> "), screen:clean(row.todo))
        end
      end
    end,
  },

  run = function(ctx, arg)
    return doctor.rows(ctx, arg)
  end,
}
