#include "api/json.h"
#include "harness.h"
#include "torture.h"

#include <lauxlib.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                             \
    "local json = require 'native.json'\n"                                               \
    "local function is(want, got)\n"                                                     \
    "  if want ~= got or math.type(want) ~= math.type(got) then\n"                       \
    "    error(('want %s, got %s'):format(want, got), 2)\n"                              \
    "  end\n"                                                                            \
    "end\n"                                                                              \
    "local function says(text, f, ...)\n"                                                \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  if ok or not tostring(e):find(text, 1, true) then\n"                              \
    "    error(('want %s, got %s'):format(text, e), 2)\n"                                \
    "  end\n"                                                                            \
    "  return e\n"                                                                       \
    "end\n"

static void the_round_trip_keeps_every_value(void **state) {
    must_run(
        state, HEAD
        "for why, text in pairs {\n"
        "  ['an empty array'] = '[]', ['an empty object'] = '{}',\n"
        "  ['both, nested'] = '[[],{},[[]],{\"a\":[],\"b\":{}}]',\n"
        "  ['null at the top'] = 'null', ['null in an array'] = '[null,1,null]',\n"
        "  ['null in an object'] = '{\"a\":null}',\n"
        "  ['true and false'] = '[true,false]',\n"
        "  ['64 bits'] = '[9223372036854775807,-9223372036854775808]',\n"
        "  ['beyond 64 bits'] = '[9223372036854775808,123456789012345678901234567890]',\n"
        "  ['an integer that no double holds'] = '9007199254740993',\n"
        "  ['doubles'] = '[1.0,-0.0,0.1,1e+100,5e-324,0.30000000000000004]',\n"
        "  ['beyond doubles'] = '[1e400,1e-400,0.1234567890123456789]',\n"
        "  ['keys'] = '{\"\":1,\" \":2,\"\\\\u0000\":3,\"a\":4,\"a b\":5}',\n"
        "  ['half a pair'] = '{\"\\\\udfff\":\"\\\\ud800\"}',\n"
        "  ['a number in a string'] = '\"9000000000000000\"',\n"
        "  ['the numbers that stand for marks'] = '[9000000000000000,[],9e15,[]]',\n"
        "} do\n"
        "  local got = json.encode(json.decode(text))\n"
        "  if why == 'keys' then text = '{\"\":1,\"\\\\u0000\":3,\" \":2,\"a\":4,\"a "
        "b\":5}' end\n"
        "  if why:find('marks') then text = text:gsub('9e15', '9000000000000000.0') end\n"
        "  if got ~= text then error(why .. ': want ' .. text .. ', got ' .. got) end\n"
        "end\n");
}

static void values_have_the_types_of_lua(void **state) {
    must_run(state, HEAD "is(1, json.decode '1')\n"
                         "is(-5, json.decode ' -5 ')\n"
                         "is(0, json.decode '-0')\n"
                         "is(1.0, json.decode '1.0')\n"
                         "is(1000.0, json.decode '1e3')\n"
                         "is(1.5, json.decode '1.5')\n"
                         "is(math.maxinteger, json.decode '9223372036854775807')\n"
                         "is(json.null, json.decode 'null')\n"
                         "is('a\\0b', json.decode '\"a\\\\u0000b\"')\n"
                         "is('\\xff', json.decode '\"\\xff\"')\n"
                         "is('\\u{1F600}', json.decode '\"\\\\ud83d\\\\ude00\"')\n"
                         "is('\\xed\\xa0\\x80', json.decode '\"\\\\ud800\"')\n"
                         "is(2, json.decode('{\"a\":1,\"a\":2}').a)\n"
                         "is('userdata', type(json.decode '1e999'))\n"
                         "is('1e999', tostring(json.decode '1e999'))\n");
}

