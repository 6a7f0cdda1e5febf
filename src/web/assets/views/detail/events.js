// The event log: filters, details that unfold, and following new events.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { clock, dateClock, timestamp, number } from "../../format.js";
import { Badge } from "../../parts/bits.js";
import { Connection, StreamFailure } from "../../parts/connection.js";
import { Check } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { Json } from "../../parts/json.js";
import { Empty, Loaded } from "../../parts/notice.js";
import { refine } from "../../router.js";
import { useLoad, useStream } from "../../use.js";

const LEVELS = ["ERROR", "WARN", "INFO", "METRICS"];
const TYPES = ["create_update", "update_progress", "flow_definition", "dataset_definition",
  "graph_created", "flow_progress", "planning_information", "cluster_resources", "autoscale",
  "user_action", "maintenance_progress", "hook_progress", "operation_progress",
  "deprecation", "runtime_details"];
const SPANS = [["", "any time"], ["1h", "the last hour"], ["1d", "the last day"],
  ["7d", "the last week"]];
const FIRST = 100;
const MOST = 1000; // the API's own limit; also what a followed log keeps in the page
const TYPING = 300;

function filterOf(query) {
  const { level, type, grep, since, update, dataset } = query;
  return { level, type, grep, since, update, dataset };
}

function Levels({ chosen }) {
  const words = chosen ? chosen.split(",") : [];
  const toggle = (word) => {
    const next = words.includes(word) ? words.filter((w) => w !== word) : [...words, word];
    refine({ level: next.join(",") || undefined });
  };
  return html`<div class="chips" role="group" aria-label="Level">
    ${LEVELS.map((word) => html`<button type="button" class="chip" key=${word}
      aria-pressed=${String(words.includes(word))} onClick=${() => toggle(word)}>${word}</button>`)}
  </div>`;
}

// Each change of the text becomes a request to the workspace, so wait for a pause in typing.
function TextFilter({ name, label, value }) {
  const [typed, set] = useState(value ?? "");
  const timer = useRef();
  useEffect(() => set(value ?? ""), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (event) => {
    const text = event.target.value;
    set(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => refine({ [name]: text || undefined }), TYPING);
  };
  return html`<label class="inline-field">${label}
    <input type="search" value=${typed} onInput=${change} /></label>`;
}

function Filters({ query, following, onFollow }) {
  return html`<div class="toolbar">
    <${Levels} chosen=${query.level} />
    <label class="inline-field">Type <select value=${query.type ?? ""}
        onChange=${(e) => refine({ type: e.target.value || undefined })}>
      <option value="">all types</option>
      ${query.type && !TYPES.includes(query.type) && html`<option>${query.type}</option>`}
      ${TYPES.map((type) => html`<option value=${type}>${type}</option>`)}</select></label>
    <label class="inline-field">Since <select value=${query.since ?? ""} disabled=${following}
        onChange=${(e) => refine({ since: e.target.value || undefined })}>
      ${SPANS.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select></label>
    <${TextFilter} name="grep" label="Text" value=${query.grep} />
    <${TextFilter} name="dataset" label="Dataset" value=${query.dataset} />
    ${query.update && html`<button type="button" class="chip" aria-pressed="true"
      onClick=${() => refine({ update: undefined })}>run ${query.update.slice(0, 8)}
      <${Icon} name="close" /></button>`}
    <${Check} id="follow" label="Follow" checked=${following} onChange=${onFollow} />
  </div>`;
}

function Exceptions({ error }) {
  return (error?.exceptions ?? []).map((e) => html`<p class="wrap ink-bad">
    <strong>${e.class_name?.split(".").pop()}</strong> ${e.message}</p>`);
}

function Event({ event }) {
  const [open, set] = useState(false);
  const at = timestamp(event.timestamp);
  return html`<li class="log-row log-${event.level}">
    <button type="button" class="plain unfold" aria-expanded=${String(open)}
        onClick=${() => set(!open)}>
      <${Icon} name=${open ? "down" : "right"} />
      <time datetime=${event.timestamp} title=${at && dateClock(at)}>${
        at ? (Date.now() - at < 86400e3 ? clock(at) : dateClock(at)) : "–"}</time>
      <${Badge} word=${event.level} />
      <span class="log-type">${event.event_type}</span>
      <span class="log-text">${event.message}</span>
    </button>
    ${open && html`<div class="more"><${Exceptions} error=${event.error} />
      <${Json} value=${event} label="The whole event" /></div>`}
  </li>`;
}

const Log = ({ list }) => html`<ol class="log">${list.map((event) => html`<${Event}
  key=${event.id} event=${event} />`)}</ol>`;

// Newest first. Late events are sorted in, and repeated ones are dropped.
function merged(list, event) {
  if (list.some((one) => one.id === event.id)) {
    return list;
  }
  const at = list.findIndex((one) => one.timestamp <= event.timestamp);
  const next = [...list];
  next.splice(at < 0 ? next.length : at, 0, event);
  return next.slice(0, MOST);
}

function Follow({ path, filter, profile }) {
  const [list, set] = useState([]);
  // The stream begins with the newest events, whatever their age.
  const { since, ...others } = filter;
  const [state, again] = useStream(`${path}/events/stream`, { ...others, profile, last: FIRST },
    ({ type, data }) => type === "event" && set((old) => merged(old, data)));
  return html`<${Connection} state=${state}>, ${number(list.length)} events</${Connection}>
    <${StreamFailure} state=${state} what="Events" again=${again} />
    ${list.length > 0 ? html`<${Log} list=${list} />`
      : state === "live" && html`<${Empty}>Nothing has come yet.</${Empty}>`}`;
}

function Newest({ path, filter }) {
  const [max, setMax] = useState(FIRST);
  const load = useLoad(`${path}/events`, { ...filter, max_events: max });
  return html`<${Loaded} load=${load} what="the event log">${({ events }) => (events.length === 0
    ? html`<${Empty}>${Object.values(filter).some(Boolean) ? "No event matches these filters."
      : "This pipeline has no events."}</${Empty}>`
    : html`<p class="dim small-text">The newest ${number(events.length)}
        <button type="button" class="plain small" onClick=${load.again}>
          <${Icon} name="again" /> Look again</button></p>
      <${Log} list=${events} />
      ${events.length >= max && max < MOST && html`<button type="button" disabled=${load.loading}
        onClick=${() => setMax(MOST)}>Show the newest ${number(MOST)}</button>`}`)}</${Loaded}>`;
}

export function Events({ path, query, profile }) {
  const filter = filterOf(query);
  const following = query.follow === "1";
  const key = JSON.stringify(filter);
  return html`<section aria-labelledby="events-title"><h2 id="events-title">Event log</h2>
    <${Filters} query=${query} following=${following}
      onFollow=${(on) => refine({ follow: on ? "1" : undefined })} />
    ${following ? html`<${Follow} key=${key} path=${path} filter=${filter} profile=${profile} />`
      : html`<${Newest} path=${path} filter=${filter} />`}
  </section>`;
}
