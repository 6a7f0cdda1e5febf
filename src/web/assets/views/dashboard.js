// The dashboard: cards that lead to the list, pipelines that need attention, the newest runs by the
// hour, and the newest events.

import { html, useMemo } from "../vendor/preact.js";
import { href } from "../router.js";
import { Badge, When } from "../parts/bits.js";
import { Columns } from "../parts/columns.js";
import { Connection, StreamFailure } from "../parts/connection.js";
import { Empty, Loading, Warning } from "../parts/notice.js";
import { number } from "../format.js";
import { useTitle } from "../use.js";

// The counts by state and by health, each of which adds up to the total. Pipelines with other states
// have a card if there are any.
const CARDS = [
  { name: "total", title: "Total", query: {} },
  { name: "running", title: "Running", query: { status: "running" } },
  { name: "failed", title: "Failed", query: { status: "failed" } },
  { name: "idle", title: "Idle", query: { status: "idle" } },
  { name: "other", title: "Other", query: { status: "other" }, rare: true },
  { name: "healthy", title: "Healthy", query: { health: "healthy" } },
  { name: "unhealthy", title: "Unhealthy", query: { health: "unhealthy" } },
  { name: "unknown", title: "Unknown", query: { health: "unknown" }, rare: true },
];

function Cards({ summary }) {
  const shown = CARDS.filter((card) => !card.rare || summary[card.name] > 0);
  return html`<ul class="cards" aria-label="Pipelines by state and health">
    ${shown.map(({ name, title, query }) => html`<li key=${name}>
      <a class="card card-${name} ${summary[name] > 0 ? "some" : "none"}"
          href=${href(["pipelines"], query)}>
        <span class="card-title">${title}</span>
        <span class="card-number">${number(summary[name])}</span>
      </a></li>`)}
  </ul>`;
}

const RANK = { failed: 1, running: 2, other: 3 };
const rank = (item) => (item.health === "unhealthy" ? 1 : RANK[item.status]);
const MOST = 12;

function Attention({ items }) {
  const list = useMemo(() => items.filter(rank)
    .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)), [items]);
  return html`<section class="block" aria-labelledby="attention">
    <h2 id="attention">Worth a look</h2>
    ${list.length === 0
      ? html`<${Empty}>Every pipeline is idle, and its newest run did not fail.</${Empty}>`
      : html`<ul class="rows">${list.slice(0, MOST).map(({ row, status }) => html`
        <li key=${row.pipeline_id} class="look">
          <a href=${href(["pipelines", row.pipeline_id])}>${row.name}</a>
          <span class="look-badges">${status === "failed" && row.state !== "FAILED"
            ? html`<${Badge} word="FAILED" title="its newest update failed" />`
            : html`<${Badge} word=${row.state} />`}
            ${row.health === "UNHEALTHY" && html` <${Badge} word="UNHEALTHY" />`}</span>
          <span class="dim look-when"><${When} at=${row.latest_update?.creation_time} /></span>
        </li>`)}</ul>`}
    ${list.length > MOST && html`<p class="dim">and ${number(list.length - MOST)} more in${" "}
      <a href=${href(["pipelines"])}>the list</a></p>`}
  </section>`;
}

const HOUR = 3600e3;
const HOURS = 24;
const OUTCOME = { COMPLETED: "completed", FAILED: "failed", CANCELED: "cancelled" };
const SERIES = [["completed", "good"], ["failed", "bad"], ["cancelled", "calm"],
  ["under way", "info"]];

// The list has only the newest update of each pipeline, so only these are drawn.
function byHour(items, now) {
  const end = Math.ceil(now / HOUR) * HOUR;
  const hours = Array.from({ length: HOURS }, (_, i) => ({
    at: new Date(end - (HOURS - i) * HOUR), counts: {},
  }));
  let older = 0;
  for (const { row } of items) {
    const update = row.latest_update;
    if (!update) {
      continue; // the pipeline has never run
    }
    const slot = Math.floor((Date.parse(update.creation_time) - end) / HOUR) + HOURS;
    if (slot >= 0 && slot < HOURS) {
      const word = OUTCOME[update.state] ?? "under way";
      hours[slot].counts[word] = (hours[slot].counts[word] ?? 0) + 1;
    } else {
      older += 1;
    }
  }
  return { hours, older };
}

function History({ items, asOf }) {
  const { hours, older } = useMemo(() => byHour(items, Date.parse(asOf)), [items, asOf]);
  return html`<section class="block" aria-labelledby="history">
    <h2 id="history">Newest run of each pipeline</h2>
    <p class="dim small-text">By the hour it began, the last ${HOURS} hours${
      older > 0 ? `; ${number(older)} began earlier` : ""}</p>
    <${Columns} slots=${hours} series=${SERIES} />
  </section>`;
}

function RecentEvents({ list }) {
  return html`<section class="block recent" aria-labelledby="recent">
    <h2 id="recent">Recent events</h2>
    <p class="dim small-text">The newest of pipelines that run or failed</p>
    ${list.length === 0
      ? html`<${Empty}>No pipeline runs, and none has failed: there is nothing to tell.</${Empty}>`
      : html`<ol class="rows events">${list.map((event) => html`<li key=${event.id} class="event">
          <span class="event-when"><${When} at=${event.timestamp} /></span>
          <${Badge} word=${event.level} />
          <a href=${href(["pipelines", event.pipeline_id, "events"])}>${event.pipeline_name}</a>
          <span class="event-text">${event.message}</span>
        </li>`)}</ol>`}
  </section>`;
}

function Problems({ list }) {
  return list.length > 0 && html`<${Warning}>
    <p class="notice-title">Part of this is unknown</p>
    <ul>${list.slice(0, 5).map((p) => html`<li>Events of ${p.pipeline_name}: ${p.message}</li>`)}</ul>
    ${list.length > 5 && html`<p>and ${list.length - 5} more</p>`}
  </${Warning}>`;
}

export function Dashboard({ fleet }) {
  useTitle("Dashboard");
  const { data, items, state, again } = fleet;
  return html`<div class="view">
    <header class="view-head"><h1>Dashboard</h1>
      <${Connection} state=${state}>${data && html`, changed <${When} at=${data.as_of} />`}</${Connection}>
    </header>
    <${StreamFailure} state=${state} what="Dashboard" again=${again} />
    ${data ? html`
      <${Cards} summary=${data.summary} />
      <${Problems} list=${data.problems ?? []} />
      <div class="blocks">
        <${Attention} items=${items} />
        <${History} items=${items} asOf=${data.as_of} />
        <${RecentEvents} list=${data.recent_events} />
      </div>` : typeof state !== "object" && html`<${Loading} what="all pipelines" />`}
  </div>`;
}
