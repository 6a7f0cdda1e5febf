// Line icons on a grid of 16 by 16, inline, so that no file is requested.

import { html } from "../vendor/preact.js";

const PATHS = {
  info: "M8 7.2v4M8 4.8v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  search: "M10.5 10.5 14 14M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0Z",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5V3.2c0-.4.3-.7.7-.7h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7h-2.3"
    + "M3.2 5.5h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7H3.2a.7.7 0 0 1-.7-.7V6.2c0-.4.3-.7.7-.7Z",
  check: "m3 8.5 3.2 3.2L13 4.8",
  play: "M4.5 3v10l8-5-8-5Z",
  stop: "M4 4h8v8H4z",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  external: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
  warn: "M8 6.2v3M8 11.4v.1M8 2.2 14.5 13.5h-13L8 2.2Z",
  bad: "M8 4.8v4M8 11.1v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.6h-2.6",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  pipelines: "M2.5 4.5h4v3h-4zM9.5 8.5h4v3h-4zM6.5 6h1.5v4h1.5",
  journal: "M4 2.5h8.5v11H4A1.5 1.5 0 0 1 2.5 12V4A1.5 1.5 0 0 1 4 2.5ZM5.5 6h4.5M5.5 9h4.5",
  up: "m4 10 4-4 4 4",
};

/** An icon, hidden from screen readers: a text or a label of the button says the same. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
