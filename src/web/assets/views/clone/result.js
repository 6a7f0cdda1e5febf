// The result of a clone, with links to the copy and to its operation in the journal.

import { html } from "../../vendor/preact.js";
import { CopyButton } from "../../parts/bits.js";
import { href } from "../../router.js";
import { Notes } from "./plan.js";

// The page can show the copy only if the server has credentials for its workspace.
function profileOf(report, form, session) {
  return form.mode === "same" || session.profiles.some((p) => p.profile === report.copy?.profile)
    ? report.copy?.profile : undefined;
}

export function Result({ report, form, session, onClose }) {
  const profile = profileOf(report, form, session);
  const id = report.new_pipeline_id ?? report.dest_pipeline_id;
  return html`
    <div class="notice good" role="status"><div>
      <p class="notice-title">${report.new_name}: ${report.status}</p>
      <p>${profile || form.mode === "same"
        ? html`<a href=${href(["pipelines", id], { profile })} onClick=${onClose}>Open the copy</a>`
        : html`In ${report.dest_workspace}`} · <code>${id}</code>
        <${CopyButton} text=${id} label="Copy the id" /></p>
      ${report.operation && html`<p>In the journal as
        ${" "}<a href=${href(["journal", report.operation])} onClick=${onClose}>${
          report.operation}</a>, from where it can be undone.</p>`}
    </div></div>
    <${Notes} plan=${report} />
    <footer class="dialog-foot"><button type="button" class="primary" onClick=${onClose}>Close</button>
    </footer>`;
}
