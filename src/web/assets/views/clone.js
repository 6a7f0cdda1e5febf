// The clone dialog: the form, then the plan, then the copy. Nothing is changed before the plan was
// shown; with "Dry run" nothing is changed at all.

import { html, useRef, useState } from "../vendor/preact.js";
import { ActionProgress, useAction } from "../parts/action.js";
import { Dialog } from "../parts/dialog.js";
import { Failure, Warning } from "../parts/notice.js";
import { Form, START, requestOf } from "./clone/form.js";
import { Plan } from "./clone/plan.js";
import { Result } from "./clone/result.js";

function PlanStep({ plan, form, action, onBack, onGo, onClose }) {
  const blocked = plan.problems?.length > 0;
  const done = plan.steps.length === 0;
  return html`
    <${Plan} plan=${plan} />
    ${action.fault && html`<${Failure} fault=${action.fault} what="Clone" />`}
    <${ActionProgress} action=${action} what="making the copy" />
    ${form.dryRun && html`<p class="dim">Dry run: nothing was changed, and nothing will be.</p>`}
    ${blocked && html`<${Warning}>The workspace refuses this copy: settle what it says first.
      </${Warning}>`}
    <footer class="dialog-foot">
      <button type="button" onClick=${onBack} disabled=${action.busy}>Back</button>
      ${form.dryRun ? html`<button type="button" class="primary" onClick=${onClose}>Close</button>`
        : html`<button type="button" class="primary" onClick=${onGo}
            disabled=${action.busy || blocked || done}>
          ${plan.action === "update" ? "Update the copy" : "Create the copy"}</button>`}
    </footer>`;
}

export function Clone({ pipeline, session, profile, onClose }) {
  const [form, setForm] = useState({ ...START, name: `Copy of ${pipeline.name}` });
  const [step, setStep] = useState("form");
  const planning = useAction();
  const making = useAction();
  // The token is only in its input field, never in the state, and is cleared as soon as possible.
  const token = useRef();
  const forget = () => {
    if (token.current) {
      token.current.value = "";
    }
  };
  const request = (dryRun) => requestOf(pipeline, form, token.current?.value, dryRun);
  const plan = async () => {
    const { path, body } = request(true);
    const made = await planning.start(path, body);
    if (form.dryRun || !made) {
      forget();
    }
    if (made) {
      setStep("plan");
    }
  };
  const make = async () => {
    const { path, body } = request(false);
    forget();
    if (await making.start(path, body)) {
      setStep("result");
    }
  };
  const back = () => {
    forget();
    making.reset();
    setStep("form");
  };
  const close = () => {
    forget();
    onClose();
  };
  const busy = planning.busy || making.busy;
  return html`<${Dialog} title=${`Clone ${pipeline.name}`} wide onClose=${close} busy=${busy}>
    <div hidden=${step !== "form"}>
      <${Form} form=${form} onChange=${(change) => setForm({ ...form, ...change })} token=${token}
        session=${session} profile=${profile} action=${planning} request=${() => request(true)}
        onSubmit=${plan} onClose=${close} /></div>
    ${step === "plan" && html`<${PlanStep} plan=${planning.result} form=${form} action=${making}
      onBack=${back} onGo=${make} onClose=${close} />`}
    ${step === "result" && html`<${Result} report=${making.result} form=${form}
      session=${session} onClose=${close} />`}
  </${Dialog}>`;
}
