// Tabs that are links. The arrow keys move between them.

import { html } from "../vendor/preact.js";

function move(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: "first", End: "last" };
  const step = steps[event.key];
  if (step === undefined) {
    return;
  }
  const tabs = [...event.currentTarget.querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(document.activeElement);
  const next = { first: 0, last: tabs.length - 1 }[step]
    ?? (at + step + tabs.length) % tabs.length;
  event.preventDefault();
  tabs[next].focus();
  tabs[next].click();
}

/** `tabs` is a list of [word, text, link]. */
export function Tabs({ label, tabs, current, panel, minor }) {
  return html`<div role="tablist" aria-label=${label} class="tabs ${minor ? "minor" : ""}"
      onKeyDown=${move}>
    ${tabs.map(([word, text, link]) => html`<a role="tab" id="tab-${word}" key=${word} href=${link}
      aria-selected=${String(word === current)} tabindex=${word === current ? 0 : -1}
      aria-controls=${panel}>${text}</a>`)}
  </div>`;
}
