local fault = require "base.fault"
local override = require "engine.override"

return {
  summary = "Show the file that a command or a module comes from.",
  effect = "read",
  details = [[
Lists all candidates in the order of the search: --path, TARN_PATH, the configuration directory,
the built-in file. The first one is in force and shadows the others. Of hooks, all are in force.
--all lists what is changed on this machine; nothing, if all is as Tarn came.

An override of a command is for the command line. Calls from scripts (tarn.list) use it only if its
header says `for_scripts = true`.]],
  args = {
    { "name", "string", "A command, a module (tarn.pipelines), a file (scripts/list.lua), hooks, "
      .. "or the name of a point for hooks (before_clone).",
      of = "module", optional = true, positional = true },
    { "all", "flag", "Show all that is changed on this machine: overrides, own files, hooks." },
  },
  examples = {
    { "which list", "show the file that `tarn list` runs" },
    { "which tarn.pipelines", "show the module that scripts require" },
    { "which @list", "show the built-in file" },
    { "which --all", "show all overrides and hooks of this machine" },
    { "which hooks", "list all hooks, in the order in which they are called" },
  },
  see = { "eject", "doctor" },
  render = {
    text = function(rows, screen)
      for _, row in ipairs(rows) do
        local mark = row.status ~= "shadowed" and row.status ~= "no effect" and "* " or "  "
        local notes = { row.status, row.from ~= "bundle" and row.from or nil }
        if row.points and #row.points > 0 then
          notes[#notes + 1] = table.concat(row.points, " ")
        end
        if row.status == "command line" then
          notes[1] = "in force on the command line; scripts use the built-in command"
        elseif row.status == "new" then
          notes[1] = "your own"
        elseif row.status == "no effect" and not row.moved_to then
          notes[1] = "no effect, tarn loads its own file before it searches for others"
        elseif row.moved_to then
          notes[1] = "no effect, the module has moved to " .. row.moved_to
        end
        if row.ejected_from then
          notes[#notes + 1] = "ejected from " .. row.ejected_from
            .. (row.outdated and "; the built-in file has changed since" or "")
        end
        screen:line(mark, row.path, "  (", table.concat(notes, ", "), ")")
        if row.problem then
          screen:line("    broken: ", row.problem)
        end
      end
    end,
  },

  run = function(ctx, arg)
    if arg.all == (arg.name ~= nil) then
      fault.usage(ctx.op, arg.all and "give a NAME or --all, not both" or "NAME is missing",
        "`tarn which list` shows one command, `tarn which --all` what is changed here")
    elseif arg.all then
      return override.changes()
    end
    local rows = override.candidates(arg.name)
    if #rows == 0 and not override.is_hook_name(arg.name) then
      local similar = require("engine.script").suggest(arg.name)
      fault.not_found("tarn which", ("there is no command, module or file '%s'"):format(arg.name),
        similar and ("did you mean '%s'?"):format(similar))
    end
    return rows
  end,
}
