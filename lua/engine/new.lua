--- `tarn new`: writes templates for the user's own commands, hooks and tests.

local bundle = require "native.bundle"
local fault = require "base.fault"
local find = require "engine.find"
local fs = require "native.fs"
local quote = require "output.quote"

local M = {}

local OP <const> = "tarn new"

-- Of each kind: the folder of the file, its template, and the template of its test.
local KINDS <const> = {
  read = { "scripts", "read", "read_test" },
  write = { "scripts", "write", "write_test" },
  hook = { "hooks", "hook", "hook_test" },
  test = { nil, nil, "test" },
}

-- A template with its placeholders filled in. The user may override templates.
local function text_of(template, name, tarn, test_path)
  local source = find.file("lua/engine/new/" .. template .. ".txt")
  local fill = { NAME = name, TARN = tarn, TESTS = quote.shell(test_path) }
  return (source.text:gsub("%f[%w_]%u+%f[^%w_]", fill))
end

---@class tarn.NewPlan
---@field files { path: string, text: string }[] the file (none for a test), and its test
---@field try string[] command lines that run the files

local function refuse(message, hint)
  fault.raise { kind = "conflict", op = OP, message = message, hint = hint }
end

--- Plan what `tarn new` writes. Raises a fault if one of the files exists, or if a built-in command
-- has the name: to replace that one, `tarn eject` gives a copy of it.
---@param name string
---@param opts { kind: "command"|"hook"|"test", effect?: "read"|"write", to?: string }
---@return tarn.NewPlan
function M.plan(name, opts)
  if not name:find "^%l[%w_-]*$" then
    fault.usage(OP, ("'%s' cannot be the name of a command"):format(name),
      "a name begins with a lower-case letter and has letters, digits, - and _")
  elseif opts.kind == "command" and bundle.read("scripts/" .. name .. ".lua") then
    refuse(("'%s' is a built-in command"):format(name),
      ("`tarn eject %s` writes a copy of it, which you can change"):format(name))
  end
  local root = opts.to or find.find_config_dir()
  if not root then
    fault.usage(OP, "there is no home directory to write to", "--to DIR names another folder")
  end
  root = #root > 1 and root:gsub("/+$", "") or root
  local folder, own, its_test = table.unpack(
    KINDS[opts.kind == "command" and (opts.effect or "read") or opts.kind], 1, 3)
  local test_path = ("%s/tests/%s_test.lua"):format(root, (name:gsub("-", "_")))
  local tarn = opts.to and "tarn --path " .. quote.shell(root) or "tarn"
  local files = {}
  local function add(path, template)
    if fs.find_stat(path) then
      refuse(path .. " exists already",
        "nothing was written; choose another name, or remove the file")
    end
    files[#files + 1] = { path = path, text = text_of(template, name, tarn, test_path) }
  end
  if own then
    add(("%s/%s/%s.lua"):format(root, folder, name), own)
  end
  add(test_path, its_test)
  local try = { ("%s test %s"):format(tarn, quote.shell(test_path)) }
  if opts.kind == "command" then
    table.insert(try, 1, ("%s %s --help"):format(tarn, name))
  end
  return { files = files, try = try }
end

--- Write the files of a plan.
---@param plan tarn.NewPlan
function M.write(plan)
  for _, file in ipairs(plan.files) do
    fs.mkdir((file.path:gsub("/[^/]*$", "")), { parents = true })
    fs.write(file.path, file.text, { exclusive = true })
  end
end

return M
