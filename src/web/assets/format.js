// Numbers and times as text. The functions are pure: callers pass the present time.

const NUMBER = new Intl.NumberFormat("en");
const DAY_TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DATE_CLOCK = new Intl.DateTimeFormat("en-GB",
  { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** The Date of a timestamp, which the API gives as ISO text or in milliseconds; or undefined. */
export function timestamp(value) {
  if (value === null || value === undefined || value === "") {
    return undefined;
  }
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export const number = (value) => (typeof value === "number" ? NUMBER.format(value) : "–");

/** 0.94965 -> "94.97 %". Only 1 is "100 %", and only 0 is "0 %". */
export function percent(value) {
  if (typeof value !== "number") {
    return "–";
  }
  let digits = value > 0.9 ? 2 : 1;
  const shown = () => Number((100 * value).toFixed(digits));
  while (digits < 9 && ((shown() === 100 && value < 1) || (shown() === 0 && value > 0))) {
    digits += 1;
  }
  return `${shown()} %`;
}

export const exact = (date) => DAY_TIME.format(date);
export const clock = (date) => CLOCK.format(date);
export const dateClock = (date) => DATE_CLOCK.format(date);

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

/** 506763 -> "8 min 26 s": the two largest units. */
export function duration(ms) {
  if (typeof ms !== "number" || ms < 0) {
    return "–";
  }
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  let rest = Math.round(ms / 1000);
  const parts = [];
  for (const [unit, seconds] of UNITS) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0 || parts.length > 0) {
      parts.push(n > 0 ? `${n} ${unit}` : "");
    }
  }
  return parts.slice(0, 2).filter(Boolean).join(" ");
}

/** "3 min ago", from the largest unit. */
export function ago(date, now) {
  const seconds = Math.round((now - date.getTime()) / 1000);
  if (seconds < 5) {
    return seconds < -5 ? DATE_CLOCK.format(date) : "just now";
  }
  const [unit, size] = UNITS.find(([, s]) => seconds >= s);
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(value) {
  if (typeof value !== "number") {
    return "–";
  }
  let n = value;
  let at = 0;
  while (n >= 1024 && at < BYTES.length - 1) {
    n /= 1024;
    at += 1;
  }
  return `${at > 0 && n < 10 ? n.toFixed(1) : Math.round(n)} ${BYTES[at]}`;
}

/** A value of a spec in one line. */
export function inline(value) {
  if (value === undefined || value === null) {
    return "–";
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
