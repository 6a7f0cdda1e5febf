// The state of a stream: live, connecting, or lost since when.

import { html } from "../vendor/preact.js";
import { Failure } from "./notice.js";

export function Connection({ state, children }) {
  const word = state === "live" ? "live" : state === "connecting" ? "connecting" : "interrupted";
  // Only the word is announced when it changes: the time changes all the time.
  return html`<p class="connection ${word}"><span class="dot" aria-hidden="true"></span>
    <span role="status">${word}</span>${children}</p>`;
}

/** The failure after which a stream reconnects, if there is one. */
export function StreamFailure({ state, what, again }) {
  return typeof state === "object"
    ? html`<${Failure} fault=${state} what=${what} again=${again} />` : null;
}
