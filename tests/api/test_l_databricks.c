/* A real workspace handle against a server that plays back answers (support/fake_workspace.py). */

#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "dapi-secret-0123"

/* What each chunk starts with: `ws`, `script` to set the next answers, `log` for what was
 * asked (`before`: until now), `fails` for the error of a call. */
static const char prelude[] = EVENTUALLY
    "local databricks, json, task = require 'native.databricks', require 'native.json',\n"
    "  require 'native.task'\n"
    "local function connect()\n"
    "  return databricks.connect { host = 'http://127.0.0.1:' .. os.getenv 'FAKE_PORT',\n"
    "    credential = databricks.credential { token = '" TOKEN "' } }\n"
    "end\n"
    "local ws = connect()\n"
    "local function script(list) ws:request('POST', '/_script', { body = "
    "json.array(list) }) end\n"
    "local function log() return (ws:request('GET', '/_log')) end\n"
    "local before = log()\n"
    "script {}\n"
    "local function fails(f, ...)\n"
    "  local ok, e = pcall(f, ...)\n"
    "  assert(not ok, 'no error')\n"
    "  return e\n"
    "end\n" SAYS "local function equal(want, got)\n"
    "  if want ~= got then error(('want %s, got %s'):format(want, got), 2) end\n"
    "end\n"
    "local function status(state)\n"
    "  return { body = { statement_id = '01ef-aa', status = { state = state } } }\n"
    "end\n";

static pid_t server;

