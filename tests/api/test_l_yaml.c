#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD                                                                             \
    "local yaml, json = require 'native.yaml', require 'native.json'\n"                  \
    "local function is(want, got, why)\n"                                                \
    "  if want ~= got or math.type(want) ~= math.type(got) then\n"                       \
    "    error(('%swant %s, got %s'):format(why and why .. ': ' or '', want, got), 2)\n" \
    "  end\n"                                                                            \
    "end\n"                                                                              \
    "local function says(text, f, ...)\n"                                                \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  if ok or not tostring(e):find(text, 1, true) then\n"                              \
    "    error(('want %s, got %s'):format(text, e), 2)\n"                                \
    "  end\n"                                                                            \
    "  return e\n"                                                                       \
    "end\n"                                                                              \
    "local function reads(text) return json.encode(yaml.decode(text)) end\n"

static void the_round_trip_keeps_every_value(void **state) {
    must_run(
        state, HEAD
        "for why, text in pairs {\n"
        "  ['empty'] = '[[],{},{\"a\":[],\"b\":{}},[[[]]]]',\n"
        "  ['null'] = '{\"a\":null,\"b\":[null]}', ['null alone'] = 'null',\n"
        "  ['booleans'] = '[true,false]', ['an array alone'] = '[1,[2,[3]]]',\n"
        "  ['64 bits'] = '[9223372036854775807,-9223372036854775808]',\n"
        "  ['beyond'] = '[9223372036854775808,9007199254740993123,1.0e+999]',\n"
        "  ['doubles'] = '[1.0,-0.0,0.1,1e+100,5e-324,1.7976931348623157e+308]',\n"
        "  ['keys'] = '{\"\":1,\" \":2,\"a.b\":3,\"true\":4,\"1\":5,\"a: b\":6}',\n"
        "  ['texts'] = '[\"\",\" \",\"a \",\"\\\\t\",\"\\\\r\\\\n\",\"\\\\u0000\"]',\n"
        "} do\n"
        "  is(json.encode(json.decode(text)), reads(yaml.encode(json.decode(text))), "
        "why)\n"
        "end\n"
        "local long = ('k'):rep(3000)\n"
        "is('v', yaml.decode(yaml.encode {[long] = 'v'})[long])\n"
        "local deep = {}\n"
        "for _ = 1, 511 do deep = {deep} end\n"
        "is(json.encode(deep), reads(yaml.encode(deep)))\n");
}

static void a_string_that_looks_like_anything_else_is_quoted(void **state) {
    must_run(
        state, HEAD
        "for _, text in ipairs {\n"
        "  'yes', 'No', 'ON', 'off', 'y', 'N', 'true', 'FALSE', 'null', 'Null', '~',\n"
        "  '', '4', '007', '0x1f', '0o17', '1e3', '1_000', '12:30', '12:30:45', '.5',\n"
        "  '5.', '-1', '+1', '.inf', '-.INF', '.nan', '2001-01-01', '<<', '=', '24X7',\n"
        "  '2001-12-14t21:59:43.10-05:00', '*a', '&a', '!a', '%a', '@a', '`a', '- a',\n"
        "  '? a', '[a]', '{a}', 'a: b', 'a:', 'a #b', '#a', ' a', 'a ', 'a  b', '|',\n"
        "  '>', '\"a\"', '\\'a\\'', 'a\\nb', 'a\\tb', '\\\\', '${a}', '---', '...', "
        "'..',\n"
        "  '\\u{e9}', '\\u{1F600}', '\\u{85}', '\\u{2028}', '\\u{FEFF}', '\\127', "
        "'\\27',\n"
        "} do\n"
        "  local out = yaml.encode {text}\n"
        "  if not out:find('^%- \"') then error('not quoted: ' .. out) end\n"
        "  is(text, yaml.decode(out)[1])\n"
        "  is(1, yaml.decode(yaml.encode {[text] = 1})[text])\n"
        "end\n");
}

static void plain_words_stay_plain(void **state) {
    must_run(state, HEAD
             "for _, text in ipairs {\n"
             "  'a', 'main', 'two words', '/Users/a@x.io/rev/**', 'dbfs:/pipelines/a',\n"
             "  'https://a.b/c', '../src/a.py', './a', 'e1', 'nulls', 'a-b_c', '_a',\n"
             "} do\n"
             "  is(text .. '\\n', (yaml.encode(text):gsub('%.%.%.\\n$', '')))\n"
             "end\n");
}

