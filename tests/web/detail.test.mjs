// The page of a pipeline: its configuration, runs, datasets, expectations and events.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, idOf, open, post, sandbox, serve, until } from "./support.mjs";

const demo = await sandbox("--run-ms", "7000");
const server = await serve({ demo: [demo, "demo-token"], dr: [demo, "demo-dr-token"] });

// The page of the pipeline with this name, at a section.
async function show(name, section, options) {
  const opened = await open(server, "/dashboard", options);
  const id = await idOf(opened.page, name);
  await opened.go(`/pipelines/${id}/${section}`);
  await opened.page.getByRole("heading", { level: 1, name }).waitFor();
  return { ...opened, id };
}

const badge = (page) => page.locator(".detail-title .badge").first();
const dialog = (page) => page.getByRole("dialog");

test("the configuration is complete, and is copied unchanged", async () => {
  const { page, close, id } = await show("sales_orders_etl", "config");
  const whole = await api(page, `dlt/pipelines/${id}`);
  const shown = await page.getByRole("region", { name: "Configuration as JSON" }).textContent();
  assert.deepEqual(JSON.parse(shown), whole);
  await page.getByRole("button", { name: "Copy the whole configuration" }).click();
  await page.locator("#announcer", { hasText: "Copied" }).waitFor({ state: "attached" });
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())), whole);
  await close();
});

test("numbers that a double cannot hold are shown exactly", async () => {
  const { page, close } = await show("sales_promotions", "events");
  await page.locator(".unfold").first().click();
  const shown = await page.getByRole("region", { name: "The whole event" }).textContent();
  assert.match(shown, /"org_id": 70421337900113842,/);
  await close();
});

test("a pipeline is compared with another one, which is in the address", async () => {
  const { page, close } = await show("sales_promotions", "config");
  await page.getByLabel("With").fill("sales_forecast");
  await page.getByRole("button", { name: "Compare" }).click();
  const row = page.locator(".diff-changed", { hasText: "schema" });
  assert.match(await row.textContent(), /promotions.*forecast/s);
  assert.match(page.url(), /against=sales_forecast/);
  await page.getByLabel("With").fill("no such pipeline");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("alert").getByText("no such pipeline").first().waitFor();
  await close();
});

test("permissions are listed, the inherited ones marked", async () => {
  const { page, close } = await show("sales_promotions", "config");
  await page.getByText("IS_OWNER").waitFor();
  await page.getByText("from /pipelines/").waitFor();
  await close();
});

test("a run is started, watched flow by flow, and ends", async () => {
  const { page, close, id } = await show("sales_orders_etl", "live");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Start the update" }).click();
  await dialog(page).getByText(/Update \w{8} triggered/).waitFor();
  const { latest_updates: [{ update_id: update }] } = await api(page, `dlt/pipelines/${id}`);
  await dialog(page).getByRole("link", { name: "Watch it run" }).click();
  await until("the new run is shown", async () =>
    await page.locator(`code[title="${update}"]`).count() === 1);
  await until("it runs", async () => await badge(page).textContent() === "RUNNING");
  await page.locator(".flows").getByText(/RUNNING|STARTING|QUEUED/).first().waitFor();
  await page.getByText("4 of 4 flows have ended").waitFor();
  await until("it is idle again", async () => await badge(page).textContent() === "IDLE");
  assert.match(await page.locator(".flows tbody").textContent(), /silver_orders/);
  // The expectations that failed are below the flow.
  await page.locator(".flows th").getByText(/^\w+: [\d,]+ failed$/).first().waitFor();
  assert.equal(await page.locator(".phase-bar").count(), 1);
  await close();
});

test("a failed run shows its error", async () => {
  const { page, close } = await show("iot_gateway_errors", "live");
  await page.locator(".flows").waitFor();
  await page.locator(".causes .notice").first().waitFor();
  await close();
});

