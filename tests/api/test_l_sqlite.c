#include "harness.h"
#include "torture.h"

#include <lauxlib.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD                                                                             \
    "local sqlite = require 'native.sqlite'\n"                                           \
    "local db = sqlite.open(':memory:')\n"                                               \
    "local function raises(f, ...)\n"                                                    \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  assert(not ok, 'no error')\n"                                                     \
    "  return e\n"                                                                       \
    "end\n" SAYS

/* A path that no other test uses; removed before and after. */
#define FILE_HEAD                                                                        \
    HEAD "local path = os.tmpname(); os.remove(path)\n"                                  \
         "local tidy <close> = setmetatable({}, {__close = function()\n"                 \
         "  for _, end_ in ipairs {'', '-wal', '-shm', '-journal'} do\n"                 \
         "    os.remove(path .. end_)\n"                                                 \
         "  end\n"                                                                       \
         "end})\n"

static void values_come_back_as_they_went(void **state) {
    must_run(
        state, HEAD
        "local function back(v)\n"
        "  local row = db:find_row('SELECT ?1 AS v, typeof(?1) AS t', {v})\n"
        "  return row.v, row.t\n"
        "end\n"
        "local function is(v, want, kind)\n"
        "  local got, t = back(v)\n"
        "  assert(got == want and math.type(got) == math.type(want), tostring(got))\n"
        "  assert(t == kind, t)\n"
        "end\n"
        "is(nil, nil, 'null')\n"
        "is(require('native.json').null or nil, nil, 'null')\n"
        "is(true, 1, 'integer'); is(false, 0, 'integer')\n"
        "is(math.maxinteger, math.maxinteger, 'integer')\n"
        "is(math.mininteger, math.mininteger, 'integer')\n"
        "is(1.0, 1.0, 'real'); is(0.1, 0.1, 'real'); is(1/0, 1/0, 'real')\n"
        "is('', '', 'text'); is('a\\0b', 'a\\0b', 'text')\n"
        "is('\\xff\\xfe', '\\xff\\xfe', 'text')\n"
        "local big = ('x'):rep(1 << 20)\n"
        "is(big, big, 'text')\n"
        "assert(db:find_row(\"SELECT x'00ff' AS b\").b == '\\0\\xff')\n"
        "assert(db:find_row(\"SELECT x'' AS b\").b == '')\n");
}

static void a_query_returns_rows_by_name_without_nulls(void **state) {
    must_run(
        state, HEAD
        "db:exec('CREATE TABLE t (a, b)')\n"
        "assert(db:exec('INSERT INTO t VALUES (?, ?), (?, ?)', {1, nil, 2, 'x'}) == 2)\n"
        "local rows = db:query('SELECT a, b FROM t ORDER BY a')\n"
        "assert(#rows == 2 and rows[1].a == 1 and rows[1].b == nil)\n"
        "assert(rows[2].a == 2 and rows[2].b == 'x' and rows[2].c == nil)\n"
        "assert(#db:query('SELECT a FROM t WHERE a > 5') == 0)\n"
        "assert(db:find_row('SELECT a FROM t WHERE a > 5') == nil)\n"
        "assert(db:find_row('SELECT max(a) AS m FROM t').m == 2)\n"
        "assert(db:last_insert_rowid() == 2)\n");
}

