// Functions that need no browser: numbers and times as text, and the status of a pipeline.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, duration, inline, timestamp, number, percent } from "./page/format.js";
import { healthOf, statusOf, tone } from "./page/status.js";

test("durations are shown in their two largest units", () => {
  const texts = [[0, "0 ms"], [999, "999 ms"], [1000, "1 s"], [59600, "1 min"],
    [506763, "8 min 27 s"], [3600e3, "1 h"], [3660e3, "1 h 1 min"], [3605e3, "1 h"],
    [90061e3, "1 d 1 h"]];
  for (const [ms, text] of texts) {
    assert.equal(duration(ms), text, ms);
  }
  for (const none of [undefined, null, -1, "x"]) {
    assert.equal(duration(none), "–");
  }
});

test("timestamps are shown by their age", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const texts = { "2026-11-23T11:59:58Z": "just now", "2026-11-23T11:59:30Z": "30 s ago",
    "2026-11-23T11:00:00Z": "1 h ago", "2026-11-20T12:00:00Z": "3 d ago" };
  for (const [at, text] of Object.entries(texts)) {
    assert.equal(ago(timestamp(at), now), text);
  }
  assert.equal(timestamp(1795436950764).getTime(), 1795436950764);
  for (const none of [undefined, null, "", "no time"]) {
    assert.equal(timestamp(none), undefined);
  }
});

test("an unknown value is a dash, not a zero", () => {
  for (const f of [number, percent, bytes, inline]) {
    assert.equal(f(undefined), "–");
    assert.equal(f(null), "–");
  }
  assert.equal(number(0), "0");
  assert.equal(percent(0), "0 %");
  assert.equal(bytes(0), "0 B");
  assert.equal(inline(false), "false");
});

test("rates and sizes have the significant digits", () => {
  assert.equal(number(1234567), "1,234,567");
  assert.equal(percent(1), "100 %");
  assert.equal(percent(0.99995), "99.995 %");
  assert.equal(percent(0.9496), "94.96 %");
  assert.equal(percent(0.5), "50 %");
  assert.equal(bytes(1536), "1.5 KiB");
  assert.equal(bytes(123456789), "118 MiB");
});

test("the status of a pipeline is that of the dashboard", () => {
  const row = (state, newest, health) => ({ state, health,
    latest_update: newest ? { state: newest } : null });
  for (const state of ["RUNNING", "STARTING", "RESETTING", "RECOVERING", "DEPLOYING"]) {
    assert.equal(statusOf(row(state, "FAILED")), "running");
  }
  assert.equal(statusOf(row("FAILED")), "failed");
  assert.equal(statusOf(row("IDLE", "FAILED")), "failed");
  assert.equal(statusOf(row("IDLE", "COMPLETED")), "idle");
  assert.equal(statusOf(row("IDLE")), "idle");
  assert.equal(statusOf(row("STOPPING", "FAILED")), "other");
  assert.equal(statusOf(row("A_WORD_TO_COME")), "other");
  assert.equal(healthOf(row("IDLE", null, "UNHEALTHY")), "unhealthy");
  assert.equal(healthOf(row("IDLE", null, "DEGRADED")), "unknown");
  assert.equal(healthOf(row("IDLE")), "unknown");
  assert.equal(tone("A_WORD_TO_COME"), "calm");
});
