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

const ACTIONS = { warn: "warns", drop: "drops rows", fail: "fails the update" };

function times(n) {
  return n === 1 ? "an update" : `${number(n)} updates`;
}

// What the expectation does, its rule, and the updates that it has ended.
function About({ row }) {
  return html`${(row.action || row.rule) && html`<div class="dim small-text">${
    [ACTIONS[row.action] ?? row.action, row.rule].filter(Boolean).join(": ")}</div>`}
    ${row.violations > 0 && html`<div class="ink-bad small-text">ended ${times(row.violations)}${
      row.flow && `, in flow ${row.flow}`}</div>`}`;
}

function Row({ row }) {
  return html`<tr>
    <th scope="row">${row.expectation || "(not named)"}<${About} row=${row} /></th>
    <td class="num ${rateClass(row.pass_rate)}" data-title="Pass rate">${
      percent(row.pass_rate)}</td>
    <td data-title="Failures by run"><${Spark} rates=${row.trend?.failed_rates ?? []}
      direction=${row.trend?.direction} /></td>
    <td class="num" data-title="Rule passed">${number(row.passed)}</td>
    <td class="num" data-title="Rule failed">${number(row.failed)}</td>
    <td data-title="Last seen"><${When} at=${row.last_seen} /></td></tr>`;
}

// The rows of one dataset. The records that it dropped are its own, not an expectation's.
function Group({ dataset, rows }) {
  return html`<tbody>
    <tr class="group"><th scope="rowgroup" colspan="6">${dataset.dataset}
      <span class="dim small-text group-note">${typeof dataset.dropped === "number"
        ? `${number(dataset.dropped)} rows dropped` : "rows dropped are not known"}</span></th></tr>
    ${rows.map((row) => html`<${Row} key=${row.expectation} row=${row} />`)}</tbody>`;
}

function Table({ rows, datasets }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Expectations by dataset"><table class="table">
    <thead><tr><th scope="col">Expectation</th>
      <th scope="col" class="num">Pass rate</th><th scope="col">Failures by run</th>
      <th scope="col" class="num">Rule passed</th><th scope="col" class="num">Rule failed</th>
      <th scope="col">Last seen</th></tr></thead>
    ${datasets.map((dataset) => html`<${Group} key=${dataset.dataset} dataset=${dataset}
      rows=${rows.filter((row) => row.dataset === dataset.dataset)} />`)}
  </table></div>`;
}

function Result({ data }) {
  const silent = (data.sources ?? []).filter((source) => !source.answered);
  return html`
    ${data.window.covered_since && html`<${Warning}>Counts before
      <${When} at=${data.window.covered_since} /> are unknown.</${Warning}>`}
    ${!data.source && html`<${Warning}><p class="notice-title">No source has them</p>
      ${silent.map((source) => html`<p>${source.source}: ${source.reason}</p>`)}</${Warning}>`}
    ${data.results.length > 0 ? html`<${Table} rows=${data.results}
      datasets=${data.datasets} />`
      : data.source && html`<${Empty}>No expectation was counted or violated in this time.</${Empty}>`}
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