static void parameters_go_by_place_or_by_name(void **state) {
    must_run(state, HEAD
             "local function one(sql, params) return db:find_row(sql, params).v end\n"
             "assert(one('SELECT :a - :b AS v', {a = 5, b = 3}) == 2)\n"
             "assert(one('SELECT @a - $b AS v', {a = 5, b = 3}) == 2)\n"
             "assert(one('SELECT :a - :b AS v', {5, 3}) == 2)\n"
             "assert(one('SELECT ?2 - ?1 AS v', {5, 3}) == -2)\n"
             "assert(one('SELECT ? || :b AS v', {'x', b = 'y'}) == 'xy')\n"
             "assert(one('SELECT ?1 IS NULL AS v', table.pack(nil)) == 1)\n"
             "assert(one('SELECT ?1 AS v', {7}) == 7)\n"
             "assert(one('SELECT ?1 AS v') == nil, 'a binding of the run before')\n");
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(
        state, HEAD
        "local say = function(text, method, ...) says(text, db[method], db, ...) end\n"
        "says('bad argument #1', sqlite.open)\n"
        "says(\"unknown option 'readonlyy'\", sqlite.open, ':memory:', {readonlyy = 1})\n"
        "says('out of range', sqlite.open, ':memory:', {busy = -1})\n"
        "says('zero byte', sqlite.open, 'a\\0b')\n"
        "say('zero byte', 'exec', 'SELECT 1\\0; DROP TABLE t')\n"
        "say(\"no parameter '3'\", 'query', 'SELECT ?, ?', {1, 2, 3})\n"
        "say(\"no parameter 'nam'\", 'query', 'SELECT :name', {nam = 1})\n"
        "say(\"no parameter '0'\", 'query', 'SELECT ?', {[0] = 1})\n"
        "say(\"no parameter '1.5'\", 'query', 'SELECT ?', {[1.5] = 1})\n"
        "say('parameter 1 is a table', 'query', 'SELECT ?', {{}})\n"
        "say('table expected', 'query', 'SELECT ?', 5)\n"
        "say('more than one statement', 'query', 'SELECT 1; SELECT 2')\n"
        "say('no statement', 'query', '-- nothing')\n"
        "say('parameters need a single statement', 'exec', 'SELECT ?; SELECT ?', {1})\n"
        "say('more than one statement', 'prepare', 'SELECT 1; SELECT 2')\n"
        "say('no statement', 'prepare', ' ')\n"
        "say('not a number of arguments', 'define', 'f', 200, print)\n"
        "say('function expected', 'define', 'f', 1, 5)\n"
        "say('function expected', 'transaction', 5)\n");
}

static void exec_runs_all_statements_and_counts_changes(void **state) {
    must_run(
        state, HEAD
        "assert(db:exec([[\n"
        "  -- a schema\n"
        "  CREATE TABLE t (a); ;\n"
        "  INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a = 2;\n"
        "  -- the end\n"
        "]]) == 4)\n"
        "assert(db:exec('') == 0 and db:exec(' ; ') == 0)\n"
        "assert(db:exec('SELECT * FROM t') == 0)\n"
        "assert(db:exec('CREATE TABLE u (a)') == 0, 'changes of the statement before')\n"
        "db:exec('CREATE TRIGGER g AFTER INSERT ON t BEGIN\\n"
        "  INSERT INTO u VALUES (new.a), (new.a); END')\n"
        "assert(db:exec('INSERT INTO t VALUES (9)') == 1, 'what triggers did is not "
        "counted')\n"
        "assert(db:exec('SELECT 1; -- the end') == 0)\n");
}

static void faults_carry_the_name_of_sqlites_code(void **state) {
    must_run(state, HEAD
             "local function fails(code, text, f)\n"
             "  local e = raises(f)\n"
             "  assert(type(e) == 'table' and e.kind == 'sql', tostring(e))\n"
             "  assert(e.code == code, e.code)\n"
             "  assert(e.message:find(text, 1, true), e.message)\n"
             "  return e\n"
             "end\n"
             "db:exec 'CREATE TABLE t (a UNIQUE, b NOT NULL, CHECK (b > 0)); "
             "         INSERT INTO t VALUES (1, 1)'\n"
             "local e = fails('SQLITE_ERROR', 'no such table: nix', function()\n"
             "  db:query 'SELECT * FROM nix' end)\n"
             "assert(e.op == 'sqlite.query' and not e.retryable)\n"
             "fails('SQLITE_ERROR', 'syntax error', function() db:exec 'SELEKT' end)\n"
             "fails('SQLITE_ERROR', 'syntax error', function()\n"
             "  db:exec 'SELECT 1; SELEKT' end)\n"
             "fails('SQLITE_CONSTRAINT_UNIQUE', 't.a', function()\n"
             "  db:exec 'INSERT INTO t VALUES (1, 2)' end)\n"
             "fails('SQLITE_CONSTRAINT_NOTNULL', 't.b', function()\n"
             "  db:exec 'INSERT INTO t (a) VALUES (2)' end)\n"
             "fails('SQLITE_CONSTRAINT_CHECK', 'CHECK', function()\n"
             "  db:find_row 'INSERT INTO t VALUES (2, -1) RETURNING a' end)\n"
             "e = fails('SQLITE_CANTOPEN', '/nowhere/x.db: unable to open', function()\n"
             "  sqlite.open '/nowhere/x.db' end)\n"
             "assert(e.op == 'sqlite.open' and e.hint)\n"
             "db:exec 'PRAGMA max_page_count = 10'\n"
             "e = fails('SQLITE_FULL', 'full', function()\n"
             "  db:exec('INSERT INTO t VALUES (3, zeroblob(100000))') end)\n"
             "assert(e.hint == 'free some space on the disk')\n");
}

