--- Suggestions for misspelt words: "did you mean 'x'?".

local glob = require "base.glob"

local M = {}

-- The number of insertions, deletions, substitutions and transpositions that lead from a to b.
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local above = row
    row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local d = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        d = math.min(d, before[j - 2] + 1)
      end
      row[j] = d
    end
    before = above
  end
  return row[#b]
end

--- The word of `words` that is most similar to `text`, or nil if none is similar enough.
---@param text string
---@param words string[]
---@return string?
function M.find(text, words)
  local best, least
  local limit = math.max(1, #text // 3)
  for _, word in ipairs(words) do
    local d = distance(text:lower(), word:lower())
    if #text >= 3 and word:sub(1, #text):lower() == text:lower() then
      d = math.min(d, 1)
    end
    if d <= limit and (not least or d < least) then
      best, least = word, d
    end
  end
  return best
end

--- "did you mean 'x'?", or nil.
---@param text string
---@param words string[]
---@param prefix? string written before the word ("--")
---@return string?
function M.hint(text, words, prefix)
  local word = M.find(text, words)
  return word and ("did you mean '%s%s'?"):format(prefix or "", word)
end

--- What to say about patterns that match none of the known words: they may be new words of the API,
-- but are more likely misspelt ones.
---@param patterns string[] globs
---@param known string[]
---@param what string what the words are: "state of a pipeline"
---@return string? note nil if each pattern matches a known word
function M.find_unknown(patterns, known, what)
  for _, pattern in ipairs(patterns) do
    local matches, any = glob.matcher(pattern), false
    for _, word in ipairs(known) do
      any = any or matches(word)
    end
    if not any then
      return ("'%s' is no known %s; %s"):format(pattern, what,
        M.hint(pattern, known) or "known are " .. table.concat(known, ", "))
    end
  end
end

return M
