// The SDK of Databricks against the embedded workspace: others wrote what it sends and expects.
// TARN_SANDBOX is the address of a new workspace with the scenario `demo`.

import assert from "node:assert/strict";
import { test } from "node:test";
import sdk from "@databricks/sdk-experimental";

const { ApiError, Config, Time, TimeUnits, WorkspaceClient } = sdk;

const host = process.env.TARN_SANDBOX;
const seconds = (n) => new Time(n, TimeUnits.seconds);
const env = {}; // no settings of this machine

function connect(settings) {
  return new WorkspaceClient(new Config({ host, env, configFile: "/dev/null", ...settings }));
}

const ws = connect({ token: "demo-token" });
const recovery = connect({ token: "demo-dr-token" });

async function collect(iterable, limit = Infinity) {
  const list = [];
  for await (const item of iterable) {
    list.push(item);
    if (list.length >= limit) break;
  }
  return list;
}

async function refused(promise) {
  try {
    await promise;
  } catch (e) {
    assert.ok(e instanceof ApiError, `not an ApiError: ${e}`);
    return e;
  }
  assert.fail("was not refused");
}

const TIMEOUT = 300; // seconds, for slow machines

async function until(what, condition) {
  const end = Date.now() + TIMEOUT * 1000;
  while (Date.now() < end) {
    const found = await condition();
    if (found) return found;
    await new Promise((go) => setTimeout(go, 50));
  }
  assert.fail(`waited too long for ${what}`);
}

const spec = (name, more = {}) => ({
  name, catalog: "main", schema: "conformance", serverless: true, development: true,
  libraries: [{ notebook: { path: "/Shared/conformance/notebook" } }], ...more,
});

const source = (text) => Buffer.from(text).toString("base64");

async function makeNotebook() {
  await ws.workspace.mkdirs({ path: "/Shared/conformance" });
  await ws.workspace.import({
    path: "/Shared/conformance/notebook", format: "SOURCE", language: "SQL", overwrite: true,
    content: source("CREATE OR REFRESH MATERIALIZED VIEW numbers AS SELECT 1 AS id\n"),
  });
}

async function makePipeline(name, more) {
  await makeNotebook();
  return (await ws.pipelines.create(spec(name, more))).pipeline_id;
}

const ended = ["COMPLETED", "FAILED", "CANCELED"];

function waitForUpdate(pipeline_id, update_id) {
  return until("the end of an update", async () => {
    const { update } = await ws.pipelines.getUpdate({ pipeline_id, update_id });
    return ended.includes(update.state) && update;
  });
}

// ---- identity ----

test("a token has an owner", async () => {
  const me = await ws.currentUser.me();
  assert.equal(me.userName, "ada.okafor@example.com");
  assert.equal(me.active, true);
  assert.ok(me.groups.some((group) => group.display === "admins"));
});

test("a wrong token is refused", async () => {
  const e = await refused(connect({ token: "wrong" }).currentUser.me());
  assert.equal(e.statusCode, 401);
});

test("a service principal signs in with OAuth", async () => {
  const client = connect({
    clientId: "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718", clientSecret: "demo-secret",
  });
  const me = await client.currentUser.me();
  assert.equal(me.userName, "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718");
});

test("a service principal with a wrong secret gets no token", async () => {
  const client = connect({
    clientId: "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718", clientSecret: "wrong",
  });
  await assert.rejects(client.currentUser.me());
});

test("the token chooses the workspace", async () => {
  const here = await collect(ws.pipelines.listPipelines({ max_results: 100 }));
  const there = await collect(recovery.pipelines.listPipelines({ max_results: 100 }));
  const ids = new Set(here.map((one) => one.pipeline_id));
  assert.ok(there.length > 0);
  assert.ok(there.every((one) => !ids.has(one.pipeline_id)));
});

// ---- pipelines: list ----

