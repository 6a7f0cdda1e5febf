// Cloning from the page, and undo from the journal.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, idOf, open, sandbox, serve, until } from "./support.mjs";

const demo = await sandbox("--run-ms", "2000");
const server = await serve({ demo: [demo, "demo-token"], dr: [demo, "demo-dr-token"] });

async function dialogOf(name) {
  const opened = await open(server, "/dashboard");
  const id = await idOf(opened.page, name);
  await opened.go(`/pipelines/${id}`);
  await opened.page.getByRole("button", { name: "Clone" }).click();
  return { ...opened, id, dialog: opened.page.getByRole("dialog") };
}

const names = async (page, profile = "demo") =>
  (await api(page, `dlt/pipelines?profile=${profile}`)).map((row) => row.name);

test("each field of the clone dialog has an explanation", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  assert.equal(await dialog.getByLabel("New Pipeline Name", { exact: true }).inputValue(),
    "Copy of sales_promotions");
  await dialog.getByLabel("Different Workspace").check();
  await dialog.getByLabel("Address and token").check();
  for (const label of ["Clone Mode", "New Pipeline Name", "Workspace URL", "PAT", "Dry run"]) {
    const button = dialog.getByRole("button", { name: `About ${label}`, exact: true });
    await button.hover();
    const tip = dialog.locator(`#${await button.getAttribute("aria-describedby")}`);
    assert.ok(await tip.isVisible(), label);
    assert.ok((await tip.textContent()).length > 20, label);
    await page.mouse.move(0, 0);
    await button.focus();
    assert.ok(await tip.isVisible(), label);
  }
  // The first Escape hides the explanation, the second one closes the dialog.
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible());
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await close();
});

test("a dry run shows the plan and changes nothing", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  const before = await names(page);
  await dialog.getByLabel("Schema", { exact: true }).fill("promotions_copy");
  await dialog.getByLabel("Dry run", { exact: true }).check();
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByText("Dry run: nothing was changed").waitFor();
  const schema = dialog.locator(".diff-mapped", { hasText: "schema" });
  assert.match(await schema.textContent(), /promotions.*promotions_copy/s);
  assert.equal(await dialog.getByRole("button", { name: "Create the copy" }).count(), 0);
  await dialog.getByLabel("Show what stays the same").check();
  await dialog.locator(".diff-kept").first().waitFor();
  assert.deepEqual(await names(page), before);
  await close();
});

test("a clone is planned, created, opened, found in the journal, and undone", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  await dialog.getByLabel("New Pipeline Name", { exact: true }).fill("Promotions, once more");
  await dialog.getByLabel("Schema", { exact: true }).fill("promotions_again");
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("button", { name: "Create the copy" }).click();
  await dialog.getByText("Promotions, once more: created").waitFor();
  await until("the copy in the list", async () =>
    (await names(page)).includes("Promotions, once more"));
  await dialog.getByRole("link", { name: "Open the copy" }).click();
  await page.getByRole("heading", { level: 1, name: "Promotions, once more" }).waitFor();

  await page.getByRole("link", { name: "Journal" }).click();
  const row = page.getByRole("row", { name: /Promotions, once more/ });
  await row.getByRole("link").click();
  await page.getByText("pipeline.create").waitFor();
  await page.getByRole("button", { name: "Undo…" }).click();
  await page.getByRole("button", { name: "Show what would be done" }).click();
  await page.getByText(/delete pipeline 'Promotions, once more'/).waitFor();
  assert.ok((await names(page)).includes("Promotions, once more"));
  await page.getByRole("button", { name: "Undo it" }).click();
  await page.getByRole("dialog").getByText("undone", { exact: true }).first().waitFor();
  await until("a list without the copy", async () =>
    !(await names(page)).includes("Promotions, once more"));
  await close();
});

