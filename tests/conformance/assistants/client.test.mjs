// The official TypeScript client against `tarn mcp` and /mcp of `tarn serve`: the program in TARN.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARN = process.env.TARN;
const TOKEN = "a-token-of-the-tests-0123456789";
const home = mkdtempSync(join(tmpdir(), "tarn-assistants-"));
const ENV = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state"),
  XDG_CONFIG_HOME: join(home, "config") };
const file = join(home, "token");
writeFileSync(file, TOKEN);
chmodSync(file, 0o600);

const server = spawn(TARN, ["serve", "--profile", "demo", "--port", "0", "--token-file", file,
  "--mcp-allow", "destroy", "--quiet"], { env: ENV, stdio: ["ignore", "ignore", "pipe"] });
const url = await new Promise((resolve) => {
  let text = "";
  server.stderr.on("data", (bytes) => {
    text += bytes;
    const found = /listening on (\S+)\n/.exec(text);
    if (found) resolve(found[1]);
  });
});

after(() => {
  server.kill();
  rmSync(home, { recursive: true, force: true });
});

const TRANSPORTS = {
  stdio: () => new StdioClientTransport({ command: TARN, env: ENV,
    args: ["mcp", "--profile", "demo", "--allow", "destroy"] }),
  HTTP: () => new StreamableHTTPClientTransport(new URL(url + "/mcp"),
    { requestInit: { headers: { Authorization: "Bearer " + TOKEN } } }),
};

async function withClient(transport, options, f) {
  const client = new Client({ name: "tests", version: "1" }, { capabilities: options.capabilities });
  if (options.answer) client.setRequestHandler(ElicitRequestSchema, options.answer);
  await client.connect(TRANSPORTS[transport]());
  try {
    return await f(client);
  } finally {
    await client.close();
  }
}

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: tools are listed and called, and their results have their form`, async () => {
    await withClient(transport, {}, async (client) => {
      assert.equal(client.getServerVersion().name, "tarn");
      const { tools } = await client.listTools();
      assert.ok(tools.some((tool) => tool.name === "dashboard"));
      const rows = await client.callTool({ name: "list", arguments: { filter: "sales_*" } });
      assert.ok(rows.structuredContent.result.length >= 4);
      const one = await client.callTool({ name: "get", arguments: { pipeline: "sales_orders_etl" } });
      assert.equal(one.structuredContent.name, "sales_orders_etl");
    });
  });

  test(`${transport}: a mistake is an error of the tool`, async () => {
    await withClient(transport, {}, async (client) => {
      const result = await client.callTool({ name: "get", arguments: { pipeline: "nosuch" } });
      assert.equal(result.isError, true);
      await assert.rejects(client.callTool({ name: "nosuch", arguments: {} }), /no tool/);
    });
  });

  test(`${transport}: what destroys asks the person, and does nothing after a no`, async () => {
    const asked = [];
    const answer = (request) => {
      asked.push(request.params);
      return { action: "decline" };
    };
    await withClient(transport, { capabilities: { elicitation: {} }, answer }, async (client) => {
      const result = await client.callTool({ name: "delete", arguments: { pipeline: "finance_gl_close" } });
      assert.equal(result.isError, true);
      assert.equal(asked.length, 1);
      assert.match(asked[0].message, /finance_gl_close/);
      const still = await client.callTool({ name: "get", arguments: { pipeline: "finance_gl_close" } });
      assert.ok(!still.isError);
    });
  });

  test(`${transport}: resources, prompts and completions answer`, async () => {
    await withClient(transport, {}, async (client) => {
      const page = await client.readResource({ uri: "tarn://docs/guide/looking" });
      assert.match(page.contents[0].text, /^#/);
      const prompt = await client.getPrompt({ name: "what-changed", arguments: { pipeline: "scratch" } });
      assert.match(prompt.messages[0].content.text, /scratch/);
      const found = await client.complete({ ref: { type: "ref/prompt", name: "what-changed" },
        argument: { name: "pipeline", value: "sales_o" } });
      assert.deepEqual(found.completion.values, ["sales_orders_etl"]);
    });
  });
}

const inspect = async (...args) => {
  const { stdout } = await promisify(execFile)(process.execPath,
    [join(HERE, "node_modules/.bin/mcp-inspector"), "--cli", TARN, "mcp", "--profile", "demo", ...args],
    { env: { ...ENV }, maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
};

test("the inspector lists tools, resources and prompts", async () => {
  assert.ok((await inspect("--method", "tools/list")).tools.length >= 15);
  assert.ok((await inspect("--method", "resources/list")).resources.length > 10);
  assert.equal((await inspect("--method", "prompts/list")).prompts.length, 3);
});

test("the inspector calls a tool", async () => {
  const result = await inspect("--method", "tools/call", "--tool-name", "list", "--tool-arg", "filter=scratch");
  assert.equal(result.structuredContent.result.length, 2);
});
