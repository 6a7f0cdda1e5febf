local fault = require "tarn.fault"
local override = require "tarn.override"

return {
  summary = "Show which file a command or a module comes from.",
  effect = "read",
  details = [[
Every candidate in the order of the search: --path, TARN_PATH, the configuration directory,
what is built in. The first is in force; it shadows the others.]],
  args = {
    { "name", "string", "A command, a module (tarn.pipelines) or a file (scripts/list.lua).",
      of = "module" },
  },
  examples = {
    { "which list", "the file that `tarn list` runs" },
    { "which tarn.pipelines", "the module that scripts get" },
    { "which @list", "the one that is built in" },
  },
  see = { "eject", "doctor" },
  render = {
    text = function(rows, out)
      for _, row in ipairs(rows) do
        local mark = row.status == "in force" and "* " or "  "
        local notes = { row.status, row.from ~= "bundle" and row.from or nil }
        if row.ejected_from then
          notes[#notes + 1] = "ejected from " .. row.ejected_from
        end
        out:line(mark, row.path, "  (", table.concat(notes, ", "), ")")
        if row.problem then
          out:line("    broken: ", row.problem)
        end
      end
    end,
  },

  run = function(_, arg)
    local rows = override.candidates(arg.name)
    if #rows == 0 then
      fault.not_found("tarn which", ("nothing has the name '%s'"):format(arg.name),
        require("tarn.similar").find_hint(arg.name, require("tarn.script").names()))
    end
    return rows
  end,
}
