--- A bulk clone whose journal meets a full disk, and two bulk clones of the same pipelines at once.

local json = require "native.json"
local pool = require "base.pool"
local promotion = require "support.promotion"
local sqlite = require "native.sqlite"
local task = require "native.task"

-- A function that counts the requests that change something.
local function count_writes(world)
  local n = 0
  world:watch { before = function(_, request)
    n = n + (promotion.is_write(request) and 1 or 0)
  end }
  return function() return n end
end

-- The number of steps in the journal; 0 if there is no journal.
local function count_steps(world)
  local ok, db = pcall(sqlite.open, world.dir.path .. "/state/tarn/journal.db", { readonly = true })
  if not ok then
    return 0
  end
  local found, row = pcall(db.find_row, db, "SELECT count(*) AS n FROM steps")
  db:close()
  return found and row.n or 0
end

local function finish_and_undo(t, world, why)
  local run = world:run(promotion.RESUME)
  if run.status == 3 then
    t.equal(world:target(), world.at_first, why .. ": nothing was begun")
    run = world:run(promotion.CLONE)
  end
  t.equal(run.status, 0, why .. ", resumed: " .. run.stderr)
  t.equal(world:target(), promotion.undisturbed(t), why)
  local undone = world:run { "undo", json.decode(run.stdout).operation, "--yes" }
  t.equal(undone.status, 0, why .. ", undo: " .. undone.stdout .. undone.stderr)
  t.equal(world:target(), world.at_first, why .. ": undone")
end

test("a full disk under the journal stops a bulk clone before the next request", function(t)
  promotion.undisturbed(t)
  local stopped = 0
  for blocks = 0, 600, 40 do -- of 512 bytes
    local world <close> = promotion.start()
    world.at_first = world:target()
    local writes = count_writes(world)
    local run = world:run(promotion.CLONE, { first = ("ulimit -f %d"):format(blocks) })
    world:unwatch()
    local why = ("room for %d blocks"):format(blocks)
    t.is_true(writes() <= count_steps(world),
      ("%s: %d requests, %d steps"):format(why, writes(), count_steps(world)))
    if run.status ~= 0 then
      stopped = stopped + 1
      t.equal(run.status, 1, why)
      t.match(run.stderr, "make room")
      finish_and_undo(t, world, why)
    end
  end
  t.is_true(stopped > 5, "runs that the full disk has stopped: " .. stopped)
end)

-- Hold each create until another create of the same name arrives, or for half a second.
local function hold_creates(world)
  local waiting = {}
  world:watch { before = function(_, request)
    local is_create = request.method == "POST" and request.path == "/api/2.0/pipelines"
    if is_create and promotion.is_write(request) then
      local name = json.decode(request.body).name
      local other = waiting[name]
      waiting[name] = task.current()
      if other then
        task.wake(other)
      else
        task.park(0.5)
      end
    end
  end }
end

local function names(world)
  local list = {}
  for i, row in ipairs(world.w.dr.db:query("SELECT name FROM pipelines WHERE deleted IS NULL "
    .. "ORDER BY name")) do
    list[i] = row.name
  end
  return list
end

test("two bulk clones at once make each copy once, and both are undone", function(t)
  promotion.undisturbed(t)
  for round = 1, 6 do
    local world <close> = promotion.start()
    local at_first = world:target()
    hold_creates(world)
    local runs = pool.map({ 1, 2 }, function() return world:run(promotion.CLONE) end)
    world:unwatch()
    local operations = {}
    for i, run in ipairs(runs) do
      t.equal(run.status, 0, run.stdout .. run.stderr)
      operations[i] = json.decode(run.stdout).operation
    end
    t.equal(names(world), { "etl_a", "etl_b", "etl_c", "etl_d", "other" })
    t.equal(world:target(), promotion.undisturbed(t))
    table.sort(operations, function(a, b) return (round % 2 == 0) == (a < b) end)
    for _, id in ipairs(operations) do
      local undone = world:run { "undo", id, "--yes" }
      t.equal(undone.status, 0, "round " .. round .. " " .. undone.stdout .. undone.stderr)
    end
    t.equal(world:target(), at_first)
  end
end)
