// A small chart of a few rates, with their trend in words.

import { html } from "../vendor/preact.js";
import { percent } from "../format.js";

const WIDTH = 96;
const HEIGHT = 24;
const TONES = { better: "good", worse: "bad" };

export function Spark({ rates, direction }) {
  if (rates.length < 2) {
    return html`<span class="dim">–</span>`;
  }
  const most = Math.max(...rates, 1e-9);
  const step = WIDTH / rates.length;
  return html`<span class="spark">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" class="spark-${TONES[direction] ?? "calm"}"
        aria-label=${`failed: ${rates.map(percent).join(", ")}`}>
      ${rates.map((rate, i) => {
        const height = Math.max(1.5, (rate / most) * (HEIGHT - 2));
        return html`<rect x=${i * step + 1} y=${HEIGHT - height} width=${Math.max(1, step - 2)}
          height=${height}><title>${percent(rate)}</title></rect>`;
      })}
    </svg>
    <span class="dim">${direction ?? ""}</span></span>`;
}