static void arrays_stay_arrays_when_emptied(void **state) {
    must_run(state, HEAD "local t = json.decode '{\"a\":[1],\"b\":{\"c\":1}}'\n"
                         "t.a[1] = nil\n"
                         "t.b.c = nil\n"
                         "is('{\"a\":[],\"b\":{}}', json.encode(t))\n"
                         "is('[]', json.encode(json.array()))\n"
                         "is('[]', json.encode(json.array {}))\n"
                         "local mine = {}\n"
                         "assert(json.array(mine) == mine)\n"
                         "assert(json.array(mine) == mine)\n"
                         "is(true, json.is_array(mine))\n"
                         "is(true, json.is_array {1, 2})\n"
                         "is(false, json.is_array {})\n"
                         "is(false, json.is_array {1, a = 2})\n"
                         "is(false, json.is_array {1, nil, 3})\n"
                         "is(false, json.is_array 'x')\n"
                         "is(false, json.is_array(nil))\n");
}

static void a_number_is_kept_as_its_text(void **state) {
    must_run(state, HEAD "local n = json.number '1.50'\n"
                         "is('1.50', tostring(n))\n"
                         "is('[1.50]', json.encode {n})\n"
                         "is(true, n == json.number '1.50')\n"
                         "is(false, n == json.number '1.5')\n"
                         "is(false, n == json.null)\n"
                         "is('1e400', json.encode(json.decode '1e400'))\n"
                         "says('not a number in JSON', json.number, '01')\n"
                         "says('not a number in JSON', json.number, '1 ')\n"
                         "says('not a number in JSON', json.number, '1\\0')\n"
                         "says('not a number in JSON', json.number, '')\n"
                         "says('string expected', json.number, 1)\n");
}

static void the_same_value_is_the_same_text(void **state) {
    must_run(state, HEAD
             "is('{\"A\":1,\"a\":2,\"aa\":3,\"abcdefgh\":4,\"abcdefgh1\":5,\"b\":6}',\n"
             "  json.encode {b = 6, abcdefgh1 = 5, aa = 3, abcdefgh = 4, a = 2, A = 1})\n"
             "local many, keys = {}, {}\n"
             "for i = 1, 1000 do\n"
             "  many['key' .. i] = {i, {}}\n"
             "  keys[i] = 'key' .. i\n"
             "end\n"
             "table.sort(keys)\n"
             "for i, k in ipairs(keys) do keys[i] = ('\"%s\":[%d,{}]'):format(k, "
             "many[k][1]) end\n"
             "is('{' .. table.concat(keys, ',') .. '}', json.encode(many))\n"
             "local nested = {}\n"
             "for i = 1, 70 do nested['n' .. i] = {['m' .. i] = many} end\n"
             "is(json.encode(nested), json.encode(json.decode(json.encode(nested))))\n");
}

static void sequences_are_arrays_however_they_were_filled(void **state) {
    must_run(state, HEAD "local t = {}\n"
                         "for i = 20, 1, -1 do t[i] = i end\n"
                         "is('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]',\n"
                         "  json.encode(t))\n"
                         "is('[1,2,3]', json.encode {[3] = 3, [1] = 1, [2] = 2})\n"
                         "is('[1]', json.encode {1.0 // 1 | 0})\n"
                         "is('[[1,2],[3]]', json.encode {{1, 2}, {3}})\n");
}

static void indented_text_says_the_same(void **state) {
    must_run(state, HEAD "local v = json.decode '{\"a\":[1,{\"b\":[]}],\"c\":{}}'\n"
                         "is([[{\n"
                         "  \"a\": [\n"
                         "    1,\n"
                         "    {\n"
                         "      \"b\": []\n"
                         "    }\n"
                         "  ],\n"
                         "  \"c\": {}\n"
                         "}]], json.encode(v, {indent = 2}))\n"
                         "is('[\\n1\\n]', json.encode({1}, {indent = 0}))\n"
                         "is('1', json.encode(1, {indent = 4}))\n");
}

