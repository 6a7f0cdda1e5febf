// The list of pipelines. Search, filters and sorting are in the address, so that it can be shared.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { number } from "../format.js";
import { announce } from "../parts/announce.js";
import { Badge, When } from "../parts/bits.js";
import { Connection, StreamFailure } from "../parts/connection.js";
import { Grid } from "../parts/grid.js";
import { Icon } from "../parts/icon.js";
import { Empty, Loading } from "../parts/notice.js";
import { go, href, refine } from "../router.js";
import { useMedia, useTitle } from "../use.js";

const COLUMNS = [
  { name: "name", title: "Name", sortable: true, cell: (item) => html`<a tabindex="-1"
    href=${href(["pipelines", item.id])}>${item.row.name}</a>` },
  { name: "state", title: "State", sortable: true, cell: (item) => html`<${Badge}
    word=${item.row.state} />${item.status === "failed" && item.row.state !== "FAILED" && html`
    <${Badge} word="FAILED" title="its newest update failed" />`}` },
  { name: "health", title: "Health", sortable: true, cell: (item) =>
    html`<${Badge} word=${item.row.health ?? "unknown"} />` },
  { name: "creator", title: "Creator", sortable: true, cell: (item) =>
    html`<span title=${item.row.creator}>${item.row.creator ?? "–"}</span>` },
  { name: "started", title: "Newest run", sortable: true, cell: (item) =>
    html`<${When} at=${item.row.latest_update?.creation_time} />` },
];

const SORT_BY = {
  name: (i) => i.name, state: (i) => `${i.row.state} ${i.status}`, health: (i) => i.row.health ?? "",
  creator: (i) => i.creator, started: (i) => i.started,
};

function sorted(items, sort) {
  const of = SORT_BY[sort.by] ?? SORT_BY.name;
  const sign = sort.down ? -1 : 1;
  return [...items].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    return x === y ? (a.name < b.name ? -1 : 1) : (x < y ? -sign : sign);
  });
}

const STATUSES = ["running", "failed", "idle", "other"];
const HEALTHS = ["healthy", "unhealthy", "unknown"];

/** Filter buttons, each with the number of pipelines that match it. */
function Chips({ label, words, chosen, summary, onChoose }) {
  return html`<div class="chips" role="group" aria-label=${label}>
    ${words.map((word) => html`<button type="button" key=${word} class="chip"
      aria-pressed=${String(chosen === word)}
      onClick=${() => onChoose(chosen === word ? undefined : word)}>
      ${word} <span class="chip-count">${number(summary[word] ?? 0)}</span></button>`)}
  </div>`;
}

function Search({ text }) {
  const [typed, set] = useState(text);
  const box = useRef();
  useEffect(() => set(text), [text]);
  useEffect(() => {
    // "/" moves to the search box, unless the user is typing elsewhere.
    const focus = (event) => {
      if (event.key === "/" && !event.target.closest("input,textarea,select,dialog")) {
        event.preventDefault();
        box.current.focus();
      }
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  const change = (value) => {
    set(value);
    refine({ q: value || undefined });
  };
  return html`<div class="search"><${Icon} name="search" />
    <input ref=${box} type="search" aria-label="Search by name, creator or id" placeholder="Search name, creator or id"
      value=${typed} onInput=${(e) => change(e.target.value)} />
  </div>`;
}

function matching(items, { q = "", status, health }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => (!status || item.status === status)
    && (!health || item.health === health) && words.every((word) => item.text.includes(word)));
}

const sortOf = (query) => ({ by: query.sort ?? "name", down: query.down === "1" });

export function Pipelines({ fleet, query }) {
  useTitle("Pipelines");
  const narrow = useMedia("(max-width: 760px)");
  const { data, items, state, again } = fleet;
  const { by, down } = sortOf(query);
  const ordered = useMemo(() => items && sorted(items, { by, down }), [items, by, down]);
  const rows = useMemo(() => ordered && matching(ordered, query),
    [ordered, query.q, query.status, query.health]);
  const count = rows?.length;
  useEffect(() => {
    if (count !== undefined) {
      announce(`${number(count)} pipelines`);
    }
  }, [count]);
  if (!data) {
    return html`<div class="view"><h1>Pipelines</h1>
      <${StreamFailure} state=${state} what="Pipelines" again=${again} />
      ${typeof state !== "object" && html`<${Loading} what="all pipelines" />`}</div>`;
  }
  return html`<div class="view list-view">
    <header class="view-head"><h1>Pipelines</h1>
      <${Connection} state=${state}>, changed <${When} at=${data.as_of} /></${Connection}></header>
    <${StreamFailure} state=${state} what="Pipelines" again=${again} />
    <div class="toolbar">
      <${Search} text=${query.q ?? ""} />
      <${Chips} label="State" words=${STATUSES} chosen=${query.status} summary=${data.summary}
        onChoose=${(status) => refine({ status })} />
      <${Chips} label="Health" words=${HEALTHS} chosen=${query.health} summary=${data.summary}
        onChoose=${(health) => refine({ health })} />
      <p class="count dim">${number(count)} of ${number(data.summary.total)}</p>
    </div>
    ${count === 0
      ? html`<${Empty}>${data.summary.total === 0
        ? "There is no pipeline in this workspace that you may see."
        : html`No pipeline matches. <button type="button" onClick=${() => refine({
          q: undefined, status: undefined, health: undefined })}>Show all</button>`}</${Empty}>`
      : html`<${Grid} label="Pipelines" rows=${rows} keyOf=${(item) => item.id} columns=${COLUMNS}
        sort=${{ by, down }} onSort=${(s) => refine({ sort: s.by, down: s.down ? "1" : undefined })}
        rowHeight=${narrow ? 76 : 44} onOpen=${(item) => go(["pipelines", item.id])} />`}
  </div>`;
}
