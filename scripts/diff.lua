local diff = require "tarn.diff"
local layout = require "engine.help.layout"
local noise = require "tarn.diff.noise"
local secrets = require "base.secrets"
local sides = require "tarn.diff.sides"

-- The rules for differences that are ignored, in two columns.
local function noise_text()
  local lines, rows = {}, {}
  for i, rule in ipairs(noise.rules) do
    rows[i] = { rule.name, rule.why }
  end
  layout.two_columns(lines, rows)
  return table.concat(lines, "\n")
end

-- A difference for the output, with values that look like secrets masked.
local function entry(d)
  local name = d.keys[#d.keys]
  if type(name) == "number" then
    name = d.keys[#d.keys - 1]
  end
  local left, right
  if d.left ~= nil then
    left = secrets.masked(d.left, name)
  end
  if d.right ~= nil then
    right = secrets.masked(d.right, name)
  end
  return { path = d.path, kind = d.kind, left = left, right = right, rule = d.rule, why = d.why }
end

local function entries(list)
  local json = require("tarn").json
  local out = json.array {}
  for i, d in ipairs(list) do
    out[i] = entry(d)
  end
  return out
end

local function about(side)
  return { label = side.label, kind = side.kind, host = side.host, pipeline_id = side.pipeline_id,
    name = side.name, at = side.at }
end

local function compare_sources(ctx, a, b)
  if not a.sources or not b.sources then
    local why = not a.sources and a.why_no_sources or b.why_no_sources
    ctx.warn("the sources are not compared: " .. why)
    return nil
  end
  local differences, compared = diff.sources(a, b)
  return { differences = differences, compared = compared }
end

return {
  summary = "Show the differences between two pipelines: settings and sources.",
  effect = "read",
  route = { "GET", "/api/dlt/diff" },
  returns = { equal = "boolean", differences = { { path = "string", kind = "string" } },
    left = { label = "string", kind = "string" }, right = { label = "string", kind = "string" },
    ["sources?"] = { compared = "integer", differences = "array" } },
  details = [[
Each side is a pipeline, by id or name; `profile:name`, a pipeline in another workspace;
`journal:ID`, the settings before that operation changed them (or, for a new pipeline, after it);
or a folder that `tarn export` wrote, as a path: ./sales.

If the sides differ, the exit status is 9. Differences without a meaning are ignored, unless --all
is given:

]] .. noise_text(),
  args = {
    { "left", "string", "The first side.", of = "pipeline" },
    { "right", "string", "The second side.", of = "pipeline" },
    { "sources", "flag", "Compare the sources, too; --no-sources compares only settings.",
      default = true },
    { "all", "flag", "Show ignored differences, too." },
  },
  examples = {
    { "diff sales sales_copy", "compare two pipelines" },
    { "diff dev:sales prod:sales", "compare a pipeline in two workspaces" },
    { "diff ./sales sales", "show what has changed since the export" },
    { "diff journal:last sales --no-sources", "show what the last operation changed" },
  },
  see = { "clone", "export", "journal" },
  render = { text = function(report, screen) require("tarn.diff.text").show(report, screen) end },

  run = function(ctx, arg)
    local opened = {}
    local function open(profile)
      opened[profile] = opened[profile] or ctx.open(profile)
      return opened[profile]
    end
    local a, b = sides.find(arg.left, ctx, open), sides.find(arg.right, ctx, open)
    local differences, ignored = diff.settings(a, b)
    local sources = arg.sources and compare_sources(ctx, a, b) or nil
    local equal = #differences == 0 and (not sources or #sources.differences == 0)
    if not equal then
      ctx.finish "gate"
    end
    return { left = about(a), right = about(b), equal = equal, differences = entries(differences),
      sources = sources, ignored = arg.all and entries(ignored) or nil }
  end,
}
