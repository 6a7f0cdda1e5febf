// The journal: the operations that changed something, and how to undo them. It lists the operations
// of all workspaces, whatever workspace the page shows.

import { html, useState } from "../vendor/preact.js";
import { dateClock, duration, inline, timestamp } from "../format.js";
import { ActionProgress, useAction } from "../parts/action.js";
import { Badge, Fact, When } from "../parts/bits.js";
import { Dialog } from "../parts/dialog.js";
import { Check } from "../parts/field.js";
import { Json } from "../parts/json.js";
import { Empty, Failure, Loaded, Warning } from "../parts/notice.js";
import { href } from "../router.js";
import { useLoad, useTitle } from "../use.js";

const STATUSES = ["running", "done", "failed", "partial", "unchanged", "interrupted", "undone"];

function Operations({ rows, label }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table class="table">
    <thead><tr><th scope="col">Operation</th><th scope="col">When</th><th scope="col">Command</th>
      <th scope="col">Outcome</th><th scope="col">Source</th><th scope="col">Target</th>
      <th scope="col">Workspace</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <th scope="row"><a href=${href(["journal", row.id])}>${row.id}</a></th>
      <td data-title="When"><${When} at=${row.start_time} /></td>
      <td data-title="Command">${row.command}</td>
      <td data-title="Outcome"><${Badge} word=${row.status} />${row.undone_by && html` <${Badge}
        word="undone" />`}</td>
      <td data-title="Source">${row.source ?? "–"}</td>
      <td data-title="Target">${row.target ?? "–"}</td>
      <td data-title="Workspace">${row.workspace ?? "–"}</td></tr>`)}</tbody></table></div>`;
}

function List() {
  const [status, set] = useState("");
  const load = useLoad("dlt/journal", { status, limit: 200 });
  return html`<label class="inline-field">Outcome <select value=${status}
      onChange=${(e) => set(e.target.value)}><option value="">any</option>
      ${STATUSES.map((word) => html`<option value=${word}>${word}</option>`)}</select></label>
    <${Loaded} load=${load} what="the journal">${(rows) => (rows.length === 0
      ? html`<${Empty}>${status ? "No operation has this outcome." : "Nothing was changed yet."}</${Empty}>`
      : html`<${Operations} rows=${rows} label="Operations" />`)}
    </${Loaded}>`;
}

function Changes({ list }) {
  return html`<table class="table diff"><thead><tr><th scope="col">Field</th><th scope="col">Before</th>
      <th scope="col">After</th></tr></thead>
    <tbody>${list.map((c) => html`<tr key=${c.path}><th scope="row">${c.path}</th>
      <td class="left wrap" data-title="Before">${inline(c.from)}</td>
      <td class="right wrap" data-title="After">${inline(c.to)}</td></tr>`)}</tbody></table>`;
}

function Step({ step }) {
  return html`<li class="step"><p><strong>${step.kind}</strong> <${Badge} word=${step.status} />
      ${" "}<code class="wrap">${step.request}</code></p>
    ${step.fault && html`<p class="ink-bad wrap">${step.fault.message}</p>`}
    ${step.changes?.length > 0 && html`<${Changes} list=${step.changes} />`}
    ${step.what && html`<details><summary>What was sent</summary>
      <${Json} value=${step.what} label="What was sent" /></details>`}</li>`;
}

function UndoPlan({ plan }) {
  return html`<ul class="rows">${plan.steps.map((step) => html`<li class="source-diff">
    <${Badge} word=${step.verdict} /> <span class="wrap">${step.action}</span>
    ${step.reason && html`<p class="dim small-text">${step.reason}</p>`}</li>`)}</ul>`;
}

