--- docs/guide/workspaces.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

-- A browser in which somebody answers the page of the embedded workspace.
local BROWSER <const> = [[
cat >bin/browser <<'END_OF_FILE'
#!/bin/sh
form="${1#*\?}&answer=allow&person=demo/lars.nygaard@example.com"
curl -s -L -o /dev/null "$(curl -s -o /dev/null -w '%{redirect_url}' -d "$form" "${1%%\?*}")"
END_OF_FILE
chmod +x bin/browser
export BROWSER=browser
]]

-- The address of a workspace of the page, which is one of the test.
local HOST <const> = [["$(sed -n 's/^host *= *//p' "$HOME/.databrickscfg" | head -n 1)"]]

test("docs/guide/workspaces.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/workspaces.md", { before = BROWSER, change = function(command)
    return (command:gsub("https://dbc%-1[%w.]+", function() return HOST end))
  end })
end)