/* It ends with its standard input, however this program ends. */
static int start_server(void **state) {
    int in[2], out[2];
    char port[16] = "";
    (void)state;
    if (pipe(in) != 0 || pipe(out) != 0)
        return -1;
    server = fork();
    if (server == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        execlp("python3", "python3", "tests/support/fake_workspace.py", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    ssize_t size = read(out[0], port, sizeof port - 1);
    close(out[0]);
    if (size <= 0)
        return -1;
    port[strcspn(port, "\n")] = '\0';
    return setenv("FAKE_PORT", port, 1);
}

static int stop_server(void **state) {
    (void)state;
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return 0;
}

static char *with_prelude(const char *chunk) {
    size_t size = sizeof prelude + strlen(chunk);
    char *whole = malloc(size);
    assert_non_null(whole);
    snprintf(whole, size, "%s%s", prelude, chunk);
    return whole;
}

static void run(void **state, const char *chunk) {
    char *whole = with_prelude(chunk);
    must_run(state, whole);
    free(whole);
}

/* ---- what is sent ---- */

static void every_primitive_asks_what_the_reference_says(void **state) {
    run(state,
        "local cases = {\n"
        "  { 'GET /api/2.0/pipelines/a%2Fb%20c', '', 'pipeline_get', 'a/b c' },\n"
        "  { 'POST /api/2.0/pipelines', '{\"libraries\":[],\"name\":\"x\"}', "
        "'pipeline_create',\n"
        "    { name = 'x', libraries = json.array {} } },\n"
        "  { 'GET /api/2.0/pipelines', '', 'pipeline_list' },\n"
        "  { 'GET /api/2.0/pipelines?filter=name%20LIKE%20%27a%25%27&max_results=100"
        "&order_by=name%20asc&order_by=id', '', 'pipeline_list',\n"
        "    { order_by = { 'name asc', 'id' }, max_results = 100, filter = \"name LIKE "
        "'a%'\" } },\n"
        "  { 'PUT /api/2.0/pipelines/p', '{\"name\":\"x\"}', 'pipeline_edit', 'p', { "
        "name = 'x' } },\n"
        "  { 'DELETE /api/2.0/pipelines/p?cascade=false&force=true', '', "
        "'pipeline_delete', 'p',\n"
        "    { cascade = false, force = true } },\n"
        "  { 'DELETE /api/2.0/pipelines/p', '', 'pipeline_delete', 'p' },\n"
        "  { 'POST /api/2.0/pipelines/p/updates', '{}', 'update_start', 'p' },\n"
        "  { 'POST /api/2.0/pipelines/p/updates', '{\"full_refresh\":true}', "
        "'update_start', 'p',\n"
        "    { full_refresh = true } },\n"
        "  { 'GET /api/2.0/pipelines/p/updates/u', '', 'update_get', 'p', 'u' },\n"
        "  { 'GET /api/2.0/pipelines/p/updates?until_update_id=u', '', 'update_list', "
        "'p',\n"
        "    { until_update_id = 'u' } },\n"
        "  { 'POST /api/2.0/pipelines/p/stop', '{}', 'stop', 'p' },\n"
        "  { 'GET /api/2.0/pipelines/p/events?max_results=250&page_token=a%3D%3D', '', "
        "'events',\n"
        "    'p', { page_token = 'a==', max_results = 250 } },\n"
        "  { 'POST /api/2.0/workspace/import', '{\"content\":\"AP8K\",\"format\":\"RAW\","
        "\"overwrite\":true,\"path\":\"/a\"}', 'workspace_import', '/a', '\\0\\xff\\n',\n"
        "    { format = 'RAW', overwrite = true } },\n"
        "  { 'GET /api/2.0/workspace/export?format=SOURCE&path=%2Fa%20b', '', "
        "'workspace_export',\n"
        "    '/a b', { format = 'SOURCE' } },\n"
        "  { 'GET /api/2.0/workspace/get-status?path=%2Fa&return_export_info=true', '',\n"
        "    'workspace_status', '/a', { return_export_info = true } },\n"
        "  { 'GET /api/2.0/workspace/list?path=%2Fa', '', 'workspace_list', '/a' },\n"
        "  { 'POST /api/2.0/workspace/mkdirs', '{\"path\":\"/a\"}', 'workspace_mkdirs', "
        "'/a' },\n"
        "}\n"
        "for _, case in ipairs(cases) do\n"
        "  ws[case[3]](ws, table.unpack(case, 4))\n"
        "  local asked = log()\n"
        "  equal(1, #asked)\n"
        "  equal(case[1], asked[1].method .. ' ' .. asked[1].path)\n"
        "  equal(case[2], asked[1].body)\n"
        "  equal('Bearer " TOKEN "', asked[1].headers.authorization)\n"
        "end\n");
}

static void a_query_is_the_same_text_every_time(void **state) {
    run(state,
        "ws:request('GET', '/api/x?z=1', { query = { b = true, a = 12345678901234567,\n"
        "  ['c d'] = 'é&=', list = { 1, 'two', false }, none = {}, f = 0.1, g = 100.0,\n"
        "  h = false, i = 0, null = json.null, e = '' } })\n"
        "equal('/api/"
        "x?z=1&a=12345678901234567&b=true&c%20d=%C3%A9%26%3D&e=&f=0.1&g=100'\n"
        "  .. '&h=false&i=0&list=1&list=two&list=false', log()[1].path)\n");
}

static void a_request_takes_headers_and_any_body(void **state) {
    run(state, "ws:request('POST', '/api/x', { body = 'as it is', headers = {\n"
               "  ['Content-Type'] = 'text/plain', ['X-Mine'] = 'yes' } })\n"
               "local asked = log()[1]\n"
               "equal('as it is', asked.body)\n"
               "equal('text/plain', asked.headers['content-type'])\n"
               "equal('yes', asked.headers['x-mine'])\n"
               "ws:request('PATCH', '/api/x', { body = { a = 12345678901234567, e = "
               "json.array {} } })\n"
               "asked = log()[1]\n"
               "equal('{\"a\":12345678901234567,\"e\":[]}', asked.body)\n"
               "equal('application/json', asked.headers['content-type'])\n");
}

/* ---- what comes back ---- */

static void answers_are_decoded_exactly(void **state) {
    run(state,
        "local objects = ws:workspace_list('/')\n"
        "equal(12345678901234567, objects[1].object_id)\n"
        "equal('7405612345678901', ws:info().org_id)\n"
        "local bytes, kind = ws:workspace_export('/x')\n"
        "equal('\\0\\1\\2A', bytes)\n"
        "equal('py', kind)\n"
        "equal('RUNNING', ws:update_get('p', 'u').state)\n"
        "script { { body = '{}' }, { body = '' }, { body = '' },\n"
        "  { body = '{\"content\":\"A\\\\/8=\"}' }, { body = '{\"file_type\":\"py\"}' } "
        "}\n"
        "equal(nil, next(ws:workspace_list('/')))\n"
        "equal(nil, next((ws:request('GET', '/api/x'))))\n"
        "equal(0, select('#', ws:stop('p')))\n"
        "equal('\\3\\xff', (ws:workspace_export('/x')))\n"
        "equal('', (ws:workspace_export('/x')))\n");
}

static void a_request_tells_about_its_answer(void **state) {
    run(state,
        "script { { status = 503, body = {} }, { status = 201, body = { 1, 2 },\n"
        "  headers = { { 'X-Two', 'a' }, { 'x-two', 'b' } } }, { body = 'plain', \n"
        "  headers = { { 'Content-Type', 'text/plain' } } }, { status = 200 } }\n"
        "local body, response = ws:request('GET', '/api/x')\n"
        "equal(2, #body)\n"
        "equal(2, body[2])\n"
        "equal(201, response.status)\n"
        "equal(2, response.tries)\n"
        "equal('a, b', response.headers['x-two'])\n"
        "equal('plain', (ws:request('GET', '/api/x', { raw = true })))\n"
        "equal(200, select(2, ws:request('HEAD', '/api/x')).status)\n"
        "local stats = ws:stats()\n"
        "assert(stats.calls >= 5 and stats.retries == 1 and stats.in_flight == 0)\n"
        "assert(math.type(stats.bytes_in) == 'integer' and stats.window > 0)\n");
}

static void what_is_not_json_is_a_fault_with_a_hint(void **state) {
    run(state,
        "for _, body in ipairs { 'oops', '{\"a\":', '{} x', '\\0' } do\n"
        "  script { { body = body } }\n"
        "  local e = fails(ws.request, ws, 'GET', '/api/x')\n"
        "  equal('parse', e.kind)\n"
        "  equal('databricks.request', e.op)\n"
        "  equal(200, e.status)\n"
        "  assert(e.hint:find('proxy', 1, true), e.hint)\n"
        "end\n"
        "script { { body = {} }, { body = '[1]' }, { body = { objects = 'x' } },\n"
        "  { body = { content = '=' } }, { body = '[1]' } }\n"
        "assert(tostring(fails(ws.update_get, ws, 'p', 'u')):find \"'update' is "
        "missing\")\n"
        "assert(tostring(fails(ws.update_get, ws, 'p', 'u')):find 'a list, not an "
        "object')\n"
        "assert(tostring(fails(ws.workspace_list, ws, '/')):find 'not a list')\n"
        "assert(tostring(fails(ws.workspace_export, ws, '/')):find 'not base64')\n"
        "assert(tostring(fails(ws.workspace_export, ws, '/')):find 'not an object')\n");
}

static void an_error_of_the_workspace_is_a_fault(void **state) {
    run(state,
        "script { { status = 404, body = { error_code = 'RESOURCE_DOES_NOT_EXIST',\n"
        "  message = 'The specified pipeline p was not found.' } },\n"
        "  { status = 403, body = { error_code = 'PERMISSION_DENIED', message = 'no' } } "
        "}\n"
        "local e = fails(ws.pipeline_get, ws, 'p')\n"
        "equal('http', e.kind)\n"
        "equal(404, e.status)\n"
        "equal('RESOURCE_DOES_NOT_EXIST', e.code)\n"
        "equal('databricks.pipeline_get', e.op)\n"
        "assert(e.message:find 'was not found')\n"
        "equal('auth', fails(ws.events, ws, 'p').kind)\n");
}

static void nothing_that_creates_is_sent_twice(void **state) {
    run(state,
        "local function tries(...)\n"
        "  script { { reset = true } }\n"
        "  local ok, e = pcall(...)\n"
        "  return #log(), ok or e.ambiguous\n"
        "end\n"
        "local cases = {\n"
        "  { 1, ws.pipeline_create, ws, {} }, { 1, ws.update_start, ws, 'p' },\n"
        "  { 1, ws.workspace_import, ws, '/a', 'x' }, { 1, ws.request, ws, 'POST', "
        "'/api/x' },\n"
        "  { 1, ws.pipeline_edit, ws, 'p', { expected_last_modified = 1 } },\n"
        "  { 1, ws.sql, ws, 'SELECT 1', { warehouse_id = 'w' } },\n"
        "  { 2, ws.workspace_import, ws, '/a', 'x', { overwrite = true } },\n"
        "  { 2, ws.pipeline_edit, ws, 'p', {} }, { 2, ws.pipeline_get, ws, 'p' },\n"
        "  { 2, ws.stop, ws, 'p' }, { 2, ws.workspace_mkdirs, ws, '/a' },\n"
        "  { 2, ws.request, ws, 'POST', '/api/x', { idempotent = true } },\n"
        "}\n"
        "for i, case in ipairs(cases) do\n"
        "  local n, ok = tries(table.unpack(case, 2))\n"
        "  if n ~= case[1] then error(('case %d: sent %d times'):format(i, n)) end\n"
        "  if ok ~= true then error(('case %d: not ambiguous'):format(i)) end\n"
        "end\n");
}

static void a_delete_that_was_done_before_its_answer_got_lost_is_done(void **state) {
    run(state, "local gone = { status = 404, body = { error_code = "
               "'RESOURCE_DOES_NOT_EXIST' } }\n"
               "script { { reset = true }, gone, gone }\n"
               "ws:pipeline_delete('p')\n"
               "equal(2, #log())\n"
               "equal(404, fails(ws.pipeline_delete, ws, 'p').status)\n");
}

/* ---- wrong calls ---- */

static void a_wrong_connection_or_request_is_a_message(void **state) {
    run(state,
        "says(\"unknown option 'hots'\", databricks.connect, { hots = 'x' })\n"
        "says(\"'credential' needs 'host'\", databricks.connect, { credential = "
        "databricks.credential { token = 'x' } })\n"
        "says(\"is not one that\", databricks.connect, { host = 'x', credential = "
        "'token' })\n"
        "says(\"'jobs' must be a whole number\", databricks.connect, { jobs = 0 })\n"
        "says(\"'jobs' must be a whole number\", databricks.connect, { jobs = 1.5 })\n"
        "says(\"'rate' must be a number over 0\", databricks.connect, { rate = -1 })\n"
        "says(\"'timeout' must be a number\", databricks.connect, { timeout = 'x' })\n"
        "says(\"either 'profile'\", databricks.connect, { profile = 'p', host = 'h',\n"
        "  credential = databricks.credential { token = 'x' } })\n"
        "says('table expected', databricks.credential)\n"
        "says('exactly one of', databricks.credential, { token = 'a', token_env = 'B' "
        "})\n"
        "says('exactly one of', databricks.credential, { token = 5 })\n"
        "says(\"no 'token'\", databricks.credential, {})\n"
        "says('not a level', databricks.trace, 3)\n"
        "says('string expected', databricks.profiles, {})\n"
        "says('invalid option', ws.request, ws, 'GOT', '/')\n"
        "says(\"begins with '/'\", ws.request, ws, 'GET', 'https://evil.example/')\n"
        "for _, path in ipairs { '/a b', '/a\\r\\nX: y', '/a#b', '/\\0' } do\n"
        "  says('a path holds no blanks', ws.request, ws, 'GET', path)\n"
        "end\n"
        "says(\"unknown option 'quer'\", ws.request, ws, 'GET', '/', { quer = {} })\n"
        "says(\"'query' is not a table\", ws.request, ws, 'GET', '/', { query = 'a=b' "
        "})\n"
        "says(\"query 'a' is not\", ws.request, ws, 'GET', '/', { query = { a = print } "
        "})\n"
        "says(\"query 'a' is not\", ws.request, ws, 'GET', '/', { query = { a = { {} } } "
        "})\n"
        "says(\"query 'a' is not\", ws.request, ws, 'GET', '/', { query = { a = 0 / 0 } "
        "})\n"
        "says('names of a query', ws.request, ws, 'GET', '/', { query = { 1 } })\n"
        "says(\"'raw' must be\", ws.request, ws, 'GET', '/', { raw = 1 })\n"
        "says(\"'headers' must be\", ws.request, ws, 'GET', '/', { headers = 'x' })\n"
        "says('not a header', ws.request, ws, 'GET', '/', { headers = { a = 'b\\r\\nc: "
        "d' } })\n"
        "says('not a header', ws.request, ws, 'GET', '/', { headers = { ['a:'] = 'b' } "
        "})\n"
        "says(\"connection's\", ws.request, ws, 'GET', '/', { headers = { authorization "
        "= 'x' } })\n"
        "says(\"'max_bytes'\", ws.request, ws, 'GET', '/', { max_bytes = 0 })\n"
        "equal(0, #log()) -- nothing of all this was sent\n");
}

static void a_wrong_call_of_a_primitive_is_a_message(void **state) {
    run(state,
        "for _, name in ipairs { 'pipeline_get', 'pipeline_edit', 'pipeline_delete', "
        "'stop',\n"
        "    'update_start', 'update_get', 'update_list', 'events' } do\n"
        "  says('string expected', ws[name], ws)\n"
        "  says('an empty id', ws[name], ws, '')\n"
        "  says('not an id', ws[name], ws, '..')\n"
        "end\n"
        "says('string expected', ws.update_get, ws, 'p')\n"
        "says('table expected', ws.pipeline_create, ws, 'x')\n"
        "says('table expected', ws.pipeline_edit, ws, 'p')\n"
        "says('table expected', ws.update_start, ws, 'p', 5)\n"
        "says(\"unknown option 'max'\", ws.pipeline_list, ws, { max = 1 })\n"
        "says(\"unknown option 'cascad'\", ws.pipeline_delete, ws, 'p', { cascad = true "
        "})\n"
        "says(\"unknown option 'filter'\", ws.update_list, ws, 'p', { filter = 'x' })\n"
        "says(\"unknown option 'x'\", ws.events, ws, 'p', { x = 1 })\n"
        "for _, name in ipairs { 'workspace_import', 'workspace_export', "
        "'workspace_status',\n"
        "    'workspace_list', 'workspace_mkdirs' } do\n"
        "  says('string expected', ws[name], ws)\n"
        "  says('not an absolute path', ws[name], ws, 'a', 'x')\n"
        "end\n"
        "says(\"unknown option 'mode'\", ws.workspace_import, ws, '/a', 'x', { mode = 1 "
        "})\n"
        "says(\"unknown option 'mode'\", ws.workspace_export, ws, '/a', { mode = 1 })\n"
        "says('table expected', ws.workspace_status, ws, '/a', 5)\n"
        "says('string expected', ws.sql, ws)\n"
        "says('an empty statement', ws.sql, ws, '')\n"
        "says(\"unknown option 'params'\", ws.sql, ws, 'x', { params = {} })\n"
        "says('a list of', ws.sql, ws, 'x', { parameters = 5 })\n"
        "says('a list of', ws.sql, ws, 'x', { parameters = { 5 } })\n"
        "says('has a name', ws.sql, ws, 'x', { parameters = { { value = 1 } } })\n"
        "says(\"unknown field 'val'\", ws.sql, ws, 'x', { parameters = { { name = 'a', "
        "val = 1 } } })\n"
        "says(\"parameter 'a' is not\", ws.sql, ws, 'x', { parameters = { { name = 'a', "
        "value = {} } } })\n"
        "says('type of a parameter', ws.sql, ws, 'x', { parameters = { { name = 'a', "
        "type = 1 } } })\n"
        "says('neither INLINE', ws.sql, ws, 'x', { disposition = 'ARROW' })\n"
        "says(\"'row_limit' must be\", ws.sql, ws, 'x', { row_limit = 0 })\n"
        "says(\"'timeout' must be\", ws.sql, ws, 'x', { timeout = 0 })\n"
        "says('tarn.workspace expected', ws.info, {})\n"
        "equal(0, #log()) -- nothing of all this was sent\n");
}

static void a_closed_workspace_says_so(void **state) {
    run(state,
        "local other <close> = connect()\n"
        "other:close(); other:close()\n"
        "for _, name in ipairs { 'request', 'pipeline_get', 'pipeline_create', "
        "'pipeline_list',\n"
        "    'pipeline_edit', 'pipeline_delete', 'update_start', 'update_get', "
        "'update_list', 'stop',\n"
        "    'events', 'workspace_import', 'workspace_export', 'workspace_status', "
        "'workspace_list',\n"
        "    'workspace_mkdirs', 'sql', 'info', 'authenticate', 'stats' } do\n"
        "  local e = fails(other[name], other, 'GET', '/')\n"
        "  assert(type(e) == 'string' and e:find('workspace is closed', 1, true), e)\n"
        "end\n");
}

static void closing_ends_what_is_in_flight(void **state) {
    run(state, "script { { delay = 5 } }\n"
               "local other, ended = connect(), nil\n"
               "task.spawn(function()\n"
               "  ended = fails(other.pipeline_get, other, 'p')\n"
               "end)\n"
               "eventually(function() return other:stats().in_flight == 1 end)\n"
               "other:close()\n"
               "eventually(function() return ended end)\n"
               "equal('cancelled', ended.kind)\n"
               "equal('databricks.pipeline_get', ended.op)\n");
}

static void a_cancelled_task_forgets_its_call(void **state) {
    run(state, "script { { delay = 5 } }\n"
               "local t = task.spawn(function() ws:pipeline_get('p') end)\n"
               "eventually(function() return ws:stats().in_flight == 1 end)\n"
               "task.cancel(t)\n"
               "eventually(function() return ws:stats().in_flight == 0 end)\n");
}

static void a_wait_inside_sort_says_why_and_leaves_nothing(void **state) {
    run(state,
        "local e = fails(table.sort, { 2, 1 }, function() ws:pipeline_get('p') end)\n"
        "assert(e:find('databricks.pipeline_get: cannot wait here', 1, true), e)\n"
        "equal(0, ws:stats().in_flight + ws:stats().waiting)\n");
}

static void many_calls_are_under_way_at_once(void **state) {
    run(state, "local done = 0\n"
               "for i = 1, 100 do\n"
               "  task.spawn(function() ws:pipeline_get('p' .. i); done = done + 1 end)\n"
               "end\n"
               "while done < 100 do task.sleep(0.01) end\n"
               "local seen = {}\n"
               "for _, asked in ipairs(log()) do seen[asked.path] = true end\n"
               "for i = 1, 100 do assert(seen['/api/2.0/pipelines/p' .. i]) end\n");
}

/* ---- credentials ---- */

static void a_credential_tells_its_source_only(void **state) {
    setenv("FAKE_TOKEN", TOKEN, 1);
    run(state,
        "local path = os.tmpname()\n"
        "local file = assert(io.open(path, 'w'))\n"
        "file:write('" TOKEN "\\n'); file:close()\n"
        "local url = 'http://127.0.0.1:' .. os.getenv 'FAKE_PORT'\n"
        "for source, opts in pairs { argument = { token = '" TOKEN "' },\n"
        "    ['$FAKE_TOKEN'] = { token_env = 'FAKE_TOKEN' }, ['file ' .. path] = { "
        "token_file = path } } do\n"
        "  local credential = databricks.credential(opts)\n"
        "  equal('credential (' .. source .. ')', tostring(credential))\n"
        "  equal(nil, getmetatable(credential).__index)\n"
        "  equal(nil, (pcall(function() return credential.token end)) or nil)\n"
        "  local other <close> = databricks.connect { host = url, credential = "
        "credential }\n"
        "  other:pipeline_get('p')\n"
        "  equal('Bearer " TOKEN "', log()[1].headers.authorization)\n"
        "end\n"
        "os.remove(path)\n"
        "equal('auth', fails(databricks.credential, { token_env = 'NOT_THERE' }).kind)\n"
        "equal('auth', fails(databricks.credential, { token_file = path }).kind)\n"
        "for _, token in ipairs { '', '" TOKEN " x', '" TOKEN "\\r\\nX: y', '" TOKEN
        "\\0' } do\n"
        "  local e = fails(databricks.credential, { token = token })\n"
        "  assert(e:find(\"'token' \", 1, true) and not e:find('dapi', 1, true), e)\n"
        "end\n");
    unsetenv("FAKE_TOKEN");
}

static void info_shows_sources_and_no_secret(void **state) {
    run(state,
        "local path = os.tmpname()\n"
        "local file = assert(io.open(path, 'w'))\n"
        "file:write('[p]\\nhost = http://127.0.0.1:' .. os.getenv 'FAKE_PORT' ..\n"
        "  '\\ntoken = " TOKEN
        "\\nwarehouse_id = 0123456789abcdef\\n[q]\\nhost = x y\\n')\n"
        "file:close()\n"
        "local other <close> = databricks.connect { profile = 'p', config_file = path }\n"
        "other:authenticate()\n"
        "local info = other:info()\n"
        "equal('pat', info.auth_type)\n"
        "equal('p', info.profile)\n"
        "equal('0123456789abcdef', info.warehouse_id)\n"
        "equal(nil, info.org_id)\n"
        "local seen = {}\n"
        "for _, a in ipairs(info.attributes) do seen[a.name] = a end\n"
        "equal('***', seen.token.value)\n"
        "assert(seen.token.source:find('profile p in ' .. path, 1, true), "
        "seen.token.source)\n"
        "assert(not json.encode(info):find('secret', 1, true))\n"
        "local profiles, where = databricks.profiles(path)\n"
        "equal(path, where)\n"
        "equal(2, #profiles)\n"
        "equal('pat', profiles[1].auth_type)\n"
        "assert(profiles[2].problem and not profiles[2].auth_type)\n"
        "assert(not json.encode(profiles):find('secret', 1, true))\n"
        "local e = fails(databricks.connect, { profile = 'r', config_file = path })\n"
        "equal('databricks.connect', e.op)\n"
        "equal('auth', e.kind)\n"
        "os.remove(path)\n");
}

/* All of stderr while `chunk` runs. */
static char *stderr_of(void **state, const char *chunk) {
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    run(state, chunk);
    dup2(kept, STDERR_FILENO);
    close(kept);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(size, fread(text, 1, (size_t)size, file));
    fclose(file);
    return text;
}

static void the_token_is_found_nowhere(void **state) {
    char *text = stderr_of(
        state,
        "databricks.trace(2)\n"
        "script { { status = 401, body = { message = 'no " TOKEN "' } },\n"
        "  { reset = true }, { body = 'x' } }\n"
        "local told = {}\n"
        "for _, call in ipairs { { ws.pipeline_get, ws, 'p' }, { ws.update_start, ws, "
        "'p' },\n"
        "    { ws.events, ws, 'p' }, { ws.info, ws }, { tostring, ws } } do\n"
        "  local ok, e = pcall(table.unpack(call))\n"
        "  told[#told + 1] = type(e) == 'table' and json.encode(e) or tostring(e)\n"
        "end\n"
        "databricks.trace(0)\n"
        "io.stderr:write(table.concat(told, '\\n'))\n");
    assert_non_null(strstr(text, "/api/2.0/pipelines/p")); /* the trace is there */
    if (strstr(text, TOKEN) != NULL)
        fail_msg("the token shows: %s", text);
    free(text);
}

/* ---- SQL ---- */

static void rows_are_strings_and_nulls_from_all_chunks(void **state) {
    run(state, "local cursor <close> = ws:sql('SELECT 1', { warehouse_id = 'w' })\n"
               "equal('01ef-aa', cursor.statement_id)\n"
               "equal(2, cursor.total_rows)\n"
               "equal(false, cursor.truncated)\n"
               "equal('b', cursor.columns[2].name)\n"
               "equal('BIGINT', cursor.columns[2].type_text)\n"
               "equal(1, #log()) -- the second chunk comes when it is needed\n"
               "local row = cursor:next()\n"
               "equal('x\\n', row[1]); equal('1', row[2]); equal(2, #row)\n"
               "row = cursor:next()\n"
               "equal(json.null, row[1]); equal('2', row[2])\n"
               "equal('/api/2.0/sql/statements/01ef-aa/result/chunks/1?row_offset=1', "
               "log()[1].path)\n"
               "equal(nil, cursor:next()); equal(nil, cursor:next())\n"
               "cursor:close(); cursor:close()\n"
               "assert(fails(cursor.next, cursor):find 'cursor is closed')\n"
               "equal('01ef-aa', cursor.statement_id)\n"
               "equal(nil, cursor.nothing)\n"
               "equal(0, #log()) -- it had ended: there was nothing to cancel\n");
}

static void rows_come_although_nobody_else_uses_the_connection(void **state) {
    run(state, "local cursor = databricks.connect { host = ws:info().host,\n"
               "  credential = databricks.credential { token = 'x' } }:sql('SELECT 1',\n"
               "  { warehouse_id = 'w' })\n"
               "collectgarbage(); collectgarbage()\n"
               "equal('x\\n', cursor:next()[1])\n"
               "collectgarbage(); collectgarbage()\n"
               "equal(json.null, cursor:next()[1])\n");
}

static void parameters_are_bound_as_strings_with_types(void **state) {
    run(state,
        "script { { body = { statement_id = 'a', status = { state = 'SUCCEEDED' } } } }\n"
        "local cursor = ws:sql('SELECT :a', { warehouse_id = 'w', catalog = 'c', schema "
        "= 's',\n"
        "  row_limit = 5, disposition = 'EXTERNAL_LINKS', parameters = {\n"
        "  { name = 'a', value = 7 }, { name = 'b', value = 12345678901234567 },\n"
        "  { name = 'c', value = 0.1 }, { name = 'd', value = true }, { name = 'e', "
        "value = \"x'y\" },\n"
        "  { name = 'f' }, { name = 'g', value = json.null, type = 'DATE' },\n"
        "  { name = 'h', value = '1.5', type = 'DECIMAL(3,1)' }, { name = 'i', value = "
        "7, type = 'LONG' } } })\n"
        "equal(nil, cursor:next())\n"
        "local sent = json.decode(log()[1].body)\n"
        "equal('SELECT :a', sent.statement); equal('w', sent.warehouse_id)\n"
        "equal('c', sent.catalog); equal('s', sent.schema); equal(5, sent.row_limit)\n"
        "equal('EXTERNAL_LINKS', sent.disposition)\n"
        "local want = { a = '7 INT', b = '12345678901234567 BIGINT', c = "
        "'0.1 DOUBLE',\n"
        "  d = 'true BOOLEAN', e = \"x'y nil\", f = 'null nil', g = "
        "'null DATE',\n"
        "  h = '1.5 DECIMAL(3,1)', i = '7 LONG' }\n"
        "for _, p in ipairs(sent.parameters) do\n"
        "  assert(type(p.value) == 'string' or p.value == json.null)\n"
        "  equal(want[p.name], tostring(p.value) .. ' ' .. tostring(p.type))\n"
        "end\n"
        "equal(9, #sent.parameters)\n");
}

static void a_statement_is_polled_until_it_has_a_result(void **state) {
    run(state,
        "script { status 'PENDING', status 'RUNNING', { reset = true }, status 'LATER',\n"
        "  { body = { statement_id = '01ef-aa', status = { state = 'SUCCEEDED' },\n"
        "    manifest = { total_row_count = 0 }, result = {} } } }\n"
        "local cursor = ws:sql('SELECT 1', { warehouse_id = 'w' })\n"
        "equal(nil, cursor:next())\n"
        "local asked = log()\n"
        "equal(5, #asked)\n"
        "for i = 2, 5 do equal('/api/2.0/sql/statements/01ef-aa', asked[i].path) end\n");
}

static void a_failure_is_never_no_rows(void **state) {
    run(state,
        "script { { body = { statement_id = 'a', status = { state = 'FAILED', sql_state "
        "= '42P01',\n"
        "    error = { error_code = 'BAD_REQUEST', message = 'no table x' } } } },\n"
        "  status 'CANCELED', status 'CLOSED', { status = 400, body = {\n"
        "    error_code = 'INVALID_PARAMETER_VALUE', message = 'not a valid endpoint id' "
        "} } }\n"
        "local function sql() return fails(ws.sql, ws, 'SELECT 1', { warehouse_id = 'w' "
        "}) end\n"
        "local e = sql()\n"
        "equal('sql', e.kind); equal('BAD_REQUEST', e.code); equal('databricks.sql', "
        "e.op)\n"
        "equal('[42P01] no table x', e.message)\n"
        "equal('CANCELED', sql().code)\n"
        "equal('CLOSED', sql().code)\n"
        "equal('http', sql().kind)\n"
        "equal('usage', fails(ws.sql, ws, 'SELECT 1').kind)\n"
        "script { { body = { statement_id = 'a', status = { state = 'SUCCEEDED' }, "
        "manifest = {\n"
        "    schema = { columns = { { name = 'a' } } }, total_chunk_count = 2 },\n"
        "    result = { data_array = { { '1' }, { '1', '2' }, 'x' }, next_chunk_index = "
        "1 } } },\n"
        "  { status = 404, body = { message = 'broken' } } }\n"
        "local cursor = ws:sql('SELECT 1', { warehouse_id = 'w' })\n"
        "equal('1', cursor:next()[1])\n"
        "equal('parse', fails(cursor.next, cursor).kind)\n"
        "equal('parse', fails(cursor.next, cursor).kind)\n"
        "equal('cursor.next', fails(cursor.next, cursor).op)\n"
        "equal(404, fails(cursor.next, cursor).status) -- again and again\n");
}

static void external_links_get_no_credentials(void **state) {
    run(state, "local url = ws:info().host .. '/external/0?sig=abc'\n"
               "local links = { external_links = { { external_link = url, chunk_index = "
               "0, row_count = 1,\n"
               "  http_headers = { ['x-amz-key'] = 'k' } } } }\n"
               "script { { body = { statement_id = '01ef-aa', status = { state = "
               "'SUCCEEDED' },\n"
               "    manifest = { schema = { columns = { { name = 'c' } } }, "
               "total_row_count = 1, total_chunk_count = 1 }, result = "
               "links } },\n"
               "  { status = 403, body = '<Error>expired</Error>', headers = { { "
               "'Content-Type', 'text/xml' } } },\n"
               "  { body = links }, { body = '[[\"é\"]]', headers = { { 'Content-Type', "
               "'text/plain' } } } }\n"
               "local cursor = ws:sql('SELECT 1', { warehouse_id = 'w', disposition = "
               "'EXTERNAL_LINKS' })\n"
               "equal('é', cursor:next()[1])\n"
               "equal(nil, cursor:next())\n"
               "local asked = log()\n"
               "equal('/external/0?sig=abc', asked[2].path)\n"
               "equal('/api/2.0/sql/statements/01ef-aa/result/chunks/0', asked[3].path)\n"
               "equal('/external/0?sig=abc', asked[4].path)\n"
               "for i, call in ipairs(asked) do\n"
               "  equal(i % 2 == 1, call.headers.authorization ~= nil)\n"
               "  equal(i % 2 == 0 and 'k' or nil, call.headers['x-amz-key'])\n"
               "end\n");
}

/* Each of the ways to lose interest, and what the warehouse is told: once. */
static void a_statement_nobody_waits_for_is_cancelled(void **state) {
    run(state, "local running = {}\n"
               "for i = 1, 10 do running[i] = status 'RUNNING' end\n"
               "local function cancels()\n"
               "  local n = 0\n"
               "  for _, call in ipairs(log()) do\n"
               "    if call.path == '/api/2.0/sql/statements/01ef-aa/cancel' then\n"
               "      equal('POST', call.method)\n"
               "      n = n + 1\n"
               "    end\n"
               "  end\n"
               "  return n\n"
               "end\n"
               "local function cancelled(f)\n"
               "  script(running)\n"
               "  f()\n"
               "  local n = 0\n"
               "  eventually(function() n = n + cancels(); return n > 0 end)\n"
               "  return n + cancels()\n"
               "end\n"
               "local function polled()\n" /* the statement's id is known by then */
               "  for _, call in ipairs(log()) do\n"
               "    if call.method == 'GET' then return true end\n"
               "  end\n"
               "end\n"
               "local function sql(timeout)\n"
               "  return ws:sql('SELECT 1', { warehouse_id = 'w', timeout = timeout })\n"
               "end\n"
               "equal(1, cancelled(function()\n"
               "  local e = fails(sql, 0.3)\n"
               "  equal('timeout', e.kind)\n"
               "  assert(e.message:find 'RUNNING', e.message)\n"
               "end))\n"
               "equal(1, cancelled(function() -- as Ctrl-C does\n"
               "  local t = task.spawn(sql)\n"
               "  eventually(polled)\n"
               "  task.cancel(t)\n"
               "end))\n"
               "equal(1, cancelled(function() -- while the submit is under way\n"
               "  local t = task.spawn(sql)\n"
               "  task.sleep(0)\n"
               "  task.sleep(0)\n"
               "  task.cancel(t)\n"
               "end))\n"
               "equal(1, cancelled(function() -- the workspace is closed meanwhile\n"
               "  local other = connect()\n"
               "  task.spawn(function()\n"
               "    equal('cancelled', fails(other.sql, other, 'SELECT 1', { "
               "warehouse_id = 'w' }).kind)\n"
               "  end)\n"
               "  eventually(polled)\n"
               "  other:close()\n"
               "end))\n");
}

static void press_ctrl_c(void *engine) {
    engine_interrupt(engine);
}

static void ctrl_c_cancels_the_statement_at_the_warehouse(void **state) {
    struct engine *e = *state;
    struct timer soon = {.fire = press_ctrl_c, .ud = e};
    assert_true(loop_set_timer(e->loop, &soon, loop_now() + 300));
    run(state, "script { status 'RUNNING', status 'RUNNING', status 'RUNNING' }\n"
               "local closed = 0\n"
               "local e = fails(function()\n"
               "  local held <close> = setmetatable({}, { __close = function() closed = "
               "closed + 1 end })\n"
               "  ws:sql('SELECT 1', { warehouse_id = 'w' })\n"
               "end)\n"
               "equal('cancelled', e.kind)\n"
               "equal('databricks.sql', e.op)\n"
               "equal(1, closed)\n");
    assert_int_equal(0, harness_close(state)); /* what was posted goes out */
    assert_int_equal(0, harness_open(state));
    run(state, "local n = 0\n"
               "for _, call in ipairs(before) do\n"
               "  if call.path:find '/cancel$' then n = n + 1 end\n"
               "end\n"
               "equal(1, n)\n");
}

/* The engine ends while a statement runs: the cancellation still goes out. */
static void a_statement_is_cancelled_when_the_program_ends(void **state) {
    void *inner = NULL;
    assert_int_equal(0, harness_open(&inner));
    run(&inner, "script { status 'RUNNING', status 'RUNNING', status 'RUNNING' }\n"
                "task.spawn(function() ws:sql('SELECT 1', { warehouse_id = 'w' }) end)\n"
                "task.sleep(0.1)\n");
    assert_int_equal(0, harness_close(&inner));
    run(state, "equal('/api/2.0/sql/statements/01ef-aa/cancel', before[#before].path)\n");
}

static void one_task_at_a_time_waits_for_a_row(void **state) {
    run(state,
        "script { { body = { statement_id = 'a', status = { state = 'SUCCEEDED' }, "
        "manifest = {\n"
        "    schema = { columns = { { name = 'c' } } }, "
        "total_chunk_count = 2 }, result = { data_array = json.array {}, "
        "next_chunk_index = 1 } } },\n"
        "  { delay = 0.2, body = { chunk_index = 1, data_array = { { '1' } } } } }\n"
        "local cursor = ws:sql('SELECT 1', { warehouse_id = 'w' })\n"
        "local row\n"
        "task.spawn(function() row = cursor:next() end)\n"
        "task.sleep(0)\n"
        "assert(fails(cursor.next, cursor):find 'another task waits')\n"
        "eventually(function() return row end)\n"
        "equal('1', row[1])\n");
}

static void a_cursor_closed_under_a_waiting_task_says_so(void **state) {
    run(state, "script { { body = { statement_id = 'a', status = { state = 'SUCCEEDED' "
               "}, manifest = {\n"
               "    schema = { columns = { { name = 'c' } } }, "
               "total_chunk_count = 2 }, result = { data_array = json.array {}, "
               "next_chunk_index = 1 } } },\n"
               "  { delay = 1 } }\n"
               "local cursor, e = ws:sql('SELECT 1', { warehouse_id = 'w' }), nil\n"
               "task.spawn(function() e = fails(cursor.next, cursor) end)\n"
               "task.sleep(0)\n"
               "cursor:close()\n"
               "eventually(function() return e end)\n"
               "assert(e:find('cursor is closed', 1, true), e)\n");
}

/* ---- memory ---- */

static void torture_with_prelude(const char *chunk) {
    char *whole = with_prelude(chunk);
    torture(whole);
    free(whole);
}

static void calls_leak_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture_with_prelude(
        "databricks.record('/dev/null')\n"
        "ws:request('POST', '/api/x', { query = { b = { 1, true }, a = 0.5 },\n"
        "  body = { x = 1 }, headers = { ['X-A'] = 'b' } })\n"
        "ws:update_start('p')\n"
        "ws:workspace_import('/a', 'bytes', { overwrite = true })\n"
        "ws:workspace_export('/a')\n"
        "ws:workspace_list('/a')\n"
        "ws:workspace_status('/a', { x = 1 })\n"
        "ws:authenticate()\n"
        "ws:info()\n"
        "ws:stats()\n"
        "ws:close()\n");
}

static void cursors_leak_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture_with_prelude(
        "local cursor <close> = ws:sql('SELECT :a', { warehouse_id = 'w',\n"
        "  parameters = { { name = 'a', value = 1 }, { name = 'b' } } })\n"
        "local columns = cursor.columns\n"
        "while cursor:next() do end\n");
}

