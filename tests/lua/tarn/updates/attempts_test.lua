local attempts = require "tarn.updates.attempts"
local match = require "tarn.statements.match"

-- The attempts of updates as text, such as "2/2 1/2". A letter stands for an update, newest first:
-- r for a retry, j for a job's run.
local function numbered(letters)
  local at, out = 0, {}
  local next_update = function()
    at = at + 1
    local letter = letters:sub(at, at)
    return letter ~= "" and { cause = letter == "r" and "RETRY_ON_FAILURE" or "JOB_TASK" } or nil
  end
  for _, number, of in attempts.each(next_update) do
    out[#out + 1] = number and number .. "/" .. of or "-"
  end
  return table.concat(out, " ")
end

test("an update and its retries are attempts of one request", function(t)
  t.equal(numbered "", "")
  t.equal(numbered "j", "1/1")
  t.equal(numbered "jj", "1/1 1/1")
  t.equal(numbered "rrjj", "3/3 2/3 1/3 1/1")
  t.equal(numbered "jrj", "1/1 2/2 1/2")
end)

test("the attempts of a request that the list has in part are unknown", function(t)
  t.equal(numbered "r", "-")
  t.equal(numbered "jrr", "1/1 - -")
  t.equal(select(2, numbered(("r"):rep(250)):gsub("%-", "")), 250)
end)

test("only * and ? of a glob are wildcards of LIKE", function(t)
  t.equal(match.pattern "Sales*", "Sales%")
  t.equal(match.pattern "a?c**d", "a_c%d")
  t.equal(match.pattern "100%_\\", "100\\%\\_\\\\")
end)
