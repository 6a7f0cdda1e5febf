local diff = require "tarn.diff"
local noise = require "tarn.diff.noise"
local secrets = require "base.secrets"
local sides = require "tarn.diff.sides"

-- The list of what is noise, in two columns.
local function noise_text()
  local lines = {}
  for _, rule in ipairs(noise.rules) do
    local line = ("%-11s"):format(rule.name)
    for word in rule.why:gmatch "%S+" do
      if #line + 1 + #word > 96 then
        lines[#lines + 1] = line
        line = (" "):rep(11)
      end
      line = line .. " " .. word
    end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

-- What leaves the program of one difference; what looks like a secret is masked.
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
    ctx.warn("sources are not compared: " .. why)
    return nil
  end
  local differences, compared = diff.sources(a, b)
  return { differences = differences, compared = compared }
end

return {
  summary = "Show what differs between two pipelines: settings and sources.",
  effect = "read",
  route = { "GET", "/api/dlt/diff" },
  returns = { equal = "boolean", differences = { { path = "string", kind = "string" } },
    left = { label = "string", kind = "string" }, right = { label = "string", kind = "string" },
    ["sources?"] = { compared = "integer", differences = "array" } },
  details = [[
Each side is a pipeline by id or name, `profile:name` in another workspace, `journal:ID` for
the settings as they were before that operation changed them (or as it made them), or a folder
that `tarn export` wrote, as a path: ./sales.

The exit status is 9 if they differ. What means nothing is ignored; --all shows it:

]] .. noise_text(),
  args = {
    { "left", "string", "The one side.", of = "pipeline" },
    { "right", "string", "The other side.", of = "pipeline" },
    { "sources", "flag", "Compare sources too (--no-sources: settings only).", default = true },
    { "all", "flag", "Show what is ignored too." },
  },
  examples = {
    { "diff sales sales_copy", "two pipelines here" },
    { "diff dev:sales prod:sales", "the same in two workspaces" },
    { "diff ./sales sales", "what has changed since the export" },
    { "diff journal:last sales --no-sources", "since the last change" },
  },
  see = { "clone", "export", "journal" },
  render = { text = function(report, out) require("tarn.diff.text").show(report, out) end },

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