static void profiles_leak_nothing_when_memory_runs_out(void **state) {
    (void)state;
    setenv("DATABRICKS_CONFIG_FILE", "tests/support/databrickscfg", 1);
    torture_with_prelude(
        "databricks.profiles()\n"
        "databricks.credential { token_file = 'tests/support/databrickscfg-token' }\n");
    unsetenv("DATABRICKS_CONFIG_FILE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(every_primitive_asks_what_the_reference_says),
        LUA_TEST(a_query_is_the_same_text_every_time),
        LUA_TEST(a_request_takes_headers_and_any_body),
        LUA_TEST(answers_are_decoded_exactly),
        LUA_TEST(a_request_tells_about_its_answer),
        LUA_TEST(what_is_not_json_is_a_fault_with_a_hint),
        LUA_TEST(an_error_of_the_workspace_is_a_fault),
        LUA_TEST(nothing_that_creates_is_sent_twice),
        LUA_TEST(a_delete_that_was_done_before_its_answer_got_lost_is_done),
        LUA_TEST(a_wrong_connection_or_request_is_a_message),
        LUA_TEST(a_wrong_call_of_a_primitive_is_a_message),
        LUA_TEST(a_closed_workspace_says_so),
        LUA_TEST(closing_ends_what_is_in_flight),
        LUA_TEST(a_cancelled_task_forgets_its_call),
        LUA_TEST(a_wait_inside_sort_says_why_and_leaves_nothing),
        LUA_TEST(many_calls_are_under_way_at_once),
        LUA_TEST(a_credential_tells_its_source_only),
        LUA_TEST(info_shows_sources_and_no_secret),
        LUA_TEST(the_token_is_found_nowhere),
        LUA_TEST(rows_are_strings_and_nulls_from_all_chunks),
        LUA_TEST(rows_come_although_nobody_else_uses_the_connection),
        LUA_TEST(parameters_are_bound_as_strings_with_types),
        LUA_TEST(a_statement_is_polled_until_it_has_a_result),
        LUA_TEST(a_failure_is_never_no_rows),
        LUA_TEST(external_links_get_no_credentials),
        LUA_TEST(a_statement_nobody_waits_for_is_cancelled),
        LUA_TEST(ctrl_c_cancels_the_statement_at_the_warehouse),
        LUA_TEST(a_statement_is_cancelled_when_the_program_ends),
        LUA_TEST(one_task_at_a_time_waits_for_a_row),
        LUA_TEST(a_cursor_closed_under_a_waiting_task_says_so),
        cmocka_unit_test(calls_leak_nothing_when_memory_runs_out),
        cmocka_unit_test(cursors_leak_nothing_when_memory_runs_out),
        cmocka_unit_test(profiles_leak_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_databricks", tests, start_server, stop_server);
}
