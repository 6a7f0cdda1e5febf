// The form of a clone. Each field has an icon with an explanation.

import { html } from "../../vendor/preact.js";
import { ActionProgress } from "../../parts/action.js";
import { Check, Choice, Field } from "../../parts/field.js";
import { Failure } from "../../parts/notice.js";
import { filled, Mapping } from "./mapping.js";

export const START = { mode: "same", by: "profile", name: "", to: "", host: "", catalog: "",
  schema: "", sources: false, overwrite: false, permissions: false, production: false,
  continuous: false, start: false, update: false, dryRun: false, map: {},
  paths: "", set: "", drop: "" };

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// Fields with their default values are left out of the request.
function spoken(body) {
  return Object.fromEntries(Object.entries(body).filter(([, value]) =>
    value !== undefined && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0)));
}

/** The request of a form. The token is passed separately: the form never holds it. */
export function requestOf(pipeline, form, token, dryRun) {
  const other = form.mode === "other";
  const byAddress = other && form.by === "address";
  const body = spoken({ new_name: form.name, catalog: form.catalog, schema: form.schema,
    with_sources: form.sources, overwrite: form.sources && form.overwrite,
    permissions: form.permissions, production: form.production, continuous: form.continuous,
    start: form.start, update: form.update, path_map: lines(form.paths), set: lines(form.set),
    drop: lines(form.drop), map: filled(form.map), to: other && !byAddress ? form.to : "",
    dest_host: byAddress ? form.host.trim() : "", dest_token: byAddress ? token : "" });
  return {
    path: `dlt/pipelines/${pipeline.pipeline_id}/${byAddress ? "clone-to-workspace" : "clone"}`,
    body: { ...body, dry_run: dryRun },
  };
}

function Destination({ form, onChange, token, profiles }) {
  return html`
    <${Choice} name="by" label="Destination" value=${form.by} onChange=${(by) => onChange({ by })}
      options=${[["profile", "A profile of the server"], ["address", "Address and token"]]}
      info="Credentials that the server has already, or an address with a token for this once." />
    ${form.by === "profile"
      ? html`<${Field} id="to" label="Profile" info="The workspace that gets the copy, by the name of its profile."
          note=${profiles.length === 0 && "This server serves no other workspace: an address and a token do."}>
          <select id="to" required value=${form.to} onChange=${(e) => onChange({ to: e.target.value })}>
            <option value="">choose one</option>
            ${profiles.map((p) => html`<option value=${p.profile}>${[p.profile, p.host].filter(Boolean).join(" · ")}</option>`)}
          </select></${Field}>`
      : html`<${Field} id="host" label="Workspace URL"
            info="The address of the workspace that gets the copy, as in the browser: https://…">
          <input id="host" type="url" required placeholder="https://adb-123.azuredatabricks.net"
            autocomplete="off" value=${form.host}
            onInput=${(e) => onChange({ host: e.target.value })} /></${Field}>
        <${Field} id="token" label="PAT"
            info="A personal access token of that workspace whose owner may create pipelines there, and write to the folders and the catalog of the copy."
            note="Sent with the request and kept nowhere; the field is emptied afterwards.">
          <input id="token" type="password" required autocomplete="off" spellcheck="false"
            ref=${token} /></${Field}>`}`;
}

const OPTIONS = [
  ["sources", "Copy the code too", "Notebooks, files and folders that the pipeline uses are copied along."],
  ["overwrite", "Replace newer code there", "Without this, code that was changed later in the destination is left alone."],
  ["permissions", "Copy permissions", "Who may see, run and manage the source may do so with the copy."],
  ["production", "Production mode", "Without this the copy is in development mode, which retries nothing and keeps its cluster."],
  ["continuous", "Keep it continuous", "A continuous copy starts at once; without this the copy runs only when it is told."],
  ["start", "Run the copy", "An update of the copy is started as soon as it is made."],
  ["update", "Update a pipeline of that name", "A pipeline that has the new name already is taken for the copy and changed."],
];

function Options({ form, onChange }) {
  return html`<fieldset class="field options"><legend>Options</legend>
    ${OPTIONS.map(([name, label, info]) => html`<${Check} key=${name} id=${`o-${name}`} label=${label}
      info=${info} checked=${form[name]} disabled=${name === "overwrite" && !form.sources}
      onChange=${(on) => onChange({ [name]: on })} />`)}</fieldset>`;
}

export function Form({ form, onChange, token, session, profile, action, request, onSubmit, onClose }) {
  const input = (name) => ({ id: name, value: form[name], autocomplete: "off",
    onInput: (e) => onChange({ [name]: e.target.value }) });
  const submit = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return html`<form onSubmit=${submit}>
    <${Choice} name="mode" label="Clone Mode" value=${form.mode} onChange=${(mode) => onChange({ mode })}
      options=${[["same", "Same Workspace"], ["other", "Different Workspace"]]}
      info="Where the copy goes: beside its source, or into another workspace." />
    ${form.mode === "other" && html`<${Destination} form=${form} onChange=${onChange} token=${token}
      profiles=${session.profiles.filter((p) => p.profile !== profile)} />`}
    <div class="columns-2">
      <${Field} id="name" label="New Pipeline Name" info="The copy's name; it must not be taken there.">
        <input ...${input("name")} required /></${Field}>
      <${Field} id="catalog" label="Catalog" info="Where the copy publishes; empty: the source's catalog.">
        <input ...${input("catalog")} placeholder="as the source" /></${Field}>
      <${Field} id="schema" label="Schema" info="Where the copy publishes; empty: the source's schema, whose tables may be its own.">
        <input ...${input("schema")} placeholder="as the source" /></${Field}>
    </div>
    <${Options} form=${form} onChange=${onChange} />
    <${Mapping} form=${form} onChange=${onChange} request=${request} />
    <${Check} id="dry-run" label="Dry run" checked=${form.dryRun}
      info="Show what would be done, and change nothing: neither here nor there."
      onChange=${(dryRun) => onChange({ dryRun })} />
    ${action.fault && html`<${Failure} fault=${action.fault} what="Plan" />`}
    <${ActionProgress} action=${action} what="asking both workspaces" />
    <footer class="dialog-foot">
      <button type="button" onClick=${onClose} disabled=${action.busy}>Cancel</button>
      <button type="submit" class="primary" disabled=${action.busy}>Show the plan</button>
    </footer></form>`;
}
