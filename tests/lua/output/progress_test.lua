local program = require "testing.program"
local terminal = require "support.terminal"
local progress = require "output.progress"

local function recorder(opts)
  local record = { text = "", time = 0 }
  opts.now = function() return record.time end
  record.progress = progress.new(function(text) record.text = record.text .. text end, opts)
  return record
end

test("on a terminal a bar is redrawn and erased", function(t)
  local r = recorder { terminal = true }
  r.time = 1
  r.progress:show(5, 10, "pipelines")
  t.match(r.text, "\r[############............] 5/10 (50 %) pipelines\27[K")
  r.text = ""
  r.progress:show(6, 10, "pipelines")
  t.equal(r.text, "", "too soon to draw again")
  r.progress:show(10, 10, "pipelines")
  t.match(r.text, "10/10 (100 %)")
  r.text = ""
  r.progress:clear()
  t.equal(r.text, "\r\27[K")
  r.progress:clear()
  t.equal(r.text, "\r\27[K", "only once")
end)

test("work that is done at once shows nothing", function(t)
  local r = recorder { terminal = true }
  r.progress:show(1, 2)
  r.progress:show(2, 2)
  r.progress:clear()
  t.equal(r.text, "")
end)

test("without a terminal there is a line now and then", function(t)
  local r = recorder { terminal = false }
  r.time = 11
  r.progress:show(3, nil, "events")
  r.time = 12
  r.progress:show(4, nil, "events")
  t.equal(r.text, "tarn: 3 events\n")
end)

test("with quiet nothing is shown", function(t)
  local r = recorder { terminal = true, quiet = true }
  r.time = 100
  r.progress:show(1, 2)
  r.progress:clear()
  t.equal(r.text, "")
end)

test("a bar does not break the line of a narrow terminal", function(t)
  local r = recorder { terminal = true, width = 30 }
  r.time = 1
  r.progress:show(1, 3, ("x"):rep(50))
  t.equal(#r.text:match "\r(.-)\27", 29)
end)

test("a total of zero is no division by zero", function(t)
  local r = recorder { terminal = true }
  r.time = 1
  r.progress:show(0, 0, "x")
  t.match(r.text, "0 x")
end)

test("the bar is gone before anything else is printed", function(t)
  local dir <close> = program.dir()
  local file = dir.write("bar.lua", [[
    local progress, stdout = require "output.progress", require "output.stdout"
    local done = 0
    local function draw()
      done = done + 1
      require("native.task").sleep(0.15)
      progress.show(done, 9, "items")
    end
    draw() draw() stdout.write "a row" stdout.write " goes on\n"
    draw() require("output.stderr").write "a note\n"
    draw() error("the end", 0)]])
  local term <close> = terminal.start({ "/bin/sh", "-c", '"$TARN" run ' .. file .. '; sleep 60' },
    { cols = 80, rows = 24 })
  local screen = term:wait "the end"
  t.match("\n" .. screen, "\na row goes on\na note\n")
  t.no_match(screen, "items")
end)