static void a_file_that_is_no_database_says_so(void **state) {
    must_run(
        state, FILE_HEAD
        "local f <close> = io.open(path, 'w'); f:write(('junk '):rep(500)); f:close()\n"
        "local bad <close> = sqlite.open(path)\n"
        "local e = raises(bad.exec, bad, 'CREATE TABLE t (a)')\n"
        "assert(e.code == 'SQLITE_NOTADB' and e.hint:find 'not a database', e.code)\n");
}

static void a_new_file_is_private(void **state) {
    must_run(state,
             FILE_HEAD "local function mode()\n"
                       "  local p <close> = io.popen(\"stat -c %a '\" .. path .. \"'\")\n"
                       "  return p:read 'l'\n"
                       "end\n"
                       "do local d <close> = sqlite.open(path)\n"
                       "   d:exec 'PRAGMA journal_mode=WAL; CREATE TABLE t (a)' end\n"
                       "assert(mode() == '600', mode())\n"
                       "os.remove(path)\n"
                       "do local d <close> = sqlite.open(path, {mode = 420}) end\n"
                       "assert(mode() == '644', mode())\n"
                       "do local d <close> = sqlite.open(path) end\n"
                       "assert(mode() == '644', 'an old file keeps its mode')\n"
                       "os.remove(path)\n"
                       "local e = raises(sqlite.open, path, {create = false})\n"
                       "assert(e.code == 'SQLITE_CANTOPEN', e.code)\n"
                       "e = raises(sqlite.open, path, {readonly = true})\n"
                       "assert(e.code == 'SQLITE_CANTOPEN', e.code)\n");
}

static void two_connections_share_a_file(void **state) {
    must_run(state, FILE_HEAD
             "local a <close> = sqlite.open(path, {busy = 0.05})\n"
             "local b <close> = sqlite.open(path, {busy = 0.05})\n"
             "a:exec 'PRAGMA journal_mode=WAL'\n"
             "a:exec 'CREATE TABLE t (a)'\n"
             "a:transaction(function()\n"
             "  a:exec 'INSERT INTO t VALUES (1)'\n"
             "  assert(b:find_row('SELECT count(*) AS n FROM t').n == 0)\n"
             "  local e = raises(b.exec, b, 'INSERT INTO t VALUES (2)')\n"
             "  assert(e.code == 'SQLITE_BUSY' and e.retryable and e.hint, e.code)\n"
             "  e = raises(b.transaction, b, function() end)\n"
             "  assert(e.code == 'SQLITE_BUSY' and e.op == 'sqlite.transaction')\n"
             "end)\n"
             "assert(b:find_row('SELECT count(*) AS n FROM t').n == 1)\n"
             "local r <close> = sqlite.open(path, {readonly = true})\n"
             "assert(r:transaction(function()\n"
             "  return r:find_row('SELECT count(*) AS n FROM t').n end) == 1)\n"
             "local e = raises(r.exec, r, 'DELETE FROM t')\n"
             "assert(e.code == 'SQLITE_READONLY', e.code)\n");
}

static void a_transaction_is_all_or_nothing(void **state) {
    must_run(
        state, HEAD
        "db:exec 'CREATE TABLE t (a UNIQUE)'\n"
        "local function count() return db:find_row('SELECT count(*) AS n FROM t').n end\n"
        "local function add(a) db:exec('INSERT INTO t VALUES (?)', {a}) end\n"
        "local x, y, z = db:transaction(function() add(1); return 'x', nil, 'z' end)\n"
        "assert(x == 'x' and y == nil and z == 'z' and count() == 1)\n"
        "local mine = setmetatable({}, {})\n"
        "local e = raises(db.transaction, db, function() add(2); error(mine) end)\n"
        "assert(e == mine and count() == 1)\n"
        "db:transaction(function()\n"
        "  add(3)\n"
        "  local inner = raises(db.transaction, db, function() add(4); add(3) end)\n"
        "  assert(inner.code == 'SQLITE_CONSTRAINT_UNIQUE')\n"
        "  db:transaction(function() add(5) end)\n"
        "end)\n"
        "assert(count() == 3)\n"
        "raises(db.transaction, db, function()\n"
        "  db:transaction(function() add(6) end)\n"
        "  error 'outer'\n"
        "end)\n"
        "assert(count() == 3)\n"
        "raises(db.transaction, db, function() add(7); db:exec 'ROLLBACK'; add(8) end)\n"
        "assert(count() == 4, 'what came after the ROLLBACK stands by itself')\n"
        "db:transaction(function() add(9) end)\n");
}