test("the list is the same with every page size", async () => {
  const all = await collect(ws.pipelines.listPipelines({ max_results: 100 }));
  const small = await collect(ws.pipelines.listPipelines({ max_results: 7 }));
  assert.ok(all.length >= 30);
  assert.deepEqual(small.map((one) => one.pipeline_id), all.map((one) => one.pipeline_id));
  assert.equal(new Set(small.map((one) => one.pipeline_id)).size, small.length);
});

test("the list is sorted by id, or by name on request", async () => {
  const ids = (await collect(ws.pipelines.listPipelines({}))).map((one) => one.pipeline_id);
  assert.deepEqual(ids, [...ids].sort());
  const names = (await collect(ws.pipelines.listPipelines({ order_by: ["name desc"] })))
    .map((one) => one.name);
  assert.ok(names.every((name, i) => i === 0 || names[i - 1] >= name));
});

test("a filter on the name works over several pages", async () => {
  const found = await collect(ws.pipelines.listPipelines({
    filter: "name LIKE 'finance%'", max_results: 2,
  }));
  assert.ok(found.length > 2);
  assert.ok(found.every((one) => one.name.startsWith("finance")));
});

test("a composite filter and a page size that is too large are refused", async () => {
  const composite = await refused(collect(ws.pipelines.listPipelines({
    filter: "name LIKE 'a%' AND name LIKE '%b'",
  })));
  assert.equal(composite.statusCode, 400);
  const large = await refused(collect(ws.pipelines.listPipelines({ max_results: 101 })));
  assert.equal(large.errorCode, "INVALID_PARAMETER_VALUE");
});

