// A client of the HTTP API of `tarn serve`: single requests and streams of events. Every failure
// becomes a Fault with the fields of the API's error object, which tell the user what to do.

import { profile } from "./router.js";

export class Fault extends Error {
  constructor(error, status) {
    super(error.message || "The server gave no reason.");
    this.kind = error.kind || "http";
    this.code = error.code;
    this.status = error.status || status;
    this.requestId = error.request_id;
    this.hint = error.hint;
  }
}

// Integers of more than 15 digits do not fit a double. If an answer has some, they stay strings, so
// that the page shows them exactly.
const LONG = /[:[,]\s*-?\d{16}/;

function exactly(_, value, context) {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
    && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

function parse(text) {
  return JSON.parse(text, LONG.test(text) ? exactly : undefined);
}

// The query for arguments: undefined ones are left out, lists are joined by commas.
function url(path, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ profile: profile(), ...query })) {
    if (value !== undefined && value !== null && value !== "" && value !== false) {
      params.set(name, String(value));
    }
  }
  const text = params.toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

function unreachable(e) {
  if (e.name === "AbortError") {
    return e;
  }
  return new Fault({
    kind: "network",
    message: "The server does not answer.",
    hint: "Is `tarn serve` still running? This view goes on when it is back.",
  });
}

async function faultOf(response) {
  const text = await response.text().catch(() => "");
  try {
    return new Fault(parse(text).error, response.status);
  } catch {
    return new Fault({ kind: "http", message: `The server answered with status ${response.status}.` },
      response.status);
  }
}

async function send(path, { query, body, accept, signal, headers }) {
  const options = { signal, headers: { Accept: accept, ...headers }, credentials: "same-origin" };
  if (body) {
    const chosen = profile();
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(chosen ? { profile: chosen, ...body } : body);
  }
  const response = await fetch(body ? `/api/${path}` : url(path, query), options)
    .catch((e) => { throw unreachable(e); });
  if (!response.ok) {
    throw await faultOf(response);
  }
  return response;
}

/** Send a GET, or a POST if there is a body. Returns the data of the answer. */
export async function call(path, { query, body, signal } = {}) {
  const response = await send(path, { query, body, accept: "application/json", signal });
  return parse(await response.text().catch((e) => { throw unreachable(e); }));
}

// Parse one event of a text/event-stream: the lines up to an empty one.
function parseEvent(block) {
  const event = { type: "message", data: "", id: undefined };
  const data = [];
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (name === "event") {
      event.type = value;
    } else if (name === "data") {
      data.push(value);
    } else if (name === "id") {
      event.id = value;
    }
  }
  event.data = data.length > 0 ? parse(data.join("\n")) : undefined;
  return event;
}

// Reads a stream with fetch: EventSource hides the status and body of errors, and cannot POST.
async function* events(path, options) {
  const response = await send(path, { ...options, accept: "text/event-stream" });
  yield { type: "open" };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch((e) => { throw unreachable(e); });
    if (done) {
      return;
    }
    const blocks = (rest + value).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event.data !== undefined) {
        yield event;
      }
    }
  }
}

/** POST a long operation: `onProgress` gets {done, total, what}. Returns the result. */
export async function run(path, body, { onProgress, signal } = {}) {
  for await (const event of events(path, { body, signal })) {
    if (event.type === "progress") {
      onProgress?.(event.data);
    } else if (event.type === "error") {
      throw new Fault(event.data.error || event.data);
    } else if (event.type === "result") {
      return event.data;
    }
  }
  throw new Fault({
    kind: "network",
    message: "The connection broke off before the result came.",
    hint: "It may have taken effect: look at the journal before you repeat it.",
  });
}

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
// The API has refused the request: another try would be refused, too.
const FINAL = new Set([400, 401, 403, 404, 405, 422]);

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** Listen to a stream until `signal` aborts, and reconnect after failures. If `last` is given, the
 * stream continues after that event. `onState` gets "live", or the Fault after which it reconnects.
 * A refusal ends the stream. */
export async function listen(path, { query, signal, last, onEvent, onState }) {
  let wait = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      const headers = last === undefined ? {} : { "Last-Event-ID": last };
      for await (const event of events(path, { query, signal, headers })) {
        if (event.type === "error") {
          throw new Fault(event.data.error || event.data);
        }
        last = event.id ?? last;
        wait = FIRST_PAUSE;
        onState("live");
        if (event.type !== "open") {
          onEvent(event);
        }
      }
    } catch (e) {
      if (signal.aborted) {
        return;
      }
      onState(e);
      if (FINAL.has(e.status)) {
        return;
      }
    }
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  }
}
