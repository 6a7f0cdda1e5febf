// The states of pipelines, updates and events, and the tone (colour) of each. Unknown states are
// shown unchanged, in the plain tone.

const ACTIVE = new Set(["RUNNING", "STARTING", "RESETTING", "RECOVERING", "DEPLOYING"]);
const ENDED = new Set(["COMPLETED", "FAILED", "CANCELED"]);

/** The status that the dashboard counts: after a failed run the state is usually IDLE. */
export function statusOf(row) {
  if (ACTIVE.has(row.state)) {
    return "running";
  }
  if (row.state === "FAILED" || (row.state === "IDLE" && row.latest_update?.state === "FAILED")) {
    return "failed";
  }
  return row.state === "IDLE" ? "idle" : "other";
}

/** The health that the API gives; UNKNOWN if it gives none. */
export function healthOf(row) {
  return { HEALTHY: "healthy", UNHEALTHY: "unhealthy" }[row.health] ?? "unknown";
}

export const isActive = (state) => ACTIVE.has(state);
export const hasEnded = (updateState) => ENDED.has(updateState);

const TONES = {
  running: "info", failed: "bad", idle: "calm", other: "warn", healthy: "good", unhealthy: "bad",
  unknown: "calm",
  RUNNING: "info", STARTING: "info", RESETTING: "info", RECOVERING: "warn", DEPLOYING: "info",
  FAILED: "bad", STOPPING: "warn", DELETED: "calm", IDLE: "calm",
  CREATED: "calm", QUEUED: "calm", WAITING_FOR_RESOURCES: "warn", INITIALIZING: "info",
  SETTING_UP_TABLES: "info", COMPLETED: "good", CANCELED: "calm", PLANNING: "info",
  SKIPPED: "warn", STOPPED: "calm", EXCLUDED: "calm", PENDING: "calm",
  HEALTHY: "good", UNHEALTHY: "bad",
  ERROR: "bad", WARN: "warn", INFO: "calm", METRICS: "calm",
  done: "good", partial: "warn", unchanged: "calm", interrupted: "warn", undone: "calm",
  answered: "good", empty: "calm", missing: "calm", not_asked: "calm",
  kept: "calm", set: "info", mapped: "good", dropped: "warn", attention: "bad",
};

export const tone = (word) => TONES[word] ?? "calm";
