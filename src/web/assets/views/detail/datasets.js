// The pipeline's datasets and their lineage: a graph, the details of the chosen dataset, and a table
// of all. What is unknown is said.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { number } from "../../format.js";
import { Badge, CopyButton, Fact } from "../../parts/bits.js";
import { Check } from "../../parts/field.js";
import { GraphView } from "../../parts/graph.js";
import { Icon } from "../../parts/icon.js";
import { Empty, Loaded, Warning } from "../../parts/notice.js";
import { href, refine } from "../../router.js";
import { tone } from "../../status.js";
import { useLoad } from "../../use.js";

const BESIDE = { upstream: "read by this pipeline", downstream: "made from this pipeline" };

// Catalog and schema stand below the name, so that nodes stay narrow.
function nodeOf(row, kind) {
  const place = [row.catalog, row.schema].filter(Boolean).join(".");
  return { id: row.fqn, label: row.table ?? row.fqn, note: place || row.kind, title: row.fqn, kind,
    row };
}

const cloneId = (fqn, copy) => `${copy.pipeline_id} ${copy.fqn} ${fqn}`;

// Copies of a dataset in clones of the pipeline, and its origin in the source of the pipeline.
function cloneParts(row) {
  const nodes = [];
  const edges = [];
  const add = (there, isCopy) => {
    const id = cloneId(row.fqn, there);
    nodes.push({ id, label: there.fqn.split(".").pop(), kind: "clone", title: there.fqn,
      note: `${isCopy ? "copy" : "origin"}: ${there.pipeline_name ?? there.pipeline_id}`,
      row: there, clone: there });
    edges.push({ from: isCopy ? row.fqn : id, to: isCopy ? id : row.fqn, kind: "clone",
      title: isCopy ? "cloned to" : "cloned from" });
  };
  (row.copies ?? []).forEach((there) => add(there, true));
  (row.origins ?? []).forEach((there) => add(there, false));
  return { nodes, edges };
}

function graphOf(data, withClones) {
  const nodes = [...data.datasets.map((row) => nodeOf(row, "own")),
    ...data.upstream.map((row) => nodeOf(row, "upstream")),
    ...data.downstream.map((row) => nodeOf(row, "downstream"))];
  const known = new Set(nodes.map((node) => node.id));
  const edges = data.edges.filter((edge) => known.has(edge.source) && known.has(edge.target))
    .map((edge) => ({ from: edge.source, to: edge.target, kind: edge.direction ?? "inside",
      title: [edge.flows?.join(", "), edge.evidence?.join(", ")].filter(Boolean).join(" · ") }));
  if (withClones) {
    data.datasets.map(cloneParts).forEach((part) => {
      nodes.push(...part.nodes);
      edges.push(...part.edges);
    });
  }
  return { nodes, edges };
}

function Links({ title, list, onChoose }) {
  return html`<div><h4>${title}</h4>${list.length === 0 ? html`<p class="dim">none known</p>`
    : html`<ul class="links">${list.map((node) => html`<li key=${node.id}>
      <button type="button" class="plain" onClick=${() => onChoose(node.id)}>${
        node.title}</button></li>`)}</ul>`}</div>`;
}

function Clones({ title, list }) {
  return list?.length > 0 && html`<div><h4>${title}</h4><ul class="links">${list.map((there) => html`
    <li key=${there.fqn}><a href=${href(["pipelines", there.pipeline_id, "datasets"],
      { profile: there.profile, dataset: there.fqn })}>${there.fqn}</a>
      <span class="dim small-text"> in ${there.pipeline_name ?? there.pipeline_id}${
        there.profile ? `, ${there.profile}` : ""}${
        there.certain ? "" : "; the name is a guess"}</span></li>`)}</ul></div>`;
}

function Columns({ list }) {
  return html`<details><summary>${number(list.length)} columns</summary><ul class="links">${
    list.map((column) => html`<li key=${column.name}><code>${column.name}</code>
      <span class="dim"> ${column.type}</span></li>`)}</ul></details>`;
}