static void keys_come_in_the_order_that_was_asked_for(void **state) {
    must_run(state, HEAD
             "is('z: 1\\nx: 2\\na: 3\\nb: 4\\n',\n"
             "  yaml.encode({a = 3, b = 4, x = 2, z = 1}, {first = {'z', 'x'}}))\n"
             "is('c:\\n  \"k\": \"v\"\\n  \"n\": 1\\nd:\\n  k: v\\n',\n"
             "  yaml.encode({c = {k = 'v', n = 1}, d = {k = 'v'}}, {quoted = {'c'}}))\n"
             "local many, lines = {}, {}\n"
             "for i = 1, 500 do\n"
             "  many[('k%03d'):format(i)] = {x = {i}}\n"
             "  lines[i] = ('k%03d:\\n  x:\\n  - %d\\n'):format(i, i)\n"
             "end\n"
             "is(table.concat(lines), yaml.encode(many))\n");
}

static void scalars_are_read_by_the_core_schema(void **state) {
    must_run(
        state, HEAD
        "for text, want in pairs {\n"
        "  ['1'] = 1, ['+1'] = 1, ['-7'] = -7, ['007'] = 7, ['0x1F'] = 31,\n"
        "  ['0o17'] = 15, ['1.'] = 1.0, ['.5'] = 0.5, ['-.5e1'] = -5.0, ['1e3'] = "
        "1000.0,\n"
        "  ['true'] = true, ['True'] = true, ['FALSE'] = false, ['yes'] = 'yes',\n"
        "  ['tRue'] = 'tRue', ['1_0'] = '1_0', ['1e'] = '1e', ['0x'] = '0x', ['.'] = "
        "'.',\n"
        "  ['0xffffffffffffffff'] = '0xffffffffffffffff', ['+'] = '+', ['e1'] = 'e1',\n"
        "  ['.inf'] = math.huge, ['-.Inf'] = -math.huge, ['12:30'] = '12:30',\n"
        "  ['~'] = json.null, ['null'] = json.null, [''] = json.null, ['# x'] = "
        "json.null,\n"
        "  ['\"1\"'] = '1', [\"'true'\"] = 'true', ['!!str 1'] = '1', ['! 1'] = '1',\n"
        "  ['!!int \"3\"'] = 3, ['!!float 1.5'] = 1.5, ['!!null \"\"'] = json.null,\n"
        "  ['!!bool true'] = true, ['|\\n a\\n b\\n'] = 'a\\nb\\n', ['>-\\n a\\n b'] = "
        "'a "
        "b',\n"
        "} do is(want, yaml.decode(text), text) end\n"
        "local nan = yaml.decode '.nan'\n"
        "assert(nan ~= nan)\n"
        "is('18446744073709551616', tostring(yaml.decode '18446744073709551616'))\n"
        "is('{\"a\":[1,{\"b\":null}],\"c\":\"x\"}', reads 'a: [1, {b: }]\\nc: x')\n");
}

static void aliases_stand_for_one_value(void **state) {
    must_run(state,
             HEAD "local v = yaml.decode 'a: &x {k: [1]}\\nb: *x\\nc: &y 5\\nd: *y'\n"
                  "assert(v.a == v.b)\n"
                  "is(5, v.d)\n"
                  "is('[\"b\",\"b\"]', reads '[&n a, &n b, *n]':gsub('\"a\",', ''))\n");
}

static void what_is_not_safe_or_not_yaml_is_a_fault_with_its_place(void **state) {
    must_run(
        state, HEAD
        "for text, want in pairs {\n"
        "  ['a: 1\\na: 2'] = 'line 2, column 1: a key that is there already',\n"
        "  ['a: *x'] = 'line 1, column 4: an alias of nothing',\n"
        "  ['&x [*x]'] = 'an alias of what it is part of',\n"
        "  ['a: !!python/object:os.system x'] = 'a tag that is not known here',\n"
        "  ['!!set {a}'] = 'a tag that is not known here',\n"
        "  ['!!int x'] = 'does not fit its value', ['!!map [1]'] = 'does not fit',\n"
        "  ['<<: {a: 1}'] = 'merge keys are not understood',\n"
        "  ['? [a]\\n: b'] = 'a key that is not a text', ['? !!int 1\\n: b'] = 'not a "
        "text',\n"
        "  ['a: 1\\n---\\nb: 2'] = 'a second document',\n"
        "  ['a: [1'] = 'line 2, column 1: did not find', ['a: b: c'] = 'mapping values "
        "are not allowed',\n"
        "  ['\\ta: 1'] = 'line 1, column 1', ['\"\\\\ud800\"'] = 'line 1',\n"
        "  ['\\xff'] = 'byte 1: ', ['a\\0b'] = 'byte 2: ', ['%YAML 9.9\\n--- a'] = "
        "'line',\n"
        "  [('['):rep(600)] = 'deep', [('- '):rep(600) .. 'a'] = 'nested deeper than "
        "512',\n"
        "} do\n"
        "  local e = says(want, yaml.decode, text)\n"
        "  is('parse', e.kind)\n"
        "  is('yaml.decode', e.op)\n"
        "end\n"
        "local bomb = {'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'}\n"
        "for i = 1, 9 do\n"
        "  bomb[#bomb + 1] = ('a%d: &a%d [%s]'):format(i, i,\n"
        "    (('*a%d, '):format(i - 1)):rep(10))\n"
        "end\n"
        "says('more than a million values', yaml.decode, table.concat(bomb, '\\n'))\n");
}

