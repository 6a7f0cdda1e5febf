// The dialog that starts an update: of all tables, of some, from scratch, or to validate only.

import { html, useState } from "../../vendor/preact.js";
import { ActionProgress, useAction } from "../../parts/action.js";
import { Check, Choice, Field } from "../../parts/field.js";
import { Dialog } from "../../parts/dialog.js";
import { Failure, Warning } from "../../parts/notice.js";
import { href } from "../../router.js";
import { isActive } from "../../status.js";

const MODES = [["all", "Refresh all"], ["some", "Selected tables"], ["full", "Full refresh"],
  ["validate", "Validate"]];

const SAID = {
  all: "All tables are brought up to date with what is new in their sources.",
  some: "Only the tables you choose are refreshed.",
  full: "Every table is emptied and computed from its beginning.",
  validate: "The code is compiled and the graph is checked. Nothing is published.",
};

const isPath = (name) => name.startsWith("/");

function bodyOf(mode, chosen, again, restart, development) {
  const body = { restart };
  if (development) {
    body.development = true;
  }
  if (mode === "full") {
    body.full_refresh = true;
  } else if (mode === "validate") {
    body.validate = true;
  } else if (mode === "some") {
    const files = chosen.filter(isPath), tables = chosen.filter((name) => !isPath(name));
    if (tables.length > 0) {
      body[again ? "full_refresh_only" : "refresh"] = tables;
    }
    if (files.length > 0) {
      body[again ? "full_refresh_path" : "refresh_path"] = files;
    }
  }
  return body;
}

/** Names of tables, and paths of files: a path has a line of its own, since it may have blanks. */
const namesIn = (text) => text.split("\n").map((line) => line.trim())
  .flatMap((line) => isPath(line) ? [line] : line.split(/[\s,]+/)).filter(Boolean);

function Tables({ flows, text, onChange }) {
  const chosen = namesIn(text);
  const toggle = (name, on) => onChange((on ? [...chosen, name]
    : chosen.filter((one) => one !== name)).join("\n"));
  return html`
    ${flows.length > 0 && html`<fieldset class="field pick"><legend>Tables of the last run</legend>
      ${flows.map((flow, i) => html`<${Check} key=${flow.name} id="table-${i}" label=${flow.name}
        checked=${chosen.includes(flow.name)} onChange=${(on) => toggle(flow.name, on)} />`)}
    </fieldset>`}
    <${Field} id="tables" label="Tables or files"
        note="Tables as the pipeline publishes them; files by their paths, which begin with /. One a line."
        info="The tables to refresh: their names, or the paths of the files that define them.">
      <textarea id="tables" rows="3" value=${text}
        onInput=${(e) => onChange(e.target.value)}></textarea></${Field}>`;
}

function Done({ result, pipeline, onClose }) {
  return html`<div class="notice good" role="status"><div>
      <p class="notice-title">Update ${result.update_id?.slice(0, 8)} ${result.status}</p>
      <p><a href=${href(["pipelines", pipeline.pipeline_id, "live"])} onClick=${onClose}>Watch it
        run</a>${result.url && html`, or <a href=${result.url} target="_blank"
        rel="noopener noreferrer">open it in the workspace</a>`}</p></div></div>
    <footer class="dialog-foot"><button type="button" class="primary" onClick=${onClose}>Close</button>
    </footer>`;
}

export function RunDialog({ pipeline, mode: first, flows, onClose }) {
  const [mode, setMode] = useState(first);
  const [text, setText] = useState("");
  const [again, setAgain] = useState(false);
  const [restart, setRestart] = useState(false);
  const [development, setDevelopment] = useState(false);
  const action = useAction();
  const tables = namesIn(text);
  const active = isActive(pipeline.state);
  const loses = mode === "full" || (mode === "some" && again);
  const submit = (event) => {
    event.preventDefault();
    action.start(`dlt/pipelines/${pipeline.pipeline_id}/trigger`,
      bodyOf(mode, tables, again, restart, development));
  };
  return html`<${Dialog} title=${`Run ${pipeline.name}`} onClose=${onClose} busy=${action.busy}>
    ${action.result ? html`<${Done} result=${action.result} pipeline=${pipeline}
      onClose=${onClose} />` : html`<form onSubmit=${submit}>
      <${Choice} name="mode" label="What" options=${MODES} value=${mode} onChange=${setMode} />
      <p>${SAID[mode]}</p>
      ${mode === "some" && html`<${Tables} flows=${flows} text=${text} onChange=${setText} />
        <${Check} id="again" label="From the beginning (full refresh of these)" checked=${again}
          onChange=${setAgain} />`}
      <${Check} id="development" label="In development mode (keeps its compute, no retries)"
        checked=${development} onChange=${setDevelopment} />
      ${loses && html`<${Warning}>What the sources no longer hold is lost: a full refresh cannot be
        undone.</${Warning}>`}
      ${active && html`<${Warning}>An update is active.<${Check} id="restart"
        label="Stop it first" checked=${restart} onChange=${setRestart} /></${Warning}>`}
      ${action.fault && html`<${Failure} fault=${action.fault} what="Run" />`}
      <${ActionProgress} action=${action} what="starting the update" />
      <footer class="dialog-foot">
        <button type="button" onClick=${onClose} disabled=${action.busy}>Cancel</button>
        <button type="submit" class=${loses ? "danger" : "primary"}
          disabled=${action.busy || (mode === "some" && tables.length === 0)
            || (active && !restart)}>
          ${{ all: "Start the update", some: "Refresh these tables", full: "Full refresh",
            validate: "Validate" }[mode]}</button>
      </footer></form>`}
  </${Dialog}>`;
}
