// A graph that can be zoomed and panned with wheel, pointer, buttons and keys. The chosen node
// highlights its upstream and downstream.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { Graph as Layout, layout } from "../vendor/dagre.js";
import { useSize } from "../use.js";
import { Icon } from "./icon.js";

const NODE_HEIGHT = 44;
const CHARACTER = 7.2;
const NARROWEST = 120;
const WIDEST = 260;
const MARGIN = 24;
const ZOOM_STEP = 1.25;
const ZOOM_MOST = 3;
const PAN_STEP = 60;
const FIT_MOST = 1.1; // a small graph is not enlarged further
const MANY = 150; // nodes from which the faster layout is used

const widthOf = (node) => Math.min(WIDEST,
  Math.max(NARROWEST, CHARACTER * Math.max(node.label.length, node.note?.length ?? 0) + 36));

const fitting = (text, width) => {
  const most = Math.floor((width - 24) / CHARACTER);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
};

function arranged(nodes, edges) {
  const graph = new Layout();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 56, marginx: MARGIN, marginy: MARGIN,
    ranker: nodes.length > MANY ? "tight-tree" : "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach((node) => graph.setNode(node.id, { width: widthOf(node), height: NODE_HEIGHT }));
  edges.forEach((edge) => graph.setEdge(edge.from, edge.to));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width, height,
    nodes: nodes.map((node) => ({ ...node, ...graph.node(node.id) })),
    edges: edges.map((edge) => ({ ...edge, points: graph.edge(edge.from, edge.to).points })),
  };
}

// A path through the points; curves between the middles round its corners.
function path(points) {
  const [first, ...rest] = points;
  let d = `M${first.x},${first.y}`;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    d += next ? `Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`
      : `L${point.x},${point.y}`;
  });
  return d;
}

// All nodes that can be reached from a node, against or along the edges.
function reach(id, edges, from, to) {
  const found = new Set();
  const open = [id];
  while (open.length > 0) {
    const at = open.pop();
    edges.filter((edge) => edge[from] === at && !found.has(edge[to])).forEach((edge) => {
      found.add(edge[to]);
      open.push(edge[to]);
    });
  }
  return found;
}

/** The upstream and downstream of a node, as sets of ids. */
export function around(id, edges) {
  return { up: reach(id, edges, "to", "from"), down: reach(id, edges, "from", "to") };
}

function Node({ node, width, chosen, dim, mark, onChoose }) {
  const key = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onChoose(node.id);
    }
  };
  const shown = [node.label, node.note].filter(Boolean).map((text) => fitting(text, width));
  return html`<g class="node n-${node.kind} ${chosen ? "chosen" : ""} ${dim ? "faint" : ""}"
      transform="translate(${node.x - width / 2} ${node.y - NODE_HEIGHT / 2})" role="button"
      tabindex="0" aria-pressed=${String(chosen)} aria-description=${node.title}
      onClick=${() => onChoose(node.id)} onKeyDown=${key}>
    <rect width=${width} height=${NODE_HEIGHT} rx="6" />
    ${mark && html`<circle class="fill-${mark}" cx=${width - 12} cy="12" r="4" />`}
    <text><tspan x="12" y=${node.note ? 18 : 27}>${shown[0]}</tspan>${" "}
      ${node.note && html`<tspan class="node-note" x="12" y="34">${shown[1]}</tspan>`}</text>
  </g>`;
}

/** The view: the scale, and the position of the drawing's corner. */
function useView(drawing, size) {
  const fit = () => {
    const scale = Math.min(FIT_MOST, size.width / drawing.width, size.height / drawing.height) || 1;
    return { scale, x: (size.width - drawing.width * scale) / 2,
      y: (size.height - drawing.height * scale) / 2 };
  };
  const [view, set] = useState();
  const moved = useRef(false);
  useEffect(() => {
    if (size.width > 0 && !moved.current) {
      set(fit());
    }
  }, [drawing, size.width, size.height]);
  const zoom = (factor, x = size.width / 2, y = size.height / 2) => {
    moved.current = true;
    set((old) => {
      const least = Math.min(0.2, fit().scale);
      const scale = Math.max(least, Math.min(ZOOM_MOST, old.scale * factor));
      const ratio = scale / old.scale;
      return { scale, x: x - (x - old.x) * ratio, y: y - (y - old.y) * ratio };
    });
  };
  const pan = (dx, dy) => {
    moved.current = true;
    set((old) => ({ ...old, x: old.x + dx, y: old.y + dy }));
  };
  const reset = () => {
    moved.current = false;
    set(fit());
  };
  return { view, zoom, pan, reset };
}

