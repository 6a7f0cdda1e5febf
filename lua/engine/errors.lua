--- The descriptions of all kinds of faults and of the exit statuses. `tarn help error` shows them,
-- and docs/reference/errors.md is made from them.

local M = {}

---@class tarn.ErrorText
---@field kind string
---@field what string  what the kind means
---@field try string[] what to do, the most likely first

--- The kinds of faults.
---@type tarn.ErrorText[]
M.kinds = {
  {
    kind = "network",
    what = "The server did not answer: its name could not be resolved, the connection was refused "
      .. "or broke off, or TLS failed.",
    try = {
      "Check the host: `tarn auth describe` shows which host is used and where it is configured.",
      "Behind a proxy, set HTTPS_PROXY. If the proxy has its own certificates, set CURL_CA_BUNDLE.",
      "If the message says that the request may have taken effect, check with `tarn list` or "
        .. "`tarn updates` before you repeat the command.",
    },
  },
  {
    kind = "timeout",
    what = "The operation took longer than its time limit, and was cancelled. A statement was "
      .. "cancelled at the warehouse, too.",
    try = {
      "--timeout SECONDS sets another limit.",
      "A stopped warehouse takes minutes to start: a second try is faster.",
      "-v shows which request was slow.",
      "\"computed for 60 s without a wait\": a script has a loop that does not end; the message "
        .. "names the line. If the loop is meant to run long, call `tarn.sleep(0)` in it, or set "
        .. "--cpu-limit SECONDS.",
    },
  },
  {
    kind = "http",
    what = "The workspace answered the request with an error. The message, `code` and `status` are "
      .. "the workspace's.",
    try = {
      "404, RESOURCE_DOES_NOT_EXIST: the id is wrong, or belongs to another workspace (--profile).",
      "400, INVALID_PARAMETER_VALUE: the message names the field.",
      "429: the workspace limits the rate of requests. Tarn has waited and tried again; send fewer "
        .. "at once: --jobs 8, --rate 10.",
      "500 to 504: the workspace has a problem. Its support will ask for the request id, which -v "
        .. "shows.",
      "An answer in HTML: the host is not a workspace, or a proxy answered instead of it.",
    },
  },
  {
    kind = "auth",
    what = "There are no credentials, the workspace refused them (401), or they do not permit the "
      .. "request (403).",
    try = {
      "`tarn auth describe` shows which credentials are used and where they come from.",
      "`tarn auth profiles` lists the profiles; --profile NAME chooses one.",
      "401: the token has expired, or belongs to another workspace.",
      "403: ask for the permission. CAN_VIEW is needed to see a pipeline, CAN_RUN to start it, "
        .. "CAN_MANAGE to change it. System tables need USE CATALOG, USE SCHEMA and SELECT.",
    },
  },
  {
    kind = "sql",
    what = "A statement failed or was cancelled at the warehouse, or its result is no longer "
      .. "available. Tarn never shows this as an empty result.",
    try = {
      "The message is the warehouse's own, with its SQLSTATE.",
      "TABLE_OR_VIEW_NOT_FOUND: the table does not exist, or you may not see it. System tables "
        .. "must be enabled for the account.",
    },
  },
  {
    kind = "parse",
    what = "Something has the wrong format: an answer that is not JSON, a file with a syntax "
      .. "error, or a script with a wrong header.",
    try = {
      "For a file, the message names the line.",
      "For an answer, -vv shows it. Tarn requests an incomplete answer again by itself.",
    },
  },
  {
    kind = "io",
    what = "A file, a folder, a socket or standard output of this machine could not be used.",
    try = {
      "The message names the file. If the disk is full, the old file is unchanged.",
      "OUT_OF_MEMORY: a script needs more memory than --memory-limit allows; the message names the "
        .. "line.",
      "If a program such as `head` closes standard output early, that is no error: Tarn ends with "
        .. "status 0.",
    },
  },
  {
    kind = "conflict",
    what = "The present state does not allow the operation: the name exists already, or an update "
      .. "is active.",
    try = {
      "If a name is taken, choose another one.",
      "If an update is active, run `tarn stop` or `tarn wait` first.",
      "REFUSED_BY_HOOK: one of your hooks forbids the operation; `tarn which hooks` lists them.",
    },
  },
  {
    kind = "usage",
    what = "The command line is wrong, or names something that does not exist or is not unique.",
    try = {
      "`tarn help COMMAND` shows the arguments, with examples.",
      "A pipeline is named by its id, its exact name, or the beginning of its name if no other "
        .. "name begins so.",
      "READ_ONLY: --read-only or TARN_READ_ONLY is set, and the command would change something.",
    },
  },
  {
    kind = "cancelled",
    what = "You stopped the command with Ctrl-C, or did not confirm a question.",
    try = {
      "The command has ended cleanly: files are closed, statements are cancelled. A second Ctrl-C "
        .. "ends it at once, without that.",
    },
  },
  {
    kind = "script",
    what = "A script of yours has a mistake: a file that `tarn run` runs, a command, an override, "
      .. "or a hook. The message names its file and line.",
    try = {
      "The line is shown, with marks below the word that is wrong.",
      "-v shows the traceback, with the frames of Tarn's own.",
      "`tarn --bundled COMMAND` ignores all overrides and hooks.",
    },
  },
  {
    kind = "bug",
    what = "Tarn itself has an error.",
    try = {
      "Please report it with the traceback.",
      "`tarn --bundled COMMAND` ignores all overrides: try whether the error is gone.",
    },
  },
}

