--- What can go wrong, in words: `tarn help error` shows it, docs/reference/errors.md is made from it.

local M = {}

---@class tarn.ErrorText
---@field kind string
---@field what string  what it means
---@field try string[] what to do, the likeliest first

--- One for each kind of fault.
---@type tarn.ErrorText[]
M.kinds = {
  {
    kind = "network",
    what = "No answer came: the name did not resolve, nothing listened, TLS failed, or the "
      .. "connection broke off.",
    try = {
      "Look at the host: `tarn auth describe` shows which one is used and where it was found.",
      "Behind a proxy, set HTTPS_PROXY; behind one that has its own certificates, CURL_CA_BUNDLE.",
      "If the message says that the request may have taken effect, look before you repeat it: "
        .. "`tarn list`, `tarn updates`.",
    },
  },
  {
    kind = "timeout",
    what = "The time that was set went by. What was under way was cancelled, at the warehouse too.",
    try = {
      "Give it more time: --timeout SECONDS.",
      "A warehouse that was stopped takes minutes to start: the second try is faster.",
      "-v shows which request waited, and for what.",
      "\"computed for 60 s without a wait\": a loop of a script does not end, at the line that is "
        .. "named. One that is meant to take long waits now and then (`tarn.sleep(0)`), or gets "
        .. "--cpu-limit SECONDS.",
    },
  },
  {
    kind = "http",
    what = "The workspace answered, and said no. The message is its own; `code` and `status` come "
      .. "from its answer.",
    try = {
      "404, RESOURCE_DOES_NOT_EXIST: a wrong id, or the right one in another workspace: --profile.",
      "400, INVALID_PARAMETER_VALUE: the message names the field.",
      "429: the workspace holds everybody back. Tarn has waited as it was told; fewer calls at "
        .. "once help: --jobs 8, --rate 10.",
      "500 to 504: the workspace has a problem. The request id in -v is what its support asks for.",
      "An answer in HTML: the host is not a workspace, or a proxy answered in its place.",
    },
  },
  {
    kind = "auth",
    what = "No credentials were found, they were refused (401), or they are good and do not "
      .. "allow this (403).",
    try = {
      "`tarn auth describe` shows which credentials were used, and from where.",
      "`tarn auth profiles` lists the profiles; --profile NAME takes one.",
      "401: the token has expired or belongs to another workspace.",
      "403: somebody must grant it: CAN_VIEW to see a pipeline, CAN_RUN to start it, CAN_MANAGE "
        .. "to change it. System tables need USE CATALOG, USE SCHEMA and SELECT.",
    },
  },
  {
    kind = "sql",
    what = "The statement reached the warehouse and failed there, was cancelled there, or its "
      .. "result is gone. This is never shown as \"no rows\".",
    try = {
      "TABLE_OR_VIEW_NOT_FOUND: the table is not there, or you may not see it. System tables must "
        .. "be enabled for the account.",
      "The message is the warehouse's own, with its SQLSTATE.",
    },
  },
  {
    kind = "parse",
    what = "Something is not what it claims to be: an answer that is not JSON, a file with a "
      .. "mistake in it, a script whose header is wrong.",
    try = {
      "Of a file the message names the line.",
      "Of an answer: -vv shows it. An answer that was cut off is asked for again by itself.",
    },
  },
  {
    kind = "io",
    what = "This machine: a file, a folder, a socket, or standard output.",
    try = {
      "The message names the file. A full disk leaves the old file as it was.",
      "OUT_OF_MEMORY: a script keeps more than --memory-limit allows; the line is named.",
      "Standard output that is closed early, as `| head` does, is no fault: Tarn stops, with "
        .. "status 0.",
    },
  },
  {
    kind = "conflict",
    what = "It is there already, or something is under way that does not allow this now.",
    try = {
      "A name that is taken: choose another one.",
      "REFUSED_BY_HOOK: a rule of yours does not allow it; `tarn which hooks` shows which "
        .. "there are.",
      "An update is active: `tarn stop`, or `tarn wait`, then again.",
    },
  },
  {
    kind = "usage",
    what = "The command was called in a way that it does not understand, or names something that "
      .. "is not there or is not unique.",
    try = {
      "`tarn help COMMAND` shows its arguments with examples.",
      "READ_ONLY: --read-only or TARN_READ_ONLY is set, and this would change something.",
      "A pipeline is named by its id, its exact name, or the beginning of its name if no other "
        .. "begins so.",
    },
  },
  {
    kind = "cancelled",
    what = "Somebody asked for it to stop: Ctrl-C, or a no to a question.",
    try = {
      "What was under way was ended in order: files closed, statements cancelled. A second "
        .. "Ctrl-C ends at once, without that.",
    },
  },
  {
    kind = "bug",
    what = "A mistake in a program: in Tarn, or in a script or an override of your own.",
    try = {
      "The lines above say which file. If it is yours, there is the mistake.",
      "`tarn --bundled COMMAND` leaves all overrides out.",
      "If it is Tarn's: please report it, with the lines above.",
    },
  },
}

--- Exit statuses in their order.
---@type { [1]: integer, [2]: string }[]
M.statuses = {
  { 0, "done" },
  { 1, "a fault that has no status of its own: network, sql, io, parse, another HTTP answer" },
  { 2, "wrong usage" },
  { 3, "not found" },
  { 4, "credentials or permission" },
  { 5, "conflict: it exists, or something is active" },
  { 6, "timed out" },
  { 7, "the update failed" },
  { 8, "the update was cancelled" },
  { 9, "a gate did not pass (expectations, diff)" },
  { 10, "the answer was lost: whether something was changed is not known" },
  { 70, "a bug" },
  { 130, "interrupted" },
}

--- The text for one kind, or nil.
---@param kind string
---@return tarn.ErrorText?
function M.find(kind)
  for _, entry in ipairs(M.kinds) do
    if entry.kind == kind then
      return entry
    end
  end
end

local WIDTH <const> = 120 -- of a line of the page

-- Add a text in lines of the page's width, each but the first after `indent`.
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

--- docs/reference/errors.md.
---@return string
function M.markdown()
  local lines = {
    "# Errors", "",
    "What is raised when the world, not the program, is at fault is a *fault*. It has a kind; each",
    "kind has a paragraph here, which `tarn help error KIND` shows too. This page is made from",
    "`lua/engine/errors.lua`; a test compares the two.", "",
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
