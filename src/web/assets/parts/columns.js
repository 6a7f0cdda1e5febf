// Stacked columns over time; each has its numbers as text for screen readers.

import { html } from "../vendor/preact.js";

const WIDTH = 480;
const HEIGHT = 96;
const GAP = 3;

const two = (n) => String(n).padStart(2, "0");
const hourOf = (date) => `${two(date.getHours())}:00`;

function Column({ slot, x, width, most, series }) {
  let y = HEIGHT;
  const said = series.filter(([word]) => slot.counts[word])
    .map(([word]) => `${slot.counts[word]} ${word}`).join(", ") || "none";
  return html`<g><title>${`${hourOf(slot.at)}: ${said}`}</title>
    <rect class="column-back" x=${x} y="0" width=${width} height=${HEIGHT} />
    ${series.map(([word, tone]) => {
      const height = ((slot.counts[word] ?? 0) / most) * HEIGHT;
      y -= height;
      return height > 0 && html`<rect class="fill-${tone}" x=${x} y=${y} width=${width}
        height=${height} />`;
    })}</g>`;
}

/** `slots` is a list of {at, counts}, `series` a list of [word, tone] from the bottom up. */
export function Columns({ slots, series }) {
  const sums = slots.map((s) => Object.values(s.counts).reduce((a, b) => a + b, 0));
  const most = Math.max(1, ...sums);
  const step = WIDTH / slots.length;
  const totals = series.map(([word]) =>
    `${slots.reduce((n, s) => n + (s.counts[word] ?? 0), 0)} ${word}`);
  return html`<figure class="columns">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
        aria-label=${totals.join(", ")}>
      ${slots.map((slot, i) => html`<${Column} key=${i} slot=${slot} x=${i * step + GAP / 2}
        width=${step - GAP} most=${most} series=${series} />`)}
    </svg>
    <div class="axis" aria-hidden="true">
      ${slots.filter((_, i) => i % 6 === 0).map((s) => html`<span>${hourOf(s.at)}</span>`)}
    </div>
    <figcaption class="legend">${series.map(([, tone], i) => html`<span>
      <i class="swatch fill-${tone}"></i>${totals[i]}</span>`)}</figcaption>
  </figure>`;
}
