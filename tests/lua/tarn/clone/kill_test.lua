--- A bulk clone that is killed with SIGKILL, before each of its requests and after the effect of
-- each of them.

local json = require "native.json"
local promotion = require "support.promotion"
local reply = require "sandbox.http.reply"

-- Start the clone and kill it at its nth request. False if it ended before.
local function kill_at(world, point, n)
  local killed = false
  world:watch { [point] = function(number)
    if number == n then
      killed = true
      world:kill()
      return reply.new { reset = true }
    end
  end }
  local run = world:run(promotion.CLONE)
  world:unwatch()
  return killed, run
end

local function resume(t, world, why)
  local before = world:target()
  local run = world:run(promotion.RESUME)
  if run.status == 3 and run.stderr:find("no bulk clone was interrupted", 1, true) then
    t.equal(before, world.at_first, why .. ": nothing is begun and nothing changed")
    run = world:run(promotion.CLONE)
  end
  t.equal(run.status, 0, why .. ": " .. run.stderr)
  return run
end

local function undo(t, world, id, why)
  local run = world:run { "undo", id, "--yes" }
  t.equal(run.status, 0, why .. ", undo: " .. run.stdout .. run.stderr)
  t.equal(world:target(), world.at_first, why .. ": undone")
end

local function each_request(t, point, first, step, f)
  local n = first
  while true do
    local world <close> = promotion.start()
    world.at_first = world:target()
    local killed, run = kill_at(world, point, n)
    if not killed then
      t.equal(run.status, 0, run.stderr)
      return n - step
    end
    local why = ("killed %s request %d"):format(point, n)
    t.equal(run.status, 137, why)
    f(world, why)
    n = n + step
  end
end

local function check_resume(t, world, why)
  local run = resume(t, world, why)
  t.equal(world:target(), promotion.undisturbed(t), why)
  local again = world:run(promotion.CLONE)
  t.equal(json.decode(again.stdout).counts, { unchanged = 4 }, why .. ", and again")
  undo(t, world, json.decode(run.stdout).operation, why)
end

local function check_undo(t, world, why)
  if world:run({ "journal", "last" }).status == 3 then
    t.equal(world:target(), world.at_first, why .. ": nothing is begun and nothing changed")
    return
  end
  undo(t, world, "last", why)
  t.equal(world:run(promotion.RESUME).status, 3, why .. ": nothing is left to resume")
  -- sources that undo has restored are newer than those that the clone copies
  local run = world:run(promotion.with "--overwrite")
  t.equal(run.status, 0, why .. ", after undo: " .. run.stderr)
  t.equal(world:target(), promotion.undisturbed(t), why .. ", after undo")
end

local function add(name, point, first, step, check)
  test(name, function(t)
    t.timeout(300)
    promotion.undisturbed(t)
    local last = each_request(t, point, first, step, function(world, why)
      check(t, world, why)
    end)
    t.is_true(last > 40, "only so many requests: " .. last)
  end)
end

-- In slices, so that no single test takes long.
local SLICES <const> = { "1st, 4th", "2nd, 5th", "3rd, 6th" }

for _, point in ipairs { "before", "after" } do
  for first, which in ipairs(SLICES) do
    local when = ("a bulk clone killed %s its %s, ... request"):format(point, which)
    add(when .. " is resumed to the same end, and undone", point, first, #SLICES, check_resume)
    add(when .. " is undone as it is", point, first, #SLICES, check_undo)
  end
end