static void what_json_cannot_say_is_refused_with_its_path(void **state) {
    must_run(
        state, HEAD
        "local e = json.encode\n"
        "says('json.encode: cannot encode a function at spec.clusters[2].f', e,\n"
        "  {spec = {clusters = {1, {f = print}}}})\n"
        "says('json.encode: cannot encode a function', e, print)\n"
        "says('cannot encode NaN at [1]', e, {0/0})\n"
        "says('cannot encode an infinite number at x', e, {x = -1/0})\n"
        "says('cannot encode a coroutine', e, coroutine.create(print))\n"
        "says('cannot encode a userdata', e, io.stdout)\n"
        "for why, t in pairs {\n"
        "  ['mixed'] = {1, a = 2}, ['a hole'] = {1, nil, 3}, ['from zero'] = {[0] = 1},\n"
        "  ['a flag'] = {[true] = 1}, ['a fraction'] = {[1.5] = 1},\n"
        "  ['marked'] = json.array {a = 1}, ['marked, mixed'] = json.array {1, a = 1},\n"
        "  ['an array in front'] = {1, 2, 3, [5] = 5}, ['a table'] = {[{}] = 1},\n"
        "} do\n"
        "  local ok, m = pcall(e, {t = t})\n"
        "  assert(not ok and m:find('neither all strings nor 1..n at t', 1, true), why)\n"
        "end\n"
        "local own = {}\n"
        "own.self = {own}\n"
        "local m = says('nested deeper than 512 (does it hold itself?) at self[1].self', "
        "e, own)\n"
        "assert(#m < 200, m)\n"
        "is('[[1]]', e {{1}}) -- and goes on after a failure\n");
}

static void an_error_of_the_caller_says_where(void **state) {
    must_run(
        state, HEAD
        "local d, e = json.decode, json.encode\n"
        "says('string expected', d)\n"
        "says('string expected', d, 5)\n"
        "says('string expected', d, {})\n"
        "says(\"unknown option 'deep'\", d, '1', {deep = 1})\n"
        "says(\"'max_depth' must be a whole number from 1 to 10000\", d, '1', {max_depth "
        "= 0})\n"
        "says(\"'max_depth' must be\", d, '1', {max_depth = '5'})\n"
        "says(\"'max_bytes' must be\", d, '1', {max_bytes = 1.5})\n"
        "says('table expected', d, '1', 5)\n"
        "says('value expected', e)\n"
        "says(\"'indent' must be a whole number from 0 to 16\", e, 1, {indent = 17})\n"
        "says(\"unknown option 'indnt'\", e, 1, {indnt = 1})\n"
        "says('table expected', json.array, 'x')\n"
        "says('has another metatable', json.array, setmetatable({}, {}))\n"
        "says('value expected', json.is_array)\n"
        "is('null', e(nil))\n");
}

static void a_broken_text_is_a_fault_with_its_position(void **state) {
    must_run(state, HEAD
             "local ok, e = pcall(json.decode, '{\"a\": [1,\\n 2')\n"
             "is('parse', e.kind)\n"
             "is('json.decode', e.op)\n"
             "is(\"line 2, column 3: expected ',' or ']', found the end of the text\", "
             "e.message)\n"
             "is('the text seems to be cut off after 12 bytes', e.hint)\n"
             "-- the position is that of the text as it was given, marks or not\n"
             "ok, e = pcall(json.decode, '[[],[],1e5,[]x')\n"
             "is(\"line 1, column 14: expected ',' or ']', found 'x'\", e.message)\n");
}

