#define _XOPEN_SOURCE 700 /* pseudo-terminals */
#include "harness.h"
#include "torture.h"

#include <errno.h>
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
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD                                                                             \
    EVENTUALLY                                                                           \
    "local term = require 'native.term'\n"                                               \
    "local task = require 'native.task'\n"                                               \
    "local function is(want, got)\n"                                                     \
    "  if want ~= got then error(('want %q, got %q'):format(want, got), 2) end\n"        \
    "end\n"

/* The end that writes to what scripts read, for `feed` below. */
static int feeding = -1;

/* feed(bytes) */
static int feed(lua_State *L) {
    size_t size;
    const char *bytes = luaL_checklstring(L, 1, &size);
    lua_pushboolean(L, write(feeding, bytes, size) == (ssize_t)size);
    return 1;
}

/* done_feeding() */
static int done_feeding(lua_State *L) {
    (void)L;
    close(feeding);
    feeding = -1;
    return 0;
}

/* Put `fd` in the place of a standard stream, whose copy is returned. */
static int swap(int stream, int fd) {
    fflush(stdout);
    int saved = dup(stream);
    dup2(fd, stream);
    return saved;
}

static void restore(int stream, int saved) {
    dup2(saved, stream);
    close(saved);
}

/* Run with standard input from a pipe that holds `input`; with `more` the chunk feeds it. */
static void run_with_input(void **state, const char *input, bool more,
                           const char *chunk) {
    struct engine *e = *state;
    int ends[2];
    assert_int_equal(0, pipe(ends));
    int saved = swap(STDIN_FILENO, ends[0]);
    close(ends[0]);
    feeding = ends[1];
    assert_int_equal((ssize_t)strlen(input), write(feeding, input, strlen(input)));
    if (!more)
        done_feeding(e->L);
    lua_register(e->L, "feed", feed);
    lua_register(e->L, "done_feeding", done_feeding);
    must_run(state, chunk);
    restore(STDIN_FILENO, saved);
    if (feeding != -1)
        close(feeding);
}

static void lines_come_one_by_one_without_their_ends(void **state) {
    run_with_input(state, "one\n\ntwo\r\nl\xc3\xa4st\0 one", false,
                   HEAD "is('one', term.read_line())\n"
                        "is('', term.read_line())\n"
                        "is('two', term.read_line())\n"
                        "is('l\\u{e4}st', term.read_line())\n"
                        "is(nil, term.read_line())\n"
                        "is(nil, term.read_line())\n");
}

static void what_follows_the_line_is_left_for_others(void **state) {
    run_with_input(state, "one\ntwo\n", false,
                   HEAD "is('one', term.read_line())\n"
                        "is('two', io.stdin:read())\n");
}

static void others_run_while_a_line_is_awaited(void **state) {
    run_with_input(state, "", true,
                   HEAD "task.spawn(function()\n"
                        "  task.sleep(0.01); feed 'half '\n"
                        "  task.sleep(0.01); feed 'and half\\nrest'\n"
                        "  task.sleep(0.01); done_feeding()\n"
                        "end)\n"
                        "is('half and half', term.read_line())\n"
                        "is('rest', term.read_line())\n"
                        "is(nil, term.read_line())\n");
}

static void waiting_for_a_line_can_be_cancelled(void **state) {
    run_with_input(state, "", true,
                   HEAD "local e\n"
                        "local t = task.spawn(function()\n"
                        "  e = select(2, pcall(term.read_line))\n"
                        "end)\n"
                        "task.sleep(0.01)\n"
                        "task.cancel(t)\n"
                        "eventually(function() return e end)\n"
                        "is('cancelled', e.kind)\n"
                        "feed 'later\\n'\n"
                        "is('later', term.read_line())\n");
}

static void a_line_without_end_is_a_fault(void **state) {
    int zeros = open("/dev/zero", O_RDONLY);
    int saved = swap(STDIN_FILENO, zeros);
    close(zeros);
    must_run(state, HEAD "local ok, e = pcall(term.read_line)\n"
                         "assert(not ok and e.kind == 'io' and e.code == 'EFBIG')\n");
    restore(STDIN_FILENO, saved);
}

static void a_closed_input_is_a_fault(void **state) {
    int saved = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    must_run(state, HEAD "local ok, e = pcall(term.read_line)\n"
                         "assert(not ok and e.kind == 'io' and e.code == 'EBADF')\n"
                         "assert(e.message:find '^standard input: ')\n");
    restore(STDIN_FILENO, saved);
}

static void a_prompt_goes_to_standard_error(void **state) {
    int ends[2];
    char seen[20] = "";
    assert_int_equal(0, pipe(ends));
    int saved = swap(STDERR_FILENO, ends[1]);
    run_with_input(state, "yes\n", false, HEAD "is('yes', term.read_line 'Sure? ')\n");
    restore(STDERR_FILENO, saved);
    close(ends[1]);
    assert_int_equal(6, read(ends[0], seen, sizeof seen - 1));
    assert_string_equal("Sure? ", seen);
    close(ends[0]);
}

/* ---- a real terminal ---- */

