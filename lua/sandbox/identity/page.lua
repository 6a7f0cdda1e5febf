--- The pages that a browser shows while somebody signs in: who one is, and why it cannot go on.

local reply = require "sandbox.http.reply"

local M = {}

local ENTITIES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
  return (text:gsub('[&<>"]', ENTITIES))
end

local STYLE <const> = [[
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 32rem; margin: 3rem auto; padding: 0 1rem; }
fieldset { border: 1px solid GrayText; border-radius: 6px; margin: 1rem 0; }
label { display: block; padding: .25rem 0; }
button { font: inherit; padding: .4rem 1.2rem; margin-right: .5rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
.error { font-weight: bold; }
]]

local PAGE <const> = [[
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><style>%s</style></head>
<body><main><h1>%s</h1>%s</main></body>
</html>
]]

-- A form is answered by a redirect to the program that asked, which listens on this machine.
local POLICY <const> = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
  .. "base-uri 'none'; form-action 'self' http://localhost:* http://127.0.0.1:*"

local function page(status, title, content)
  local made = reply.html(status, PAGE:format(title, STYLE, title, content))
  made.headers["Content-Security-Policy"] = POLICY
  made.headers["Cache-Control"] = "no-store"
  made.headers["Referrer-Policy"] = "no-referrer"
  return made
end

--- Raise the reply that tells a person what is wrong with the request.
---@param text string as for string.format
function M.refuse(text, ...)
  error(page(400, "This log-in cannot go on",
    ('<p class="error" role="alert">%s</p>'):format(escape(text:format(...)))), 0)
end

local function hidden_fields(query, names)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = ('<input type="hidden" name="%s" value="%s">'):format(name,
      escape(query[name] or ""))
  end
  return table.concat(fields)
end

local function choices(workspaces)
  local parts = {}
  for _, w in ipairs(workspaces) do
    parts[#parts + 1] = ("<fieldset><legend>Workspace %s</legend>"):format(escape(w.name))
    for _, person in ipairs(w.people) do
      if not person.application_id then
        parts[#parts + 1] = ('<label><input type="radio" name="person" value="%s/%s" required%s> '
          .. "%s (%s)</label>"):format(escape(w.name), escape(person.user_name),
          #parts == 1 and " checked" or "", escape(person.display_name),
          escape(person.user_name))
      end
    end
    parts[#parts + 1] = "</fieldset>"
  end
  return table.concat(parts)
end

--- The page that asks who one is. Its form sends the answer to `path`, with the parameters of the
--- request.
---@param workspaces table[]
---@param path string
---@param query table<string, string>
---@param names string[] the parameters that the form keeps
---@return table reply
function M.ask(workspaces, path, query, names)
  return page(200, "Sign in to the embedded workspace", table.concat {
    "<p>A program on this machine wants to use the workspace as you, with the scopes <strong>",
    escape(query.scope), "</strong>. There are no passwords here: choose who you are.</p>",
    '<form method="post" action="', escape(path), '">', hidden_fields(query, names),
    choices(workspaces),
    '<button type="submit" name="answer" value="allow">Sign in</button>',
    '<button type="submit" name="answer" value="refuse" formnovalidate>Cancel</button></form>',
  })
end

return M
