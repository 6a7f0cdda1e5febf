--- Let a person change settings in an editor.

local collections = require "base.collections"
local edit = require "tarn.edit"
local editor = require "engine.editor"
local fault = require "base.fault"
local file = require "tarn.edit.file"
local fs = require "native.fs"
local quote = require "output.quote"
local run = require "tarn.edit.run"
local screens = require "output.screen"
local show = require "tarn.edit.show"
local term = require "native.term"
local time = require "base.time"

local M = {}

local OP <const> = "tarn edit"
local OWNER_ONLY <const> = 384 -- 0600

local function has_terminal()
  return term.is_tty "in" and term.is_tty "err"
end

-- The text to be edited, in a folder of its own. It is removed when the variable is closed, unless
-- it has changed and was not sent.
local Draft = {}
Draft.__index = Draft

local function new_draft(text, name)
  local dir = fs.mktemp()
  local path = ("%s/%s.yaml"):format(dir, (name:gsub("[^%w_.-]", "_"):gsub("^%.", "_")))
  fs.write(path, text, { mode = OWNER_ONLY })
  return setmetatable({ dir = dir, path = path, began = text, sent = false }, Draft)
end

function Draft:read()
  return fs.find_read(self.path) or ""
end

function Draft:is_worth_keeping()
  return not self.sent and self:read() ~= self.began
end

function Draft:place(id)
  return ("the text is kept: `tarn edit %s --from %s` goes on"):format(id, quote.shell(self.path))
end

function Draft:__close()
  if not self:is_worth_keeping() then
    fs.remove(self.dir, { recursive = true })
  end
end

-- The fault, with the place of the text in its hint. A fault of kind `cancelled` is not shown, so a
-- line says it.
local function with_place(e, draft, id, warn)
  if not draft:is_worth_keeping() then
    return e
  end
  local again = draft:place(id)
  if e.kind == "cancelled" then
    warn(again)
    return e
  end
  local copy = collections.copy(e)
  copy.hint = e.hint and e.hint .. "; " .. again or again
  return fault.new(copy)
end

local function ask(question, default)
  local answer = term.read_line(question)
  answer = answer and answer:lower():match "^%s*(%a?)"
  return answer == "" and default or answer
end

local function about(ws, found)
  return ("The settings of '%s' (%s) in %s, last changed %s"):format(found.name or "",
    found.pipeline_id, ws.profile or ws:host(),
    found.last_modified and time.iso(found.last_modified) or "at an unknown time")
end

local function show_changes(found, changes)
  local screen = screens.new(function(text) io.stderr:write(text) end,
    { terminal = term.is_tty "err" })
  screen:heading(("%s (%s):"):format(screen:clean(found.name or ""), found.pipeline_id))
  show.changes(run.shown(changes), screen)
end

-- "send", "again", or "leave". Without a terminal only --yes can agree.
local function decide(ws, found, changes, opts)
  if opts.yes or opts.dry_run then
    return "send"
  end
  show_changes(found, changes)
  local answer = ask(("Send %d change%s to %s? [y]es, [e]dit again, [N]o: "):format(#changes,
    #changes == 1 and "" or "s", ws.profile or ws:host()), "n")
  return answer == "y" and "send" or answer == "e" and "again" or "leave"
end

-- After a fault of the text or of the workspace: whether the user wants to go on editing.
local function wants_again(e)
  if not has_terminal() or e.kind == "cancelled" or e.kind == "bug" or e.status == 409
    or e.ambiguous then
    return false
  end
  io.stderr:write("tarn: ", screens.clean(e.message, true), "\n")
  return ask("Edit it again? [Y/n] ", "y") == "y"
end

-- One turn: the editor, the question, the request. Nil: another turn is wanted.
local function turn(ws, found, draft, made, settings, opts)
  local failure = editor.open(draft.path)
  if failure then
    fault.raise { kind = "io", op = OP, message = failure .. ", so nothing is sent" }
  end
  local ok, e = fault.call(function()
    local body = file.parse(draft:read(), made, settings)
    local changes = edit.changes(found, body)
    run.check(OP, found, body)
    local choice = #changes == 0 and "send" or decide(ws, found, changes, opts)
    if choice == "leave" then
      opts.warn "nothing was sent"
      fault.raise { kind = "cancelled", op = OP, message = "not confirmed: nothing was sent" }
    end
    return choice == "send" and run.run(ws, found, body, opts) or nil
  end)
  if ok then
    draft.sent = e ~= nil and not (opts.dry_run and #e.changes > 0)
    return e
  elseif not wants_again(e) then
    error(e, 0)
  end
end

--- Open the settings in the editor until they are sent, or the user gives up. Raises a fault whose
-- hint says where the text is, if something was changed in it.
---@param ws tarn.WorkspaceClient
---@param found table GetPipelineResponse
---@param opts { command: string, arg?: table, dry_run?: boolean, yes?: boolean, from?: string,
---  warn: fun(text: string) } from: a file to begin with
---@return tarn.EditReport
function M.run(ws, found, opts)
  if not (opts.yes or opts.dry_run or has_terminal()) then
    fault.usage(OP, "there is no terminal to ask on before the changes are sent",
      "--yes agrees; `tarn set` needs no editor")
  end
  local settings = require("tarn.spec").settings(found)
  local made = file.text(settings, about(ws, found))
  local text = opts.from and fs.find_read(opts.from) or made.text
  if opts.from and not fs.find_stat(opts.from) then
    fault.not_found(OP, opts.from .. " does not exist")
  end
  local draft <close> = new_draft(text, found.name or found.pipeline_id)
  while true do
    local ok, report = fault.call(turn, ws, found, draft, made, settings, opts)
    if not ok then
      error(with_place(report, draft, found.pipeline_id, opts.warn), 0)
    elseif report then
      if draft:is_worth_keeping() then -- after a dry run
        opts.warn(draft:place(found.pipeline_id))
      end
      return report
    end
  end
end

return M