static void a_transaction_keeps_the_traceback_of_its_error(void **state) {
    must_run(state,
             HEAD "local function culprit() local x = nil; return x.y end\n"
                  "local _, trace = xpcall(db.transaction, debug.traceback, db,\n"
                  "                        function() culprit() end)\n"
                  "assert(trace:find(\"in upvalue 'culprit'\", 1, true), trace)\n");
}

static void a_transaction_must_not_wait(void **state) {
    must_run(
        state, HEAD
        "local task = require 'native.task'\n"
        "says('cannot wait here', db.transaction, db, function() task.sleep(0) end)\n"
        "assert(db:transaction(function() return 5 end) == 5)\n");
}

static void lua_functions_run_inside_sql(void **state) {
    must_run(state,
             HEAD "db:define('twice', 1, function(x) return x and x .. x end)\n"
                  "db:define('kind', -1, function(...)\n"
                  "  local t = {}\n"
                  "  for i = 1, select('#', ...) do\n"
                  "    local v = select(i, ...)\n"
                  "    t[i] = math.type(v) or type(v)\n"
                  "  end\n"
                  "  return table.concat(t, ' ')\n"
                  "end)\n"
                  "local function one(sql, p) return db:find_row('SELECT ' .. sql .. ' "
                  "AS v', p).v end\n"
                  "assert(one('twice(?)', {'a\\0b'}) == 'a\\0ba\\0b')\n"
                  "assert(one('twice(NULL)') == nil)\n"
                  "assert(one(\"kind(1, 1.5, 'x', NULL, x'00')\") == 'integer float "
                  "string nil string')\n"
                  "assert(one('kind()') == '')\n"
                  "db:define('yes', 0, function() return true end)\n"
                  "assert(one('yes()') == 1)\n"
                  "db:define('yes', 0, function() return 2 end)\n"
                  "assert(one('yes()') == 2, 'defined again')\n"
                  "db:define('depth', 1, function(n)\n"
                  "  if n == 0 then return 0 end\n"
                  "  return 1 + db:find_row('SELECT depth(?) AS v', {n - 1}).v\n"
                  "end)\n"
                  "assert(one('depth(10)') == 10)\n"
                  "local co = coroutine.wrap(function() return one('depth(3)') end)\n"
                  "assert(co() == 3)\n");
}

static void an_error_in_a_function_comes_out_as_it_was(void **state) {
    must_run(
        state, HEAD
        "local mine = setmetatable({}, {})\n"
        "db:exec 'CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)'\n"
        "db:define('boom', 1, function(a) if a == 2 then error(mine) end return a end)\n"
        "assert(raises(db.query, db, 'SELECT boom(a) FROM t') == mine)\n"
        "assert(raises(db.exec, db, 'UPDATE t SET a = boom(a)') == mine)\n"
        "local st = db:prepare 'SELECT boom(a) FROM t'\n"
        "local rows = st:rows()\n"
        "assert(rows()[1] == 1 and raises(rows) == mine)\n"
        "assert(db:find_row('SELECT sum(a) AS s FROM t').s == 6)\n"
        "db:define('nested', 0, function() return db:query 'SELECT boom(2)' end)\n"
        "assert(raises(db.query, db, 'SELECT nested()') == mine)\n"
        "local e = raises(db.query, db, 'SELECT nix')\n"
        "assert(e.code == 'SQLITE_ERROR', 'no error is left over')\n"
        "db:define('odd', 0, function() return {} end)\n"
        "says('an SQL function returned a table', db.query, db, 'SELECT odd()')\n"
        "local task = require 'native.task'\n"
        "db:define('waits', 0, function() task.sleep(0) end)\n"
        "says('cannot wait here', db.query, db, 'SELECT waits()')\n");
}

static void a_function_cannot_pull_the_database_from_under_itself(void **state) {
    must_run(
        state, HEAD
        "local st\n"
        "db:define('close_db', 0, function() db:close() end)\n"
        "db:define('close_st', 0, function() st:close() end)\n"
        "db:define('again', 0, function() st:run() end)\n"
        "says('database is running a statement', db.query, db, 'SELECT close_db()')\n"
        "st = db:prepare 'SELECT close_st()'\n"
        "says('the statement runs', st.run, st)\n"
        "st = db:prepare 'SELECT again()'\n"
        "says('the statement runs already', st.run, st)\n"
        "assert(db:find_row('SELECT 1 AS v').v == 1)\n");
}