test("a full refresh asks first, and warns of the data that is lost", async () => {
  const { page, close, id } = await show("finance_fx_rates", "live");
  await page.getByRole("button", { name: "Full refresh" }).click();
  await dialog(page).getByText("a full refresh cannot be undone").waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  const before = await api(page, `dlt/pipelines/${id}/updates?max=1`);
  assert.ok(!before[0].full_refresh);
  await page.getByRole("button", { name: "Full refresh" }).click();
  await dialog(page).getByRole("button", { name: "Full refresh" }).click();
  await dialog(page).getByText(/triggered/).waitFor();
  const [newest] = await api(page, `dlt/pipelines/${id}/updates?max=1`);
  assert.equal(newest.full_refresh, true);
  await close();
});

test("a run of selected tables is started as chosen", async () => {
  const { page, close, id } = await show("sales_promotions", "live");
  await page.locator(".flows").waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await dialog(page).getByLabel("Selected tables").check();
  assert.ok(await dialog(page).getByRole("button", { name: "Refresh these tables" }).isDisabled());
  await dialog(page).getByLabel("sales.promotions.promotions_raw").check();
  await dialog(page).getByRole("button", { name: "Refresh these tables" }).click();
  await dialog(page).getByText(/triggered/).waitFor();
  await dialog(page).getByRole("button", { name: "Close" }).last().click();
  const [newest] = await api(page, `dlt/pipelines/${id}/updates?max=1`);
  assert.deepEqual(newest.refresh_selection, ["sales.promotions.promotions_raw"]);
  await close();
});

test("a run of the tables of a file, in development mode, is started as chosen", async () => {
  const { page, close } = await show("sales_promotions", "live");
  let body;
  await page.route("**/trigger", async (route) => {
    body = route.request().postDataJSON();
    await route.fulfill({ contentType: "text/event-stream",
      body: 'event: result\ndata: {"update_id": "12345678", "status": "triggered"}\n\n' });
  });
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await dialog(page).getByLabel("Selected tables").check();
  await dialog(page).getByRole("textbox", { name: "Tables or files" })
    .fill("a.b.c, d\n/Workspace/Shared/my etl/gold.sql");
  await dialog(page).getByLabel("In development mode").check();
  await dialog(page).getByRole("button", { name: "Refresh these tables" }).click();
  await dialog(page).getByText(/triggered/).waitFor();
  assert.deepEqual({ refresh: body.refresh, refresh_path: body.refresh_path,
    development: body.development }, { refresh: ["a.b.c", "d"],
    refresh_path: ["/Workspace/Shared/my etl/gold.sql"], development: true });
  await close();
});

test("a validation is started as such", async () => {
  const { page, close, id } = await show("finance_invoices_match", "live");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await dialog(page).getByLabel("Validate").check();
  await dialog(page).getByRole("button", { name: "Validate" }).click();
  await dialog(page).getByText(/triggered/).waitFor();
  const [newest] = await api(page, `dlt/pipelines/${id}/updates?max=1`);
  assert.equal(newest.validate_only, true);
  await close();
});

test("stop asks first, and the run ends", async () => {
  const { page, close } = await show("iot_device_health", "live");
  await until("it runs", async () => await badge(page).textContent() === "RUNNING");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await dialog(page).getByText("stays stopped until it is started again").waitFor();
  await dialog(page).getByRole("button", { name: "Stop the update" }).click();
  await until("it has stopped", async () => await badge(page).textContent() === "IDLE");
  assert.ok(await page.getByRole("button", { name: "Stop", exact: true }).isDisabled());
  await close();
});

test("the history shows all runs, and the error of a failed one on demand", async () => {
  const { page, close, id } = await show("legacy_web_sessions", "runs");
  const runs = await api(page, `dlt/pipelines/${id}/updates`);
  await page.locator(".run").first().waitFor();
  assert.equal(await page.locator(".run").count(), Math.min(50, runs.length));
  const failed = page.locator(".run", { hasText: "FAILED" }).first();
  const { error } = runs.find((run) => run.state === "FAILED");
  await failed.getByRole("button").click();
  await failed.locator(".more").getByText(error.slice(0, 60)).first().waitFor();
  await failed.getByRole("link", { name: "Events of this run" }).click();
  await page.waitForURL(/events\?update=/);
  await close();
});

