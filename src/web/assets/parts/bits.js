// Small parts: a state in its colour, a timestamp, a text to copy, a fact.

import { html, useState } from "../vendor/preact.js";
import { ago, exact, timestamp } from "../format.js";
import { tone } from "../status.js";
import { useNow } from "../use.js";
import { announce } from "./announce.js";
import { Icon } from "./icon.js";

/** A state of the API, unchanged, in its colour. */
export function Badge({ word, title }) {
  return html`<span class="badge ${tone(word)}" title=${title}>${word ?? "unknown"}</span>`;
}

/** A timestamp as "3 min ago"; the title and the datetime attribute are exact. */
export function When({ at }) {
  const now = useNow(10000);
  const date = timestamp(at);
  return date
    ? html`<time datetime=${date.toISOString()} title=${exact(date)}>${ago(date, now)}</time>`
    : html`<span class="dim">–</span>`;
}

export function CopyButton({ text, label }) {
  const [done, set] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      set(true);
      setTimeout(() => set(false), 1500);
    } catch {
      announce("The browser does not let the page copy: mark the text and copy it by hand.");
    }
  };
  return html`<button type="button" class="plain small" onClick=${copy} aria-label=${label}
    title=${label}><${Icon} name=${done ? "check" : "copy"} /></button>`;
}

/** A name and a value, in a description list. */
export function Fact({ name, children }) {
  return html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;
}
