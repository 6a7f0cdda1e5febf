// A value as JSON, with colours for names, strings and numbers.

import { html } from "../vendor/preact.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)/g;

function paint(text) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, digits] = match;
    out.push(text.slice(at, match.index));
    const kind = string ? (colon ? "j-name" : "j-text") : digits ? "j-number" : "j-word";
    out.push(html`<span class=${kind}>${string ?? whole}</span>`, colon ?? "");
    at = match.index + whole.length;
  }
  out.push(text.slice(at));
  return out;
}

export function Json({ value, label }) {
  return html`<pre class="json" tabindex="0" role="region" aria-label=${label}><code>${
    paint(JSON.stringify(value, null, 2))}</code></pre>`;
}
