// The dialog that stops the active update.

import { html } from "../../vendor/preact.js";
import { ActionProgress, useAction } from "../../parts/action.js";
import { Dialog } from "../../parts/dialog.js";
import { Failure } from "../../parts/notice.js";

export function StopDialog({ pipeline, onClose }) {
  const action = useAction();
  const stop = async () => {
    // The request does not wait for the end: the page shows it anyway.
    const result = await action.start(`dlt/pipelines/${pipeline.pipeline_id}/stop`, { wait: false });
    if (result) {
      onClose();
    }
  };
  return html`<${Dialog} title=${`Stop ${pipeline.name}?`} onClose=${onClose} busy=${action.busy}>
    <p>The active update is stopped${pipeline.spec?.continuous
      ? ", and this continuous pipeline stays stopped until it is started again"
      : ". What it has written stays"}.</p>
    ${action.fault && html`<${Failure} fault=${action.fault} what="Stop" />`}
    <${ActionProgress} action=${action} what="stopping" />
    <footer class="dialog-foot">
      <button type="button" onClick=${onClose} disabled=${action.busy}>Keep running</button>
      <button type="button" class="danger" onClick=${stop} disabled=${action.busy}>
        Stop the update</button>
    </footer>
  </${Dialog}>`;
}