test("a clone into another workspace copies the code, and can be undone", async () => {
  const { page, close, dialog } = await dialogOf("sales_orders_etl");
  await dialog.getByLabel("Different Workspace").check();
  await dialog.getByLabel("Profile", { exact: true }).selectOption("dr");
  await dialog.getByLabel("New Pipeline Name", { exact: true }).fill("Orders there");
  await dialog.getByLabel("Catalog", { exact: true }).fill("sales_dr");
  await dialog.getByLabel("Copy the code too", { exact: true }).check();
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("heading", { name: "Code" }).waitFor();
  await dialog.getByText("a bundle manages the source").waitFor();
  await dialog.getByRole("button", { name: "Create the copy" }).click();
  await dialog.getByRole("link", { name: "Open the copy" }).click();
  await page.getByRole("heading", { level: 1, name: "Orders there" }).waitFor();
  assert.match(page.url(), /profile=dr/);
  await until("the copy in the list", async () =>
    (await names(page, "dr")).includes("Orders there"));

  // A link leads from the lineage of the source to that of its clone.
  const id = await idOf(page, "sales_orders_etl", "demo");
  await page.goto(`${server.url}/#/pipelines/${id}/datasets?profile=demo`);
  await page.locator(".n-clone").first().waitFor();
  await page.getByRole("button", { name: /^gold_top_products sales.orders/ }).click();
  await page.getByRole("complementary").getByRole("link", { name: /gold_top_products/ }).click();
  await page.getByRole("heading", { level: 1, name: "Orders there" }).waitFor();

  await page.goto(`${server.url}/#/journal?profile=demo`);
  await page.getByRole("row", { name: /Orders there/ }).getByRole("link").click();
  await page.getByRole("button", { name: "Undo…" }).click();
  await page.getByRole("button", { name: "Show what would be done" }).click();
  await page.getByRole("button", { name: "Undo it" }).click();
  await until("a list without the copy", async () =>
    !(await names(page, "dr")).includes("Orders there"));
  await close();
});

test("a second clone updates the copy, and its plan shows the changes", async () => {
  const { page, close, dialog } = await dialogOf("finance_gl_close");
  const plan = async (change) => {
    await dialog.getByLabel("New Pipeline Name", { exact: true }).fill("Close, copied");
    await dialog.getByLabel("Schema", { exact: true }).fill("close_copied");
    await change();
    await dialog.getByRole("button", { name: "Show the plan" }).click();
  };
  await plan(() => {});
  await dialog.getByRole("button", { name: "Create the copy" }).click();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("button", { name: "Clone" }).click();
  await plan(async () => {
    await dialog.getByText("Mapping: what is called differently there").click();
    await dialog.getByLabel("Set fields", { exact: true }).fill("channel=PREVIEW");
  });
  const changed = dialog.getByRole("region", { name: "What changes in the copy" });
  assert.match(await changed.textContent(), /channel.*PREVIEW/s);
  await dialog.getByRole("button", { name: "Update the copy" }).click();
  await dialog.getByText("Close, copied: updated").waitFor();
  await close();
});

test("names that depend on the workspace are found, and mapped in the plan", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  await dialog.getByLabel("Different Workspace").check();
  await dialog.getByText("Mapping: what is called differently there").click();
  await dialog.getByLabel("Profile", { exact: true }).selectOption("dr");
  await dialog.getByRole("button", { name: "Find names that belong" }).click();
  await dialog.getByRole("group", { name: "catalogs" }).getByLabel("sales").fill("sales_dr");
  await dialog.getByRole("group", { name: "schemas" }).getByLabel("promotions")
    .fill("promotions_there");
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  const field = (path) => dialog.locator(".diff-mapped",
    { has: page.getByRole("rowheader", { name: path }) });
  assert.match(await field("catalog").textContent(), /sales.*sales_dr/s);
  assert.match(await field("schema").textContent(), /promotions.*promotions_there/s);
  await dialog.getByText("sales_dr.promotions_there").waitFor();
  await close();
});

test("the plan shows what must be settled, and which check refuses it", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  await dialog.getByLabel("New Pipeline Name", { exact: true }).fill("sales_forecast");
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("alert").waitFor();
  await page.keyboard.press("Escape");
  await close();
});

test("the token is only in its field, and no longer than necessary", async () => {
  const { page, close, dialog } = await dialogOf("sales_promotions");
  const secret = "dapi0123456789abcdef0123456789abcdef";
  const sent = [];
  page.on("request", (request) => {
    if (request.url().includes(secret)) {
      sent.push(request.url());
    }
  });
  await dialog.getByLabel("Different Workspace").check();
  await dialog.getByLabel("Address and token").check();
  const field = dialog.getByLabel("PAT", { exact: true });
  assert.equal(await field.getAttribute("type"), "password");
  assert.equal(await field.getAttribute("autocomplete"), "off");
  // This name never resolves: the request is made, and fails.
  await dialog.getByLabel("Workspace URL", { exact: true }).fill("https://tarn.invalid");
  await field.fill(secret);
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await dialog.getByRole("alert").waitFor();
  assert.equal(await field.inputValue(), "");
  const kept = await page.evaluate(() => document.documentElement.outerHTML + location.href
    + JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes(secret));
  assert.deepEqual(sent, []);
  await close();
});
