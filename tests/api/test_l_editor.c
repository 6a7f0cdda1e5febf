#define _XOPEN_SOURCE 700 /* pseudo-terminals */
#include "harness.h"
#include "torture.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* `typing(...)` types each text a moment after the one before; a line that is edited takes
 * keys one by one by then. */
#define HEAD                                                                             \
    EVENTUALLY                                                                           \
    "local editor = require 'native.editor'\n"                                           \
    "local task = require 'native.task'\n"                                               \
    "local function is(want, got)\n"                                                     \
    "  if want ~= got then error(('want %q, got %q'):format(want, got), 2) end\n"        \
    "end\n"                                                                              \
    "local function typing(...)\n"                                                       \
    "  local texts = {...}\n"                                                            \
    "  task.spawn(function()\n"                                                          \
    "    for _, text in ipairs(texts) do task.sleep(0.03); type_keys(text) end\n"        \
    "  end)\n"                                                                           \
    "end\n"
#define OPEN HEAD "local e <close> = editor.open()\n"

/* A terminal in the place of standard input and output; `master` is where a person is. */
static struct { int master, in, out; } pty = {-1, -1, -1};

/* type_keys(bytes) */
static int type_keys(lua_State *L) {
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    lua_pushboolean(L, write(pty.master, bytes, size) == (ssize_t)size);
    return 1;
}

/* interrupt() */
static int interrupt(lua_State *L) {
    engine_interrupt(engine_of(L));
    return 0;
}

/* echoes() -> boolean */
static int echoes(lua_State *L) {
    struct termios now;
    lua_pushboolean(L, tcgetattr(STDIN_FILENO, &now) == 0 && (now.c_lflag & ECHO) != 0);
    return 1;
}

/* resize(columns) */
static int resize(lua_State *L) {
    const struct winsize size = {.ws_col = (unsigned short)luaL_checkinteger(L, 1),
                                 .ws_row = 24};
    ioctl(pty.master, TIOCSWINSZ, &size);
    loop_poke(engine_of(L)->loop);
    return 0;
}

