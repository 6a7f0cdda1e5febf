--- Compare two texts line by line: the shortest edit script.
--
-- Pure. With more than MOST_CHANGES changes, everything between the common beginning and the common
-- end counts as replaced. That is correct too, though not the shortest script, and takes no time.

local M = {}

local MOST_CHANGES <const> = 800
local AROUND <const> = 3 -- lines shown before and after a change

--- The lines of a text, without the newlines.
---@param text string
---@return string[]
function M.split(text)
  local lines = {}
  if text == "" then
    return lines
  end
  for line in text:gmatch "([^\n]*)\n?" do
    lines[#lines + 1] = line
  end
  return lines
end

-- Myers' algorithm: for each number of changes, the furthest point on each diagonal.
local function search(a, b, from_a, to_a, from_b, to_b)
  local n, m = to_a - from_a + 1, to_b - from_b + 1
  local reach, history = { [1] = 0 }, {}
  for d = 0, math.min(n + m, MOST_CHANGES) do
    local before = {}
    for k = -d, d, 2 do
      local x
      if k == -d or k ~= d and (reach[k - 1] or -1) < (reach[k + 1] or -1) then
        x = reach[k + 1]
      else
        x = reach[k - 1] + 1
      end
      local y = x - k
      while x < n and y < m and a[from_a + x] == b[from_b + y] do
        x, y = x + 1, y + 1
      end
      before[k] = x
      if x >= n and y >= m then
        history[d] = before
        return history, d
      end
    end
    history[d] = before
    for k, x in pairs(before) do
      reach[k] = x
    end
  end
end

-- Trace the search back: a list of { sign, line }, last line first.
local function trace(a, b, from_a, from_b, history, last, n, m)
  local steps, x, y = {}, n, m
  local function put(sign, line)
    steps[#steps + 1] = { sign, line }
  end
  for d = last, 1, -1 do
    local k, before = x - y, history[d - 1]
    local down = k == -d or k ~= d and (before[k - 1] or -1) < (before[k + 1] or -1)
    local from = down and k + 1 or k - 1
    local px = before[from]
    local py = px - from
    while x > px and y > py do
      x, y = x - 1, y - 1
      put(" ", a[from_a + x])
    end
    if down then
      y = y - 1
      put("+", b[from_b + y])
    else
      x = x - 1
      put("-", a[from_a + x])
    end
  end
  while x > 0 do
    x = x - 1
    put(" ", a[from_a + x])
  end
  return steps
end

local function middle(a, b, from_a, to_a, from_b, to_b)
  local steps = {}
  local history, d = search(a, b, from_a, to_a, from_b, to_b)
  if history then
    local back = trace(a, b, from_a, from_b, history, d, to_a - from_a + 1, to_b - from_b + 1)
    for i = #back, 1, -1 do
      steps[#steps + 1] = back[i]
    end
    return steps
  end
  for i = from_a, to_a do
    steps[#steps + 1] = { "-", a[i] }
  end
  for i = from_b, to_b do
    steps[#steps + 1] = { "+", b[i] }
  end
  return steps
end

--- All lines of both texts: { " ", line } if both have it, else { "-", line } or { "+", line }.
---@param left string
---@param right string
---@return { [1]: string, [2]: string }[]
function M.compare(left, right)
  local a, b = M.split(left), M.split(right)
  local head = 0
  while head < #a and head < #b and a[head + 1] == b[head + 1] do
    head = head + 1
  end
  local tail = 0
  while tail < #a - head and tail < #b - head and a[#a - tail] == b[#b - tail] do
    tail = tail + 1
  end
  local steps = {}
  for i = 1, head do
    steps[i] = { " ", a[i] }
  end
  for _, step in ipairs(middle(a, b, head + 1, #a - tail, head + 1, #b - tail)) do
    steps[#steps + 1] = step
  end
  for i = #a - tail + 1, #a do
    steps[#steps + 1] = { " ", a[i] }
  end
  return steps
end

---@class tarn.Hunk
---@field left integer  number of the first line on the left, from 1
---@field right integer number of the first line on the right
---@field lines string[] each begins with " ", "-" or "+"

--- The changes, with a few lines around each.
---@param left string
---@param right string
---@return tarn.Hunk[]
function M.hunks(left, right)
  local steps = M.compare(left, right)
  local wanted = {}
  for i, step in ipairs(steps) do
    if step[1] ~= " " then
      for j = math.max(1, i - AROUND), math.min(#steps, i + AROUND) do
        wanted[j] = true
      end
    end
  end
  local hunks, current = {}, nil
  local at_left, at_right = 1, 1
  for i, step in ipairs(steps) do
    if wanted[i] then
      if not current then
        current = { left = at_left, right = at_right, lines = {} }
        hunks[#hunks + 1] = current
      end
      current.lines[#current.lines + 1] = step[1] .. step[2]
    else
      current = nil
    end
    at_left = at_left + (step[1] ~= "+" and 1 or 0)
    at_right = at_right + (step[1] ~= "-" and 1 or 0)
  end
  return hunks
end

return M
