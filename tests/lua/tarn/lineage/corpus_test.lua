-- The corpus of tests/corpus/lineage: small sources, and what lineage is to read from each.
--
-- NAME.sql, NAME.py, NAME.notebook.sql, NAME.notebook.py or NAME.ipynb stands beside NAME.json:
--   catalog, schema, configuration   of the pipeline
--   datasets   { [full name] = type }, where null is a type that the code does not tell
--   edges      [[source, target], ...]; a sink is "sink:NAME"
--   sinks      names
--   reasons    lines for which a reason is given, in a notebook with cells the cell's
--   language   of NAME.ipynb, if it is not PYTHON
--   flows      names, if they matter

local code = require "tarn.lineage.code"
local fs = require "native.fs"
local json = require "native.json"
local names = require "tarn.lineage.names"

local FOLDER <const> = "tests/corpus/lineage"

local KINDS <const> = {
  { ".notebook.sql", kind = "NOTEBOOK", language = "SQL", format = "SOURCE" },
  { ".notebook.py", kind = "NOTEBOOK", language = "PYTHON", format = "SOURCE" },
  { ".ipynb", kind = "NOTEBOOK", language = "PYTHON", format = "JUPYTER" },
  { ".sql", kind = "FILE" },
  { ".py", kind = "FILE" },
}

-- The name of a source and what a workspace says about it; nil for other files.
local function describe(file)
  for _, kind in ipairs(KINDS) do
    if file:sub(-#kind[1]) == kind[1] then
      return file:sub(1, -#kind[1] - 1), { path = "/corpus/" .. file, kind = kind.kind,
        language = kind.language, format = kind.format, roles = { "library" } }
    end
  end
end

local function sorted(list)
  table.sort(list)
  return list
end

local function keys(map)
  local list = {}
  for key in pairs(map or {}) do
    list[#list + 1] = key
  end
  return sorted(list)
end

local function full(written, place)
  local name = names.find(written, place)
  return name and name.fqn
end

-- What was read, in the words of the corpus.
local function found_in(graph, files, place)
  graph = graph or { datasets = {}, flows = {}, sinks = {} }
  local datasets, edges, flows, reasons = {}, {}, {}, {}
  for written, dataset in pairs(graph.datasets) do
    datasets[full(written, place)] = dataset.type or "unknown"
  end
  for _, flow in ipairs(graph.flows) do
    local target = flow.sink and "sink:" .. flow.sink or full(flow.output, place)
    flows[flow.name or "?"] = true
    for _, input in ipairs(flow.inputs) do
      local source = full(input, place)
      if source ~= target then
        edges[source .. " -> " .. target] = true
      end
    end
    if not flow.sink and datasets[target] == nil then
      datasets[target] = "unknown"
    end
  end
  for _, reason in ipairs(files[1].reasons) do
    reasons[tonumber(reason:match "line (%d+): ") or 0] = true
  end
  return { datasets = datasets, edges = keys(edges), sinks = keys(graph.sinks),
    flows = keys(flows), reasons = keys(reasons) }
end

local function expected_of(truth)
  local datasets, edges, sinks, reasons = {}, {}, {}, {}
  for name, type in pairs(truth.datasets or {}) do
    datasets[name] = type == json.null and "unknown" or type
  end
  for i, edge in ipairs(truth.edges or {}) do
    edges[i] = edge[1] .. " -> " .. edge[2]
  end
  table.move(truth.sinks or {}, 1, #(truth.sinks or {}), 1, sinks)
  table.move(truth.reasons or {}, 1, #(truth.reasons or {}), 1, reasons)
  return { datasets = datasets, edges = sorted(edges), sinks = sorted(sinks),
    reasons = sorted(reasons), flows = truth.flows and sorted(truth.flows) }
end

for _, file in ipairs(fs.list(FOLDER)) do
  local name, item = describe(file)
  if name then
    test("corpus: " .. file, function(t)
      local truth = json.decode(fs.read(("%s/%s.json"):format(FOLDER, name)))
      local spec = { catalog = truth.catalog, schema = truth.schema,
        configuration = truth.configuration or {} }
      item.language = truth.language or item.language
      local graph, files = code.understand({ { item = item,
        text = fs.read(FOLDER .. "/" .. file) } }, spec)
      local found = found_in(graph, files, names.place(spec))
      local expected = expected_of(truth)
      if not expected.flows then
        found.flows = nil
      end
      t.equal(found, expected, table.concat(files[1].reasons, "\n"))
    end)
  end
end

test("each truth of the corpus has a source", function(t)
  local sources, truths = {}, {}
  for _, file in ipairs(fs.list(FOLDER)) do
    local name = describe(file)
    sources[#sources + 1] = name
    truths[#truths + 1] = file:match "^(.*)%.json$"
  end
  t.equal(sorted(truths), sorted(sources))
end)