test("a run that somebody else starts appears in the history without a reload", async () => {
  const { page, close, id } = await show("support_tickets_nlp", "live");
  await page.locator(".flows").waitFor(); // the page receives events from now on
  await page.getByRole("tab", { name: "History" }).click();
  await page.locator(".run").first().waitFor();
  const before = await page.locator(".run").count();
  await post(page, `dlt/pipelines/${id}/trigger`, { restart: true });
  await until("one more run", async () => await page.locator(".run").count() === before + 1);
  const newest = page.locator(".run").first();
  await until("its end", async () => /COMPLETED/.test(await newest.textContent()));
  await close();
});

test("expectations show counts, rates and the trend of failures", async () => {
  const { page, close, id } = await show("sales_orders_etl", "expectations");
  const { results, datasets } = await api(page, `dlt/pipelines/${id}/expectations?days=7`);
  await page.locator("tbody tr").first().waitFor();
  assert.equal(await page.locator("tbody tr:not(.group)").count(), results.length);
  // The rows that a dataset dropped stand once, in its group's row, and what its rules are beside.
  assert.equal(await page.locator("tr.group").count(), datasets.length);
  const dropped = `${datasets[0].dropped.toLocaleString("en-US")} rows dropped`;
  assert.equal(await page.getByText(dropped).count(), 1);
  const rules = await page.locator("tbody").first().textContent();
  assert.ok(rules.includes("drops rows: ") && rules.includes("warns: "), rules);
  assert.deepEqual(await page.locator("thead th").allTextContents(), ["Expectation", "Pass rate",
    "Failures by run", "Rule passed", "Rule failed", "Last seen"]);
  assert.match(await page.locator(".spark svg").first().getAttribute("aria-label"), /^failed: /);
  await page.getByLabel("Days back").selectOption("30");
  await page.getByText("since 30 d ago").waitFor();
  await close();
});

test("an expectation that ended an update is shown with its flow", async () => {
  const { page, close, id } = await show("sales_promotions", "expectations");
  const { results } = await api(page, `dlt/pipelines/${id}/expectations?days=7`);
  const row = results.find((one) => one.violations > 0);
  const ended = page.locator("tbody tr", { hasText: row.expectation }).locator(".ink-bad");
  await ended.first().waitFor();
  assert.match(await ended.first().textContent(),
    new RegExp(`^ended .*, in flow ${row.flow.replaceAll(".", "\\.")}$`));
  await close();
});

test("the event log is filtered by level, type and text, which are in the address", async () => {
  const { page, close, go, id } = await show("sales_promotions", "events");
  const rows = page.locator(".log-row");
  await rows.first().waitFor();
  const all = await rows.count();
  await page.getByRole("button", { name: "ERROR", exact: true }).click();
  await until("fewer events", async () => await rows.count() < all && await rows.count() > 0);
  assert.deepEqual([...new Set(await rows.locator(".badge").allTextContents())], ["ERROR"]);
  assert.match(page.url(), /level=ERROR/);
  await page.getByLabel("Type").selectOption("update_progress");
  await until("one event", async () => await rows.count() === 1);
  await page.getByLabel("Text").fill("no such words");
  await page.getByText("No event matches these filters.").waitFor();
  await go(`/pipelines/${id}/events?grep=violated`);
  await page.reload();
  await rows.first().waitFor();
  assert.equal(await page.getByLabel("Text").inputValue(), "violated");
  await rows.first().getByRole("button").click();
  await page.getByText("ExpectationException").first().waitFor();
  await close();
});

test("with Follow new events appear without a reload, each once", async () => {
  const { page, close, id } = await show("finance_gl_close", "events");
  await page.getByLabel("Follow").check();
  await page.locator(".connection.live").waitFor();
  const before = await page.locator(".log-row").count();
  await post(page, `dlt/pipelines/${id}/trigger`, { validate: true });
  await until("new events", async () => await page.locator(".log-row").count() > before + 2);
  const first = page.locator(".log-row").first();
  await until("the end of the run", async () => /COMPLETED/.test(await first.textContent()));
  await page.getByLabel("Follow").uncheck();
  await page.getByText(/^The newest/).waitFor();
  await close();
});

