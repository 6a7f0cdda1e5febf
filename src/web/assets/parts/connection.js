// Whether what is shown still changes by itself: live, on the way, or since when no more.

import { html } from "../vendor/preact.js";
import { Failure } from "./notice.js";

export function Connection({ state, children }) {
  const word = state === "live" ? "live" : state === "connecting" ? "connecting" : "interrupted";
  // The word alone is read aloud when it changes; the time beside it changes all the time.
  return html`<p class="connection ${word}"><span class="dot" aria-hidden="true"></span>
    <span role="status">${word}</span>${children}</p>`;
}

/** The failure that a stream waits over, if it does. */
export function StreamFailure({ state, what, again }) {
  return typeof state === "object"
    ? html`<${Failure} fault=${state} what=${what} again=${again} />` : null;
}
