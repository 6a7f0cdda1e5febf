"""assistants.py BUILD: `tarn mcp` and /mcp of `tarn serve`, called by the official Python client of the Model
Context Protocol, which checks every message and every result against its schema. Each test runs over
both transports, and by a revision with a handshake and by one without."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import unittest

import httpx2 as httpx
import jsonschema
from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client

BUILD = os.path.abspath(sys.argv.pop(1))
TARN = os.path.join(BUILD, "tarn")
TOKEN = "a-token-of-the-tests-0123456789"

# Arguments with which each reading tool answers on the embedded workspace.
ARGUMENTS = {
    "diff": {"left": "sales_orders_etl", "right": "sales_promotions"},
    "events": {"pipeline": "sales_promotions", "level": "ERROR"},
    "expectations": {"pipeline": "sales_orders_etl"},
    "get": {"pipeline": "sales_orders_etl"},
    "lineage": {"pipeline": "sales_orders_etl"},
    "permissions": {"pipeline": "sales_orders_etl"},
    "updates": {"pipeline": "sales_promotions"},
    "wait": {"pipeline": "sales_promotions"},
    "doctor": {},
}

SCRIPT = """
return {
  summary = "Count to a number.",
  effect = "read",
  args = { { "upto", "integer", "How far.", default = 3 } },
  returns = { counted = "integer" },
  run = function(ctx, arg)
    print "noise on standard output"
    for i = 1, arg.upto do
      ctx.progress(i, arg.upto, "counting")
      require("tarn").sleep(0.12)
    end
    return { counted = arg.upto }
  end,
}
"""


def environment(home):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TARN_"))}
    env.update(HOME=home, XDG_CONFIG_HOME=os.path.join(home, "config"), no_proxy="*",
               XDG_STATE_HOME=os.path.join(home, "state"))
    return env


class World:
    """A home folder with a script of the user's own, and servers by what they allow."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = self.folder.name
        scripts = os.path.join(self.home, "config", "tarn", "scripts")
        os.makedirs(scripts)
        with open(os.path.join(scripts, "count.lua"), "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        self.token = os.path.join(self.home, "token")
        with open(os.open(self.token, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(TOKEN)
        self.servers = {}

    def url(self, allow):
        if allow not in self.servers:
            child = subprocess.Popen(
                [TARN, "serve", "--profile", "demo", "--port", "0", "--token-file", self.token,
                 "--mcp-allow", allow, "--quiet"], env=environment(self.home),
                stderr=subprocess.PIPE, text=True)
            line = child.stderr.readline()
            self.servers[allow] = (child, re.search(r"http://\S+", line).group(0))
        return self.servers[allow][1]

    def close(self):
        for child, _ in self.servers.values():
            child.terminate()
            child.wait()
            child.stderr.close()
        self.folder.cleanup()


WORLD = World()


class Base(unittest.IsolatedAsyncioTestCase):
    transport = "stdio"
    mode = "auto"
    doomed = None  # the pipeline that is deleted: they share one embedded workspace

    def connect(self, allow="read", **options):
        options.setdefault("mode", self.mode)
        if self.transport == "stdio":
            target = StdioServerParameters(command=TARN, env=environment(WORLD.home),
                                           args=["mcp", "--profile", "demo", "--allow", allow])
        else:
            client = httpx.AsyncClient(headers={"Authorization": "Bearer " + TOKEN}, timeout=60)
            target = streamable_http_client(WORLD.url(allow) + "/mcp", http_client=client)
            self.addAsyncCleanup(client.aclose)
        return Client(target, **options)


class Tests:
    async def test_the_revision_is_agreed(self):
        async with self.connect() as client:
            want = "2026-07-28" if self.mode == "auto" else "2025-11-25"
            self.assertEqual(client.protocol_version, want)
            self.assertEqual(client.server_info.name, "tarn")
            self.assertIn("pipeline", client.instructions)

    async def test_tools_have_schemas_and_honest_hints(self):
        async with self.connect(allow="destroy") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        for tool in tools.values():
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            jsonschema.Draft202012Validator.check_schema(tool.output_schema)
            self.assertRegex(tool.name, r"^[A-Za-z0-9_-]{1,64}$")
            self.assertTrue(tool.description)
            self.assertNotRegex(tool.description, r"--[a-z]")
        self.assertTrue(tools["list"].annotations.read_only_hint)
        self.assertFalse(tools["clone"].annotations.read_only_hint)
        self.assertFalse(tools["clone"].annotations.destructive_hint)
        self.assertTrue(tools["delete"].annotations.destructive_hint)
        self.assertIn("count", tools)

    async def test_no_tool_takes_a_secret(self):
        async with self.connect(allow="destroy") as client:
            for tool in (await client.list_tools()).tools:
                for name in tool.input_schema["properties"]:
                    self.assertNotRegex(name, "token|secret|password")

    async def test_only_reading_tools_unless_allowed(self):
        for allow, there, not_there in (("read", "list", "clone"), ("write", "clone", "delete")):
            async with self.connect(allow=allow) as client:
                names = {tool.name for tool in (await client.list_tools()).tools}
                self.assertIn(there, names)
                self.assertNotIn(not_there, names)
                with self.assertRaises(MCPError) as raised:
                    await client.call_tool(not_there, {"pipeline": "x"})
                self.assertIn("switched off", str(raised.exception))

    async def test_every_reading_tool_answers_in_its_form(self):
        async with self.connect() as client:
            for tool in (await client.list_tools()).tools:
                result = await client.call_tool(tool.name, ARGUMENTS.get(tool.name, {}))
                text = result.content[0].text
                self.assertFalse(result.is_error, f"{tool.name}: {text}")
                jsonschema.validate(result.structured_content, tool.output_schema)
                self.assertLess(len(text), 20_000, tool.name)

    async def test_a_mistake_is_an_error_that_says_what_to_do(self):
        async with self.connect() as client:
            result = await client.call_tool("get", {"pipeline": "sales_ordrs_etl"})
            self.assertTrue(result.is_error)
            self.assertIn("no pipeline is named", result.content[0].text)
            result = await client.call_tool("get", {})
            self.assertTrue(result.is_error)
            self.assertIn("pipeline", result.content[0].text)
            with self.assertRaises(MCPError) as raised:
                await client.call_tool("nothing", {})
            self.assertEqual(raised.exception.code, -32602)

    async def test_progress_rises(self):
        seen = []

        async def note(done, total, message):
            seen.append((done, total, message))

        async with self.connect() as client:
            result = await client.call_tool("count", {"upto": 4}, progress_callback=note)
            self.assertEqual(result.structured_content, {"counted": 4})
        self.assertGreaterEqual(len(seen), 2)
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(seen[-1][1:], (4, "counting"))

    async def test_a_call_can_be_cancelled(self):
        async with self.connect() as client:
            call = asyncio.create_task(client.call_tool("count", {"upto": 1000}))
            await asyncio.sleep(0.5)
            call.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await call
            self.assertEqual((await client.call_tool("count", {"upto": 1})).structured_content,
                             {"counted": 1})

    async def test_calls_run_beside_each_other(self):
        async with self.connect() as client:
            results = await asyncio.gather(
                *(client.call_tool("get", {"pipeline": "sales_orders_etl"}) for _ in range(8)))
            self.assertEqual(len({r.structured_content["pipeline_id"] for r in results}), 1)

    async def asked(self, answer, **arguments):
        """The result of `delete`, and what the person was asked."""
        asked = []

        async def ask(_context, params):
            asked.append(params)
            return answer

        async with self.connect(allow="destroy", elicitation_callback=ask) as client:
            result = await client.call_tool("delete", {"pipeline": self.doomed, **arguments})
            rows = (await client.call_tool("list", {"filter": self.doomed})).structured_content
        return result, asked, len(rows["result"])

    async def test_what_destroys_asks_first(self):
        no = types.ElicitResult(action="decline")
        result, asked, left = await self.asked(no)
        self.assertTrue(result.is_error)
        self.assertIn("nothing was done", result.content[0].text)
        self.assertEqual(left, 1)
        self.assertIn(self.doomed, asked[0].message)
        false = types.ElicitResult(action="accept", content={"confirm": False})
        result, asked, left = await self.asked(false)
        self.assertTrue(result.is_error)
        self.assertEqual((len(asked), left), (1, 1))
        result, asked, left = await self.asked(no, dry_run=True)
        self.assertFalse(result.is_error)
        self.assertEqual((len(asked), left), (0, 1))
        yes = types.ElicitResult(action="accept", content={"confirm": True})
        result, asked, left = await self.asked(yes)
        self.assertFalse(result.is_error, result.content[0].text)
        self.assertEqual((len(asked), left), (1, 0))

    async def test_who_cannot_ask_does_not_destroy(self):
        async with self.connect(allow="destroy") as client:
            result = await client.call_tool("delete", {"pipeline": "sales_orders_etl"})
            self.assertTrue(result.is_error)
            self.assertIn("cannot ask", result.content[0].text)

    async def test_resources_are_read(self):
        async with self.connect() as client:
            listed = (await client.list_resources()).resources
            self.assertIn("tarn://docs/guide/looking", {str(one.uri) for one in listed})
            page = await client.read_resource("tarn://docs/guide/looking")
            self.assertTrue(page.contents[0].text.startswith("#"))
            templates = (await client.list_resource_templates()).resource_templates
            self.assertIn("tarn://pipelines/{pipeline}", {one.uri_template for one in templates})
            spec = await client.read_resource("tarn://pipelines/sales_orders_etl")
            self.assertEqual(json.loads(spec.contents[0].text)["name"], "sales_orders_etl")
            runs = await client.read_resource("tarn://pipelines/sales_promotions/updates")
            newest = json.loads(runs.contents[0].text)[0]["update_id"]
            run = await client.read_resource(f"tarn://pipelines/sales_promotions/updates/{newest}")
            self.assertIn(newest, run.contents[0].text)
            for uri in ("tarn://pipelines/nosuch", "tarn://docs/nosuch", "file:///etc/passwd",
                        "tarn://docs/../../etc/passwd"):
                with self.assertRaises(MCPError):
                    await client.read_resource(uri)

    async def test_prompts_are_filled_and_completed(self):
        async with self.connect() as client:
            names = {one.name for one in (await client.list_prompts()).prompts}
            self.assertEqual(names, {"why-did-it-fail", "plan-a-promotion", "what-changed"})
            prompt = await client.get_prompt("why-did-it-fail", {"pipeline": "sales_promotions"})
            self.assertIn('"sales_promotions"', prompt.messages[0].content.text)
            with self.assertRaises(MCPError):
                await client.get_prompt("why-did-it-fail", {})
            found = await client.complete(types.PromptReference(name="why-did-it-fail"),
                                          {"name": "pipeline", "value": "sales_"})
            self.assertIn("sales_orders_etl", found.completion.values)

    async def test_no_secret_is_in_a_result(self):
        async with self.connect() as client:
            for tool in ("get", "auth"):
                result = await client.call_tool(tool, ARGUMENTS.get(tool, {}))
                self.assertNotIn("demo-token", result.model_dump_json())


class StdioStateless(Tests, Base):
    doomed = "legacy_web_sessions"


class StdioHandshake(Tests, Base):
    doomed = "marketing_attribution"
    mode = "legacy"


class HttpStateless(Tests, Base):
    doomed = "sales_customers_scd"
    transport = "http"


class HttpHandshake(Tests, Base):
    doomed = "sales_forecast"
    transport = "http"
    mode = "legacy"


class Raw(unittest.TestCase):
    """What no client of the SDK sends."""

    def talk(self, *lines, allow="read"):
        done = subprocess.run([TARN, "mcp", "--profile", "demo", "--allow", allow],
                              input="".join(line + "\n" for line in lines), env=environment(WORLD.home),
                              capture_output=True, text=True, timeout=120, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def request(self, number, method, **params):
        return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def test_what_is_no_message_is_refused_and_the_rest_answered(self):
        answers = self.talk("{", "[]", '"x"', '{"jsonrpc":"2.0","id":null,"method":"ping"}',
                            '{"jsonrpc":"1.0","id":1,"method":"ping"}', "",
                            '{"jsonrpc":"2.0","method":"notifications/unknown"}',
                            '{"jsonrpc":"2.0","id":77,"result":{}}', self.request(9, "ping"))
        codes = [a.get("error", {}).get("code") for a in answers]
        self.assertEqual(codes, [-32700, -32600, -32600, -32600, -32600, None])
        self.assertEqual(answers[-1], {"jsonrpc": "2.0", "id": 9, "result": {}})

    def test_an_old_revision_is_answered_with_the_newest_of_its_kind(self):
        for asked, got in (("2025-06-18", "2025-06-18"), ("2024-11-05", "2025-11-25"),
                           ("2099-01-01", "2025-11-25")):
            answer = self.talk(self.request(1, "initialize", protocolVersion=asked, capabilities={},
                                            clientInfo={"name": "x", "version": "1"}))[0]
            self.assertEqual(answer["result"]["protocolVersion"], got)

    def test_a_revision_that_is_not_spoken_names_those_that_are(self):
        meta = {"io.modelcontextprotocol/protocolVersion": "2099-01-01",
                "io.modelcontextprotocol/clientCapabilities": {}}
        answer = self.talk(self.request(1, "tools/list", _meta=meta))[0]
        self.assertEqual(answer["error"]["code"], -32022)
        self.assertIn("2026-07-28", answer["error"]["data"]["supported"])

    def test_a_state_of_another_call_is_refused(self):
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
        yes = {"confirm": {"action": "accept", "content": {"confirm": True}}}
        answers = self.talk(self.request(1, "tools/call", name="delete", _meta=meta,
                                         arguments={"pipeline": "scratch"}, requestState="guessed",
                                         inputResponses=yes), allow="destroy")
        self.assertEqual(answers[0]["error"]["code"], -32602)

    def test_headers_that_contradict_the_body_are_refused(self):
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}
        body = json.loads(self.request(1, "tools/list", _meta=meta))
        url, headers = WORLD.url("read") + "/mcp", {"Authorization": "Bearer " + TOKEN}
        good = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
        self.assertEqual(httpx.post(url, json=body, headers=headers | good).status_code, 200)
        for wrong in ({}, {"MCP-Protocol-Version": "2025-11-25", "Mcp-Method": "tools/list"},
                      {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "ping"}):
            answer = httpx.post(url, json=body, headers=headers | wrong)
            self.assertEqual((answer.status_code, answer.json()["error"]["code"]), (400, -32020))

    def test_the_door_of_the_server_is_that_of_the_api(self):
        url, body = WORLD.url("read") + "/mcp", json.loads(self.request(1, "ping"))
        bearer = {"Authorization": "Bearer " + TOKEN}
        self.assertEqual(httpx.post(url, json=body).status_code, 401)
        self.assertEqual(httpx.post(url, json=body, headers={"Authorization": "Bearer x"}).status_code, 401)
        self.assertEqual(httpx.post(url, json=body, headers=bearer | {"Origin": "https://evil.example"})
                         .status_code, 403)
        self.assertEqual(httpx.post(url, content="{}", headers=bearer).status_code, 415)
        self.assertEqual(httpx.get(url, headers=bearer).status_code, 405)
        self.assertEqual(httpx.post(url, json=body, headers=bearer).status_code, 400)
        self.assertEqual(httpx.post(url, json=body, headers=bearer | {"Mcp-Session-Id": "x"})
                         .status_code, 404)


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # of asyncio, for steps that a slow machine takes long for
    done = unittest.main(exit=False, verbosity=0, warnings="ignore").result
    WORLD.close()
    failed = len(done.failures) + len(done.errors)
    print(f"{done.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