static void limits_hold(void **state) {
    must_run(
        state, HEAD
        "local function nest(n) return ('['):rep(n) .. (']'):rep(n) end\n"
        "is(nest(512), json.encode(json.decode(nest(512))))\n"
        "says('nested deeper than 512', json.decode, nest(513))\n"
        "json.decode(nest(10000), {max_depth = 10000})\n"
        "says('nested deeper than 10000', json.decode, nest(10001), {max_depth = "
        "10000})\n"
        "says('nested deeper than 512', json.decode, ('{\"a\":'):rep(1000000))\n"
        "is(1, json.decode('1', {max_bytes = 1}))\n"
        "says('a text of 2 bytes is longer than 1', json.decode, '11', {max_bytes = 1})\n"
        "local digits = ('7'):rep(1000000)\n"
        "is(digits, json.encode(json.decode(digits)))\n"
        "is(digits .. '.5', json.encode(json.decode(digits .. '.5')))\n"
        "is('[' .. digits .. 'e1]', json.encode(json.decode('[' .. digits .. 'e1]')))\n"
        "is(5.0, json.decode('5.' .. ('0'):rep(1000000)))\n"
        "local long = ('\\\\n'):rep(500000)\n"
        "is('\"' .. long .. '\"', json.encode(json.decode('\"' .. long .. '\"')))\n");
}

static void a_text_cut_at_any_byte_is_a_fault(void **state) {
    must_run(
        state, HEAD
        "local text = "
        "'{\"a\":[1,-2.5e3,[],{}],\"\\\\u00e9\\\\n\":\"\\\\ud83d\\\\ude00x\",\"n\":null,'"
        "  .. '\"t\":true,\"f\":false,\"big\":12345678901234567890}'\n"
        "json.decode(text)\n"
        "for i = 0, #text - 1 do\n"
        "  local ok, e = pcall(json.decode, text:sub(1, i))\n"
        "  assert(not ok and e.kind == 'parse', i)\n"
        "end\n");
}

static void any_byte_changed_is_read_or_refused(void **state) {
    must_run(
        state, HEAD
        "local text = "
        "'{\"a\":[1,-2.5e3,[]],\"b\\\\n\":\"\\\\ud83d\\\\ude00x\",\"t\":true,\"n\":null}'"
        "\n"
        "for i = 1, #text do\n"
        "  for byte = 0, 255 do\n"
        "    local changed = text:sub(1, i - 1) .. string.char(byte) .. text:sub(i + 1)\n"
        "    local ok, v = pcall(json.decode, changed)\n"
        "    if ok then json.decode(json.encode(v)) else is('parse', v.kind) end\n"
        "  end\n"
        "end\n");
}

static void the_locale_of_a_script_changes_nothing(void **state) {
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("no locale with a comma is installed\n");
        skip();
    }
    must_run(state,
             HEAD "is('[1.5,2.0,0.30000000000000004,1e+100]',\n"
                  "  json.encode(json.decode '[1.5,2.0,0.30000000000000004,1e100]'))\n");
    setlocale(LC_NUMERIC, "C");
}

static void a_finalizer_may_decode_in_the_middle(void **state) {
    must_run(state, HEAD
             "local seen = 0\n"
             "local function arm()\n"
             "  setmetatable({}, {__gc = function()\n"
             "    seen = seen + 1\n"
             "    assert(json.encode(json.decode '[1.0,[],{\"a\":12345678901234567}]')\n"
             "      == '[1.0,[],{\"a\":12345678901234567}]')\n"
             "    arm()\n"
             "  end})\n"
             "end\n"
             "arm()\n"
             "local text = '[' .. "
             "('[1.0,[],{\"b\":[],\"a\":12345678901234567}],'):rep(200) .. '1]'\n"
             "local want = json.encode(json.decode(text))\n"
             "for i = 1, 200 do is(want, json.encode(json.decode(text))) end\n"
             "assert(seen > 0)\n");
}

static void other_libraries_decode_and_encode_under_their_own_name(void **state) {
    struct engine *e = *state;
    const char *text = "{\"a\":[1.0,[]]}, not a part of it";
    lua_settop(e->L, 0);
    api_json_decode(e->L, "http.request", text, 14, (struct json_nulls){0});
    api_json_encode(e->L, "http.request", -1);
    assert_int_equal(2, lua_gettop(e->L));
    assert_string_equal("{\"a\":[1.0,[]]}", lua_tostring(e->L, -1));
    lua_settop(e->L, 0);
}

