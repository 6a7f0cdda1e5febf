// The HTTP API of `tarn serve`: one request, or a stream of events. Every failure becomes a
// Fault with the fields of the API's error object, so that a view can show what to do.

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

// Whole numbers of more than 15 digits, which a double cannot hold, are rare and must come out
// as they came: where there are some, they keep their text.
const LONG = /[:[,]\s*-?\d{16}/;

function exactly(_, value, context) {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
    && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

function parse(text) {
  return JSON.parse(text, LONG.test(text) ? exactly : undefined);
}

// An argument that is absent is left out; a list is given as the API takes it, with commas.
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

/** GET, or POST if there is a body; the answer's data. */
export async function call(path, { query, body, signal } = {}) {
  const response = await send(path, { query, body, accept: "application/json", signal });
  return parse(await response.text().catch((e) => { throw unreachable(e); }));
}

// One event of a text/event-stream: lines up to an empty one.
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

// EventSource hides the status and the body of a refusal, and cannot POST.
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

/** POST something long: `onProgress` hears {done, total, what}; the result is returned. */
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
// The API has refused: asking again changes nothing.
const FINAL = new Set([400, 401, 403, 404, 405, 422]);

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** Listen until `signal` aborts, through breaks of the connection; behind the event `last`, if
 * there is one. `onState` hears "live", or the Fault that it waits over; a refusal ends it. */
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