const KEYS = {
  "+": (v) => v.zoom(ZOOM_STEP), "=": (v) => v.zoom(ZOOM_STEP), "-": (v) => v.zoom(1 / ZOOM_STEP),
  0: (v) => v.reset(), ArrowLeft: (v) => v.pan(PAN_STEP, 0), ArrowRight: (v) => v.pan(-PAN_STEP, 0),
  ArrowUp: (v) => v.pan(0, PAN_STEP), ArrowDown: (v) => v.pan(0, -PAN_STEP),
};

// Pans the drawing when a pointer is dragged on it.
function useDrag(pan) {
  const at = useRef();
  return {
    onPointerDown: (e) => { at.current = { x: e.clientX, y: e.clientY, far: false }; },
    onPointerMove: (e) => {
      const from = at.current;
      if (!from || e.buttons === 0) {
        return;
      }
      const [dx, dy] = [e.clientX - from.x, e.clientY - from.y];
      if (!from.far && Math.hypot(dx, dy) < 4) {
        return; // too short: this is a click
      }
      if (!from.far) {
        e.currentTarget.setPointerCapture(e.pointerId);
      }
      at.current = { x: e.clientX, y: e.clientY, far: true };
      pan(dx, dy);
    },
    onPointerUp: () => { at.current = undefined; },
  };
}

/** `nodes` is a list of {id, label, note, title, kind}, `edges` a list of {from, to, kind, title},
 * `marks` a map from ids of nodes to tones. */
export function GraphView({ label, nodes, edges, marks, chosen, onChoose }) {
  const box = useRef();
  const size = useSize(box);
  const drawing = useMemo(() => arranged(nodes, edges), [nodes, edges]);
  const look = useView(drawing, size);
  const { view, zoom } = look;
  const drag = useDrag(look.pan);
  const near = useMemo(() => chosen && around(chosen, edges), [chosen, edges]);
  const lit = (id) => !near || id === chosen || near.up.has(id) || near.down.has(id);
  // Preact adds passive listeners, with which the page would scroll too.
  useEffect(() => {
    const wheel = (event) => {
      if (event.ctrlKey || event.metaKey || event.target.closest("svg")?.contains(document.activeElement)
        || box.current === document.activeElement) {
        event.preventDefault();
        const { left, top } = box.current.getBoundingClientRect();
        zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, event.clientX - left, event.clientY - top);
      }
    };
    box.current.addEventListener("wheel", wheel, { passive: false });
    return () => box.current?.removeEventListener("wheel", wheel);
  });
  const onKey = (event) => {
    const act = !event.ctrlKey && !event.metaKey && KEYS[event.key];
    if (act) {
      event.preventDefault();
      act(look);
    }
  };
  const tool = (name, text, act) => html`<button type="button" aria-label=${text} title=${text}
    onClick=${act}><${Icon} name=${name} /></button>`;
  return html`<div class="graph">
    <div class="graph-tools" role="group" aria-label="Zoom">
      ${tool("plus", "Zoom in", () => zoom(ZOOM_STEP))}
      ${tool("minus", "Zoom out", () => zoom(1 / ZOOM_STEP))}
      ${tool("fit", "Show all", look.reset)}
    </div>
    <div class="graph-box" ref=${box} tabindex="0" role="group" onKeyDown=${onKey} ...${drag}
        style=${{ height: `clamp(16rem, ${Math.ceil(drawing.height) + MARGIN}px, 65vh)` }}
        aria-label="${label}. Plus and minus zoom, arrow keys move, 0 shows all.">
      <svg width="100%" height="100%">
        <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
          orient="auto"><path d="M0 0 8 4 0 8Z" /></marker></defs>
        ${view && html`<g transform="translate(${view.x} ${view.y}) scale(${view.scale})">
          ${drawing.edges.map((edge) => html`<path key=${`${edge.from} ${edge.to}`} d=${path(edge.points)}
            class="edge e-${edge.kind} ${lit(edge.from) && lit(edge.to) ? "" : "faint"}"
            marker-end="url(#arrow)"><title>${edge.title}</title></path>`)}
          ${drawing.nodes.map((node) => html`<${Node} key=${node.id} node=${node} width=${node.width}
            chosen=${node.id === chosen} dim=${!lit(node.id)} mark=${marks.get(node.id)} onChoose=${onChoose} />`)}</g>`}
      </svg>
    </div></div>`;
}