static void a_prepared_statement_runs_again_and_again(void **state) {
    must_run(
        state, HEAD
        "db:exec 'CREATE TABLE t (a, b)'\n"
        "local add <close> = db:prepare 'INSERT INTO t VALUES (:a, :b)'\n"
        "for i = 1, 5 do assert(add:run {a = i, b = i % 2 == 0 and i or nil} == 1) end\n"
        "assert(#add:columns() == 0)\n"
        "local all <close> = db:prepare 'SELECT a, b FROM t WHERE a <> ? ORDER BY a'\n"
        "assert(table.concat(all:columns(), ' ') == 'a b')\n"
        "local seen = {}\n"
        "for row in all:rows {4} do\n"
        "  assert(row.n == 2)\n"
        "  seen[#seen + 1] = row[1] .. ':' .. tostring(row[2])\n"
        "end\n"
        "assert(table.concat(seen, ' ') == '1:nil 2:2 3:nil 5:nil')\n"
        "local first = all:rows {0}\n"
        "first()\n"
        "local second = all:rows {0}\n"
        "assert(second()[1] == 1)\n"
        "says('started again', first)\n"
        "while second() do end\n"
        "assert(second() == nil and second() == nil)\n");
}

static void a_loop_left_early_releases_its_locks(void **state) {
    must_run(state,
             FILE_HEAD "local a <close> = sqlite.open(path, {busy = 0})\n"
                       "a:exec 'CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)'\n"
                       "local st = a:prepare 'SELECT a FROM t'\n"
                       "for row in st:rows() do break end\n"
                       "local b <close> = sqlite.open(path, {busy = 0})\n"
                       "b:exec 'INSERT INTO t VALUES (3)'\n");
}

static void a_closed_handle_says_so(void **state) {
    must_run(
        state, HEAD
        "local st = db:prepare 'SELECT 1'\n"
        "local rows = st:rows()\n"
        "db:close(); db:close()\n"
        "for _, method in ipairs {'exec', 'query', 'find_row', 'prepare', "
        "'transaction',\n"
        "                         'define', 'last_insert_rowid'} do\n"
        "  says('database is closed', db[method], db, 'SELECT 1', 1, print)\n"
        "end\n"
        "says('statement is closed', st.run, st)\n"
        "says('statement is closed', st.rows, st)\n"
        "says('statement is closed', st.columns, st)\n"
        "says('statement is closed', rows)\n"
        "st:close(); st:close()\n"
        "db = sqlite.open ':memory:'\n"
        "says('database is closed', db.transaction, db, function() db:close() end)\n");
}

static void a_dropped_database_takes_its_statements_along(void **state) {
    sqlite3_int64 before = sqlite3_memory_used();
    must_run(state, "local sqlite = require 'native.sqlite'\n"
                    "do\n"
                    "  local db = sqlite.open ':memory:'\n"
                    "  db:exec 'CREATE TABLE t (a)'\n"
                    "  db:define('f', 0, function() return db end) -- refers to itself\n"
                    "  local st = db:prepare 'SELECT a FROM t'\n"
                    "  st:rows()()\n"
                    "end\n"
                    "collectgarbage(); collectgarbage()\n");
    assert_int_equal(before, sqlite3_memory_used());
}

/* The number of times that SQLite asked whether a text may be prepared. */
static int asked(void *ud, int action, const char *a, const char *b, const char *c,
                 const char *d) {
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    if (action == SQLITE_SELECT)
        ++*(int *)ud;
    return SQLITE_OK;
}

static int prepared;
static int hook_prepares(sqlite3 *db, const char **message, const void *api) {
    (void)message;
    (void)api;
    return sqlite3_set_authorizer(db, asked, &prepared);
}

static void the_same_text_is_prepared_once(void **state) {
    sqlite3_auto_extension((void (*)(void))hook_prepares);
    prepared = 0;
    must_run(state, HEAD "for i = 1, 50 do db:query('SELECT ?', {i}) end\n"
                         "for i = 1, 50 do db:find_row('SELECT ?', {i}) end\n");
    assert_int_equal(1, prepared);
    prepared = 0;
    must_run(state, HEAD "for i = 1, 1000 do\n"
                         "  db:query('SELECT 0')\n"
                         "  db:query('SELECT ' .. i)\n"
                         "end\n");
    assert_int_equal(1001, prepared); /* what is used stays, what is not goes */
    sqlite3_reset_auto_extension();
}

