// The messages of the page when something fails. A failure never looks like an empty list.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, file, idOf, open, post, sandbox, serve, until } from "./support.mjs";

const rules = file("faults.json", JSON.stringify([
  { workspace: "demo-dr", path: "/api/2.0/pipelines*", action: "403" },
  { workspace: "demo", path: "*/events", action: "403" },
]));
const [whole, empty, faulty, slow] = await Promise.all([sandbox(), sandbox("--scenario", "empty"),
  sandbox("--faults", rules), sandbox("--latency", "1500")]);
const server = await serve({ demo: [whole, "demo-token"], empty: [empty, "demo-token"],
  refused: [faulty, "demo-dr-token"], partial: [faulty, "demo-token"],
  slow: [slow, "demo-token"], wrong: [whole, "no-such-token"] });

const alert = (page) => page.getByRole("alert").first();

test("an empty workspace is shown as empty", async () => {
  const { page, close } = await open(server, "/pipelines?profile=empty");
  await page.getByText("There is no pipeline in this workspace").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  await close();
});

test("for a workspace that refuses, the page shows the error and a hint", async () => {
  for (const profile of ["refused", "wrong"]) {
    for (const view of ["dashboard", "pipelines"]) {
      const { page, close } = await open(server, `/${view}?profile=${profile}`);
      await alert(page).getByText("Not allowed").waitFor();
      assert.ok(await alert(page).locator(".hint").count() === 1, "a hint");
      assert.match(await alert(page).textContent(), /status 40[13]/);
      assert.equal(await page.getByText("There is no pipeline").count(), 0);
      assert.equal(await page.locator(".card").count(), 0);
      await alert(page).getByRole("button", { name: "Try again" }).click();
      await alert(page).getByText("Not allowed").waitFor();
      await close();
    }
  }
});

test("a part that failed is named beside the parts that succeeded", async () => {
  const { page, close } = await open(server, "/dashboard?profile=partial");
  await page.locator(".card-total").waitFor();
  await page.getByText("Part of this is unknown").waitFor();
  assert.ok(Number(await page.locator(".card-total .card-number").textContent()) > 30);
  await close();
});

test("each section shows the refusal of its source", async () => {
  const { page, close, go } = await open(server, "/dashboard?profile=partial");
  const id = await idOf(page, "sales_promotions", "partial");
  await go(`/pipelines/${id}/events?profile=partial`);
  await alert(page).getByText("Not allowed").waitFor();
  assert.equal(await page.getByText("This pipeline has no events").count(), 0);
  await go(`/pipelines/${id}/live?profile=partial`);
  await alert(page).waitFor();
  assert.equal(await page.getByText("knows of no run").count(), 0);
  // The other parts of the pipeline are shown.
  await page.getByRole("heading", { level: 1, name: "sales_promotions" }).waitFor();
  await go(`/pipelines/${id}/config?profile=partial`);
  await page.getByRole("region", { name: "Configuration as JSON" }).waitFor();
  await close();
});

test("the page shows that it waits for a slow workspace", async () => {
  const { page, close } = await open(server, "/pipelines?profile=slow");
  await page.getByRole("status").getByText("Loading all pipelines").waitFor();
  await page.getByRole("grid").waitFor();
  await close();
});

