// The mapping of a clone: a field for each name in the source's settings that may differ in the
// target, and rules written by hand.

import { html } from "../../vendor/preact.js";
import { ActionProgress, useAction } from "../../parts/action.js";
import { Field } from "../../parts/field.js";
import { Failure } from "../../parts/notice.js";

const RULES = [
  ["paths", "Paths", "OLD=NEW", "Paths that begin with OLD begin with NEW in the copy; one rule a line."],
  ["set", "Set fields", "PATH=VALUE", "Fields of the copy that get another value; one a line."],
  ["drop", "Leave out fields", "PATH", "Fields of the source that the copy does not get; one a line."],
];

/** The map without empty values; undefined if nothing is left. */
export function filled(map) {
  const sections = Object.entries(map).map(([section, names]) =>
    [section, Object.fromEntries(Object.entries(names).filter(([, name]) => name !== ""))])
    .filter(([, names]) => Object.keys(names).length > 0);
  return sections.length > 0 ? Object.fromEntries(sections) : undefined;
}

// Keep what the user has filled in.
function merged(found, map) {
  return Object.fromEntries(Object.entries(found).map(([section, names]) =>
    [section, Object.fromEntries(Object.keys(names).map((name) =>
      [name, map[section]?.[name] ?? names[name]]))]));
}

function Names({ section, names, onChange }) {
  return html`<fieldset class="field names"><legend>${section.replaceAll("_", " ")}</legend>
    ${Object.entries(names).map(([name, other], i) => html`<div class="name" key=${name}>
      <label class="wrap" for=${`map-${section}-${i}`}>${name}</label>
      <input id=${`map-${section}-${i}`} value=${other} placeholder="its name there" autocomplete="off"
        onInput=${(e) => onChange({ ...names, [name]: e.target.value })} /></div>`)}
  </fieldset>`;
}

/** `request` returns the request of the form. */
export function Mapping({ form, onChange, request }) {
  const action = useAction();
  const look = async (event) => {
    // The fields above must be filled in, because they name the target.
    if (!event.target.form.reportValidity()) {
      return;
    }
    const { path, body } = request();
    const suggestion = await action.start(path, { ...body, suggest_map: true });
    if (suggestion) {
      onChange({ map: merged(suggestion.map, form.map) });
    }
  };
  const sections = Object.entries(form.map);
  return html`<details class="mapping"><summary>Mapping: what is called differently there</summary>
    <button type="button" onClick=${look} disabled=${action.busy}>
      Find names that belong to this workspace</button>
    ${action.fault && html`<${Failure} fault=${action.fault} what="Mapping" />`}
    <${ActionProgress} action=${action} what="asking both workspaces" />
    ${action.result && sections.length === 0 && html`<p class="dim">No name in the settings belongs
      to this workspace alone.</p>`}
    ${sections.map(([section, names]) => html`<${Names} key=${section} section=${section}
      names=${names} onChange=${(next) => onChange({ map: { ...form.map, [section]: next } })} />`)}
    ${RULES.map(([name, label, placeholder, info]) => html`<${Field} key=${name} id=${`m-${name}`}
      label=${label} info=${info}><textarea id=${`m-${name}`} rows="2" spellcheck="false"
        placeholder=${placeholder} value=${form[name]}
        onInput=${(e) => onChange({ [name]: e.target.value })}></textarea></${Field}>`)}
  </details>`;
}