static void (*asked_to_stop)(struct engine *e); /* what the signal handler would call */

/* Stands for the signal handler. */
static void interrupt(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    (void)argv;
    asked_to_stop(sqlite3_user_data(context));
}

static struct engine *interrupted;
static int define_interrupt(sqlite3 *db, const char **message, const void *api) {
    (void)message;
    (void)api;
    return sqlite3_create_function(db, "ctrl_c", 0, SQLITE_UTF8, interrupted, interrupt,
                                   NULL, NULL);
}

static void ends_a_long_statement(void **state, void (*stop)(struct engine *e)) {
    struct engine *e = *state;
    interrupted = e;
    asked_to_stop = stop;
    sqlite3_auto_extension((void (*)(void))define_interrupt);
    assert_int_equal(
        LUA_OK,
        luaL_loadstring(e->L, "db = require('native.sqlite').open ':memory:'\n"
                              "db:query [[WITH RECURSIVE n(i) AS (SELECT ctrl_c()\n"
                              "  UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n]]"));
    assert_int_equal(LUA_ERRRUN, engine_run(e, 0));
    assert_string_equal("sqlite.query: interrupted (cancelled)",
                        luaL_tolstring(e->L, -1, NULL));
    lua_settop(e->L, 0);
    must_run(state, "assert(db:find_row('SELECT 1 AS v').v == 1)");
    sqlite3_reset_auto_extension();
}

static void ctrl_c_ends_a_long_statement(void **state) {
    ends_a_long_statement(state, engine_interrupt);
}

static void a_wish_to_end_the_program_ends_it_too(void **state) {
    ends_a_long_statement(state, engine_end);
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    sqlite3_int64 before = sqlite3_memory_used();
    torture("local sqlite = require 'native.sqlite'\n"
            "local db <close> = sqlite.open ':memory:'\n"
            "db:exec('CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)')\n"
            "db:exec('INSERT INTO t VALUES (?, ?)', {3, 'four'})\n"
            "db:define('cat', 2, function(a, b) return a .. b .. '' end)\n"
            "assert(#db:query('SELECT cat(a, b) AS c FROM t') == 2)\n"
            "assert(db:find_row('SELECT a FROM t WHERE b = :b', {b = 'four'}).a == 3)\n"
            "local st <close> = db:prepare 'SELECT a, b FROM t'\n"
            "for row in st:rows() do assert(row.n == 2) end\n"
            "db:transaction(function() db:exec 'DELETE FROM t' end)\n"
            "pcall(db.exec, db, 'SELEKT')\n"
            "assert(db:find_row('SELECT count(*) AS n FROM t').n == 0)\n");
    assert_int_equal(before, sqlite3_memory_used());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(values_come_back_as_they_went),
        LUA_TEST(a_query_returns_rows_by_name_without_nulls),
        LUA_TEST(parameters_go_by_place_or_by_name),
        LUA_TEST(a_wrong_call_is_a_message),
        LUA_TEST(exec_runs_all_statements_and_counts_changes),
        LUA_TEST(faults_carry_the_name_of_sqlites_code),
        LUA_TEST(a_file_that_is_no_database_says_so),
        LUA_TEST(a_new_file_is_private),
        LUA_TEST(two_connections_share_a_file),
        LUA_TEST(a_transaction_is_all_or_nothing),
        LUA_TEST(a_transaction_keeps_the_traceback_of_its_error),
        LUA_TEST(a_transaction_must_not_wait),
        LUA_TEST(lua_functions_run_inside_sql),
        LUA_TEST(an_error_in_a_function_comes_out_as_it_was),
        LUA_TEST(a_function_cannot_pull_the_database_from_under_itself),
        LUA_TEST(a_prepared_statement_runs_again_and_again),
        LUA_TEST(a_loop_left_early_releases_its_locks),
        LUA_TEST(a_closed_handle_says_so),
        LUA_TEST(a_dropped_database_takes_its_statements_along),
        LUA_TEST(the_same_text_is_prepared_once),
        LUA_TEST(ctrl_c_ends_a_long_statement),
        LUA_TEST(a_wish_to_end_the_program_ends_it_too),
        LUA_TEST(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_sqlite", tests, NULL, NULL);
}
