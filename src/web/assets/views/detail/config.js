// The whole configuration, unchanged, and the differences from another pipeline.

import { html, useState } from "../../vendor/preact.js";
import { inline, number } from "../../format.js";
import { Badge, CopyButton } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { Json } from "../../parts/json.js";
import { Empty, Loaded } from "../../parts/notice.js";
import { href, refine } from "../../router.js";
import { useLoad } from "../../use.js";

const SIGNS = { added: "+", removed: "−", changed: "±" };

function Differences({ list }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Differences"><table class="table diff">
    <thead><tr><th scope="col">Field</th><th scope="col">This pipeline</th>
      <th scope="col">The other</th></tr></thead>
    <tbody>${list.map((d) => html`<tr key=${d.path} class="diff-${d.kind}">
      <th scope="row"><span class="sign" title=${d.kind}>${SIGNS[d.kind]}</span> ${d.path}</th>
      <td class="left wrap" data-title="This pipeline">${inline(d.left)}</td>
      <td class="right wrap" data-title="The other">${inline(d.right)}</td></tr>`)}</tbody>
  </table></div>`;
}

function Sources({ sources }) {
  return html`<h4>Sources</h4>${sources.differences.length === 0
    ? html`<p class="dim">${number(sources.compared)} compared, all the same.</p>`
    : html`<ul class="rows">${sources.differences.map((d) => html`<li class="source-diff">
        <${Badge} word=${d.kind} /> <span class="wrap">${d.path}</span>
        ${d.note && html`<p class="dim small-text">${d.note}</p>`}
        ${d.text && html`<pre class="json" tabindex="0">${d.text}</pre>`}</li>`)}</ul>`}`;
}

function Comparison({ left, right }) {
  const load = useLoad("dlt/diff", { left, right });
  return html`<${Loaded} load=${load} what="the comparison">${(diff) => (diff.equal
    ? html`<${Empty}>Settings and sources are the same.</${Empty}>`
    : html`<h4>Settings</h4>
      ${diff.differences.length > 0 ? html`<${Differences} list=${diff.differences} />`
        : html`<p class="dim">The same.</p>`}
      ${diff.sources && html`<${Sources} sources=${diff.sources} />`}
      <p class="dim small-text">The other: <a href=${href(["pipelines", diff.right.pipeline_id])}>${
        diff.right.name ?? diff.right.label}</a></p>`)}</${Loaded}>`;
}

// The pipelines to compare with. Those of one name are chosen by id, and told apart by who made them
// and their newest run.
function choices(rows, own) {
  const count = new Map();
  rows.forEach(({ name }) => count.set(name, (count.get(name) ?? 0) + 1));
  return rows.filter((row) => row.pipeline_id !== own).map((row) => {
    if (count.get(row.name) === 1) return html`<option value=${row.name} />`;
    const run = row.latest_update;
    return html`<option value=${row.pipeline_id}>${row.name}, by ${
      row.creator ?? "an unknown user"}, ${run ? `${run.state} ${run.creation_time ?? ""}`
      : "never run"}</option>`;
  });
}

function Compare({ pipeline, against }) {
  const [typed, set] = useState(against ?? "");
  const names = useLoad("dlt/pipelines");
  const submit = (event) => {
    event.preventDefault();
    refine({ against: typed || undefined });
  };
  return html`<section class="block wide" aria-labelledby="compare"><h3 id="compare">Compare</h3>
    <form class="toolbar" onSubmit=${submit}>
      <label class="inline-field">With <input list="pipeline-names" value=${typed} required
        placeholder="name, id, or workspace:name" onInput=${(e) => set(e.target.value)} /></label>
      <datalist id="pipeline-names">${choices(names.data ?? [], pipeline.pipeline_id)
        .slice(0, 1000)}</datalist>
      <button type="submit">Compare</button>
      ${against && html`<button type="button" class="plain" onClick=${() => {
        set("");
        refine({ against: undefined });
      }}><${Icon} name="close" /> Close</button>`}
    </form>
    ${against && html`<${Comparison} key=${against} left=${pipeline.pipeline_id}
      right=${against} />`}
  </section>`;
}

function Permissions({ path }) {
  const load = useLoad(`${path}/permissions`);
  return html`<section class="block wide" aria-labelledby="permissions">
    <h3 id="permissions">Permissions</h3>
    <${Loaded} load=${load} what="the permissions">${({ permissions }) => html`<ul class="rows">${
      permissions.map((entry) => html`<li key=${`${entry.principal} ${entry.level}`} class="look">
        <span class="wrap">${entry.principal} <span class="dim">${entry.kind}</span></span>
        <span><${Badge} word=${entry.level} />${entry.inherited && html` <span
          class="dim small-text">from ${entry.inherited_from ?? "above"}</span>`}</span>
      </li>`)}</ul>`}</${Loaded}></section>`;
}

export function Config({ pipeline, path, query }) {
  const text = JSON.stringify(pipeline, null, 2);
  return html`<section aria-labelledby="config-title">
    <div class="view-head"><h2 id="config-title">Configuration</h2>
      <${CopyButton} text=${text} label="Copy the whole configuration" /></div>
    <${Compare} pipeline=${pipeline} against=${query.against} />
    <${Json} value=${pipeline} label="Configuration as JSON" />
    <${Permissions} path=${path} />
  </section>`;
}
