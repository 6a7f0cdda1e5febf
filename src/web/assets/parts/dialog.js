// A modal dialog. The <dialog> element keeps the focus inside, closes on Escape, and returns the
// focus.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { Icon } from "./icon.js";

/** `busy` keeps the dialog open while an operation runs, whose result would be hidden. */
export function Dialog({ title, onClose, busy, wide, children }) {
  const ref = useRef();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      before?.focus?.();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    if (!busy) {
      onClose();
    }
  };
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby="dialog-title"
      onCancel=${cancel}>
    <header class="dialog-head">
      <h2 id="dialog-title">${title}</h2>
      <button type="button" class="plain" aria-label="Close" disabled=${busy} onClick=${onClose}>
        <${Icon} name="close" /></button>
    </header>
    <div class="dialog-body">${children}</div>
  </dialog>`;
}
