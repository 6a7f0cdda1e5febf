// docs/guide/serving.md: its links lead where it says, its commands run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { api, open, start } from "./support.mjs";

const text = readFileSync(join(process.env.TARN_SOURCE, "docs/guide/serving.md"), "utf8");

// What is seen where a link leads; the word behind the last slash, or the whole.
const SEEN = {
  "/dashboard": ".card-total", "/pipelines": ".grid-row", "/journal": "tbody tr",
  PIPELINE: ".flows", datasets: ".node", runs: ".run", expectations: ".table", events: ".log-row",
  config: ".json", OPERATION: ".step",
};

test("the first command and each link of docs/guide/serving.md leads where it says", async () => {
  const [command] = [...text.matchAll(/^tarn (.* serve .*) 2>/gm)].map((m) => m[1].split(" "));
  const { found: [url, link] } = await start(command, "listening on", "open");
  const { page, close, go } = await open({ url, link });
  await page.evaluate(() => fetch("/api/dlt/pipelines/sales_promotions/clone", { method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"new_name": "Copy for the docs", "schema": "docs"}' }));
  const [operation] = await api(page, "dlt/journal");
  const links = [...text.matchAll(/^\| `#(\S+?)` \|/gm)].map((m) => m[1]);
  assert.ok(links.length >= 11, links.join(" "));
  for (const one of links) {
    const path = one.split("?")[0];
    const seen = SEEN[path] ?? SEEN[path.split("/").at(-1)];
    assert.ok(seen, one);
    await go(one.replace("PIPELINE", "sales_promotions").replace("OPERATION", operation.id));
    await page.locator(seen).first().waitFor();
    assert.equal(await page.getByRole("alert").count(), 0, one);
  }
  await close();
});
