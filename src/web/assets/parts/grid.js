// A list of any length: only visible rows are in the document. Arrow keys, Home, End, Page Up and
// Page Down move in it, Enter opens a row, and screen readers get the true number of rows.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { useSize } from "../use.js";
import { Icon } from "./icon.js";

const BEYOND = 8; // rows beyond the visible ones, so that fast scrolling shows no gap

function Head({ columns, sort, onSort }) {
  return html`<div role="row" aria-rowindex="1" class="grid-head">
    ${columns.map(({ name, title, sortable }) => {
      const mine = sort?.by === name;
      const direction = mine ? (sort.down ? "descending" : "ascending") : "none";
      return html`<div role="columnheader" key=${name} class="cell c-${name}"
          aria-sort=${sortable ? direction : undefined}>
        ${sortable
          ? html`<button type="button" class="plain sort" onClick=${() =>
              onSort({ by: name, down: mine ? !sort.down : false })}>
              ${title}${mine && html`<${Icon} name=${sort.down ? "down" : "up"} />`}</button>`
          : title}
      </div>`;
    })}
  </div>`;
}

const STEPS = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, page) => at + page,
  PageUp: (at, page) => at - page,
  Home: () => 0,
  End: (_, __, last) => last,
};

/** `columns` is a list of {name, title, sortable, cell(row)}; `rowHeight` is in pixels. */
export function Grid({ label, rows, keyOf, columns, sort, onSort, rowHeight, onOpen }) {
  const body = useRef();
  const { height } = useSize(body);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(0);
  const wanted = useRef(false);
  const last = rows.length - 1;
  const current = Math.min(active, last);

  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const end = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + BEYOND);
  const shown = useMemo(() => rows.slice(first, end), [rows, first, end]);

  const onKey = (event) => {
    if (event.key === "Enter" && event.target.getAttribute("role") === "row") {
      onOpen(rows[current]);
      return;
    }
    const step = STEPS[event.key];
    if (!step || last < 0) {
      return;
    }
    event.preventDefault();
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const next = Math.max(0, Math.min(last, step(current, page, last)));
    const box = body.current;
    if (next * rowHeight < box.scrollTop) {
      box.scrollTop = next * rowHeight;
    } else if ((next + 1) * rowHeight > box.scrollTop + height) {
      box.scrollTop = (next + 1) * rowHeight - height;
    }
    setTop(box.scrollTop);
    setActive(next);
    wanted.current = true;
  };
  // The row that gets the focus may have been added to the document just before.
  useEffect(() => {
    if (wanted.current) {
      wanted.current = false;
      body.current.querySelector("[role=row][tabindex='0']")?.focus({ preventScroll: true });
    }
  });

  // If the active row is not visible, another row must be reachable by Tab.
  const reachable = current >= first && current < end ? current : first;
  return html`<div role="grid" class="grid" aria-label=${label} aria-rowcount=${rows.length + 1}
      aria-colcount=${columns.length} onKeyDown=${onKey}>
    <${Head} columns=${columns} sort=${sort} onSort=${onSort} />
    <div class="grid-body" role="rowgroup" ref=${body} tabindex="-1"
        onScroll=${(e) => setTop(e.currentTarget.scrollTop)}>
      <div class="grid-space" role="presentation" style=${{ height: `${rows.length * rowHeight}px` }}>
        <div role="presentation" style=${{ transform: `translateY(${first * rowHeight}px)` }}>
          ${shown.map((row, i) => html`<div role="row" key=${keyOf(row)} class="grid-row"
              aria-rowindex=${first + i + 2} tabindex=${first + i === reachable ? 0 : -1}
              style=${{ height: `${rowHeight}px` }} onFocus=${() => setActive(first + i)}
              onClick=${(e) => e.target.closest("a,button") || onOpen(row)}>
            ${columns.map(({ name, cell }) => html`<div role="gridcell" key=${name}
              class="cell c-${name}">${cell(row)}</div>`)}
          </div>`)}
        </div>
      </div>
    </div>
  </div>`;
}
