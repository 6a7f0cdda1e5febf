// A person logs in with a browser: `tarn auth login` against the embedded workspace.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SHOTS, launch, sandbox, until } from "./support.mjs";

const TARN = join(process.env.TARN_BUILD, "tarn");
const homes = [];

function newHome() {
  const home = mkdtempSync(join(tmpdir(), "tarn-login-"));
  homes.push(home);
  return home;
}

after(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

/** Run `tarn ARGUMENTS`; `ended` has status and output, `text()` what was written so far. */
function run(home, ...args) {
  const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state"),
    BROWSER: "none" };
  const child = spawn(TARN, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes) => { out += bytes; });
  child.stderr.on("data", (bytes) => { err += bytes; });
  const ended = new Promise((resolve) => {
    child.once("close", (status) => resolve({ status, out, err }));
  });
  return { child, ended, text: () => err };
}

/** Begin a log-in; `address` is where the browser is to go. */
async function begin(url, ...args) {
  const home = newHome();
  const login = run(home, "auth", "login", "--host", url, "-p", "me", ...args);
  const address = await until("the address", () =>
    login.text().match(/^ {2}(http:\S+code_challenge_method=S256)\s/m)?.[1]);
  return { ...login, home, address };
}

/** A page of a browser, and what it complains about. */
async function newPage() {
  const context = await (await launch()).newContext();
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !/status of 4/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (e) => complaints.push(e.stack));
  return { page, complaints, close: () => context.close() };
}

const heading = (page) => page.getByRole("heading", { level: 1 }).textContent();

test("somebody chooses who one is, and is logged in", async () => {
  const login = await begin(await sandbox());
  const { page, complaints, close } = await newPage();
  await page.goto(login.address);
  assert.equal(await heading(page), "Sign in to the embedded workspace");
  await page.screenshot({ path: join(SHOTS, "login-ask.png") });
  const lars = page.getByRole("group", { name: "Workspace demo", exact: true })
    .getByRole("radio", { name: "Lars Nygaard" });
  await lars.focus();
  await page.keyboard.press("Space"); // the page needs no mouse
  await page.getByRole("button", { name: "Sign in" }).press("Enter");
  await page.getByRole("status").waitFor();
  assert.equal(await heading(page), "You are logged in");
  await page.screenshot({ path: join(SHOTS, "login-done.png") });
  const { status, out, err } = await login.ended;
  assert.equal(status, 0, err);
  assert.match(out, /logged in as lars\.nygaard@example\.com/);

  const cache = join(login.home, ".databricks/token-cache.json");
  const tokens = JSON.parse(readFileSync(cache, "utf8")).tokens;
  assert.equal(statSync(cache).mode & 0o777, 0o600);
  assert.ok(!(out + err).includes(tokens.me.access_token));
  const described = await run(login.home, "auth", "describe", "-o", "json").ended;
  assert.equal(JSON.parse(described.out).user, "lars.nygaard@example.com");
  assert.deepEqual(complaints, []);
  await close();
});

test("somebody who cancels is not logged in, and both sides say so", async () => {
  const login = await begin(await sandbox());
  const { page, complaints, close } = await newPage();
  await page.goto(login.address);
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.match(await page.getByRole("alert").textContent(), /access_denied/);
  assert.equal(await heading(page), "The log-in failed");
  const { status, err } = await login.ended;
  assert.equal(status, 4);
  assert.match(err, /the log-in was refused: access_denied/);
  assert.ok(!existsSync(join(login.home, ".databrickscfg")));
  assert.deepEqual(complaints, []);
  await close();
});

test("an answer with another state is shown as such, and the log-in goes on", async () => {
  const login = await begin(await sandbox());
  const { page, close } = await newPage();
  const port = decodeURIComponent(login.address).match(/localhost:(\d+)/)[1];
  await page.goto(`http://localhost:${port}/?code=stolen&state=wrong`);
  assert.equal(await heading(page), "This is not the log-in that was begun");
  await page.goto(login.address);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status").waitFor();
  assert.equal((await login.ended).status, 0);
  await close();
});

test("a code that is used twice ends the log-in that it began", async () => {
  const url = await sandbox();
  const login = await begin(url);
  const { page, close } = await newPage();
  let answer;
  page.on("request", (request) => {
    if (request.url().startsWith("http://localhost:")) {
      answer ??= request.url();
    }
  });
  await page.goto(login.address);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status").waitFor();
  assert.equal((await login.ended).status, 0);
  const code = new URL(answer).searchParams.get("code");
  const again = await fetch(`${url}/oidc/v1/token`, { method: "POST",
    body: new URLSearchParams({ grant_type: "authorization_code", client_id: "databricks-cli",
      code, redirect_uri: new URL(answer).origin, code_verifier: "x" }) });
  assert.equal(again.status, 400);
  const { status, err } = await run(login.home, "list").ended;
  assert.equal(status, 4);
  assert.match(err, /the log-in of profile me has ended/);
  assert.match(err, /tarn auth login --profile me/);
  await close();
});

test("a window that is closed leaves the log-in waiting until its time is over", async () => {
  const login = await begin(await sandbox(), "--wait", "5");
  const { page, close } = await newPage();
  await page.goto(login.address);
  await close();
  const { status, err } = await login.ended;
  assert.equal(status, 6);
  assert.match(err, /nobody has logged in for 5 seconds/);
});

test("two log-ins at once use two ports, and both succeed", async () => {
  const url = await sandbox();
  const [one, two] = await Promise.all([begin(url), begin(url)]);
  const { page, close } = await newPage();
  for (const login of [two, one]) {
    await page.goto(login.address);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("status").waitFor();
    assert.equal((await login.ended).status, 0);
  }
  await close();
});