struct pty {
    int master, saved;
};

static struct pty open_pty(void) {
    struct pty p = {.master = posix_openpt(O_RDWR | O_NOCTTY)};
    const struct winsize size = {.ws_col = 123, .ws_row = 45};
    if (p.master == -1) /* a root without /dev/pts */
        skip();
    assert_int_equal(0, grantpt(p.master));
    assert_int_equal(0, unlockpt(p.master));
    int slave = open(ptsname(p.master), O_RDWR | O_NOCTTY);
    assert_true(slave != -1);
    ioctl(slave, TIOCSWINSZ, &size);
    p.saved = swap(STDIN_FILENO, slave);
    close(slave);
    feeding = p.master;
    return p;
}

static void close_pty(struct pty *p) {
    restore(STDIN_FILENO, p->saved);
    close(p->master);
    feeding = -1;
}

static bool echoes(void) {
    struct termios now;
    assert_int_equal(0, tcgetattr(STDIN_FILENO, &now));
    return (now.c_lflag & ECHO) != 0;
}

/* echoes() -> boolean */
static int l_echoes(lua_State *L) {
    lua_pushboolean(L, echoes());
    return 1;
}

/* What the terminal has shown so far. */
static const char *shown(int master, char *text, size_t room) {
    struct pollfd p = {.fd = master, .events = POLLIN};
    size_t size = 0;
    while (size + 1 < room && poll(&p, 1, 20) > 0) {
        ssize_t n = read(master, text + size, room - 1 - size);
        if (n <= 0)
            break;
        size += (size_t)n;
    }
    text[size] = '\0';
    return text;
}

static void run_with_pty(void **state, const char *chunk, char *seen, size_t room) {
    struct engine *e = *state;
    struct pty p = open_pty();
    lua_register(e->L, "feed", feed);
    lua_register(e->L, "echoes", l_echoes);
    must_run(state, chunk);
    assert_true(echoes());
    shown(p.master, seen, room);
    close_pty(&p);
}

static void hidden_input_is_not_shown(void **state) {
    char seen[200];
    run_with_pty(state,
                 HEAD "is(true, term.is_tty 'in')\n"
                      "task.spawn(function()\n"
                      "  eventually(function() return not echoes() end)\n"
                      "  feed 'dapi123\\n'\n"
                      "end)\n"
                      "is('dapi123', term.read_line(nil, {hidden = true}))\n"
                      "is(true, echoes())\n",
                 seen, sizeof seen);
    assert_string_equal("\r\n", seen); /* the end of the line is */
}

static void shown_input_is_shown(void **state) {
    char seen[200];
    run_with_pty(state,
                 HEAD "feed 'hello\\n'\n"
                      "is('hello', term.read_line())\n",
                 seen, sizeof seen);
    assert_string_equal("hello\r\n", seen);
}

static void a_cancelled_hidden_line_gives_the_echo_back(void **state) {
    char seen[200];
    run_with_pty(state,
                 HEAD "local t = task.spawn(function()\n"
                      "  term.read_line(nil, {hidden = true})\n"
                      "end)\n"
                      "eventually(function() return not echoes() end)\n"
                      "feed 'secr'\n"
                      "task.cancel(t)\n"
                      "eventually(echoes)\n",
                 seen, sizeof seen);
    assert_string_equal("", seen);
}

static void the_end_of_input_at_a_terminal_is_nil(void **state) {
    char seen[200];
    run_with_pty(state,
                 HEAD "feed '\\4'\n"
                      "is(nil, term.read_line())\n",
                 seen, sizeof seen);
}

static void a_terminal_has_a_size(void **state) {
    struct pty p = open_pty();
    int null = open("/dev/null", O_WRONLY);
    int out = swap(STDOUT_FILENO, null), err = swap(STDERR_FILENO, null);
    must_run(state, HEAD "local columns, rows = term.size()\n"
                         "assert(columns == 123 and rows == 45)\n"
                         "is(false, term.is_tty 'out')\n"
                         "is(false, term.is_tty 'err')\n");
    close_pty(&p);
    int in = swap(STDIN_FILENO, null);
    must_run(state, HEAD "is(nil, term.size())\n"
                         "is(false, term.is_tty 'in')\n");
    restore(STDIN_FILENO, in);
    restore(STDOUT_FILENO, out);
    restore(STDERR_FILENO, err);
    close(null);
}

/* ---- writing ---- */

static void all_bytes_are_written(void **state) {
    char seen[20] = "";
    int ends[2];
    assert_int_equal(0, pipe(ends));
    int saved = swap(STDOUT_FILENO, ends[1]);
    must_run(state, HEAD "term.write('out', 'a\\0b\\n')\n"
                         "term.write('out', '')\n");
    restore(STDOUT_FILENO, saved);
    close(ends[1]);
    assert_int_equal(4, read(ends[0], seen, sizeof seen));
    assert_memory_equal("a\0b\n", seen, 4);
    close(ends[0]);
}

