// Accessibility: axe-core on every view in both themes, the keyboard alone, sizes from 320 pixels
// to 4K, zoom, reduced motion. The screenshots are in BUILD/web/shots.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { idOf, open, post, sandbox, serve, SHOTS, until } from "./support.mjs";

const demo = await sandbox("--run-ms", "4000");
const server = await serve({ demo: [demo, "demo-token"], dr: [demo, "demo-dr-token"] });
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// Each view: its address, and an element that it has when it is loaded.
const VIEWS = {
  dashboard: [() => "/dashboard", ".card-total"],
  pipelines: [() => "/pipelines", ".grid-row"],
  "no-pipeline": [() => "/detail", ".empty"],
  live: [(id) => `/pipelines/${id}/live`, ".flows"],
  datasets: [(id) => `/pipelines/${id}/datasets?dataset=sales.promotions.promotions`,
    "aside.block"],
  runs: [(id) => `/pipelines/${id}/runs`, ".run"],
  expectations: [(id) => `/pipelines/${id}/expectations`, "tbody tr"],
  events: [(id) => `/pipelines/${id}/events`, ".log-row"],
  config: [(id) => `/pipelines/${id}/config?against=sales_forecast`, ".diff-changed"],
  journal: [() => "/journal", "tbody tr"],
  failure: [() => "/pipelines/no%20such%20pipeline", ".notice.bad"],
};

// Each dialog: how to open it in the view of a run.
const DIALOGS = {
  "run-dialog": async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByLabel("Selected tables").check();
  },
  "clone-dialog": async (page) => {
    await page.getByRole("button", { name: "Clone" }).click();
    await page.getByLabel("Different Workspace").check();
    await page.getByLabel("Address and token").check();
  },
  "clone-mapping": async (page) => {
    await page.getByRole("button", { name: "Clone" }).click();
    await page.getByLabel("Different Workspace").check();
    await page.getByLabel("Profile", { exact: true }).selectOption("dr");
    await page.getByText("Mapping: what is called differently there").click();
    await page.getByRole("button", { name: "Find names that belong" }).click();
    await page.locator(".names").first().scrollIntoViewIfNeeded();
  },
  "clone-plan": async (page) => {
    await page.getByRole("button", { name: "Clone" }).click();
    await page.getByLabel("Different Workspace").check();
    await page.getByLabel("Profile", { exact: true }).selectOption("dr");
    await page.getByRole("button", { name: "Show the plan" }).click();
    await page.getByRole("button", { name: "Create the copy" }).waitFor();
  },
};

const SIZES = [["narrow", "light", 320, 640], ["common", "light", 1280, 800],
  ["common", "dark", 1280, 800], ["wide", "dark", 3840, 2160]];

// The policy of the page allows no foreign script: these pages are opened without it.
async function violations(page) {
  if (!await page.evaluate(() => "axe" in globalThis)) {
    await page.addScriptTag({ path: AXE });
  }
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")
    + " " + (n.any[0]?.message ?? "")).slice(0, 4).join("; ")}`);
}

let pipeline;

// The page, after a clone of a pipeline, so that the journal has an operation.
async function prepared(options) {
  const opened = await open(server, "/dashboard", { bypassCSP: true, ...options });
  if (!pipeline) {
    pipeline = await idOf(opened.page, "sales_promotions");
    assert.equal(await post(opened.page, `dlt/pipelines/${pipeline}/clone`,
      { new_name: "Copy of the test", schema: "copy_of_the_test" }), 201);
  }
  return opened;
}

for (const theme of ["light", "dark"]) {
  test(`axe-core finds no violation in any view, ${theme}`, async () => {
    const { page, close, go } = await prepared({ theme });
    for (const [name, [hash, ready]] of Object.entries(VIEWS)) {
      await go(hash(pipeline));
      await page.locator(ready).first().waitFor();
      assert.deepEqual(await violations(page), [], name);
    }
    for (const [name, openIt] of Object.entries(DIALOGS)) {
      await go(`/pipelines/${pipeline}/live`);
      await page.locator(".flows").waitFor();
      await openIt(page);
      assert.deepEqual(await violations(page), [], name);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await close();
  });
}

for (const [size, theme, width, height] of SIZES) {
  test(`no view and no dialog is wider than its window, ${size} and ${theme}`, async () => {
    const { page, close, go } = await prepared({ theme, width, height });
    const shot = (name) => page.screenshot({ path: join(SHOTS, `${name}-${size}-${theme}.png`) });
    for (const [name, [hash, ready]] of Object.entries(VIEWS)) {
      await go(hash(pipeline));
      await page.locator(ready).first().waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} wide in ${width}`);
      await shot(name);
    }
    for (const [name, openIt] of Object.entries(DIALOGS)) {
      await go(`/pipelines/${pipeline}/live`);
      await page.locator(".flows").waitFor();
      await openIt(page);
      const box = await page.getByRole("dialog").boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.height <= height, name);
      await shot(name);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await close();
  });
}

