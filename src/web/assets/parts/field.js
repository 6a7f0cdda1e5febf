// A form field: its label, an icon with an explanation, and the control.

import { html, useState } from "../vendor/preact.js";
import { Icon } from "./icon.js";

// The explanation is shown on hover, on focus and on a tap. Escape hides it, but not the dialog.
function Info({ id, label, text }) {
  const [open, set] = useState(false);
  const key = (event) => {
    if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      set(false);
    }
  };
  return html`<span class="info" onMouseEnter=${() => set(true)} onMouseLeave=${() => set(false)}>
    <button type="button" class="info-button" aria-label="About ${label}" aria-describedby=${id}
      onFocus=${() => set(true)} onBlur=${() => set(false)} onKeyDown=${key}
      onClick=${() => set(true)}><${Icon} name="info" /></button>
    <span role="tooltip" id=${id} class="tip" hidden=${!open}>${text}</span>
  </span>`;
}

export function Field({ id, label, info, note, children }) {
  return html`<div class="field">
    <div class="field-label"><label for=${id}>${label}</label>
      ${info && html`<${Info} id="${id}-info" label=${label} text=${info} />`}</div>
    ${children}
    ${note && html`<p class="field-note">${note}</p>`}
  </div>`;
}

export function Check({ id, label, info, checked, onChange, disabled }) {
  return html`<div class="check">
    <input type="checkbox" id=${id} checked=${checked} disabled=${disabled}
      onChange=${(e) => onChange(e.target.checked)} />
    <label for=${id}>${label}</label>
    ${info && html`<${Info} id="${id}-info" label=${label} text=${info} />`}
  </div>`;
}

/** A choice among a few values: radio buttons that look like a switch. */
export function Choice({ name, label, info, options, value, onChange }) {
  return html`<fieldset class="field choice">
    <legend class="field-label"><span>${label}</span>
      ${info && html`<${Info} id="${name}-info" label=${label} text=${info} />`}</legend>
    <div class="segments">
      ${options.map(([word, text]) => html`<label class="segment">
        <input type="radio" name=${name} value=${word} checked=${value === word}
          onChange=${() => onChange(word)} /><span>${text}</span></label>`)}
    </div>
  </fieldset>`;
}