test("items have their newest updates, with times as text", async () => {
  const all = await collect(ws.pipelines.listPipelines({ max_results: 100 }));
  const ran = all.find((one) => one.latest_updates?.length > 1);
  assert.match(ran.latest_updates[0].creation_time, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.ok(ran.latest_updates[0].creation_time >= ran.latest_updates[1].creation_time);
});

// ---- pipelines: create, get, edit, delete ----

test("a pipeline is created, read, edited and deleted", async () => {
  const pipeline_id = await makePipeline("conformance life", {
    configuration: { "a.b": "c" }, tags: { team: "x" }, parameters: { day: "monday" },
  });
  const made = await ws.pipelines.get({ pipeline_id });
  assert.equal(made.name, "conformance life");
  assert.equal(made.state, "IDLE");
  assert.equal(made.spec.id, pipeline_id);
  assert.deepEqual(made.spec.configuration, { "a.b": "c" });
  assert.equal(made.creator_user_name, "ada.okafor@example.com");
  assert.equal(made.spec.parameters, undefined);

  await ws.pipelines.update({
    ...made.spec, pipeline_id, tags: undefined, photon: true,
    expected_last_modified: made.last_modified,
  });
  const edited = await ws.pipelines.get({ pipeline_id });
  assert.ok(edited.last_modified > made.last_modified);
  assert.equal(edited.spec.photon, true);
  assert.equal(edited.spec.tags, undefined);

  await ws.pipelines.delete({ pipeline_id });
  const gone = await until("the deletion", () =>
    ws.pipelines.get({ pipeline_id }).then(() => null, (e) => e));
  assert.equal(gone.statusCode, 404);
  assert.equal(gone.errorCode, "RESOURCE_DOES_NOT_EXIST");
  assert.equal(gone.message, `The specified pipeline ${pipeline_id} was not found.`);
});

test("an edit of an old version is refused", async () => {
  const pipeline_id = await makePipeline("conformance stale");
  const { spec: old, last_modified } = await ws.pipelines.get({ pipeline_id });
  await ws.pipelines.update({ ...old, pipeline_id, photon: true });
  const e = await refused(ws.pipelines.update({
    ...old, pipeline_id, expected_last_modified: last_modified,
  }));
  assert.equal(e.statusCode, 409);
});

test("a dry run shows the settings and creates nothing", async () => {
  await makeNotebook();
  const answer = await ws.pipelines.create({ ...spec("conformance dry"), dry_run: true });
  assert.equal(answer.pipeline_id, undefined);
  assert.equal(answer.effective_settings.name, "conformance dry");
  const found = await collect(ws.pipelines.listPipelines({
    filter: "name LIKE 'conformance dry'",
  }));
  assert.equal(found.length, 0);
});

test("a name that is taken is refused, unless duplicates are allowed", async () => {
  await makePipeline("conformance twice");
  const e = await refused(ws.pipelines.create(spec("conformance twice")));
  assert.equal(e.errorCode, "RESOURCE_CONFLICT");
  assert.match(e.message, /is already used by another pipeline/);
  const second = await ws.pipelines.create({
    ...spec("conformance twice"), allow_duplicate_names: true,
  });
  assert.ok(second.pipeline_id);
});

const invalid = [
  ["no libraries", { libraries: [] }, /libraries must contain at least one element/],
  ["clusters and serverless", { clusters: [{ label: "default" }] }, /serverless compute/],
  ["a target with a dot", { schema: undefined, target: "a.b" }, /not a valid name/],
  ["target and schema", { target: "x" }, /target/],
  ["storage and catalog", { storage: "dbfs:/x" }, /storage/],
];

for (const [what, change, words] of invalid) {
  test(`create refuses ${what}`, async () => {
    const e = await refused(ws.pipelines.create(spec(`conformance ${what}`, change)));
    assert.equal(e.statusCode, 400);
    assert.match(e.message, words);
  });
}

// ---- updates and events ----

test("an update completes and has events", async () => {
  const pipeline_id = await makePipeline("conformance run");
  const { update_id } = await ws.pipelines.startUpdate({ pipeline_id, full_refresh: true });
  const first = (await ws.pipelines.getUpdate({ pipeline_id, update_id })).update;
  assert.equal(first.full_refresh, true);
  assert.equal(first.cause, "API_CALL");
  assert.equal(typeof first.creation_time, "number");
  const last = await waitForUpdate(pipeline_id, update_id);
  assert.equal(last.state, "COMPLETED");
  assert.equal(last.config.name, "conformance run");

  const { updates } = await ws.pipelines.listUpdates({ pipeline_id });
  assert.equal(updates[0].update_id, update_id);
  assert.equal(updates[0].config, undefined);

  const events = await collect(ws.pipelines.listPipelineEvents({ pipeline_id, max_results: 5 }));
  assert.ok(events.length > 10);
  const times = events.map((event) => event.timestamp);
  assert.deepEqual(times, [...times].sort().reverse());
  const kinds = new Set(events.map((event) => event.event_type));
  for (const kind of ["user_action", "create_update", "update_progress", "flow_definition",
    "flow_progress"]) {
    assert.ok(kinds.has(kind), kind);
  }
  for (const event of events) {
    assert.deepEqual(Object.keys(event.details), [event.event_type]);
  }
});

test("events can be filtered, and read in ascending order", async () => {
  const [{ pipeline_id }] = await collect(ws.pipelines.listPipelines({
    filter: "name LIKE 'sales_orders_etl'",
  }));
  const progress = await collect(ws.pipelines.listPipelineEvents({
    pipeline_id, filter: "event_type = 'update_progress'", max_results: 10,
  }), 30);
  assert.ok(progress.length > 3);
  assert.ok(progress.every((event) => event.event_type === "update_progress"));
  const oldest = await collect(ws.pipelines.listPipelineEvents({
    pipeline_id, order_by: ["timestamp asc"], max_results: 10,
  }), 25);
  const times = oldest.map((event) => event.timestamp);
  assert.deepEqual(times, [...times].sort());
  const e = await refused(collect(ws.pipelines.listPipelineEvents({
    pipeline_id, filter: "message = 'x'",
  })));
  assert.equal(e.statusCode, 400);
});

test("a second update is refused while one runs, and stop ends it", async () => {
  const pipeline_id = await makePipeline("conformance stop", {
    configuration: { "sandbox.duration_ms": "60000" },
  });
  const { update_id } = await ws.pipelines.startUpdate({ pipeline_id });
  const e = await refused(ws.pipelines.startUpdate({ pipeline_id }));
  assert.equal(e.statusCode, 409);
  assert.match(e.message, /An active update '.*' already exists/);
  const waiter = await ws.pipelines.stop({ pipeline_id });
  const idle = await waiter.wait({ timeout: seconds(TIMEOUT) });
  assert.equal(idle.state, "IDLE");
  const { update } = await ws.pipelines.getUpdate({ pipeline_id, update_id });
  assert.equal(update.state, "CANCELED");
});

test("the message about an unknown update has its id", async () => {
  const pipeline_id = await makePipeline("conformance missing update");
  const update_id = "00000000-0000-4000-8000-000000000000";
  const e = await refused(ws.pipelines.getUpdate({ pipeline_id, update_id }));
  assert.equal(e.statusCode, 404);
  assert.equal(e.message, `The specified update ${update_id} was not found.`);
});

// ---- permissions ----

test("permissions are read, replaced, and must have one owner", async () => {
  const pipeline_id = await makePipeline("conformance permissions");
  const before = await ws.pipelines.getPermissions({ pipeline_id });
  assert.equal(before.object_id, `/pipelines/${pipeline_id}`);
  assert.ok(before.access_control_list.some((one) => one.group_name === "admins"
    && one.all_permissions[0].inherited));
  const after = await ws.pipelines.setPermissions({
    pipeline_id,
    access_control_list: [
      { user_name: "ada.okafor@example.com", permission_level: "IS_OWNER" },
      { group_name: "analysts", permission_level: "CAN_VIEW" },
    ],
  });
  assert.ok(after.access_control_list.some((one) => one.group_name === "analysts"));
  const e = await refused(ws.pipelines.setPermissions({
    pipeline_id,
    access_control_list: [{ group_name: "analysts", permission_level: "CAN_VIEW" }],
  }));
  assert.equal(e.message, "The pipeline must have exactly one owner.");
  const levels = await ws.pipelines.getPermissionLevels({ pipeline_id });
  assert.deepEqual(levels.permission_levels.map((one) => one.permission_level).sort(),
    ["CAN_MANAGE", "CAN_RUN", "CAN_VIEW", "IS_OWNER"]);
});

// ---- workspace ----

test("an imported notebook is exported with its header", async () => {
  await makeNotebook();
  const path = "/Shared/conformance/notebook";
  const status = await ws.workspace.getStatus({ path });
  assert.equal(status.object_type, "NOTEBOOK");
  assert.equal(status.language, "SQL");
  assert.equal(typeof status.object_id, "number");
  const { content, file_type } = await ws.workspace.export({ path, format: "SOURCE" });
  assert.equal(file_type, "sql");
  assert.match(Buffer.from(content, "base64").toString(), /^-- Databricks notebook source\n/);
  const jupyter = await ws.workspace.export({ path, format: "JUPYTER" });
  assert.equal(JSON.parse(Buffer.from(jupyter.content, "base64")).nbformat, 4);
});

test("AUTO imports a file with the header as a notebook, others as files", async () => {
  const folder = "/Shared/conformance/auto";
  await ws.workspace.mkdirs({ path: folder });
  await ws.workspace.import({
    path: `/Workspace${folder}/a.py`, format: "AUTO",
    content: source("# Databricks notebook source\nprint(1)\n"),
  });
  await ws.workspace.import({
    path: `${folder}/b.py`, format: "AUTO", content: source("print(1)\n"),
  });
  const objects = await collect(ws.workspace.list({ path: folder }));
  assert.deepEqual(objects.map((one) => [one.path, one.object_type]),
    [[`${folder}/a`, "NOTEBOOK"], [`${folder}/b.py`, "FILE"]]);
});

test("an object is overwritten only on request, and never changes its type", async () => {
  await makeNotebook();
  const path = "/Shared/conformance/notebook";
  const there = await refused(ws.workspace.import({
    path, format: "SOURCE", language: "SQL", content: source("SELECT 1"),
  }));
  assert.equal(there.errorCode, "RESOURCE_ALREADY_EXISTS");
  const kind = await refused(ws.workspace.import({
    path, format: "RAW", overwrite: true, content: source("x"),
  }));
  assert.equal(kind.errorCode, "INVALID_PARAMETER_VALUE");
});

test("a missing parent, a missing path and a folder with objects are refused", async () => {
  const parent = await refused(ws.workspace.import({
    path: "/Shared/nowhere/x", format: "RAW", content: "",
  }));
  assert.equal(parent.message, "The parent folder (/Shared/nowhere) does not exist.");
  const missing = await refused(ws.workspace.getStatus({ path: "/Shared/nowhere" }));
  assert.equal(missing.message, "Path (/Shared/nowhere) doesn't exist.");
  await makeNotebook();
  const full = await refused(ws.workspace.delete({ path: "/Shared/conformance" }));
  assert.equal(full.errorCode, "DIRECTORY_NOT_EMPTY");
});

test("a folder with objects is deleted on request", async () => {
  await ws.workspace.mkdirs({ path: "/Shared/rubbish/deep/deeper" });
  await ws.workspace.delete({ path: "/Shared/rubbish", recursive: true });
  const e = await refused(ws.workspace.getStatus({ path: "/Shared/rubbish" }));
  assert.equal(e.statusCode, 404);
});

// ---- SQL ----

async function anyWarehouse() {
  const all = await collect(ws.warehouses.list({}));
  return all.find((one) => one.state === "RUNNING").id;
}

async function run(statement, more = {}) {
  return ws.statementExecution.executeStatement({
    statement, warehouse_id: await anyWarehouse(), ...more,
  });
}

test("a result has typed columns, and cells that are text or null", async () => {
  const answer = await run("SELECT 1 AS n, 'a' AS s, NULL AS nothing, true AS yes, :p AS p", {
    parameters: [{ name: "p", type: "BIGINT", value: "1234567890123456789" }],
  });
  assert.equal(answer.status.state, "SUCCEEDED");
  assert.deepEqual(answer.manifest.schema.columns.map((one) => one.name),
    ["n", "s", "nothing", "yes", "p"]);
  assert.equal(answer.manifest.schema.columns[3].type_name, "BOOLEAN");
  assert.deepEqual(answer.result.data_array, [["1", "a", null, "true", "1234567890123456789"]]);
});

test("a slow statement can be polled until it ends", async () => {
  const started = await run("SELECT 1 /* sandbox.duration_ms=400 */", { wait_timeout: "0s" });
  assert.notEqual(started.status.state, "SUCCEEDED");
  assert.equal(started.manifest, undefined);
  const { statement_id } = started;
  const done = await until("a statement", async () => {
    const now = await ws.statementExecution.getStatement({ statement_id });
    return now.status.state === "SUCCEEDED" && now;
  });
  assert.deepEqual(done.result.data_array, [["1"]]);
});

test("a statement is cancelled", async () => {
  const { statement_id } = await run("SELECT 1 /* sandbox.duration_ms=60000 */", {
    wait_timeout: "0s",
  });
  await ws.statementExecution.cancelExecution({ statement_id });
  const after = await ws.statementExecution.getStatement({ statement_id });
  assert.equal(after.status.state, "CANCELED");
});

test("on_wait_timeout CANCEL cancels a statement that takes too long", async () => {
  const answer = await run("SELECT 1 /* sandbox.duration_ms=60000 */", {
    wait_timeout: "5s", on_wait_timeout: "CANCEL",
  });
  assert.equal(answer.status.state, "CANCELED");
});

test("the chunks of a result have all rows", async () => {
  const answer = await run("SELECT pipeline_id FROM system.lakeflow.pipelines "
    + "ORDER BY pipeline_id, change_time /* sandbox.chunk_rows=9 */");
  const rows = [...answer.result.data_array];
  let next = answer.result.next_chunk_index;
  while (next !== undefined) {
    const chunk = await ws.statementExecution.getStatementResultChunkN({
      statement_id: answer.statement_id, chunk_index: next,
    });
    assert.equal(chunk.row_offset, rows.length);
    rows.push(...chunk.data_array);
    next = chunk.next_chunk_index;
  }
  assert.ok(answer.manifest.total_chunk_count > 2);
  assert.equal(rows.length, answer.manifest.total_row_count);
});

test("external links work without a token, and refuse one", async () => {
  const answer = await run("SELECT 1 AS a UNION ALL SELECT 2", {
    disposition: "EXTERNAL_LINKS", format: "CSV",
  });
  const [link] = answer.result.external_links;
  const plain = await fetch(link.external_link);
  assert.equal(await plain.text(), "a\n1\n2\n");
  const refusal = await fetch(link.external_link, {
    headers: { Authorization: "Bearer demo-token" },
  });
  assert.equal(refusal.status, 400);
});

const failures = [
  ["SELEC 1", "42601", /PARSE_SYNTAX_ERROR/],
  ["SELECT * FROM system.lakeflow.pipeline_events", "42P01", /TABLE_OR_VIEW_NOT_FOUND/],
  ["SELECT nothing FROM system.lakeflow.pipelines", "42703", /UNRESOLVED_COLUMN/],
];

for (const [statement, state, words] of failures) {
  test(`a statement fails with ${state}, at status 200`, async () => {
    const answer = await run(statement);
    assert.equal(answer.status.state, "FAILED");
    assert.equal(answer.status.sql_state, state);
    assert.match(answer.status.error.message, words);
  });
}

test("a statement for an unknown warehouse is refused", async () => {
  const e = await refused(run("SELECT 1", { warehouse_id: "0000000000000000" }));
  assert.equal(e.statusCode, 400);
  assert.match(e.message, /is not a valid endpoint id/);
});

test("a warehouse starts and stops", async () => {
  const all = await collect(ws.warehouses.list({}));
  const { id } = all.find((one) => one.state === "STOPPED");
  const starting = await ws.warehouses.start({ id });
  const running = await starting.wait({ timeout: seconds(TIMEOUT) });
  assert.equal(running.state, "RUNNING");
  const stopping = await ws.warehouses.stop({ id });
  const stopped = await stopping.wait({ timeout: seconds(TIMEOUT) });
  assert.equal(stopped.state, "STOPPED");
});

// ---- Unity Catalog ----

test("tables are listed by catalog and schema, with the pipeline that owns them", async () => {
  const catalogs = await collect(ws.catalogs.list({}));
  assert.ok(catalogs.some((one) => one.name === "finance"));
  const schemas = await collect(ws.schemas.list({ catalog_name: "finance", max_results: 2 }));
  assert.ok(schemas.some((one) => one.name === "revrec"));
  const tables = await collect(ws.tables.list({
    catalog_name: "finance", schema_name: "revrec", max_results: 1,
  }));
  assert.ok(tables.length > 1);
  assert.ok(tables.every((one) => one.pipeline_id && one.columns.length > 0));
  const exists = await ws.tables.exists({ full_name: "finance.revrec.nothing" });
  assert.equal(exists.table_exists, false);
});

test("a schema is created and deleted", async () => {
  const made = await ws.schemas.create({ catalog_name: "dev", name: "conformance" });
  assert.equal(made.full_name, "dev.conformance");
  await ws.schemas.delete({ full_name: "dev.conformance" });
  const e = await refused(ws.schemas.get({ full_name: "dev.conformance" }));
  assert.equal(e.statusCode, 404);
});
