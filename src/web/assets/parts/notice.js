// Notices in place of data: a failure with what to do, loading, or no data. "No data" is shown only
// if the API has answered so.

import { html } from "../vendor/preact.js";
import { Icon } from "./icon.js";

const TITLES = {
  network: "No answer",
  timeout: "It took too long",
  auth: "Not allowed",
  conflict: "In conflict with what is there",
  usage: "This cannot be done as asked",
};

// The most likely thing to do, if the API gave no hint.
const HINTS = {
  auth: "Sign in again with the link that `tarn serve` printed, or choose a workspace whose "
    + "credentials may do this.",
  timeout: "Try again: a warehouse that was stopped takes minutes to start.",
  network: "Look at the address and the network, and try again.",
};

function titleOf(fault) {
  if (fault.status === 404) {
    return "Not found";
  }
  return TITLES[fault.kind] ?? "It failed";
}

export function Failure({ fault, what, again }) {
  const about = [fault.code, fault.status && `status ${fault.status}`,
    fault.requestId && `request ${fault.requestId}`].filter(Boolean).join(" · ");
  const hint = fault.hint ?? HINTS[fault.kind];
  return html`<div class="notice bad" role="alert">
    <${Icon} name="bad" />
    <div>
      <p class="notice-title">${what ? `${what}: ` : ""}${titleOf(fault)}</p>
      <p>${fault.message}</p>
      ${hint && html`<p class="hint">${hint}</p>`}
      ${about && html`<p class="dim small-text">${about}</p>`}
      ${again && html`<button type="button" onClick=${again}>
        <${Icon} name="again" /> Try again</button>`}
    </div>
  </div>`;
}

export function Warning({ children }) {
  return html`<div class="notice warn"><${Icon} name="warn" /><div>${children}</div></div>`;
}

export function Loading({ what }) {
  return html`<div class="loading" role="status">
    <span class="spinner" aria-hidden="true"></span> Loading ${what}</div>`;
}

export function Empty({ children }) {
  return html`<div class="empty">${children}</div>`;
}

/** The right notice for a load. Old data stays visible beside a new failure. */
export function Loaded({ load, what, children }) {
  return html`
    ${load.fault && html`<${Failure} fault=${load.fault} what=${what} again=${load.again} />`}
    ${load.data === undefined
      ? load.loading && html`<${Loading} what=${what} />`
      : children(load.data)}`;
}
