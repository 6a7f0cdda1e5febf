// The counts of the expectations, with the trend of their failure rates.

import { html, useState } from "../../vendor/preact.js";
import { number, percent } from "../../format.js";
import { When } from "../../parts/bits.js";
import { Empty, Loaded, Warning } from "../../parts/notice.js";
import { hasEnded } from "../../status.js";
import { Spark } from "../../parts/spark.js";
import { useChange, useLoad } from "../../use.js";

const WINDOWS = [1, 7, 30, 90];

function rateClass(rate) {
  return typeof rate !== "number" || rate >= 0.999 ? "" : rate >= 0.95 ? "ink-warn" : "ink-bad";
}

function Table({ rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Expectations by dataset"><table class="table">
    <thead><tr><th scope="col">Dataset</th><th scope="col">Expectation</th>
      <th scope="col" class="num">Pass rate</th><th scope="col">Failures by run</th>
      <th scope="col" class="num">Passed</th><th scope="col" class="num">Failed</th>
      <th scope="col" class="num">Dropped</th><th scope="col">Last seen</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${`${row.dataset} ${row.expectation}`}>
      <td data-title="Dataset">${row.dataset}</td><th scope="row">${row.expectation}</th>
      <td class="num ${rateClass(row.pass_rate)}" data-title="Pass rate">${
        percent(row.pass_rate)}</td>
      <td data-title="Failures by run"><${Spark} rates=${row.trend?.failed_rates ?? []}
        direction=${row.trend?.direction} /></td>
      <td class="num" data-title="Passed">${number(row.passed)}</td>
      <td class="num" data-title="Failed">${number(row.failed)}</td>
      <td class="num" data-title="Dropped">${number(row.dropped)}</td>
      <td data-title="Last seen"><${When} at=${row.last_seen} /></td></tr>`)}</tbody>
  </table></div>`;
}

function Result({ data }) {
  const silent = (data.sources ?? []).filter((source) => !source.answered);
  return html`
    ${data.window.covered_since && html`<${Warning}>Counts before
      <${When} at=${data.window.covered_since} /> are unknown.</${Warning}>`}
    ${!data.source && html`<${Warning}><p class="notice-title">No source has them</p>
      ${silent.map((source) => html`<p>${source.source}: ${source.reason}</p>`)}</${Warning}>`}
    ${data.results.length > 0 ? html`<${Table} rows=${data.results} />`
      : data.source && html`<${Empty}>No expectation was counted in this time.</${Empty}>`}
    <p class="dim small-text">Source: ${data.source ?? "none"}, since
      ${" "}<${When} at=${data.window.since} /></p>`;
}

export function Expectations({ path, snapshot }) {
  const [days, setDays] = useState(7);
  const load = useLoad(`${path}/expectations`, { days });
  useChange(snapshot && `${snapshot.update_id} ${hasEnded(snapshot.state)}`, load.again);
  return html`<section aria-labelledby="expectations-title">
    <div class="view-head"><h2 id="expectations-title">Expectations</h2>
      <label class="inline-field">Days back <select value=${days}
        onChange=${(e) => setDays(Number(e.target.value))}>
        ${WINDOWS.map((n) => html`<option value=${n}>${n}</option>`)}</select></label></div>
    <${Loaded} load=${load} what="the expectations">${(data) => html`<${Result}
      data=${data} />`}</${Loaded}></section>`;
}
