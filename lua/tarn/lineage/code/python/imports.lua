--- What an import binds, and what is known of modules that are not in the file. Pure.

local expressions = require "tarn.lineage.code.python.syntax.expressions"
local frames = require "tarn.lineage.code.python.frames"
local modules = require "tarn.lineage.code.python.modules"
local run_of = require "tarn.lineage.code.python.run"
local spark = require "tarn.lineage.code.python.spark"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

-- The value of a module or of a name in it.
local function value_of(run, path)
  local file = modules.find(run, path)
  if file then
    return file
  end
  local word = words.word_of(path)
  if word == "" then
    return words.MODULE
  elseif word then
    return { k = "word", word = word }
  elseif path:find "%.spark$" then
    return spark.session -- databricks.sdk.runtime, and packages that hand the session on
  end
  return { k = "import", path = path }
end

-- `import a.b.c` binds `a`, from which `.b.c` is reached.
local function import(run, node, scope)
  for _, name in ipairs(node.names) do
    if words.is_module(name.path) then
      run.imported = run.imported or node.line
    end
    if name.as then
      run_of.assign(scope, name.as, value_of(run, name.path))
    else
      local first = name.path:match "^[^.]+"
      run_of.assign(scope, first, value_of(run, first))
    end
  end
end

-- All names of a module of the pipeline's own.
local function bind_all(scope, file)
  for name, value in pairs(file.scope.vars) do
    if not name:find "^_" then
      run_of.assign(scope, name, value)
    end
  end
end

-- The value of a name that is imported from a module.
local function member(run, module, name)
  local path = module .. (module:find "%.$" and "" or ".") .. name
  local file = not module:find "^%.+$" and modules.find(run, module)
  local value = file and file.scope.vars[name]
  if value or not file then
    return value or value_of(run, path), path
  end
  return modules.find(run, path)
    or values.unknown(("`%s` of %s is not known"):format(name, file.path)), path
end

local function from(run, node, scope)
  local is_module = words.is_module(node.path)
  if is_module then
    run.imported = run.imported or node.line
  end
  if node.all then
    if is_module then
      for _, word in ipairs(words.all()) do
        run_of.assign(scope, word, { k = "word", word = word })
      end
    elseif modules.find(run, node.path) then
      bind_all(scope, modules.find(run, node.path))
    elseif not node.path:find "^pyspark" and node.path ~= "typing" and node.path ~= "datetime" then
      run.stars = run.stars or node.path
    end
    return
  end
  for _, name in ipairs(node.names) do
    local value, path = member(run, node.path, name.name)
    if words.is_module(path) then
      run.imported = run.imported or node.line
    end
    run_of.assign(scope, name.as or name.name, value)
  end
end

--- Bind the names of an import statement.
---@param run tarn.PythonRun
---@param node table
---@param scope table
function M.bind(run, node, scope)
  if node.t == "import" then
    import(run, node, scope)
  else
    from(run, node, scope)
  end
end

--- An attribute of a module.
---@param run tarn.PythonRun
---@param self table import
---@param name string
---@return table value
function M.attribute(run, self, name)
  if self.path:find "%f[%w]SparkSession%f[%W]" or self.path:find "DatabricksSession" then
    return spark.attribute(spark.session, name)
  end
  return value_of(run, self.path .. "." .. name)
end

--- An attribute of a module that is a file of the pipeline.
---@param run tarn.PythonRun
---@param self table file
---@param name string
---@return table value
function M.file_attribute(run, self, name)
  local folder = self.path:match "^(.*)/__init__%.py$"
  return self.scope.vars[name] or folder and modules.find(run, folder:match "[^/]+$" .. "." .. name)
    or values.unknown(("`%s` of %s is not known"):format(name, self.path))
end

local function join_paths(args)
  local result = args[1] and values.to_text(args[1])
  for i = 2, #args do
    local last = result.parts[#result.parts]
    if type(last) ~= "string" or not last:find "/$" then
      result = values.concat(result, values.text "/")
    end
    result = values.concat(result, values.to_text(args[i]))
  end
  return result
end

local function reduce(run, args, line)
  local list = args[2] and args[2].k == "list" and args[2].items or {}
  local result = args[3] or list[1]
  for i = args[3] and 1 or 2, #list do
    result = run:call(args[1], { result, list[i] }, {}, line)
  end
  return result
end

-- A table of Delta Lake's own interface. It is read where it is made a frame: `merge` writes it.
local function delta_table(path, args)
  local how = path:match "DeltaTable%.(for%a+)$"
  if how == "forName" or how == "forPath" then
    return { k = "delta", how = how, name = args[2] or args[1] or values.NONE }
  end
end

-- The value that a literal in a text has, of Python or JSON.
local function literal(run, text)
  local node = expressions.parse(text, 1)
  if not node then
    return values.unknown "a literal is not understood"
  end
  local scope = run_of.scope(nil, "function")
  scope.vars = { ["true"] = values.plain(true), ["false"] = values.plain(false),
    null = values.NONE }
  return run:evaluate(node, scope)
end

-- Frames that a function of pyspark makes are known to be frames: `DataFrame.union(a, b)`.
local function is_of_spark(path)
  return path:find "^pyspark" ~= nil
end

--- Call something that is imported.
---@param run tarn.PythonRun
---@param self table import
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, self, args, named, line)
  local path = self.path
  if path:find "DatabricksSession$" or path:find "SparkSession$" then
    return spark.session
  elseif path == "os.path.join" or path == "posixpath.join" then
    return join_paths(args) or values.NONE
  elseif path == "functools.reduce" and args[1] then
    local result = reduce(run, args, line)
    return result or values.NONE
  elseif path == "functools.partial" and args[1] then
    return { k = "partial", of = args[1], args = table.move(args, 2, #args, 1, {}), named = named }
  elseif path == "copy.deepcopy" or path == "copy.copy" then
    return args[1] or values.NONE
  elseif path == "collections.OrderedDict" or path == "types.SimpleNamespace" then
    return run:call({ k = "builtin", name = "dict" }, args, named, line)
  elseif (path == "ast.literal_eval" or path == "json.loads") and args[1]
    and values.string(args[1]) then
    return literal(run, values.string(args[1]))
  end
  local frame = delta_table(path, args) or frames.join(frames.all(args, named))
  if frame then
    return frame
  elseif is_of_spark(path) then
    return values.unknown "it is a column"
  end
  return values.unknown(("what `%s` returns is not known"):format(path))
end

return M
