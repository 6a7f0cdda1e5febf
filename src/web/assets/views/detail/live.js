// The active or newest run: phases, flows, and their rows that passed, failed and were dropped.

import { html } from "../../vendor/preact.js";
import { bytes, duration, timestamp, number } from "../../format.js";
import { hasEnded } from "../../status.js";
import { Badge, Fact, When } from "../../parts/bits.js";
import { Connection, StreamFailure } from "../../parts/connection.js";
import { Empty, Loading, Warning } from "../../parts/notice.js";
import { Phases } from "../../parts/phases.js";
import { href } from "../../router.js";
import { useNow } from "../../use.js";

const FINISHED = new Set(["COMPLETED", "FAILED", "SKIPPED", "STOPPED", "EXCLUDED"]);

function Progress({ flows }) {
  const done = flows.filter((flow) => FINISHED.has(flow.state)).length;
  return flows.length > 0 && html`<div class="progress-line">
    <progress max=${flows.length} value=${done} aria-label="Flows that have ended"></progress>
    <span class="dim">${number(done)} of ${number(flows.length)} flows have ended</span></div>`;
}

// The duration of a run without an end grows with the browser's clock.
function Elapsed({ snapshot }) {
  const now = useNow(1000);
  const began = timestamp(snapshot.start_time);
  if (typeof snapshot.duration_ms === "number" && hasEnded(snapshot.state)) {
    return duration(snapshot.duration_ms);
  }
  return began ? duration(Math.max(0, now - began.getTime())) : "–";
}

const backlog = (flow) => [
  typeof flow.backlog_bytes === "number" && bytes(flow.backlog_bytes),
  typeof flow.backlog_files === "number" && `${number(flow.backlog_files)} files`,
].filter(Boolean).join(", ") || "–";

const COLUMNS = [["Rows written", "rows_written"], ["Rules passed", "passed"],
  ["Rules failed", "failed"], ["Rows dropped", "dropped"]];

function Flows({ flows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Flows"><table class="table flows">
    <thead><tr><th scope="col">Flow</th><th scope="col">State</th>
      ${COLUMNS.map(([title]) => html`<th scope="col" class="num">${title}</th>`)}
      <th scope="col" class="num">Backlog</th></tr></thead>
    <tbody>${flows.map((flow) => html`<tr key=${flow.name}>
      <th scope="row">${flow.name}
        ${(flow.failing ?? []).map((one) => html`<div class="dim small-text">${one.expectation}: ${
          number(one.failed)} failed</div>`)}</th>
      <td><${Badge} word=${flow.state ?? "unknown"} /></td>
      ${COLUMNS.map(([title, name]) => html`<td class="num ${
        flow[name] > 0 && (name === "failed" || name === "dropped") ? "ink-bad" : ""}"
        data-title=${title}>${number(flow[name])}</td>`)}
      <td class="num" data-title="Backlog">${backlog(flow)}</td></tr>`)}
    </tbody></table></div>`;
}

function Causes({ list }) {
  return list.length > 0 && html`<section class="causes" aria-label="Causes of the failure">
    ${list.map((cause) => html`<div class="notice bad"><div>
      <p class="notice-title">${cause.flow ?? cause.dataset ?? "Update"}</p>
      <p class="wrap">${cause.message ?? cause.class_name}</p>
      ${cause.class_name && cause.message && html`<p class="dim small-text wrap">${
        cause.class_name}</p>`}
    </div></div>`)}
  </section>`;
}

function Snapshot({ snapshot }) {
  return html`
    <dl class="facts">
      <${Fact} name="Update"><code title=${snapshot.update_id}>${
        snapshot.update_id.slice(0, 8)}</code></${Fact}>
      <${Fact} name="State"><${Badge} word=${snapshot.state ?? "unknown"} /></${Fact}>
      <${Fact} name="Cause">${snapshot.cause ?? "–"}</${Fact}>
      <${Fact} name="Began"><${When} at=${snapshot.start_time} /></${Fact}>
      <${Fact} name=${hasEnded(snapshot.state) ? "Took" : "Running for"}>
        <${Elapsed} snapshot=${snapshot} /></${Fact}>
      <${Fact} name="Rows written">${number(snapshot.totals?.rows_written)}</${Fact}>
    </dl>
    <${Phases} phases=${snapshot.phases ?? []} named />
    <${Causes} list=${snapshot.errors ?? []} />
    <${Progress} flows=${snapshot.flows} />
    ${snapshot.flows_left_out && html`<${Warning}>There are more flows than are shown.</${Warning}>`}
    ${snapshot.flows.length > 0 ? html`<${Flows} flows=${snapshot.flows} />`
      : html`<${Empty}>No flow has reported yet.</${Empty}>`}`;
}

export function Live({ pipeline, snapshot, stream, again }) {
  return html`<section aria-labelledby="live-title">
    <div class="view-head"><h2 id="live-title">${
      snapshot && hasEnded(snapshot.state) ? "Newest run" : "Run"}</h2>
      <${Connection} state=${stream} /></div>
    <${StreamFailure} state=${stream} what="Run" again=${again} />
    ${snapshot ? (snapshot.update_id ? html`<${Snapshot} snapshot=${snapshot} />`
      : html`<${Empty}>The event log knows of no run${pipeline.latest_updates?.length > 0
        ? html`; <a href=${href(["pipelines", pipeline.pipeline_id, "runs"])}>the history</a> does`
        : ""}.</${Empty}>`)
      : typeof stream !== "object" && html`<${Loading} what="the newest run" />`}
  </section>`;
}