test("the dialog of a failed action shows the error, and the action can be repeated", async () => {
  const { page, close, go } = await open(server, "/dashboard");
  const id = await idOf(page, "sales_forecast", "demo");
  await go(`/pipelines/${id}`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Selected tables").check();
  await page.getByRole("dialog").getByRole("textbox", { name: "Tables" }).fill("no_such_table");
  await page.getByRole("button", { name: "Refresh these tables" }).click();
  const dialog = page.getByRole("dialog");
  await until("an answer", async () => await dialog.getByRole("alert").count() > 0
    || await dialog.getByText(/triggered/).count() > 0);
  if (await dialog.getByRole("alert").count() > 0) {
    assert.ok(await dialog.getByRole("button", { name: "Refresh these tables" }).isEnabled());
  }
  await close();
});

test("the page reports that the server is gone, and continues when it is back", async () => {
  const secret = "0123456789abcdef0123456789abcdef0123456789abcdef";
  const token = file("token", `${secret}\n`);
  const first = await serve({ demo: [whole, "demo-token"] }, "--token-file", token);
  const { page, close } = await open({ url: first.url, link: first.link.replace("...", secret) });
  await page.locator(".card-total").waitFor();
  await first.stop();
  await page.locator(".connection.interrupted").waitFor();
  await page.getByRole("alert").getByText("No answer").waitFor();
  // The last known values stay visible.
  await page.locator(".card-total").waitFor();
  const again = await serve({ demo: [whole, "demo-token"] }, "--token-file", token,
    "--port", new URL(first.url).port);
  await page.locator(".connection.live").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  await close();
  await again.stop();
});

test("with a read-only server the page offers no changes", async () => {
  const readOnly = await serve({ demo: [whole, "demo-token"] }, "--read-only");
  const { page, close, go } = await open(readOnly);
  await go(`/pipelines/${await idOf(page, "sales_promotions")}`);
  await page.getByText("The server is read only.").waitFor();
  for (const name of ["Run", "Full refresh", "Stop", "Clone"]) {
    assert.ok(await page.getByRole("button", { name, exact: true }).isDisabled(), name);
  }
  await close();
  await readOnly.stop();
});

test("without its cookie the page says how to sign in", async () => {
  const { page, close, go } = await open(server, "/journal");
  await page.getByRole("heading", { level: 1, name: "Journal" }).waitFor();
  await page.context().clearCookies();
  await go("/pipelines");
  await alert(page).getByText("Not allowed").waitFor();
  assert.match(await alert(page).textContent(), /link that tarn serve printed/);
  await close();
});

test("texts of the workspace are shown as text, also if they contain HTML", async () => {
  const { page, close, go } = await open(server, "/dashboard");
  const id = await idOf(page, "sales_promotions", "demo");
  await post(page, `dlt/pipelines/${id}/clone`,
    { new_name: "<img src=x onerror=alert(1)>\u202e", schema: "nasty" });
  const copy = (await api(page, "dlt/pipelines")).find((row) => row.name.startsWith("<img"));
  await go(`/pipelines/${copy.pipeline_id}`);
  await page.getByRole("heading", { level: 1 }).getByText("<img src=x").waitFor();
  assert.equal(await page.locator("img[src=x]").count(), 0);
  await close();
});

// The faults of a busy workspace: refused and failing calls, and broken connections.
const STORM = [
  { probability: 0.1, method: "GET", action: "429", retry_after: 1 },
  { probability: 0.1, method: "GET", action: "503" },
  { probability: 0.08, method: "GET", action: "reset_before" },
  { probability: 0.05, method: "GET", action: "truncate", bytes: 40 },
  { probability: 0.1, action: "latency", ms: 300 },
];

test("with a busy workspace every view is shown, or names the part that failed", async () => {
  const stormy = await sandbox("--faults", file("storm.json", JSON.stringify(STORM)));
  const busy = await serve({ storm: [stormy, "demo-token"] });
  const { page, close, go } = await open(busy, "/dashboard");
  await page.locator(".card-total").waitFor();
  const views = { "/pipelines": ".grid-row", "/pipelines/sales_promotions": ".flows",
    "/pipelines/sales_promotions/datasets": ".node", "/pipelines/sales_promotions/runs": ".run",
    "/pipelines/sales_promotions/expectations": "tbody tr",
    "/pipelines/sales_promotions/events": ".log-row",
    "/pipelines/sales_promotions/config": ".json" };
  for (const [hash, seen] of Object.entries(views)) {
    await go(hash);
    await page.locator(`${seen}, [role=alert]`).first().waitFor();
    assert.equal(await page.locator(".empty").count(), 0, `${hash} says that there is nothing`);
  }
  await close();
  await busy.stop();
});