--- The exit statuses, in order.
---@type { [1]: integer, [2]: string }[]
M.statuses = {
  { 0, "success" },
  { 1, "another error: network, sql, io, parse, script, or an HTTP status that is not here" },
  { 2, "wrong usage" },
  { 3, "not found" },
  { 4, "no credentials, or no permission" },
  { 5, "conflict: it exists already, or an update is active" },
  { 6, "timed out" },
  { 7, "the update failed" },
  { 8, "the update was cancelled" },
  { 9, "a check did not pass: a gate of expectations, or diff found differences" },
  { 10, "the answer was lost: it is unknown whether something was changed" },
  { 70, "a bug in Tarn" },
  { 130, "interrupted" },
}

--- The description of a kind, or nil.
---@param kind string
---@return tarn.ErrorText?
function M.find(kind)
  for _, entry in ipairs(M.kinds) do
    if entry.kind == kind then
      return entry
    end
  end
end

local WIDTH <const> = 120 -- columns of the page

-- Append a text, wrapped; the second and later lines begin with `indent`.
local function add_wrapped(lines, text, indent)
  local line = nil
  for word in text:gmatch "%S+" do
    if line and #line + 1 + #word > WIDTH then
      lines[#lines + 1] = line
      line = indent .. word
    else
      line = line and line .. " " .. word or word
    end
  end
  lines[#lines + 1] = line
end

--- The page docs/reference/errors.md.
---@return string Markdown
function M.markdown()
  local lines = {
    "# Errors", "",
    "Tarn reports an error as a *fault*, which has a kind. This page describes the kinds; so does",
    "`tarn help error KIND`. It is made from `lua/engine/errors.lua`, and a test compares the two.",
    "",
  }
  for _, entry in ipairs(M.kinds) do
    lines[#lines + 1] = "## " .. entry.kind
    lines[#lines + 1] = ""
    add_wrapped(lines, entry.what, "")
    lines[#lines + 1] = ""
    for _, try in ipairs(entry.try) do
      add_wrapped(lines, "- " .. try, "  ")
    end
    lines[#lines + 1] = ""
  end
  lines[#lines + 1] = "## Exit statuses"
  lines[#lines + 1] = ""
  lines[#lines + 1] = "| status | meaning |"
  lines[#lines + 1] = "|---|---|"
  for _, status in ipairs(M.statuses) do
    lines[#lines + 1] = ("| %d | %s |"):format(status[1], status[2])
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
