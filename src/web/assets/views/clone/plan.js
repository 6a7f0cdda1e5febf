// The plan of a clone as a diff: every field of the source with its verdict, the sources that are
// copied, the workspace's check of the plan, and what needs attention.

import { html, useState } from "../../vendor/preact.js";
import { bytes, inline, number } from "../../format.js";
import { Badge, CopyButton, Fact } from "../../parts/bits.js";
import { Check } from "../../parts/field.js";
import { Empty, Warning } from "../../parts/notice.js";

const ORDER = ["attention", "mapped", "set", "dropped", "kept"];

const SIGNS = { attention: "!", mapped: "±", set: "±", dropped: "−", kept: "=" };

function Row({ field }) {
  return html`<tr class="diff-${field.verdict}">
    <th scope="row"><span class="sign" aria-hidden="true">${SIGNS[field.verdict] ?? "·"}</span>
      ${" "}${field.path}</th>
    <td><${Badge} word=${field.verdict} /></td>
    <td class="wrap left" data-title="Source">${inline(field.from)}</td>
    <td class="wrap right" data-title="Copy">${field.verdict === "dropped" ? "–" : inline(field.to)}</td>
    <td class="wrap" data-title="Why">${field.reason ?? ""}
      ${field.rule && html`<div class="dim small-text">rule: <code>${field.rule}</code></div>`}</td>
  </tr>`;
}

function Fields({ fields, counts }) {
  const [all, setAll] = useState(false);
  const rank = (field) => ORDER.indexOf(field.verdict);
  const list = fields.filter((field) => all || field.verdict !== "kept")
    .sort((a, b) => rank(a) - rank(b));
  return html`<section aria-labelledby="plan-fields">
    <div class="view-head"><h3 id="plan-fields">Settings</h3>
      <ul class="legend">${ORDER.filter((word) => counts[word] > 0).map((word) => html`<li>
        <${Badge} word=${word} /> ${number(counts[word])}</li>`)}</ul></div>
    <${Check} id="plan-all" label="Show what stays the same" checked=${all} onChange=${setAll} />
    ${list.length === 0 ? html`<${Empty}>Every field stays as it is.</${Empty}>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Settings of the copy">
        <table class="table diff"><thead><tr><th scope="col">Field</th><th scope="col">Verdict</th>
          <th scope="col">Source</th><th scope="col">Copy</th><th scope="col">Why</th></tr></thead>
        <tbody>${list.map((field) => html`<${Row} key=${field.path} field=${field} />`)}</tbody>
        </table></div>`}
  </section>`;
}

// An existing copy: its present settings and the new ones.
function Changes({ list }) {
  return html`<section aria-labelledby="plan-changes"><h3 id="plan-changes">What changes in the copy</h3>
    ${list.length === 0 ? html`<${Empty}>Nothing: it is as the plan wants it.</${Empty}>`
      : html`<table class="table diff"><thead><tr><th scope="col">Field</th><th scope="col">Now</th>
          <th scope="col">Then</th></tr></thead>
        <tbody>${list.map((change) => html`<tr key=${change.path} class="diff-changed">
          <th scope="row">${change.path}</th>
          <td class="wrap left" data-title="Now">${inline(change.from)}</td>
          <td class="wrap right" data-title="Then">${inline(change.to)}</td></tr>`)}</tbody></table>`}
  </section>`;
}

function Sources({ list }) {
  const moved = list.filter((item) => item.verdict !== "same");
  return html`<section aria-labelledby="plan-sources"><h3 id="plan-sources">Code</h3>
    <p class="dim">${number(list.length)} objects, ${number(list.length - moved.length)} there
      already</p>
    ${moved.length > 0 && html`<ul class="rows">${moved.map((item) => html`<li class="source-diff">
      <${Badge} word=${item.verdict} /> <span class="wrap">${item.path}</span>
      ${item.target !== item.path && html` <span class="wrap dim">to ${item.target}</span>`}
      ${item.size !== undefined && html` <span class="dim">${bytes(item.size)}</span>`}
      ${item.reason && html`<p class="dim small-text">${item.reason}</p>`}</li>`)}</ul>`}
  </section>`;
}

function Commands({ list }) {
  return html`<section aria-labelledby="plan-admin"><h3 id="plan-admin">For an admin, afterwards</h3>
    <ul class="rows">${list.map(({ why, command }) => html`<li><p>${why}</p>
      <div class="command"><code class="wrap">${command}</code>
        <${CopyButton} text=${command} label="Copy the command" /></div></li>`)}</ul></section>`;
}

/** The notes of a plan, which its result shows too. */
export function Notes({ plan }) {
  return html`
    ${(plan.problems ?? []).map((fault) => html`<div class="notice bad" role="alert"><div>
      <p class="notice-title">${fault.message}</p>${fault.hint && html`<p>${fault.hint}</p>`}
    </div></div>`)}
    ${plan.warnings?.length > 0 && html`<${Warning}><ul>${plan.warnings.map((text) => html`
      <li>${text}</li>`)}</ul></${Warning}>`}
    ${plan.admin_commands?.length > 0 && html`<${Commands} list=${plan.admin_commands} />`}`;
}

export function Plan({ plan }) {
  const preview = plan.spec_preview ?? {};
  return html`<div class="plan">
    <dl class="facts">
      <${Fact} name="From">${plan.source.name} · ${plan.source.profile ?? plan.source.host}</${Fact}>
      <${Fact} name="To">${plan.copy.name} · ${plan.copy.profile ?? plan.copy.host}</${Fact}>
      <${Fact} name="Action">${plan.action}</${Fact}>
      <${Fact} name="Publishes to">${preview.catalog ?? "–"}.${preview.target ?? "–"}</${Fact}>
      <${Fact} name="Libraries">${number(preview.libraries_count)}</${Fact}>
    </dl>
    <${Notes} plan=${plan} />
    ${plan.changes && html`<${Changes} list=${plan.changes} />`}
    <${Fields} fields=${plan.fields} counts=${plan.counts} />
    ${plan.sources && html`<${Sources} list=${plan.sources} />`}
    <section aria-labelledby="plan-steps"><h3 id="plan-steps">Steps</h3>
      ${plan.steps.length === 0 ? html`<${Empty}>Nothing is left to do.</${Empty}>`
        : html`<ol class="steps">${plan.steps.map((step) => html`<li><code>${step.request}</code>
          <span>${step.what}</span></li>`)}</ol>`}</section>
  </div>`;
}