static void nulls_are_left_out_where_that_is_asked_for(void **state) {
    static const struct {
        const char *why, *text, *kept, *want;
    } rows[] = {
        {"a field", "{\"a\":null,\"b\":1}", NULL, "{\"b\":1}"},
        {"the only field", "{\"a\":{\"b\":null}}", NULL, "{\"a\":{}}"},
        {"elements", "[null,1.0,null,[],null]", NULL, "[1.0,[]]"},
        {"all elements", "{\"a\":[null,null]}", NULL, "{\"a\":[]}"},
        {"below an element", "[{\"a\":[{\"b\":null}]}]", NULL, "[{\"a\":[{}]}]"},
        {"not below the field that is kept",
         "{\"s\":{\"a\":null,\"l\":[null]},\"t\":null}", "s",
         "{\"s\":{\"a\":null,\"l\":[null]}}"},
        {"but below a field of that name elsewhere", "{\"t\":{\"s\":{\"a\":null}}}", "s",
         "{\"t\":{\"s\":{}}}"},
        {"but not that field itself", "{\"s\":null}", "s", "{}"},
        {"large numbers beside them", "[null,12345678901234567890,null,1e400]", NULL,
         "[12345678901234567890,1e400]"},
    };
    struct engine *e = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_nulls nulls = {.drop = true, .kept = rows[i].kept};
        lua_settop(e->L, 0);
        api_json_decode(e->L, "t", rows[i].text, strlen(rows[i].text), nulls);
        api_json_encode(e->L, "t", -1);
        if (strcmp(rows[i].want, lua_tostring(e->L, -1)) != 0)
            fail_msg("%s: want %s, got %s", rows[i].why, rows[i].want,
                     lua_tostring(e->L, -1));
    }
    lua_settop(e->L, 0);
    must_run(state,
             HEAD "is('{\"b\":[]}', json.encode(json.decode('{\"a\":null,\"b\":[null]}',"
                  " { nulls = false })))\n"
                  "is(json.null, json.decode('null', { nulls = false }))\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture(HEAD "local text = "
                 "'{\"a\":[1,2.0,[],{}],\"b\":\"\\\\ud800\",\"c\":1e999,\"d\":"
                 "12345678901234567}'\n"
                 "local v = json.decode(text)\n"
                 "local big = {}\n"
                 "for i = 1, 70 do big['k' .. i] = i end\n"
                 "assert(json.encode(big, {indent = 1}))\n"
                 "assert(#json.encode(v) > 10)\n"
                 "local ok, e = pcall(json.decode, '[1')\n"
                 "if e.kind ~= 'parse' then error(e, 0) end\n"
                 "ok, e = pcall(json.encode, {a = {print}})\n"
                 "if not e:find('a[1]', 1, true) then error(e, 0) end\n"
                 "json.array()\n"
                 "assert(tostring(json.number '1.0') == '1.0')\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(the_round_trip_keeps_every_value),
        LUA_TEST(values_have_the_types_of_lua),
        LUA_TEST(arrays_stay_arrays_when_emptied),
        LUA_TEST(a_number_is_kept_as_its_text),
        LUA_TEST(the_same_value_is_the_same_text),
        LUA_TEST(sequences_are_arrays_however_they_were_filled),
        LUA_TEST(indented_text_says_the_same),
        LUA_TEST(what_json_cannot_say_is_refused_with_its_path),
        LUA_TEST(an_error_of_the_caller_says_where),
        LUA_TEST(a_broken_text_is_a_fault_with_its_position),
        LUA_TEST(limits_hold),
        LUA_TEST(a_text_cut_at_any_byte_is_a_fault),
        LUA_TEST(any_byte_changed_is_read_or_refused),
        LUA_TEST(the_locale_of_a_script_changes_nothing),
        LUA_TEST(a_finalizer_may_decode_in_the_middle),
        LUA_TEST(other_libraries_decode_and_encode_under_their_own_name),
        LUA_TEST(nulls_are_left_out_where_that_is_asked_for),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_json", tests, NULL, NULL);
}
