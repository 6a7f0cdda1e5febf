local cron = require "tarn.jobs.cron"
local time = require "base.time"
local zones = require "tarn.jobs.zone"

local NOW <const> = time.find_iso "2026-11-30T14:05:00Z" -- a Monday

test("expressions are told in words", function(t)
  for text, words in pairs {
    ["0 0 6 * * ?"] = "every day at 06:00", ["0 30 2 * * ?"] = "every day at 02:30",
    ["0 0/15 * * * ?"] = "every 15 minutes", ["0 */5 * * * ?"] = "every 5 minutes",
    ["0 0 * * * ?"] = "every hour", ["0 20 * * * ?"] = "every hour at :20",
    ["0 0 0/6 * * ?"] = "every 6 hours at :00", ["0 0 6,18 * * ?"] = "every day at 06:00 and 18:00",
    ["0 0 6 ? * MON-FRI"] = "at 06:00, Monday to Friday",
    ["0 0 6 ? * 2,SUN"] = "at 06:00, Sunday and Monday",
    ["0 0 5 1 * ?"] = "at 05:00 on day 1 of each month",
    ["0 0 5 L * ?"] = "at 05:00 on the last day of each month",
    ["0 0 5 1 JAN,JUL ?"] = "at 05:00 on day 1 in January and July",
    ["0 0 6 ? * MON#2"] = "cron 0 0 6 ? * MON#2", ["nonsense"] = "cron nonsense", [""] = "cron ",
    ["0 0 25 * * ?"] = "cron 0 0 25 * * ?", ["0 0 6 * * ? 2027"] = "cron 0 0 6 * * ? 2027",
  } do
    t.equal(cron.parse(text):words_of(), words)
  end
end)

test("the next time is found, in UTC and on the clock of the zone", function(t)
  for _, case in ipairs {
    { "0 0 6 * * ?", "UTC", "2026-12-01T06:00", "2026-12-01 06:00" },
    { "0 0/15 * * * ?", "UTC", "2026-11-30T14:15", "2026-11-30 14:15" },
    { "0 5 14 * * ?", "UTC", "2026-12-01T14:05", "2026-12-01 14:05", "now itself is over" },
    { "0 0 6 ? * SAT", "UTC", "2026-12-05T06:00", "2026-12-05 06:00" },
    { "0 0 6 L * ?", "UTC", "2026-12-31T06:00", "2026-12-31 06:00" },
    { "0 0 0 29 FEB ?", "UTC", "2028-02-29T00:00", "2028-02-29 00:00" },
    { "0 0 6 * * ? 2027", "UTC", "2027-01-01T06:00", "2027-01-01 06:00" },
    { "0 0 6 * * ?", "Europe/Berlin", "2026-12-01T05:00", "2026-12-01 06:00" },
    { "0 0 6 1 7 ?", "Europe/Berlin", "2027-07-01T04:00", "2027-07-01 06:00", "summer" },
    { "0 0 20 * * ?", "America/Los_Angeles", "2026-12-01T04:00", "2026-11-30 20:00" },
    { "0 30 5 * * ?", "Asia/Kolkata", "2026-12-01T00:00", "2026-12-01 05:30" },
  } do
    local due, wall = cron.parse(case[1]):find_next(case[2], NOW)
    t.equal({ due and time.iso(due):sub(1, 16), wall }, { case[3], case[4] }, case[1] .. case[2])
  end
end)

test("what is not known has no next time", function(t)
  t.is_nil(cron.parse("0 0 6 * * ?"):find_next("Mars/Base", NOW))
  t.is_nil(cron.parse("0 0 6 * * ?"):find_next("../../etc/passwd", NOW))
  t.is_nil(cron.parse("0 0 6 ? * MON#2"):find_next("UTC", NOW))
  t.is_nil(cron.parse("0 0 6 31 2 ?"):find_next("UTC", NOW))
  t.is_nil(cron.parse("0 0 6 * * ? 2001"):find_next("UTC", NOW))
end)

test("a time that the change of the clock skips or repeats is found once", function(t)
  local before = time.find_iso "2027-03-27T12:00:00Z"
  local due = cron.parse("0 30 2 * * ?"):find_next("Europe/Berlin", before)
  t.is_true(due > before and due <= time.find_iso "2027-03-28T01:30:00Z", time.iso(due))
  t.equal(zones.find_offset("Europe/Berlin", time.find_iso "2027-07-01T00:00:00Z" // 1000), 7200)
end)