const focused = (page) => page.evaluate(() => {
  const { activeElement: e } = document;
  return { role: e.getAttribute("role"), text: e.textContent.trim(),
    label: e.getAttribute("aria-label"), id: e.id, inDialog: Boolean(e.closest("dialog")) };
});

async function tabTo(page, what, matches, key = "Tab") {
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press(key);
    if (matches(await focused(page))) {
      return;
    }
  }
  assert.fail(`not reached with ${key}: ${what}`);
}

test("tabs and the list can be used with the keyboard alone", async () => {
  const { page, close } = await prepared();
  await page.locator(".card-total").waitFor();
  await page.keyboard.press("Tab");
  assert.match((await focused(page)).text, /Skip to the content/);
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).id, "main");
  await tabTo(page, "the tabs", (e) => e.role === "tab");
  await page.keyboard.press("ArrowRight");
  await page.getByRole("grid").waitFor();
  assert.equal((await focused(page)).text, "Pipelines");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await tabTo(page, "the list", (e) => e.role === "row");
  const rowIndex = () => page.evaluate(() =>
    Number(document.activeElement.getAttribute("aria-rowindex")));
  assert.equal(await rowIndex(), 2);
  await page.keyboard.press("ArrowDown");
  await until("the next row", async () => await rowIndex() === 3);
  await page.keyboard.press("End");
  const last = Number(await page.getByRole("grid").getAttribute("aria-rowcount"));
  await until("the last row", async () => await rowIndex() === last);
  await page.keyboard.press("Home");
  await until("the first row", async () => await rowIndex() === 2);
  await page.keyboard.press("Enter");
  await page.locator(".detail-title h1").waitFor();
  // The row that had the focus is gone: now the opened view has it.
  await until("the focus in the new view", async () => (await focused(page)).id === "panel");
  await close();
});

test("a dialog keeps the focus, closes on Escape and gives the focus back", async () => {
  const { page, close, go } = await prepared();
  await go(`/pipelines/${pipeline}/live`);
  await page.locator(".flows").waitFor();
  await page.getByRole("button", { name: "Clone" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  for (let i = 0; i < 50; i += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    // Between the last element and the first the focus can be in the toolbar of the browser.
    assert.ok(at.inDialog || at.id === "" && at.role === null, `outside: ${JSON.stringify(at)}`);
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal((await focused(page)).text, "Clone");
  await close();
});

test("the graph can be moved, and its nodes chosen, with the keyboard alone", async () => {
  const { page, close, go } = await prepared();
  await go(`/pipelines/${pipeline}/datasets`);
  await page.locator(".node").first().waitFor();
  await page.locator(".graph-box").focus();
  const at = () => page.locator(".graph-box svg > g").getAttribute("transform");
  const before = await at();
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await at(), before);
  await page.keyboard.press("0");
  assert.equal(await at(), before);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary").waitFor();
  await close();
});

test("the chosen theme is kept, and is set before the first paint", async () => {
  const { page, close } = await prepared({ theme: "light" });
  const background = () => page.evaluate(() => document.body
    && getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByLabel("Theme").selectOption("dark");
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload({ waitUntil: "commit" });
  // The first background is already that of the theme.
  const first = await until("a background", async () => {
    const now = await background();
    return now && now !== "rgba(0, 0, 0, 0)" && now;
  });
  assert.equal(first, dark);
  await close();
});

test("with reduced motion nothing is animated", async () => {
  const { page, close } = await prepared({ reducedMotion: "reduce" });
  await page.locator(".card-total").waitFor();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await close();
});

test("explanations fit into a window of 320 pixels", async () => {
  const { page, close, go } = await prepared({ width: 320, height: 640 });
  await go(`/pipelines/${pipeline}/live`);
  await page.locator(".flows").waitFor();
  await DIALOGS["clone-dialog"](page);
  const dialog = page.getByRole("dialog");
  const buttons = dialog.locator(".info-button");
  for (let i = 0; i < await buttons.count(); i += 1) {
    await buttons.nth(i).focus();
    const box = await dialog.locator(".tip:not([hidden])").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.width > 100, JSON.stringify(box));
  }
  await close();
});

test("at a zoom of 200 % nothing is cut off", async () => {
  const { page, close, go } = await prepared({ width: 640, height: 400, deviceScaleFactor: 2 });
  await page.locator(".card-total").waitFor();
  await go(`/pipelines/${pipeline}/live`);
  for (const name of ["Run", "Full refresh", "Stop", "Clone"]) {
    await page.getByRole("button", { name, exact: true }).waitFor();
  }
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 640);
  await close();
});