static void a_closed_pipe_is_a_fault(void **state) {
    int ends[2];
    assert_int_equal(0, pipe(ends));
    close(ends[0]);
    int saved = swap(STDOUT_FILENO, ends[1]);
    close(ends[1]);
    must_run(state, HEAD "local ok, e = pcall(term.write, 'out', 'x')\n"
                         "assert(not ok and e.kind == 'io' and e.code == 'EPIPE')\n"
                         "assert(e.op == 'term.write')\n"
                         "assert(e.message:find '^standard output: ')\n");
    restore(STDOUT_FILENO, saved);
}

static void a_full_disk_behind_a_stream_is_a_fault(void **state) {
    int full = open("/dev/full", O_WRONLY);
    int saved = swap(STDERR_FILENO, full);
    close(full);
    must_run(state, HEAD "local ok, e = pcall(term.write, 'err', 'x')\n"
                         "assert(not ok and e.kind == 'io' and e.code == 'ENOSPC')\n"
                         "ok, e = pcall(term.read_line, 'prompt')\n"
                         "assert(not ok and e.code == 'ENOSPC')\n");
    restore(STDERR_FILENO, saved);
}

static void a_stream_that_would_not_block_is_waited_for(void **state) {
    int ends[2];
    assert_int_equal(0, pipe(ends));
    pid_t reader = fork();
    if (reader == 0) {
        char some[4096];
        long all = 0;
        ssize_t n;
        close(ends[1]);
        poll(NULL, 0, 50);
        while ((n = read(ends[0], some, sizeof some)) > 0)
            all += n;
        _exit(all == 300000 ? 0 : 1);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    int saved = swap(STDOUT_FILENO, ends[1]);
    close(ends[1]);
    must_run(state, HEAD "term.write('out', ('x'):rep(300000))\n");
    restore(STDOUT_FILENO, saved);
    int status;
    assert_int_equal(reader, waitpid(reader, &status, 0));
    assert_int_equal(0, status);
}

static void width_is_what_a_terminal_shows(void **state) {
    must_run(state, HEAD
             "for text, want in pairs {\n"
             "  [''] = 0, ['abc'] = 3, ['l\\u{e4}nge'] = 5, ['\\u{65e5}\\u{672c}'] = 4,\n"
             "  ['e\\u{301}'] = 1, ['\\u{1f600}'] = 2, ['a\\0b'] = 2, ['a\\tb\\n'] = 2,\n"
             "  ['\\xff\\xfe'] = 2, ['a\\xc3'] = 2, ['\\xed\\xa0\\x80'] = 3,\n"
             "} do\n"
             "  local got = term.width(text)\n"
             "  if got ~= want then error(('%q: want %d, got %d'):format(text, want, "
             "got)) end\n"
             "end\n");
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(
        state, HEAD SAYS
        "says('string expected', term.is_tty)\n"
        "says(\"invalid option 'stdout'\", term.is_tty, 'stdout')\n"
        "says(\"invalid option 'x'\", term.write, 'x', 'y')\n"
        "says('cannot write to standard input', term.write, 'in', 'y')\n"
        "says('string expected', term.write, 'out')\n"
        "says('string expected', term.write, 'out', {})\n"
        "says('string expected', term.width)\n"
        "says('string expected', term.read_line, {})\n"
        "says(\"unknown option 'hide'\", term.read_line, '', {hide = true})\n"
        "says(\"'hidden' must be true or false\", term.read_line, '', {hidden = 1})\n"
        "says('table expected', term.read_line, '', true)\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    int null = open("/dev/null", O_RDWR);
    int in = swap(STDIN_FILENO, null), err = swap(STDERR_FILENO, null);
    close(null);
    torture(HEAD "term.size()\n"
                 "term.is_tty 'in'\n"
                 "term.write('err', 'x')\n"
                 "assert(term.width '\\u{65e5}' == 2)\n"
                 "assert(term.read_line('?', {hidden = true}) == nil)\n");
    restore(STDIN_FILENO, in);
    restore(STDERR_FILENO, err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(lines_come_one_by_one_without_their_ends),
        LUA_TEST(what_follows_the_line_is_left_for_others),
        LUA_TEST(others_run_while_a_line_is_awaited),
        LUA_TEST(waiting_for_a_line_can_be_cancelled),
        LUA_TEST(a_line_without_end_is_a_fault),
        LUA_TEST(a_closed_input_is_a_fault),
        LUA_TEST(a_prompt_goes_to_standard_error),
        LUA_TEST(hidden_input_is_not_shown),
        LUA_TEST(shown_input_is_shown),
        LUA_TEST(a_cancelled_hidden_line_gives_the_echo_back),
        LUA_TEST(the_end_of_input_at_a_terminal_is_nil),
        LUA_TEST(a_terminal_has_a_size),
        LUA_TEST(all_bytes_are_written),
        LUA_TEST(a_closed_pipe_is_a_fault),
        LUA_TEST(a_full_disk_behind_a_stream_is_a_fault),
        LUA_TEST(a_stream_that_would_not_block_is_waited_for),
        LUA_TEST(width_is_what_a_terminal_shows),
        LUA_TEST(a_wrong_call_is_a_message),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_term", tests, NULL, NULL);
}