static void what_yaml_cannot_say_is_refused_with_its_path(void **state) {
    must_run(state,
             HEAD "local e = yaml.encode\n"
                  "says('yaml.encode: cannot encode a function at spec.list[2].f', e,\n"
                  "  {spec = {list = {1, {f = print}}}})\n"
                  "says('a function', e, print)\n"
                  "says('a coroutine', e, coroutine.create(print))\n"
                  "says('a userdata', e, io.stdout)\n"
                  "says('neither all strings nor 1..n at t', e, {t = {1, a = 2}})\n"
                  "says('neither all strings nor 1..n', e, json.array {a = 1})\n"
                  "says('neither all strings nor 1..n', e, {1, nil, 3})\n"
                  "local own = {}\n"
                  "own.self = {own}\n"
                  "says('nested deeper than 512', e, own)\n"
                  "for _, bytes in ipairs {'\\xff', '\\xc0\\x80', '\\xed\\xa0\\x80', "
                  "'a\\xe2\\x82',\n"
                  "  '\\xf4\\x90\\x80\\x80'} do\n"
                  "  local f = says('not UTF-8 at a[1]', e, {a = {bytes}})\n"
                  "  is('parse', f.kind)\n"
                  "  is('parse', says('not UTF-8', e, {[bytes] = 1}).kind)\n"
                  "end\n"
                  "is('.nan', e(0/0):match '[^\\n]+')\n"
                  "is('-.inf', e(-1/0):match '[^\\n]+')\n"
                  "is('null\\n', (e(nil):gsub('%.%.%.\\n', '')))\n");
}

static void an_error_of_the_caller_says_where(void **state) {
    must_run(state,
             HEAD "says('string expected', yaml.decode)\n"
                  "says('string expected', yaml.decode, 5)\n"
                  "says('string expected', yaml.decode, {})\n"
                  "says('value expected', yaml.encode)\n"
                  "says('table expected', yaml.encode, 1, 5)\n"
                  "says(\"unknown option 'frist'\", yaml.encode, 1, {frist = {}})\n"
                  "says(\"'first' must be a list of strings\", yaml.encode, 1,\n"
                  "  {first = 'a'})\n"
                  "says(\"'quoted' must be a list of strings\", yaml.encode, 1,\n"
                  "  {quoted = {1}})\n");
}

static void any_byte_changed_is_read_or_refused(void **state) {
    must_run(
        state, HEAD
        "local text = '{a: [1, -2.5e3], \"b\\\\n\": &x \"\\\\u00e9\", c: *x}\\n- |\\n  "
        "d\\n'\n"
        "for i = 1, #text do\n"
        "  for byte = 0, 255 do\n"
        "    local changed = text:sub(1, i - 1) .. string.char(byte) .. text:sub(i + 1)\n"
        "    local ok, v = pcall(yaml.decode, changed)\n"
        "    if ok then yaml.decode(yaml.encode(v)) else is('parse', v.kind) end\n"
        "  end\n"
        "end\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture(HEAD "local text = 'a: &x [1, 2.5, {b: \"c\"}, 1e999]\\nd: *x\\ne: null\\n'\n"
                 "local v = yaml.decode(text)\n"
                 "assert(#yaml.encode(v, {first = {'d'}, quoted = {'a'}}) > 20)\n"
                 "local ok, e = pcall(yaml.decode, 'a: [1')\n"
                 "if e.kind ~= 'parse' then error(e, 0) end\n"
                 "ok, e = pcall(yaml.decode, 'a: {b: *c}')\n"
                 "if e.kind ~= 'parse' then error(e, 0) end\n"
                 "ok, e = pcall(yaml.encode, {a = {print}})\n"
                 "if not e:find('a[1]', 1, true) then error(e, 0) end\n"
                 "ok, e = pcall(yaml.encode, {a = {'\\xff'}})\n"
                 "if e.kind ~= 'parse' then error(e, 0) end\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(the_round_trip_keeps_every_value),
        LUA_TEST(a_string_that_looks_like_anything_else_is_quoted),
        LUA_TEST(plain_words_stay_plain),
        LUA_TEST(keys_come_in_the_order_that_was_asked_for),
        LUA_TEST(scalars_are_read_by_the_core_schema),
        LUA_TEST(aliases_stand_for_one_value),
        LUA_TEST(what_is_not_safe_or_not_yaml_is_a_fault_with_its_place),
        LUA_TEST(what_yaml_cannot_say_is_refused_with_its_path),
        LUA_TEST(an_error_of_the_caller_says_where),
        LUA_TEST(any_byte_changed_is_read_or_refused),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_yaml", tests, NULL, NULL);
}
