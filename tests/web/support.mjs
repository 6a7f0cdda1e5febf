// What the tests of the page share: embedded workspaces, the server, and a browser. A page fails
// its test also for errors that the test does not check: messages on the console, requests to other
// servers, and violations of the Content-Security-Policy.

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

// The longest wait in milliseconds. It is long for slow machines on which several suites run.
const TIMEOUT = 300000;

const home = mkdtempSync(join(tmpdir(), "tarn-web-"));
mkdirSync(SHOTS, { recursive: true });
const config = join(home, "databrickscfg");
const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state"),
  DATABRICKS_CONFIG_FILE: config };
const children = [];

/** Start `tarn ARGUMENTS`; returns the values behind each of `words` on stderr, and `stop`. */
export async function start(args, ...words) {
  const child = spawn(TARN, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let text = "";
  const ended = new Promise((resolve) => { child.once("exit", resolve); });
  const found = await new Promise((resolve, reject) => {
    child.stderr.on("data", (bytes) => {
      text += bytes;
      // A line can arrive in pieces: a value is complete if something follows it.
      const values = words.map((word) => text.match(new RegExp(`^${word} (\\S+)\\s`, "m"))?.[1]);
      if (values.every(Boolean)) {
        resolve(values);
      }
    });
    ended.then(() => reject(new Error(`tarn ${args.join(" ")} ended: ${text}`)));
  });
  return { found, stop: () => { child.kill("SIGTERM"); return ended; } };
}

/** Start an embedded workspace; returns its address. */
export async function sandbox(...args) {
  const { found: [url] } = await start(["sandbox", "--port", "0", "--fresh", ...args],
    "listening on");
  return url;
}

/** Write a file that only we can read, and that is removed after the tests; returns its path. */
export function file(name, text) {
  const path = join(home, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Start `tarn serve`. `profiles` is {name: [address, token]}; the first one is its default. */
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

// Messages of Chromium about refused requests, which are no errors of the page.
const REFUSED = new RegExp("^Failed to load resource: (the server responded with a status of"
  + "|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING))");

function watch(page, origin, errors) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !REFUSED.test(message.text())) {
      errors.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (e) => errors.push(`page: ${e.stack}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) {
      errors.push(`request to another server: ${url}`);
    }
  });
  return page.exposeFunction("refusedByPolicy", (what) => errors.push(`policy: ${what}`));
}

/** Open the page in a browser context of its own; `close` fails if there were errors. */
export async function open(server, hash = "/dashboard", options = {}) {
  const { width = 1280, height = 800, theme = "light", ...more } = options;
  const context = await (await launch()).newContext({ viewport: { width, height },
    colorScheme: theme, permissions: ["clipboard-read", "clipboard-write"], ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT);
  const errors = [];
  await watch(page, server.url, errors);
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) =>
    globalThis.refusedByPolicy(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`)));
  await page.goto(server.link);
  await page.goto(`${server.url}/#${hash}`);
  const close = async () => {
    await context.close();
    assert.deepEqual(errors, []);
  };
  return { page, close, go: (next) => page.goto(`${server.url}/#${next}`) };
}

/** An answer of the API, with the cookie of the page. */
export function api(page, path) {
  return page.evaluate(async (p) => (await fetch(`/api/${p}`)).json(), path);
}

/** Send JSON to the API, with the cookie of the page; returns the status. */
export function post(page, path, body) {
  return page.evaluate(async ([p, text]) => (await fetch(`/api/${p}`, { method: "POST",
    headers: { "Content-Type": "application/json" }, body: text })).status,
  [path, JSON.stringify(body)]);
}

/** The id of a pipeline. */
export async function idOf(page, name, profile) {
  const list = await api(page, `dlt/pipelines?filter=${encodeURIComponent(name)}${
    profile ? `&profile=${profile}` : ""}`);
  return list[0].pipeline_id;
}

/** Wait until a condition holds; returns its value. */
export async function until(what, condition) {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    assert.ok(Date.now() < end, `waited too long for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** The text of a file of the page, from the sources. */
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
