--- What `tarn auth` shows on a terminal.

local M = {}

local function show_check(data, screen)
  local check = data.check
  if check.status == "ok" then
    local place = data.org_id and " in workspace " .. data.org_id or ""
    screen:line(screen:style("green", "ok"), "  ", screen:clean((data.user or "somebody") .. place))
  elseif check.status == "failed" then
    screen:line(screen:style("red", "failed"), "  ", screen:clean(check.message))
    if check.hint then
      screen:line(screen:style("dim", "     -> "), screen:clean(check.hint))
    end
  else
    screen:line(screen:style("dim", "not checked"))
  end
end

local function show_description(data, screen)
  screen:fields(data, { "host", "profile", "auth_type" })
  screen:line()
  screen:table(data.attributes, { { "name" }, { "value" }, { "source" } })
  screen:line()
  show_check(data, screen)
end

local function state_of(row)
  if row.valid then
    return row.user and "ok, " .. row.user or "ok"
  end
  return row.problem or row.valid == false and "not valid" or nil
end

local function show_profiles(rows, screen)
  if #rows == 0 then
    screen:line(screen:style("dim", "there are no profiles, except demo and demo-dr"))
    return
  end
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { name = row.name .. (row.default and " (default)" or ""), host = row.host,
      method = row.auth_type, state = state_of(row) }
  end
  screen:table(list, { { "name", title = "PROFILE" }, { "host" }, { "method" }, { "state" } })
end

-- A change of the config file or of the token cache, in one line or two.
local function show_change(data, screen)
  if data.deleted ~= nil then
    screen:line(data.found and "logged out" or "nobody was logged in",
      data.deleted and ", and the profile is removed" or "")
    if data.found and not data.revoked then
      screen:line(screen:style("dim", "the tokens are removed here; the workspace did not revoke "
        .. "them: "), screen:clean(data.why or "unknown"))
    end
  elseif data.default then
    screen:line(screen:clean(data.profile), " is the default profile")
  elseif data.logged_in then
    screen:line(screen:style("green", "logged in"), screen:clean(
      (data.user and " as " .. data.user or "") .. " at " .. data.host))
    if data.unchecked then
      screen:line(screen:style("dim", "not checked: "), screen:clean(data.unchecked))
    end
  end
  if data.path and not data.default then
    screen:line("profile ", screen:clean(data.profile), " is in ", screen:clean(data.path))
  end
end

--- The renderer of the command.
---@param data table
---@param screen table
function M.text(data, screen)
  if data.attributes then
    show_description(data, screen)
  elseif data.host or data.deleted ~= nil or data.default then
    show_change(data, screen)
  else
    show_profiles(data, screen)
  end
end

return M
