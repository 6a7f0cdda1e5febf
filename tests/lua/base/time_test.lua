local time = require "base.time"

test("timestamps are read and written in UTC", function(t)
  local cases = {
    { "1970-01-01T00:00:00.000Z", 0 },
    { "2000-02-29T12:34:56.789Z", 951827696789 },
    { "2026-08-19T10:11:12.345Z", 1787134272345 },
    { "1999-12-31T23:59:59.999Z", 946684799999 },
  }
  for _, case in ipairs(cases) do
    t.equal(time.find_iso(case[1]), case[2])
    t.equal(time.iso(case[2]), case[1])
  end
end)

test("offsets and decimals of any length are understood", function(t)
  t.equal(time.find_iso "2026-08-19T12:11:12.345678901+02:00", 1787134272346)
  t.equal(time.find_iso "2026-08-19T05:11:12-0500", 1787134272000)
  t.equal(time.find_iso "2026-08-19 10:11:12", 1787134272000)
end)

test("a text that is no timestamp gives nil", function(t)
  for _, text in ipairs { "", "yesterday", "2026-08-19", "2026-08-19T10:11:12+2",
    "2026-08-19T10:11:125Z", "2026-08-19T10:11:12" .. ("5"):rep(50), "2026-08-19T10:11:12." } do
    t.equal(time.find_iso(text), nil)
  end
  t.equal(time.find_http_date(nil), nil)
  t.equal(time.find_http_date "soon", nil)
  for _, text in ipairs { "Wed, 19 Aug 99999999999999999999 10:11:12 GMT",
    "Wed, 31 Feb 2026 10:11:12 GMT", "Wed, 19 Aug 2026 25:00:00 GMT",
    "Wed, 19 Aug 2026 10:11:122 GMT" } do
    t.equal(time.find_http_date(text), nil, text)
  end
end)

test("an HTTP date is read", function(t)
  t.equal(time.find_http_date "Sun, 06 Nov 1994 08:49:37 GMT", 784111777000)
end)

test("a past time is a duration, a date, or a date and time", function(t)
  local now = time.find_iso "2026-08-19T10:11:12Z"
  t.equal(time.find_past("90m", now), now - 90 * 60000)
  t.equal(time.find_past("2w", now), now - 14 * 86400000)
  t.equal(time.find_past("2026-08-19", now), time.find_iso "2026-08-19T00:00:00Z")
  t.equal(time.find_past("2026-08-19T10:00:00+02:00", now), time.find_iso "2026-08-19T08:00:00Z")
  for _, text in ipairs { "", "7", "d", "-1d", "7 days", "last week", "2026-13",
    "99999999999999999999d" } do
    t.equal(time.find_past(text, now), nil)
  end
  t.match(t.fault(time.since, "tarn x", "--since", "soon").message, "--since: 'soon' is not a time")
end)

test("what no calendar or clock has is not a time", function(t)
  local now = time.find_iso "2026-08-19T10:11:12Z"
  for _, text in ipairs { "2026-13-01", "2026-00-10", "2026-02-31", "2026-02-29", "1900-02-29",
    "2026-04-31", "2026-08-00", "2026-99-99", "2026-11-31T25:61:00Z", "2026-08-19T24:00:00Z",
    "2026-08-19T10:60:00Z", "2026-08-19T10:00:61Z", "2026-08-19T10:00:00+24:00",
    "2026-08-19T10:00:00+02:60", "2026-08-19 25:00" } do
    t.equal(time.find_past(text, now), nil, text)
    t.equal(time.find_iso(text), nil, text)
  end
  for _, text in ipairs { "2024-02-29", "2000-02-29", "2026-12-31T23:59:60Z",
    "2026-08-19T10:00:00+14:00", "2026-08-19T10:00+05:30" } do
    t.is_true(time.find_past(text, now), text)
  end
end)

test("a time without a zone is local, and so are today and yesterday", function(t)
  local code = [[
    local time = require "base.time"
    local now = time.find_iso "2026-08-19T03:00:00Z"
    for _, text in ipairs { "today", "yesterday", "2026-08-19", "2026-08-19 10:00",
      "2026-08-19T10:00:00.5", "2026-08-19T10:00Z" } do
      print(time.iso(time.find_past(text, now)))
    end]]
  local r = require("testing.program").run({ "repl", "-e", code },
    { env = { TZ = "EST5" } })
  t.equal(r.stdout, "2026-08-18T05:00:00.000Z\n2026-08-17T05:00:00.000Z\n"
    .. "2026-08-19T05:00:00.000Z\n2026-08-19T15:00:00.000Z\n2026-08-19T15:00:00.500Z\n"
    .. "2026-08-19T10:00:00.000Z\n")
end)

test("a time that is longer ago than the calendar goes is none", function(t)
  local now = time.find_iso "2026-08-19T10:11:12Z"
  for _, text in ipairs { "9223372036854775807ms", "9223372036854775807d", "800000d",
    ("9"):rep(400) .. "h" } do
    t.equal(time.find_past(text, now), nil, text)
  end
  t.equal(time.find_past("700000d", now), now - 700000 * 86400000)
  t.equal(time.find_past("1.5h", now), now - 5400000)
end)
