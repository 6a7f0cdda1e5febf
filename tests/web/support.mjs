// What every test of the page has: sandboxes, the server, a browser, and pages that fail the
// test by themselves when something is wrong that no test looks for: a message on the console,
// a request to elsewhere, something that the Content-Security-Policy refused.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const { TARN_BUILD: BUILD, TARN_SOURCE: SOURCE } = process.env;
const TARN = join(BUILD, "tarn");
export const SHOTS = join(BUILD, "web", "shots");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Slow machines and several suites at once: what waits, waits long; nothing is slower for it.
const PATIENCE = 30000;

const home = mkdtempSync(join(tmpdir(), "tarn-web-"));
mkdirSync(SHOTS, { recursive: true });
const config = join(home, "databrickscfg");
const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state"),
  DATABRICKS_CONFIG_FILE: config };
const children = [];

/** Start `tarn ARGUMENTS`; answers what follows each of `words` on stderr, and `stop`. */
export async function start(args, ...words) {
  const child = spawn(TARN, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let text = "";
  const ended = new Promise((resolve) => { child.once("exit", resolve); });
  const found = await new Promise((resolve, reject) => {
    child.stderr.on("data", (bytes) => {
      text += bytes;
      // A line may come in pieces: a word has ended where something follows it.
      const values = words.map((word) => text.match(new RegExp(`^${word} (\\S+)\\s`, "m"))?.[1]);
      if (values.every(Boolean)) {
        resolve(values);
      }
    });
    ended.then(() => reject(new Error(`tarn ${args.join(" ")} ended: ${text}`)));
  });
  return { found, stop: () => { child.kill("SIGTERM"); return ended; } };
}

/** A sandbox of its own; answers its address. */
export async function sandbox(...args) {
  const { found: [url] } = await start(["sandbox", "--port", "0", "--fresh", ...args],
    "listening on");
  return url;
}

/** A file with text that only we can read, gone with the test. */
export function file(name, text) {
  const path = join(home, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** `profiles` is {name: [address, token]}; the first is the server's own. */
export async function serve(profiles, ...args) {
  file("databrickscfg", Object.entries(profiles).map(([name, [host, token]]) =>
    `[${name}]\nhost = ${host}\ntoken = ${token}\n`).join("\n"));
  const [first, ...others] = Object.keys(profiles);
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const { found: [url, link], stop } = await start(["--profile", first, "serve", ...port,
    ...(others.length > 0 ? ["--profiles", others.join(",")] : []), ...args],
  "listening on", "open");
  return { url, link, stop };
}

let browser;

export async function launch() {
  browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  return browser;
}

// Chromium says of each refused answer that it "failed to load": that is no mistake of ours.
const REFUSED = new RegExp("^Failed to load resource: (the server responded with a status of"
  + "|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING))");

function watch(page, origin, mistakes) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !REFUSED.test(message.text())) {
      mistakes.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (e) => mistakes.push(`page: ${e.stack}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) {
      mistakes.push(`request to elsewhere: ${url}`);
    }
  });
  return page.exposeFunction("refusedByPolicy", (what) => mistakes.push(`policy: ${what}`));
}

/** Open the page in a browser of its own; `close` fails if anything was wrong meanwhile. */
export async function open(server, hash = "/dashboard", options = {}) {
  const { width = 1280, height = 800, theme = "light", ...more } = options;
  const context = await (await launch()).newContext({ viewport: { width, height },
    colorScheme: theme, permissions: ["clipboard-read", "clipboard-write"], ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const mistakes = [];
  await watch(page, server.url, mistakes);
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) =>
    globalThis.refusedByPolicy(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`)));
  await page.goto(server.link);
  await page.goto(`${server.url}/#${hash}`);
  const close = async () => {
    await context.close();
    assert.deepEqual(mistakes, []);
  };
  return { page, close, go: (next) => page.goto(`${server.url}/#${next}`) };
}

/** What the API says, asked with the page's own cookie. */
export function api(page, path) {
  return page.evaluate(async (p) => (await fetch(`/api/${p}`)).json(), path);
}

export async function idOf(page, name, profile) {
  const list = await api(page, `dlt/pipelines?filter=${encodeURIComponent(name)}${
    profile ? `&profile=${profile}` : ""}`);
  return list[0].pipeline_id;
}

/** Wait until `look` gives something; answers it. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const value = await look();
    if (value) {
      return value;
    }
    assert.ok(Date.now() < end, `never: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** A file of the page as it is in the tree. */
export const asset = (path) => readFileSync(join(SOURCE, "src/web", path), "utf8");

after(async () => {
  await browser?.close();
  await Promise.all(children.filter((child) => child.exitCode === null).map((child) => {
    const ended = new Promise((resolve) => { child.once("exit", resolve); });
    child.kill("SIGKILL");
    return ended;
  }));
  rmSync(home, { recursive: true, force: true });
});
