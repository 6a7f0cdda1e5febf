// The run history: durations on a common scale, phases, and why runs failed.

import { html, useState } from "../../vendor/preact.js";
import { dateClock, duration, timestamp, number } from "../../format.js";
import { Badge, Fact, When } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { Empty, Loaded } from "../../parts/notice.js";
import { Phases } from "../../parts/phases.js";
import { href } from "../../router.js";
import { useChange, useLoad } from "../../use.js";
import { hasEnded, tone } from "../../status.js";

const PAGE = 50;

function Bar({ run, longest }) {
  if (typeof run.duration_ms !== "number") {
    return html`<span class="dim bar-none">${hasEnded(run.state) ? "how long is not known"
      : html`began <${When} at=${run.creation_time} />`}</span>`;
  }
  const share = Math.max(0.01, run.duration_ms / longest);
  const phases = run.phases ?? [];
  return html`<div class="bar-cell">
    ${phases.some((p) => p.duration_ms > 0)
      ? html`<${Phases} phases=${phases} share=${share} />`
      : html`<div class="bar fill-${tone(run.state)}" style=${{ width: `${100 * share}%` }}></div>`}
    <span class="bar-text">${duration(run.duration_ms)}</span></div>`;
}

function More({ run, id }) {
  return html`<div class="more">
    ${run.error && html`<p class="wrap ink-bad">${run.error}</p>`}
    <${Phases} phases=${run.phases ?? []} named />
    <dl class="facts">
      <${Fact} name="Update"><code>${run.update_id}</code></${Fact}>
      <${Fact} name="Request"><code>${run.request_id ?? "–"}</code></${Fact}>
      <${Fact} name="What">${run.what}</${Fact}>
      ${run.cancellation_cause && html`<${Fact} name="Cancelled by">${
        run.cancellation_cause}</${Fact}>`}
    </dl>
    <a href=${href(["pipelines", id, "events"], { update: run.update_id })}>Events of this run</a>
  </div>`;
}

function Run({ run, longest, id }) {
  const [open, set] = useState(false);
  const began = timestamp(run.creation_time);
  return html`<li class="run">
    <button type="button" class="plain unfold" aria-expanded=${String(open)}
        onClick=${() => set(!open)}>
      <${Icon} name=${open ? "down" : "right"} />
      <span class="run-when">${began ? dateClock(began) : "–"}</span>
      <${Badge} word=${run.state} />
      <span class="run-what dim">${run.cause ?? ""}${run.what === "all"
        ? "" : `, ${run.what}`}</span>
    </button>
    <${Bar} run=${run} longest=${longest} />
    ${!open && run.error && html`<p class="run-error ink-bad">${run.error}</p>`}
    ${open && html`<${More} run=${run} id=${id} />`}
  </li>`;
}

function Summary({ runs }) {
  const failed = runs.filter((run) => run.state === "FAILED").length;
  const lengths = runs.filter((run) => run.state === "COMPLETED"
    && typeof run.duration_ms === "number").map((run) => run.duration_ms).sort((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)];
  return html`<dl class="facts">
    <${Fact} name="Shown">${number(runs.length)} runs</${Fact}>
    <${Fact} name="Failed">${number(failed)}</${Fact}>
    <${Fact} name="Median of completed">${duration(median)}</${Fact}>
  </dl>`;
}

export function Runs({ pipeline, path, snapshot }) {
  const [max, setMax] = useState(PAGE);
  const load = useLoad(`${path}/updates`, { max });
  useChange(snapshot && `${snapshot.update_id} ${snapshot.state}`, load.again);
  return html`<section aria-labelledby="runs-title"><h2 id="runs-title">Run history</h2>
    <${Loaded} load=${load} what="the run history">${(runs) => {
      const longest = Math.max(1, ...runs.map((run) => run.duration_ms ?? 0));
      return runs.length === 0 ? html`<${Empty}>This pipeline has never run.</${Empty}>`
        : html`<${Summary} runs=${runs} />
          <ol class="runs">${runs.map((run) => html`<${Run} key=${run.update_id} run=${run}
            longest=${longest} id=${pipeline.pipeline_id} />`)}</ol>
          ${runs.length >= max && html`<button type="button" disabled=${load.loading}
            onClick=${() => setMax(max + PAGE)}>Show more</button>`}`;
    }}</${Loaded}></section>`;
}
