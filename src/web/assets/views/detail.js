// One pipeline: its state, its actions, and its sections, each with a link.

import { html, useState } from "../vendor/preact.js";
import { isActive } from "../status.js";
import { Badge, CopyButton, Fact, When } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { Empty, Failure, Loading } from "../parts/notice.js";
import { Tabs } from "../parts/tabs.js";
import { href } from "../router.js";
import { useChange, useLoad, useStream, useTitle } from "../use.js";
import { Clone } from "./clone.js";
import { Config } from "./detail/config.js";
import { Datasets } from "./detail/datasets.js";
import { Events } from "./detail/events.js";
import { Expectations } from "./detail/expectations.js";
import { Live } from "./detail/live.js";
import { RunDialog } from "./detail/run.js";
import { Runs } from "./detail/runs.js";
import { StopDialog } from "./detail/stop.js";

const SECTIONS = [["live", "Run", Live], ["datasets", "Datasets", Datasets],
  ["runs", "History", Runs], ["expectations", "Expectations", Expectations],
  ["events", "Events", Events], ["config", "Configuration", Config]];

function Actions({ active, readOnly, onChoose }) {
  const button = (word, text, icon, look, disabled) => html`<button type="button" class=${look}
    disabled=${readOnly || disabled} onClick=${() => onChoose(word)}>
    <${Icon} name=${icon} /> ${text}</button>`;
  return html`<div class="actions" role="group" aria-label="Actions">
    ${button("run", "Run", "play", "primary")}
    ${button("full_refresh", "Full refresh", "again", "")}
    ${button("stop", "Stop", "stop", "", !active)}
    ${button("clone", "Clone", "copy", "")}
    ${readOnly && html`<p class="dim small-text">The server is read only.</p>`}
  </div>`;
}

// The embedded workspace has no web page.
function hostOf(session, profile) {
  const found = session.profiles.find((one) => one.profile === profile);
  return found && !found.embedded ? found.host : undefined;
}

function Head({ pipeline, state, session, profile, onChoose }) {
  const host = hostOf(session, profile);
  return html`<header class="detail-head">
    <div class="detail-title"><h1>${pipeline.name}</h1>
      <${Badge} word=${state} /><${Badge} word=${pipeline.health ?? "unknown"} /></div>
    <${Actions} active=${isActive(state)} readOnly=${session.read_only} onChoose=${onChoose} />
    <dl class="facts">
      <${Fact} name="Id"><code>${pipeline.pipeline_id}</code>
        <${CopyButton} text=${pipeline.pipeline_id} label="Copy the id" /></${Fact}>
      <${Fact} name="Creator">${pipeline.creator_user_name ?? "–"}</${Fact}>
      <${Fact} name="Runs as">${pipeline.run_as_user_name ?? "–"}</${Fact}>
      <${Fact} name="Mode">${pipeline.spec?.development ? "development" : "production"}${
        pipeline.spec?.continuous ? ", continuous" : ""}${
        pipeline.spec?.serverless ? ", serverless" : ""}</${Fact}>
      <${Fact} name="Changed"><${When} at=${pipeline.last_modified} /></${Fact}>
      ${host && html`<${Fact} name="Workspace"><a href=${`${host}/#joblist/pipelines/${
        pipeline.pipeline_id}`} target="_blank" rel="noopener noreferrer">Open it there
        <${Icon} name="external" /></a></${Fact}>`}
    </dl>
  </header>`;
}

const RUN_MODES = { run: "all", full_refresh: "full" };

function Dialogs({ open, onClose, pipeline, snapshot, session, profile }) {
  const common = { pipeline, onClose };
  if (RUN_MODES[open]) {
    return html`<${RunDialog} ...${common} mode=${RUN_MODES[open]} flows=${snapshot?.flows ?? []} />`;
  }
  if (open === "stop") {
    return html`<${StopDialog} ...${common} snapshot=${snapshot} />`;
  }
  return open === "clone"
    && html`<${Clone} ...${common} session=${session} profile=${profile} />`;
}

export function Detail({ id, section = "live", query, session, profile }) {
  const path = `dlt/pipelines/${encodeURIComponent(id)}`;
  const load = useLoad(path);
  const [open, setOpen] = useState();
  const [snapshot, setSnapshot] = useState();
  const [stream, again] = useStream(`${path}/live`, { profile },
    ({ type, data }) => type === "snapshot" && setSnapshot(data));
  // The pipeline's state and health change with the run, so load them again.
  useChange(snapshot && `${snapshot.update_id} ${snapshot.state}`, load.again);
  useTitle(load.data?.name ?? "Pipeline");
  if (!load.data) {
    return html`<div class="view"><h1>Pipeline</h1>${load.fault
      ? html`<${Failure} fault=${load.fault} what="Pipeline" again=${load.again} />`
      : html`<${Loading} what="the pipeline" />`}</div>`;
  }
  const pipeline = load.data;
  const { state } = pipeline;
  const close = () => {
    setOpen();
    load.again();
  };
  const Section = SECTIONS.find(([word]) => word === section)?.[2];
  const tabs = SECTIONS.map(([word, text]) => [word, text, href(["pipelines", id, word])]);
  return html`<div class="view">
    <${Head} pipeline=${pipeline} state=${state} session=${session} profile=${profile}
      onChoose=${setOpen} />
    ${load.fault && html`<${Failure} fault=${load.fault} what="Pipeline" again=${load.again} />`}
    <${Tabs} label=${`Sections of ${pipeline.name}`} tabs=${tabs} current=${section}
      panel="section" minor />
    <div id="section" role="tabpanel" aria-labelledby="tab-${section}" class="section" tabindex="-1">
      ${Section ? html`<${Section} pipeline=${pipeline} path=${path} query=${query}
          snapshot=${snapshot} stream=${stream} again=${again} profile=${profile}
          session=${session} />`
        : html`<${Empty}>A pipeline has no section of this name.</${Empty}>`}
    </div>
    ${open && html`<${Dialogs} open=${open} onClose=${close} pipeline=${pipeline}
      snapshot=${snapshot} session=${session} profile=${profile} />`}
  </div>`;
}
