-- Texts of commands in a narrow window: what has blanks is broken there.

local program = require "testing.program"
local term = require "native.term"

local COMMANDS <const> = {
  { "clone", "sales_orders_etl", "--name", "x", "--schema", "x", "--with-jobs", "report",
    "--dry-run" },
  { "clone", "quickstart", "--to", "demo-dr", "--name", "quickstart_copy", "--catalog", "main",
    "--with-sources", "--permissions" },
  { "events", "sales_promotions", "--max-events", "20" },
  { "expectations", "sales_promotions" },
  { "lineage", "finance_gl_close" },
  { "permissions", "finance_gl_close" },
  { "trigger", "sales_forecast", "--wait" },
  { "diff", "finance_gl_close", "finance_fx_rates", "--sources" },
  { "journal", "last" },
  { "jobs" }, { "cost", "--by", "owner" },
  { "dashboard" }, { "get", "finance_gl_close" }, { "updates", "finance_gl_close" },
  { "set", "sales_forecast", "photon=true", "tags.team=a team with a name of some words, and more",
    "--dry-run" },
  { "rename", "sales_forecast", "sales_forecast_of_the_next_quarter", "--dry-run" },
  { "migrate", "quickstart", "--catalog", "sales", "--dry-run" },
}

for _, columns in ipairs { 80, 120 } do
  test(("no text is broken in the middle of a word at %d columns"):format(columns), function(t)
    local dir <close> = program.dir()
    local env = { COLUMNS = tostring(columns), XDG_STATE_HOME = dir.path }
    for _, command in ipairs(COMMANDS) do
      local r = program.run({ "-p", "demo", table.unpack(command) }, { env = env })
      t.is_true(#r.stdout > 0, command[1] .. r.stderr)
      for line in r.stdout:gmatch "[^\n]+" do
        -- a line is too wide only if it is one word, beside the name before it
        local words = select(2, line:gsub("%S+", ""))
        t.is_true(term.width(line) <= columns or words <= 2, command[1] .. ": " .. line)
      end
    end
  end)
end