// Shows first what undo would do to the workspace in its present state, then asks. The workspace is
// the one of the operation.
function UndoDialog({ id, profile, onClose }) {
  const [tables, setTables] = useState(false);
  const [force, setForce] = useState(false);
  const planning = useAction();
  const undoing = useAction();
  const path = `dlt/journal/${encodeURIComponent(id)}/undo`;
  const plan = () => planning.start(path, { tables, force, profile, dry_run: true });
  const done = undoing.result;
  return html`<${Dialog} title=${`Undo ${id}`} onClose=${onClose} wide
      busy=${planning.busy || undoing.busy}>
    ${done ? html`<div class="notice good" role="status"><p class="notice-title">${done.status}</p></div>
        <${UndoPlan} plan=${done} />`
      : html`
      <${Check} id="undo-tables" label="Delete the tables of pipelines that are deleted, too"
        checked=${tables} onChange=${setTables} disabled=${Boolean(planning.result)} />
      <${Check} id="undo-force" label="Undo also what was changed since" checked=${force}
        onChange=${setForce} disabled=${Boolean(planning.result)} />
      ${planning.result && html`<h3>This would be done</h3><${UndoPlan} plan=${planning.result} />`}`}
    ${(planning.fault || undoing.fault) && html`<${Failure} fault=${planning.fault ?? undoing.fault}
      what="Undo" />`}
    <${ActionProgress} action=${planning} what="looking at the workspace" />
    <${ActionProgress} action=${undoing} what="undoing" />
    <footer class="dialog-foot">
      <button type="button" onClick=${onClose} disabled=${undoing.busy}>${done ? "Close" : "Cancel"}</button>
      ${!done && (planning.result
        ? html`<button type="button" class="danger" disabled=${undoing.busy}
            onClick=${() => undoing.start(path, { tables, force, profile, confirm: true })}>Undo it</button>`
        : html`<button type="button" class="primary" disabled=${planning.busy}
            onClick=${plan}>Show what would be done</button>`)}
    </footer>
  </${Dialog}>`;
}

function Side({ side }) {
  return side?.pipeline_id
    ? html`<a href=${href(["pipelines", side.pipeline_id], { profile: side.profile })}>${
      side.name ?? side.pipeline_id}</a> <span class="dim">${side.profile ?? side.host}</span>`
    : side?.name ?? "–";
}

function Operation({ id, session }) {
  const [asking, ask] = useState(false);
  const [look, setLook] = useState(false);
  const load = useLoad(`dlt/journal/${encodeURIComponent(id)}`, { look });
  return html`<p><a href=${href(["journal"])}>All operations</a></p>
    <${Loaded} load=${load} what="the operation">${(op) => html`
      <dl class="facts">
        <${Fact} name="Command">${op.command}</${Fact}>
        <${Fact} name="Outcome"><${Badge} word=${op.status} /></${Fact}>
        <${Fact} name="Began">${timestamp(op.start_time) ? dateClock(timestamp(op.start_time)) : "–"}</${Fact}>
        <${Fact} name="Took">${duration(op.end_time - op.start_time)}</${Fact}>
        <${Fact} name="Source"><${Side} side=${op.source} /></${Fact}>
        <${Fact} name="Target"><${Side} side=${op.target} /></${Fact}>
        ${op.undone_by && html`<${Fact} name="Undone by"><a href=${href(["journal", op.undone_by])}>${
          op.undone_by}</a></${Fact}>`}
      </dl>
      ${op.command !== "undo" && !op.undone_by && html`<p><button type="button" class="danger"
        disabled=${session.read_only} onClick=${() => ask(true)}>Undo…</button></p>`}
      ${op.steps?.some((step) => step.status === "unknown") && html`<${Warning}>
        <p>Nobody saw the answer to a step that was sent, or about to be.</p>
        <button type="button" disabled=${load.loading} onClick=${() => setLook(true)}>
          Ask the workspace what became of it</button></${Warning}>`}
      ${op.items?.length > 0 && html`<h2>Parts</h2><${Operations} rows=${op.items} label="Parts" />`}
      <h2>Steps</h2>
      ${(op.steps ?? []).length === 0 ? html`<${Empty}>It changed nothing.</${Empty}>`
        : html`<ol class="rows">${op.steps.map((step) => html`<${Step} key=${step.n}
          step=${step} />`)}</ol>`}`}
    </${Loaded}>
    ${asking && html`<${UndoDialog} id=${id} profile=${load.data.target?.profile} onClose=${() => {
      ask(false);
      load.again();
    }} />`}`;
}

export function Journal({ id, session }) {
  useTitle(id ? `Operation ${id}` : "Journal");
  return html`<div class="view"><h1>${id ? `Operation ${id}` : "Journal"}</h1>
    ${id ? html`<${Operation} key=${id} id=${id} session=${session} />` : html`<${List} />`}</div>`;
}
