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
  for _, text in ipairs { "", "7", "d", "-1d", "7 days", "yesterday", "2026-13" } do
    t.equal(time.find_past(text, now), nil)
  end
  t.match(t.fault(time.since, "tarn x", "--since", "soon").message, "--since: 'soon' is not a time")
end)