static void open_pty(void) {
    const struct winsize size = {.ws_col = 60, .ws_row = 24};
    setenv("TERM", "xterm", 1);
    pty.master = posix_openpt(O_RDWR | O_NOCTTY);
    if (pty.master == -1) /* a root without /dev/pts */
        skip();
    assert_int_equal(0, grantpt(pty.master));
    assert_int_equal(0, unlockpt(pty.master));
    int slave = open(ptsname(pty.master), O_RDWR | O_NOCTTY);
    assert_true(slave != -1);
    ioctl(slave, TIOCSWINSZ, &size);
    fflush(stdout);
    pty.in = dup(STDIN_FILENO);
    pty.out = dup(STDOUT_FILENO);
    dup2(slave, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    close(slave);
}

static void close_pty(void) {
    fflush(stdout);
    dup2(pty.in, STDIN_FILENO);
    dup2(pty.out, STDOUT_FILENO);
    close(pty.in);
    close(pty.out);
    close(pty.master);
    pty.master = -1;
}

/* What the terminal has shown so far. */
static void read_screen(char *text, size_t room) {
    struct pollfd p = {.fd = pty.master, .events = POLLIN};
    size_t size = 0;
    while (size + 1 < room && poll(&p, 1, 20) > 0) {
        ssize_t n = read(pty.master, text + size, room - 1 - size);
        if (n <= 0)
            break;
        size += (size_t)n;
    }
    text[size] = '\0';
}

/* Run at a terminal; a failure is told when the terminal is ours again. */
static void run_at(void **state, const char *chunk, char *seen, size_t room) {
    struct engine *e = *state;
    char why[500] = "";
    open_pty();
    lua_register(e->L, "type_keys", type_keys);
    lua_register(e->L, "interrupt", interrupt);
    lua_register(e->L, "echoes", echoes);
    lua_register(e->L, "resize", resize);
    int status = luaL_loadstring(e->L, chunk);
    if (status == LUA_OK)
        status = engine_run(e, 0);
    if (status != LUA_OK)
        snprintf(why, sizeof why, "%s", luaL_tolstring(e->L, -1, NULL));
    read_screen(seen, room);
    close_pty();
    if (why[0] != '\0')
        fail_msg("%s", why);
}

static void run(void **state, const char *chunk) {
    char seen[8000];
    run_at(state, chunk, seen, sizeof seen);
}

/* ---- lines ---- */

static void keys_edit_a_line(void **state) {
    run(state, OPEN "typing('abX\\127c', '\\27[D\\27[Dz', '\\27[H1\\27[F2\\r')\n"
                    "local event, text, cursor = e:read '> '\n"
                    "is('line', event); is('1azbc2', text); is(6, cursor)\n");
}

static void characters_beyond_ascii_are_whole(void **state) {
    run(state, OPEN "typing('h\u00e4\u65e5', '\u672c\\127', '\\27[D!\\r')\n"
                    "is('h\u00e4!\u65e5', select(2, e:read '> '))\n"
                    /* half a character waits for its other half */
                    "typing('\\xc3', '\\xa4\\r')\n"
                    "is('\u00e4', select(2, e:read '> '))\n");
}

static void the_terminal_echoes_between_two_lines(void **state) {
    run(state,
        OPEN "typing('x\\r')\n"
             "is(true, echoes())\n"
             "task.spawn(function() eventually(function() return not echoes() end) end)\n"
             "e:read '> '\n"
             "is(true, echoes())\n");
}

static void two_lines_at_once_are_two_lines(void **state) {
    run(state, OPEN "typing 'one\\rtwo\\rthr'\n"
                    "is('one', select(2, e:read '> '))\n"
                    "is('two', select(2, e:read '> '))\n"
                    "typing 'ee\\r'\n"
                    "is('three', select(2, e:read '> '))\n"
                    "typing 'four\\rfive'\n"
                    "is('four', select(2, e:read '> '))\n"
                    "is(true, e:discard())\n"
                    "is(false, e:discard())\n"
                    "typing '\\r'\n"
                    "is('', select(2, e:read '> '))\n");
}

static void a_pasted_text_is_lines_and_its_tabs_are_blanks(void **state) {
    run(state, OPEN "typing '\\27[200~do\\r\\tx\\27x\\rend\\27[201~\\r'\n"
                    "is('do', select(2, e:read '> '))\n"
                    "is('    xx', select(2, e:read '> '))\n"
                    "is('end', select(2, e:read '> '))\n");
}

static void keys_that_mean_nothing_leave_nothing(void **state) {
    run(state, OPEN "typing 'a\\27[99;5~b\\27[1;9Qc\\r'\n"
                    "is('abc', select(2, e:read '> '))\n");
}

static void earlier_lines_come_back(void **state) {
    run(state, OPEN "e:remember 'one'\n"
                    "e:remember 'two\\nlines \u00e4'\n"
                    "typing('\\27[A', '\\27[A', '\\27[B\\r')\n"
                    "is('two\\nlines \u00e4', select(2, e:read '> '))\n"
                    "typing('\\27[A\\27[A\\r')\n"
                    "is('one', select(2, e:read '> '))\n");
}

/* ---- events ---- */

static void a_tab_and_a_search_leave_the_line_to_lua(void **state) {
    run(state, OPEN "typing('ab cd\\27[D\\27[D\\t')\n"
                    "local event, text, cursor = e:read '> '\n"
                    "is('complete', event); is('ab cd', text); is(3, cursor)\n"
                    "e:set('ab \u00e4xy cd', 5)\n"
                    "typing('\\18')\n"
                    "event, text, cursor = e:read '> '\n"
                    "is('search', event); is('ab \u00e4xy cd', text); is(5, cursor)\n"
                    "e:set 'new'\n"
                    "typing('!\\r')\n"
                    "is('new!', select(2, e:read '> '))\n");
}

static void control_d_ends_an_empty_line_only(void **state) {
    run(state, OPEN "typing('abc\\1\\4', '\\r', '\\4')\n"
                    "is('bc', select(2, e:read '> '))\n"
                    "is('end', e:read '> ')\n");
}

static void an_interrupt_leaves_the_line(void **state) {
    char seen[4000];
    run_at(state,
           OPEN "task.foreground(nil)\n"
                "typing('abc')\n"
                "task.spawn(function() task.sleep(0.1); interrupt() end)\n"
                "is('interrupt', e:read '> ')\n"
                "is(true, echoes())\n"
                "typing('x\\r')\n"
                "is('x', select(2, e:read '> '))\n",
           seen, sizeof seen);
    assert_non_null(strstr(seen, "abc^C"));
}

static void what_is_printed_goes_above_the_line(void **state) {
    char seen[8000];
    run_at(state,
           OPEN "is(false, e:edits())\n"
                "typing('abc', 'def\\r')\n"
                "task.spawn(function()\n"
                "  eventually(function() return e:edits() end)\n"
                "  e:print 'news'\n"
                "end)\n"
                "is('abcdef', select(2, e:read '> '))\n",
           seen, sizeof seen);
    const char *news = strstr(seen, "\r\33[Jnews\r\n");
    assert_non_null(news);
    assert_non_null(strstr(news, "> abc"));
}

static void a_new_size_shows_the_line_anew(void **state) {
    char seen[8000];
    run_at(state,
           OPEN "typing('abcdefghijklmnopqrstuvwxyz')\n"
                "task.spawn(function()\n"
                "  task.sleep(0.1)\n"
                "  resize(20)\n"
                "  task.sleep(0.1)\n"
                "  type_keys '\\r'\n"
                "end)\n"
                "is('abcdefghijklmnopqrstuvwxyz', select(2, e:read '> '))\n",
           seen, sizeof seen);
    const char *again = strstr(seen, "\33[1A\r\33[J> abc");
    assert_non_null(again);
}

static void single_keys_come_as_their_bytes(void **state) {
    run(state, OPEN "typing('q', '\\27[6~', '\\27', '\u00e4')\n"
                    "is('q', e:key())\n"
                    "is('\\27[6~', e:key())\n"
                    "is('\\27', e:key())\n"
                    "is('\u00e4', e:key())\n"
                    "is(false, echoes())\n"
                    "e:stop()\n"
                    "is(true, echoes())\n");
}

/* ---- Ctrl-C in a program that goes on ---- */

static void an_interrupt_stops_the_foreground_alone(void **state) {
    run(state, HEAD "local ended, other = nil, false\n"
                    "local t = task.spawn(function()\n"
                    "  local ok, e = pcall(task.sleep, 1000)\n"
                    "  ended = e.kind\n"
                    "end)\n"
                    "task.spawn(function() task.sleep(0.05); other = true end)\n"
                    "task.foreground(t)\n"
                    "task.sleep(0)\n"
                    "interrupt()\n"
                    "eventually(function() return ended and other end)\n"
                    "is('cancelled', ended)\n"
                    "for _ = 1, 30 do interrupt(); task.sleep(0.001) end\n"
                    "task.foreground(false)\n");
}

static void one_that_goes_on_all_the_same_is_ended(void **state) {
    run(state,
        HEAD "local closed, n = false, 0\n"
             "local t = task.spawn(function()\n"
             "  local _ <close> = setmetatable({}, {\n"
             "    __close = function() closed = true end })\n"
             "  while true do\n"
             "    pcall(function() n = n + 1; interrupt(); while true do end end)\n"
             "  end\n"
             "end)\n"
             "task.foreground(t)\n"
             "while task.alive(t) do task.sleep(0.01) end\n"
             "is(true, closed); is(2, n)\n");
}

/* ---- where it cannot be ---- */

static void without_a_terminal_there_is_a_fault(void **state) {
    int in = dup(STDIN_FILENO), null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    close(null);
    must_run(state, HEAD "local ok, e = pcall(editor.open)\n"
                         "assert(not ok and e.kind == 'io' and e.op == 'editor.open')\n");
    dup2(in, STDIN_FILENO);
    close(in);
}

static void a_cancelled_wait_gives_the_terminal_back(void **state) {
    run(state, HEAD "local e = editor.open()\n"
                    "local why\n"
                    "local t = task.spawn(function()\n"
                    "  why = select(2, pcall(e.read, e, '> '))\n"
                    "end)\n"
                    "eventually(function() return not echoes() end)\n"
                    "task.cancel(t)\n"
                    "eventually(function() return why end)\n"
                    "is('cancelled', why.kind)\n"
                    "e:close(); e:close()\n"
                    "is(true, echoes())\n");
}

static void a_wrong_call_is_a_message(void **state) {
    run(state, OPEN SAYS "says('string expected', e.read, e)\n"
                         "says('tarn.editor expected', e.read, {})\n"
                         "says('string expected', e.set, e)\n"
                         "says('zero byte', e.set, e, 'a\\0b')\n"
                         "says('not in the line', e.set, e, 'ab', 3)\n"
                         "says('string expected', e.print, e)\n"
                         "says('string expected', e.remember, e)\n"
                         "task.spawn(function()\n"
                         "  says('another task reads', e.read, e, '> ')\n"
                         "  says('another task reads', e.key, e)\n"
                         "  type_keys '\\r'\n"
                         "end)\n"
                         "e:read '> '\n"
                         "says('tarn.task expected', task.foreground, {})\n"
                         "e:beep(); e:close()\n"
                         "says('the editor is closed', e.read, e, '> ')\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    char seen[8000];
    (void)state;
    open_pty();
    torture("local e <close> = require('native.editor').open()\n"
            "local task = require 'native.task'\n"
            "e:remember 'x'\n"
            "e:set 'abc'\n"
            "local t = task.spawn(function() pcall(e.read, e, '> ') end)\n"
            "task.foreground(t)\n"
            "task.sleep(0)\n"
            "e:print 'x'\n"
            "task.cancel(t)\n"
            "task.sleep(0)\n"
            "task.foreground(false)\n"
            "e:discard()\n"
            "e:stop()\n");
    read_screen(seen, sizeof seen);
    close_pty();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(keys_edit_a_line),
        LUA_TEST(characters_beyond_ascii_are_whole),
        LUA_TEST(the_terminal_echoes_between_two_lines),
        LUA_TEST(two_lines_at_once_are_two_lines),
        LUA_TEST(a_pasted_text_is_lines_and_its_tabs_are_blanks),
        LUA_TEST(keys_that_mean_nothing_leave_nothing),
        LUA_TEST(earlier_lines_come_back),
        LUA_TEST(a_tab_and_a_search_leave_the_line_to_lua),
        LUA_TEST(control_d_ends_an_empty_line_only),
        LUA_TEST(an_interrupt_leaves_the_line),
        LUA_TEST(what_is_printed_goes_above_the_line),
        LUA_TEST(a_new_size_shows_the_line_anew),
        LUA_TEST(single_keys_come_as_their_bytes),
        LUA_TEST(an_interrupt_stops_the_foreground_alone),
        LUA_TEST(one_that_goes_on_all_the_same_is_ended),
        LUA_TEST(without_a_terminal_there_is_a_fault),
        LUA_TEST(a_cancelled_wait_gives_the_terminal_back),
        LUA_TEST(a_wrong_call_is_a_message),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_editor", tests, NULL, NULL);
}
