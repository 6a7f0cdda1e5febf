// docs/guide/serving.md: its first command and its links work.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { api, open, post, start } from "./support.mjs";

const text = readFileSync(join(process.env.TARN_SOURCE, "docs/guide/serving.md"), "utf8");

// An element of each view, by the whole link or the word behind its last slash.
const SEEN = {
  "/dashboard": ".card-total", "/pipelines": ".grid-row", "/journal": "tbody tr",
  PIPELINE: ".flows", datasets: ".node", runs: ".run", expectations: ".table", events: ".log-row",
  config: ".json", OPERATION: ".step",
};

test("the first command and the links of docs/guide/serving.md work", async () => {
  const [command] = [...text.matchAll(/^tarn (.* serve .*) 2>/gm)].map((m) => m[1].split(" "));
  const { found: [url, link] } = await start(command, "listening on", "open");
  const { page, close, go } = await open({ url, link });
  await post(page, "dlt/pipelines/sales_promotions/clone",
    { new_name: "Copy for the docs", schema: "docs" });
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
