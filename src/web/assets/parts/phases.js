// The phases of a run as a bar; widths are durations.

import { html } from "../vendor/preact.js";
import { duration } from "../format.js";

const STEPS = ["WAITING_FOR_RESOURCES", "QUEUED", "INITIALIZING", "RESETTING",
  "SETTING_UP_TABLES", "RUNNING", "STOPPING"];

const classOf = (state) => `phase-${STEPS.indexOf(state) + 1}`;
const word = (state) => String(state).toLowerCase().replaceAll("_", " ");
const lengthOf = (phase) => Math.max(0, phase.duration_ms ?? 0);

/** `share` is the part of the width that the whole bar takes, from 0 to 1. */
export function Phases({ phases, share = 1, named }) {
  const known = phases.filter((phase) => lengthOf(phase) > 0);
  const total = known.reduce((sum, phase) => sum + lengthOf(phase), 0);
  if (total === 0) {
    return null;
  }
  const said = known.map((p) => `${word(p.state)} ${duration(p.duration_ms)}`).join(", ");
  return html`<div class="phases">
    <div class="phase-bar" role="img" aria-label=${said} title=${said}
        style=${{ width: `${100 * share}%` }}>
      ${known.map((phase) => html`<span class="phase ${classOf(phase.state)}"
        style=${{ flexGrow: lengthOf(phase) / total }}></span>`)}
    </div>
    ${named && html`<ul class="legend">${known.map((phase) => html`<li>
      <i class="swatch ${classOf(phase.state)}"></i>${word(phase.state)} ${
        duration(phase.duration_ms)}</li>`)}</ul>`}
  </div>`;
}