test("followed events are filtered, too, by the address", async () => {
  const { page, close } = await show("sales_promotions",
    "events?follow=1&level=ERROR,WARN&type=flow_progress&grep=promotion&dataset=sales.*&since=1h");
  await page.locator(".log-row").first().waitFor();
  assert.ok(await page.getByLabel("Follow").isChecked());
  assert.equal(await page.getByRole("alert").count(), 0);
  for (const text of await page.locator(".log-row").allTextContents()) {
    assert.match(text, /(ERROR|WARN).*flow_progress/);
  }
  await close();
});

test("a hidden page closes its connections, and misses no event", async () => {
  const { page, close, id } = await show("finance_revenue_recognition", "events");
  await page.getByLabel("Follow").check();
  const known = async () => (await api(page, `dlt/pipelines/${id}/events`)).event_count;
  const shown = () => page.locator(".log-row").count();
  const before = await known();
  assert.ok(before < 90, `${before} events: not all of them are in the first answer`);
  await until("all events", async () => await shown() === before);
  const setHidden = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const ended = page.waitForEvent("requestfailed", (r) => r.url().includes("/events/stream"));
  await setHidden(true);
  await ended;
  await post(page, `dlt/pipelines/${id}/trigger`, { validate: true });
  await until("the end of the run", async () =>
    (await api(page, `dlt/pipelines/${id}/updates?max=1`))[0].state === "COMPLETED");
  assert.equal(await shown(), before);
  const again = page.waitForRequest((r) => r.url().includes("/events/stream"));
  await setHidden(false);
  assert.ok((await again).headers()["last-event-id"]);
  const after = await known();
  assert.ok(after > before);
  await until("the new events", async () => await shown() === after);
  await close();
});

test("the lineage is shown, zoomed, moved, and followed to sources and targets", async () => {
  const { page, close, id } = await show("sales_orders_etl", "datasets");
  const data = await api(page, `dlt/pipelines/${id}/lineage`);
  await page.locator(".node").first().waitFor();
  const nodes = data.total_datasets + data.upstream.length + data.downstream.length;
  assert.equal(await page.locator(".node").count(), nodes);
  assert.equal(await page.locator(".edge").count(), data.edges.length);

  const drawing = page.locator(".graph-box svg > g");
  const fitted = await drawing.getAttribute("transform");
  const scale = (text) => Number(text.match(/scale\(([\d.]+)/)[1]);
  await page.getByRole("button", { name: "Zoom in" }).click();
  const zoomed = await drawing.getAttribute("transform");
  assert.ok(scale(zoomed) > scale(fitted));
  await page.locator(".graph-box").scrollIntoViewIfNeeded();
  const box = await page.locator(".graph-box").boundingBox();
  await page.mouse.move(box.x + 20, box.y + box.height - 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 90, box.y + box.height - 60, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await drawing.getAttribute("transform"), zoomed);
  await page.getByRole("button", { name: "Show all" }).click();
  assert.equal(await drawing.getAttribute("transform"), fitted);

  await page.getByRole("button", { name: /^silver_orders / }).click();
  const aside = page.getByRole("complementary", { name: "The chosen dataset" });
  await aside.getByRole("button", { name: "sales.orders.bronze_orders" }).click();
  await aside.getByRole("heading", { name: "sales.orders.bronze_orders" }).waitFor();
  assert.match(page.url(), /dataset=sales\.orders\.bronze_orders/);
  await close();
});

test("an unknown pipeline is reported as not found", async () => {
  const { page, close } = await open(server, "/pipelines/00000000-0000-4000-8000-000000000000");
  await page.getByRole("alert").getByText("Pipeline: Not found").waitFor();
  await close();
});