function Chosen({ node, graph, pipeline, flow, onChoose }) {
  const { row } = node;
  const byId = new Map(graph.nodes.map((one) => [one.id, one]));
  const steps = graph.edges.filter((edge) => edge.kind !== "clone");
  const from = steps.filter((edge) => edge.to === node.id).map((edge) => byId.get(edge.from));
  const to = steps.filter((edge) => edge.from === node.id).map((edge) => byId.get(edge.to));
  const other = row.pipeline_id && row.pipeline_id !== pipeline.pipeline_id;
  return html`<aside class="block" aria-label="The chosen dataset">
    <div class="view-head"><h3 class="wrap">${node.title}</h3>
      <span><${CopyButton} text=${node.title} label="Copy the name" />
      <button type="button" class="plain small" aria-label="Choose none"
        onClick=${() => onChoose(undefined)}><${Icon} name="close" /></button></span></div>
    ${row.comment && html`<p>${row.comment}</p>`}
    <dl class="facts">
      <${Fact} name="What">${BESIDE[node.kind] ?? (node.clone ? "of a clone" : "of this pipeline")}</${Fact}>
      ${row.type && html`<${Fact} name="Type">${row.type}</${Fact}>`}
      ${row.format && html`<${Fact} name="Format">${row.format}</${Fact}>`}
      ${flow && html`<${Fact} name="Newest run"><${Badge} word=${flow.state} /></${Fact}>`}
      ${row.evidence?.length > 0 && html`<${Fact} name="Evidence">${row.evidence.join(", ")}</${Fact}>`}
    </dl>
    ${other && html`<p><a href=${href(["pipelines", row.pipeline_id, "datasets"],
      { profile: row.profile, dataset: row.fqn })}>Open its pipeline</a></p>`}
    <${Links} title="Made from" list=${from} onChoose=${onChoose} />
    <${Links} title="Used by" list=${to} onChoose=${onChoose} />
    <${Clones} title="Copies" list=${row.copies} />
    <${Clones} title="Cloned from" list=${row.origins} />
    ${row.columns?.length > 0 && html`<${Columns} list=${row.columns} />`}
    ${node.kind === "own" && html`<p><a href=${href(["pipelines", pipeline.pipeline_id, "events"],
      { dataset: row.fqn })}>Events of this dataset</a></p>`}
  </aside>`;
}

function Coverage({ coverage }) {
  return html`
    ${coverage.unknown.length > 0 && html`<${Warning}><p class="notice-title">Part of this is unknown</p>
      <ul>${coverage.unknown.map((one) => html`<li>${one.text}</li>`)}</ul></${Warning}>`}
    <details><summary>What was asked, and what answered</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Sources of the lineage"><table class="table">
        <thead><tr><th scope="col">Source</th><th scope="col">Answer</th><th scope="col" class="num">Found</th>
          <th scope="col">Asked for</th></tr></thead>
        <tbody>${coverage.sources.map((one) => html`<tr key=${one.source}><th scope="row">${one.source}</th>
          <td><${Badge} word=${one.status} /> ${one.reason && html`<div class="dim small-text wrap">${
            one.reason}</div>`}</td>
          <td class="num">${number(one.found)}</td><td>${one.asked_for}</td></tr>`)}</tbody>
      </table></div></details>`;
}

function Table({ data, onChoose }) {
  const names = (fqn, mine, other) => data.edges.filter((edge) => edge[mine] === fqn)
    .map((edge) => edge[other]).join(", ") || "–";
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Datasets"><table class="table">
    <thead><tr><th scope="col">Dataset</th><th scope="col">Type</th><th scope="col">Made from</th>
      <th scope="col">Used by</th></tr></thead>
    <tbody>${data.datasets.map((row) => html`<tr key=${row.fqn}>
      <th scope="row"><button type="button" class="plain small" onClick=${() => onChoose(row.fqn)}>${
        row.fqn}</button></th>
      <td>${row.type ?? "–"}</td>
      <td class="wrap">${names(row.fqn, "target", "source")}</td>
      <td class="wrap">${names(row.fqn, "source", "target")}</td></tr>`)}</tbody></table></div>`;
}

// The states of the newest run's flows, by the names of their datasets.
function marksOf(snapshot) {
  return new Map((snapshot?.flows ?? []).map((flow) => [flow.dataset ?? flow.name, tone(flow.state)]));
}

function Lineage({ data, pipeline, snapshot, chosenName }) {
  const [withClones, setClones] = useState(true);
  const graph = useMemo(() => graphOf(data, withClones), [data, withClones]);
  const chosen = graph.nodes.find((node) => node.id === chosenName);
  const choose = (id) => refine({ dataset: id === chosenName ? undefined : id });
  return html`
    <div class="view-head"><p class="dim">${number(data.total_datasets)} datasets, ${
      number(data.upstream.length)} upstream, ${number(data.downstream.length)} downstream</p>
      ${data.clones.length > 0 && html`<${Check} id="with-clones" label="Show clones"
        checked=${withClones} onChange=${setClones} />`}</div>
    <${Coverage} coverage=${data.coverage} />
    ${graph.nodes.length === 0
      ? data.coverage.unknown.length === 0 && html`<${Empty}>This pipeline defines no dataset.</${Empty}>`
      : html`<div class="lineage ${chosen ? "has-chosen" : ""}">
          <${GraphView} label="Lineage of ${pipeline.name}" nodes=${graph.nodes} edges=${graph.edges}
            marks=${marksOf(snapshot)} chosen=${chosen?.id} onChoose=${choose} />
          ${chosen && html`<${Chosen} node=${chosen} graph=${graph} pipeline=${pipeline}
            flow=${snapshot?.flows?.find((one) => (one.dataset ?? one.name) === chosen.id)} onChoose=${choose} />`}</div>
        <${Table} data=${data} onChoose=${choose} />`}`;
}

export function Datasets({ pipeline, path, query, snapshot }) {
  const load = useLoad(`${path}/lineage`);
  return html`<section aria-labelledby="datasets-title"><h2 id="datasets-title">Datasets and lineage</h2>
    <${Loaded} load=${load} what="the lineage">${(data) => html`<${Lineage} data=${data}
      pipeline=${pipeline} snapshot=${snapshot} chosenName=${query.dataset} />`}</${Loaded}></section>`;
}
