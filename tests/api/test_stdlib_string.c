#include "harness.h"
#include "torture.h"

#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What tests/api/patterns.lua says, left on the stack; seed 0: at the edges. */
static const char *run(lua_State *L, lua_Integer seed) {
    lua_settop(L, 0);
    assert_int_equal(luaL_loadfile(L, "tests/api/patterns.lua"), LUA_OK);
    if (seed == 0)
        lua_pushnil(L);
    else
        lua_pushinteger(L, seed);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    assert_int_equal(strlen(lua_tostring(L, -1)), lua_rawlen(L, -1)); /* no zero byte */
    return lua_tostring(L, -1);
}

/* The first line that differs, with the case it belongs to. */
static void compare(const char *mine, const char *theirs) {
    const char *head = mine;
    while (*mine != '\0') {
        size_t n = strcspn(mine, "\n"), m = strcspn(theirs, "\n");
        if (mine[0] == '"')
            head = mine;
        if (n != m || memcmp(mine, theirs, n) != 0)
            fail_msg("%.*s\n  is   %.*s\n  not  %.*s", (int)strcspn(head, "\n"), head,
                     (int)n, mine, (int)m, theirs);
        mine += n + (mine[n] == '\n');
        theirs += m + (theirs[m] == '\n');
    }
    assert_int_equal(*theirs, '\0');
}

static void patterns_match_as_in_lua(void **state) {
    struct engine *e = *state;
    lua_State *plain = luaL_newstate();
    luaL_openlibs(plain);
    for (lua_Integer seed = 0; seed <= 4; seed++) {
        const char *mine = run(e->L, seed);
        assert_true(strlen(mine) > 200000);
        compare(mine, run(plain, seed));
    }
    lua_close(plain);
    lua_settop(e->L, 0);
}

static void arguments_are_checked_as_in_lua(void **state) {
    static const char chunk[] =
        "local out = {}\n"
        "local function say(...) out[#out + 1] = tostring((select(2, pcall(...)))) end\n"
        "say(string.find) say(string.find, {}) say(string.match, 'a') say(string.gmatch, "
        "'a')\n"
        "say(string.gsub, 'a', 'a') say(string.gsub, 'a', 'a', true)\n"
        "say(string.gsub, 'a', 'a', function() return {} end)\n"
        "say(string.gsub, 'a', 'a', '%') say(string.gsub, 'a', 'a', '%x')\n"
        "say(string.gsub, 'a', 'a', '%2') say(string.gsub, 'a', '(a', '%1')\n"
        "say(string.gsub, 'a', '()a', '%1') say(string.find, 1234, 23)\n"
        "say(string.gsub, 'abc', '%w', '%0%0', 2.0) say(string.gsub, 'abc', 'b', 7)\n"
        "say(string.gsub, 'a', '', '-') say(string.find, '', '') say(string.find, 'a', "
        "'', 3)\n"
        "say(string.rep and string.gsub, ('a'):rep(40), ('()'):rep(33), '')\n"
        "say(string.find, 'a', 'a', 1, 'x') say(string.find, 'a.b', '.', 2, true)\n"
        "say(string.gsub, 'hello world', 'o', error)\n"
        "return table.concat(out, '\\n')\n";
    struct engine *e = *state;
    lua_State *plain = luaL_newstate();
    luaL_openlibs(plain);
    assert_int_equal(luaL_dostring(e->L, chunk), LUA_OK);
    assert_int_equal(luaL_dostring(plain, chunk), LUA_OK);
    assert_string_equal(lua_tostring(e->L, -1), lua_tostring(plain, -1));
    lua_close(plain);
    lua_settop(e->L, 0);
}

static void a_pattern_that_backtracks_for_ever_is_given_up(void **state) {
    must_run(
        state,
        "local s = ('a'):rep(20000)\n"
        "local function gives_up(f, p)\n"
        "  local ok, e = pcall(f, s, p, '')\n"
        "  assert(not ok and tostring(e):find('was given up', 1, true), tostring(e))\n"
        "end\n"
        "local function find(_, p) return s:find(p) end\n"
        "for _, p in ipairs {'.-.-.-.-b$', '.*.*.*.*b', 'a*a*a*a*a*b',\n"
        "  '(.-)(.-)(.-)%1%2%3b'} do\n"
        "  gives_up(find, p)\n"
        "end\n"
        "gives_up(function(_, p) return s:match(p) end, '.-.-.-.-b$')\n"
        "gives_up(function(_, p) return s:gmatch(p)() end, '.-.-.-.-b$')\n"
        "gives_up(string.gsub, '.-.-.-.-b$')\n");
}

static void what_only_takes_long_gets_through(void **state) {
    must_run(state, "local s = ('x'):rep(3000000) .. 'y'\n"
                    "assert(s:find '.-y' == 1)\n"
                    "assert(select(2, s:gsub('x', 'z')) == 3000000)\n"
                    "local n = 0\n"
                    "for _ in s:gmatch '.' do n = n + 1 end\n"
                    "assert(n == 3000001)\n"
                    "assert(('a?'):rep(400):find((('a%?'):rep(400))))\n");
}

static void a_pattern_may_be_used_within_itself(void **state) {
    must_run(state,
             "local function inner(a) return (a:gsub('(%w)(%w)', function(x, y)\n"
             "  return y .. x .. ('q'):gsub('(%w)(%w)?', '%1') end)) end\n"
             "assert(('abcd'):gsub('(%w)(%w)', function(x, y) return inner(x .. y) end)\n"
             "  == 'baqdcq')\n"
             "for i = 1, 1000 do assert(('x' .. i):find('^x' .. i .. '$')) end\n"
             "local list = {}\n"
             "for a in ('a,b,c'):gmatch '[^,]+' do\n"
             "  for b in ('1,2'):gmatch '[^,]+' do list[#list + 1] = a .. b end\n"
             "end\n"
             "assert(table.concat(list, ' ') == 'a1 a2 b1 b2 c1 c2')\n");
}

static void out_of_memory_leaves_nothing(void **state) {
    (void)state;
    torture("assert(('key = value'):match '^(%w+)%s*=%s*(%w+)$')\n"
            "for a in ('a b c'):gmatch '%S+' do assert(a) end\n"
            "assert(('abc'):gsub('%w', {a = 'x'}) == 'xbc')\n"
            "assert(('abc'):gsub('b', function(b) return b .. b end) == 'abbc')\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(patterns_match_as_in_lua),
        LUA_TEST(arguments_are_checked_as_in_lua),
        LUA_TEST(a_pattern_that_backtracks_for_ever_is_given_up),
        LUA_TEST(what_only_takes_long_gets_through),
        LUA_TEST(a_pattern_may_be_used_within_itself),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("stdlib_string", tests, NULL, NULL);
}
