--- Export many pipelines into one folder, and again later: what has not changed is not written.

local export = require "tarn.export"
local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local many = require "tarn.many"
local manifests = require "tarn.export.manifest"
local names = require "tarn.export.names"
local parts = require "tarn.export.parts"
local specs = require "tarn.spec"
local stale = require "tarn.export.stale"

local M = {}

local OP <const> = "tarn export"
local PRIVATE <const>, PUBLIC <const> = tonumber("600", 8), tonumber("644", 8)
local WARNED <const> = 8 -- warnings on stderr

local Export = {}
Export.__index = Export

-- ---- read ----

-- Read the spec of one pipeline. Returns fields of its row.
function Export:read_one(listed)
  local item = export.read(self.ctx.workspace, listed.pipeline_id, { permissions = true })
  if self.format ~= "json" then
    item.spec = specs.without_nulls(item.spec)
    local obstacle = export.find_obstacle(item.spec)
    if obstacle then
      return { status = "left out", reason = obstacle }
    end
  end
  return { item = item }
end

function Export:read_all()
  self.rows, self.set.ids, self.set.items = json.array {}, {}, {}
  for row in many.read(self.ctx, self.choice.items, function(one) return self:read_one(one) end) do
    local item = row.item
    row.item = nil
    if item then
      table.insert(self.set.ids, row.pipeline_id)
      self.set.items[row.pipeline_id] = item
    else
      row.status = row.status or "failed"
    end
    self.rows[#self.rows + 1] = row
  end
end

-- True if pipelines of the folder are not exported now, though they still exist.
function Export:has_others()
  for id in pairs(self.manifest.pipelines) do
    if self.alive[id] and not self.set.items[id] then
      return true
    end
  end
  return false
end

-- ---- compare and write ----

function Export:render()
  self.parts, self.shared = parts.of(self.format, self.set)
end

local function state_of(folder, path, text)
  local before = folder and folder:find_read(path)
  return not before and "new" or before == text and "same" or "changed"
end

local function compare(folder, files)
  local list = json.array {}
  for path, text in pairs(files) do
    list[#list + 1] = { path = path, size = #text, state = state_of(folder, path, text) }
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

local WORDS <const> = { new = "written", changed = "replaced", same = "unchanged" }
local PLANNED <const> = { new = "would be written", changed = "would be replaced",
  same = "unchanged" }

local function status_of(files, words)
  local state = "same"
  for _, file in ipairs(files) do
    state = file.state ~= "same" and state ~= "changed" and file.state or state
  end
  return words[state]
end

function Export:compare()
  local folder <close> = fs.find_stat(self.dir) and fs.folder(self.dir) or nil
  self.shared_files = compare(folder, self.shared)
  for _, row in ipairs(self.rows) do
    local part = not row.error and self.parts[row.pipeline_id]
    if part then
      row.files, row.dropped = compare(folder, part.files), json.array(part.dropped)
      row.warnings = json.array(self.set.items[row.pipeline_id].warnings)
      table.move(part.warnings, 1, #part.warnings, #row.warnings + 1, row.warnings)
      row.status = status_of(row.files, self.dry_run and PLANNED or WORDS)
    end
  end
end

-- Existing files are replaced only with --force. All are checked before the first is written.
function Export:refuse_to_replace()
  local changed = {}
  local function add(files)
    for _, file in ipairs(files or {}) do
      changed[#changed + 1] = file.state == "changed" and file.path or nil
    end
  end
  add(self.shared_files)
  for _, row in ipairs(self.rows) do
    add(row.files)
  end
  if #changed > 0 then
    fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
      message = ("%s in %s exist%s already with other content: %s%s"):format(
        #changed == 1 and "1 file" or #changed .. " files", self.dir, #changed == 1 and "s" or "",
        table.concat(changed, ", ", 1, math.min(3, #changed)), #changed > 3 and ", ..." or ""),
      hint = "nothing was written; --force replaces them, and --dry-run lists them" }
  end
end

function Export:write_files()
  fs.mkdir(self.dir, { parents = true })
  local folder <close> = fs.folder(self.dir)
  local function write(files, texts, mode)
    for _, file in ipairs(files or {}) do
      if file.state ~= "same" then
        folder:write(file.path, texts[file.path], { mode = mode })
      end
    end
  end
  write(self.shared_files, self.shared, PUBLIC)
  for _, row in ipairs(self.rows) do
    local part = not row.error and self.parts[row.pipeline_id]
    if part then
      local has_secret = #export.secret_paths(self.set.items[row.pipeline_id].spec) > 0
      write(row.files, part.files, has_secret and PRIVATE or PUBLIC)
    end
  end
end

-- ---- the manifest ----

function Export:write_manifest()
  local folder <close> = fs.folder(self.dir)
  local text = manifests.text(self.manifest)
  if folder:find_read(manifests.FILE) ~= text then
    folder:write(manifests.FILE, text, { mode = PUBLIC })
  end
end

-- ---- the whole ----

-- Print the warnings of pipelines: the first ones, since each of many may have some.
function Export:warn()
  local n = 0
  for _, row in ipairs(self.rows) do
    for _, text in ipairs(row.warnings or {}) do
      n = n + 1
      if n <= WARNED then
        self.ctx.warn(("%s: %s"):format(row.name, text))
      end
    end
  end
  if n > WARNED then
    self.ctx.warn(("%d more warnings: -o json has all"):format(n - WARNED))
  end
end

local function open(ctx, choice, opts)
  local dir = opts.dir:gsub("(.)/+$", "%1")
  local org_id = ctx.workspace.native:info().org_id
  org_id = org_id and tostring(org_id)
  local folder <close> = fs.find_stat(dir) and fs.folder(dir) or nil
  local manifest = manifests.find(folder, dir)
  if manifest then
    manifests.check(manifest, dir, opts.format, org_id)
  end
  manifest = manifest or manifests.new(opts.format, org_id)
  local set, alive = { names = names.of(choice.listed) }, {}
  if opts.format == "bundle" then
    manifest.bundle = manifest.bundle or parts.bundle_name(org_id, opts.asked)
    set.bundle = manifest.bundle
  end
  for _, item in ipairs(choice.listed) do
    alive[item.pipeline_id] = true
  end
  return setmetatable({ ctx = ctx, choice = choice, dir = dir, manifest = manifest, set = set,
    format = opts.format, force = opts.force, dry_run = opts.dry_run, prune = opts.prune,
    with_sources = opts.sources, alive = alive }, Export)
end

local function run(self)
  self:read_all()
  self.set.keep_cli = self.format == "bundle" and self:has_others()
    and parts.needs_cli(self.dir)
  self:render()
  self:compare()
  if not self.dry_run then
    if not self.force then
      self:refuse_to_replace()
    end
    if self.with_sources then
      require("tarn.export.sources").run(self)
    end
    self:write_files()
  end
  stale.settle(self)
  if not self.dry_run then
    self:write_manifest()
  end
end

--- Export many pipelines into one folder. A pipeline that cannot be read does not stop the others,
-- and its earlier files stay.
---@param ctx tarn.Context
---@param choice tarn.Choice of many, with all pipelines `listed`
---@param opts { format: string, dir: string, asked: string[], sources?: boolean, force?: boolean,
---  prune?: boolean, dry_run?: boolean } asked: the words of the command line; prune: remove files
---  of pipelines that are gone
---@return table[] rows { pipeline_id, name, status, files, dropped, warnings, sources, stale }
function M.run(ctx, choice, opts)
  local self = open(ctx, choice, opts)
  local ok, e = fault.call(run, self)
  if not ok then
    if e.kind == "cancelled" then
      ctx.warn(("stopped in the middle: files in %s may be from before. The same command, with "
        .. "--force, goes on"):format(self.dir))
    end
    error(e, 0)
  end
  self:warn()
  return self.rows
end

return M
