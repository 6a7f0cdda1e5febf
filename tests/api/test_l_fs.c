#include "harness.h"
#include "torture.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of its own for each test, removed at its end, and what the tests ask often. */
#define HEAD                                                                             \
    "local fs = require 'native.fs'\n"                                                   \
    "local dir <const> = fs.mktemp()\n"                                                  \
    "local gone <close> = setmetatable({}, {__close = function()\n"                      \
    "  fs.remove(dir, {recursive = true})\n"                                             \
    "end})\n"                                                                            \
    "local function names() return table.concat(fs.list(dir), ' ') end\n"                \
    "local function fails(code, f, ...)\n"                                               \
    "  local ok, e = pcall(f, ...)\n"                                                    \
    "  if ok or type(e) ~= 'table' or e.kind ~= 'io' or e.code ~= code then\n"           \
    "    error(('want %s, got %s %s'):format(code, e, type(e) == 'table' and e.code), "  \
    "2)\n"                                                                               \
    "  end\n"                                                                            \
    "  return e\n"                                                                       \
    "end\n"

static void bytes_come_back_as_they_were(void **state) {
    must_run(
        state, HEAD
        "for _, bytes in ipairs {'', 'a', 'a\\0b\\n\\r\\n\\xff', ('x'):rep(300000)} do\n"
        "  fs.write(dir .. '/f', bytes)\n"
        "  assert(fs.read(dir .. '/f') == bytes)\n"
        "end\n"
        "assert(names() == 'f')\n"
        "assert(#fs.read '/proc/self/status' > 100) -- whose size is said to be 0\n");
}

static void what_is_not_there_is_nil_or_a_fault(void **state) {
    must_run(state, HEAD
             "assert(fs.find_read(dir .. '/no') == nil)\n"
             "assert(fs.find_stat(dir .. '/no') == nil)\n"
             "fs.write(dir .. '/file', 'x')\n"
             "assert(fs.find_read(dir .. '/file/below') == nil)\n"
             "assert(fs.find_read(dir .. '/file') == 'x')\n"
             "local e = fails('ENOENT', fs.read, dir .. '/no')\n"
             "assert(e.op == 'fs.read' and e.message:find(dir .. '/no: ', 1, true))\n"
             "fails('EISDIR', fs.read, dir)\n"
             "fails('EISDIR', fs.find_read, dir)\n"
             "fails('ENOENT', fs.list, dir .. '/no')\n"
             "fails('ENOTDIR', fs.list, dir .. '/file')\n"
             "fails('ENOENT', fs.realpath, dir .. '/no')\n"
             "fails('ENOENT', fs.write, dir .. '/no/f', 'x')\n"
             "fails('ENOENT', fs.append, dir .. '/no/f', 'x')\n"
             "fails('ENOENT', fs.rename, dir .. '/no', dir .. '/f')\n"
             "fs.remove(dir .. '/no')\n"
             "fs.remove(dir .. '/no', {recursive = true})\n");
}

static void a_file_longer_than_allowed_is_a_fault(void **state) {
    must_run(state, HEAD
             "fs.write(dir .. '/f', '12345')\n"
             "assert(fs.read(dir .. '/f', {max_bytes = 5}) == '12345')\n"
             "local ok, e = pcall(fs.read, dir .. '/f', {max_bytes = 4})\n"
             "assert(not ok and e.kind == 'io')\n"
             "assert(e.message:find('longer than 4 bytes', 1, true))\n"
             "ok, e = pcall(fs.read, '/dev/zero', {max_bytes = 100000})\n"
             "assert(not ok and e.message:find('longer than 100000 bytes', 1, true))\n");
}

static void writing_keeps_links_and_permissions(void **state) {
    mode_t old = umask(022);
    must_run(state,
             HEAD "local f = dir .. '/f'\n"
                  "fs.write(f, 'x')\n"
                  "assert(fs.find_stat(f).mode == 420)\n"
                  "fs.write(f, 'y', {mode = 384})\n"
                  "assert(fs.find_stat(f).mode == 384)\n"
                  "fs.write(f, 'z')\n"
                  "assert(fs.find_stat(f).mode == 384, 'a secret stays one')\n"
                  "fs.write(dir .. '/g', 'x', {mode = 511})\n"
                  "assert(fs.find_stat(dir .. '/g').mode == 493, 'less the umask')\n"
                  "assert(os.execute(('ln -s f %s/link'):format(dir)))\n"
                  "fs.write(dir .. '/link', 'through')\n"
                  "assert(fs.read(f) == 'through' and fs.find_stat(f).mode == 384)\n"
                  "assert(os.execute(('test -L %s/link'):format(dir)))\n"
                  "assert(names() == 'f g link')\n");
    umask(old);
}

static void exclusive_writing_never_replaces(void **state) {
    must_run(state,
             HEAD "local f = dir .. '/f'\n"
                  "fs.write(f, 'mine', {exclusive = true})\n"
                  "fails('EEXIST', fs.write, f, 'yours', {exclusive = true})\n"
                  "assert(os.execute(('ln -s nowhere %s/link'):format(dir)))\n"
                  "fails('EEXIST', fs.write, dir .. '/link', 'x', {exclusive = true})\n"
                  "assert(fs.read(f) == 'mine' and names() == 'f link')\n");
}

static void a_long_name_has_room_for_its_neighbour(void **state) {
    must_run(state, HEAD "local long = dir .. '/' .. ('n'):rep(255)\n"
                         "fs.write(long, 'x')\n"
                         "assert(fs.read(long) == 'x')\n"
                         "fails('ENAMETOOLONG', fs.write, long .. 'n', 'x')\n");
}

static void devices_are_written_to_not_replaced(void **state) {
    must_run(state, HEAD "fs.write('/dev/null', 'x')\n"
                         "assert(fs.find_stat('/dev/null').type == 'other')\n"
                         "fails('EISDIR', fs.write, dir, 'x')\n"
                         "local e = fails('ENOSPC', fs.write, '/dev/full', 'x')\n"
                         "assert(e.hint:find 'free some space')\n"
                         "fails('ENOSPC', fs.append, '/dev/full', 'x')\n");
}

static void a_full_disk_loses_nothing(void **state) {
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN); /* as main does */
    setrlimit(RLIMIT_FSIZE, &small);
    must_run(state,
             HEAD "local f, big = dir .. '/f', ('x'):rep(5000)\n"
                  "fails('EFBIG', fs.write, dir .. '/new', big)\n"
                  "fails('EFBIG', fs.write, dir .. '/new', big, {exclusive = true})\n"
                  "assert(names() == '')\n"
                  "fs.write(f, 'old')\n"
                  "fails('EFBIG', fs.write, f, big)\n"
                  "assert(fs.read(f) == 'old' and names() == 'f')\n"
                  "fs.append(f, ' and more')\n"
                  "fails('EFBIG', fs.append, f, big)\n"
                  "assert(fs.read(f) == 'old and more', #fs.read(f))\n");
    setrlimit(RLIMIT_FSIZE, &old);
}

static void what_is_not_permitted_is_a_fault(void **state) {
    uid_t old = geteuid();
    const char *tmpdir = getenv("TMPDIR");
    if (old == 0 && seteuid(65534) != 0)
        skip();
    unsetenv("TMPDIR"); /* another user may not be able to enter it */
    must_run(
        state, HEAD
        "local locked = dir .. '/locked'\n"
        "fs.mkdir(locked)\n"
        "fs.write(locked .. '/f', 'old')\n"
        "assert(os.execute(('chmod 000 %s/f && chmod 555 %s'):format(locked, locked)))\n"
        "local e = fails('EACCES', fs.read, locked .. '/f')\n"
        "assert(e.hint:find 'permissions')\n"
        "fails('EACCES', fs.find_read, locked .. '/f')\n"
        "fails('EACCES', fs.write, locked .. '/f', 'x')\n"
        "fails('EACCES', fs.write, locked .. '/g', 'x')\n"
        "fails('EACCES', fs.append, locked .. '/g', 'x')\n"
        "fails('EACCES', fs.mkdir, locked .. '/d')\n"
        "fails('EACCES', fs.mkdir, locked .. '/d/e', {parents = true})\n"
        "fails('EACCES', fs.remove, locked .. '/f')\n"
        "fails('EACCES', fs.remove, locked, {recursive = true})\n"
        "fails('EACCES', fs.rename, locked .. '/f', dir .. '/f')\n"
        "assert(table.concat(fs.list(locked), ' ') == 'f')\n"
        "assert(os.execute(('chmod -R u+rwx %s'):format(locked)))\n"
        "assert(fs.read(locked .. '/f') == 'old')\n");
    if (tmpdir != NULL)
        setenv("TMPDIR", tmpdir, 1);
    if (seteuid(old) != 0)
        fail();
}

static void appending_makes_and_grows(void **state) {
    must_run(state, HEAD "fs.append(dir .. '/log', 'one\\n', {mode = 384})\n"
                         "fs.append(dir .. '/log', 'two\\n')\n"
                         "assert(fs.read(dir .. '/log') == 'one\\ntwo\\n')\n"
                         "assert(fs.find_stat(dir .. '/log').mode == 384)\n");
}

static void stat_says_what_is_there(void **state) {
    must_run(
        state, HEAD
        "fs.write(dir .. '/f', '12345')\n"
        "local st = fs.find_stat(dir .. '/f')\n"
        "assert(st.type == 'file' and st.size == 5)\n"
        "assert(math.abs(st.mtime // 1000 - os.time()) < 10)\n"
        "assert(fs.find_stat(dir).type == 'directory')\n"
        "assert(os.execute(('cd %s && ln -s f link && ln -s no lost'):format(dir)))\n"
        "assert(fs.find_stat(dir .. '/link').type == 'file')\n"
        "assert(fs.find_stat(dir .. '/lost').type == 'link')\n");
}

static void folders_are_made_listed_and_removed(void **state) {
    must_run(state,
             HEAD "fs.mkdir(dir .. '/a//b/c/', {parents = true, mode = 448})\n"
                  "assert(fs.find_stat(dir .. '/a').mode == 448)\n"
                  "fs.mkdir(dir .. '/a/b/c', {parents = true})\n"
                  "fs.mkdir(dir .. '/a')\n"
                  "fails('ENOENT', fs.mkdir, dir .. '/x/y')\n"
                  "fs.write(dir .. '/file', '')\n"
                  "fails('EEXIST', fs.mkdir, dir .. '/file')\n"
                  "fails('ENOTDIR', fs.mkdir, dir .. '/file/x', {parents = true})\n"
                  "fs.mkdir(dir .. '/B')\n"
                  "fs.write(dir .. '/.hidden', '')\n"
                  "fs.write(dir .. '/\\xc3\\xa4', '')\n"
                  "assert(names() == '.hidden B a file \\xc3\\xa4', names())\n"
                  "fails('ENOTEMPTY', fs.remove, dir .. '/a')\n"
                  "fs.remove(dir .. '/B')\n"
                  "fs.write(dir .. '/a/b/f', '')\n"
                  "fs.remove(dir .. '/a', {recursive = true})\n"
                  "assert(names() == '.hidden file \\xc3\\xa4')\n"
                  "assert(#fs.list(dir .. '/') == 3)\n");
}

static void removing_follows_no_link(void **state) {
    must_run(state,
             HEAD "fs.mkdir(dir .. '/keep')\n"
                  "fs.write(dir .. '/keep/f', 'x')\n"
                  "fs.mkdir(dir .. '/tree')\n"
                  "assert(os.execute(('ln -s ../keep %s/tree/link'):format(dir)))\n"
                  "assert(os.execute(('ln -s tree %s/way'):format(dir)))\n"
                  "fs.remove(dir .. '/tree', {recursive = true})\n"
                  "assert(fs.read(dir .. '/keep/f') == 'x')\n"
                  "fs.remove(dir .. '/way', {recursive = true})\n"
                  "assert(names() == 'keep', names())\n");
}

static void names_can_be_changed_and_resolved(void **state) {
    must_run(state,
             HEAD "fs.write(dir .. '/a', 'new')\n"
                  "fs.write(dir .. '/b', 'old')\n"
                  "fs.rename(dir .. '/a', dir .. '/b')\n"
                  "assert(names() == 'b' and fs.read(dir .. '/b') == 'new')\n"
                  "assert(os.execute(('ln -s b %s/link'):format(dir)))\n"
                  "assert(fs.realpath(dir .. '/./link') == fs.realpath(dir) .. '/b')\n"
                  "assert(fs.cwd():sub(1, 1) == '/')\n"
                  "assert(fs.cwd() == fs.realpath '.')\n");
}

static void a_folder_for_temporary_files_is_new_and_private(void **state) {
    must_run(state, HEAD "local other = fs.mktemp()\n"
                         "assert(other ~= dir and #fs.list(other) == 0)\n"
                         "assert(fs.find_stat(other).mode == 448)\n"
                         "fs.remove(other)\n");
}

static void a_wrong_call_is_a_message(void **state) {
    must_run(
        state, HEAD SAYS
        "for name, f in pairs(fs) do\n"
        "  if name ~= 'cwd' and name ~= 'mktemp' then\n"
        "    says('string expected', f)\n"
        "    says('string expected', f, 5, 'x')\n"
        "    says('path holds a zero byte', f, 'a\\0b', 'x')\n"
        "  end\n"
        "end\n"
        "says('string expected', fs.write, 'a')\n"
        "says('string expected', fs.write, 'a', {})\n"
        "says('string expected', fs.rename, 'a')\n"
        "says('zero byte', fs.rename, 'a', 'b\\0')\n"
        "says(\"unknown option 'maxbytes'\", fs.read, 'a', {maxbytes = 1})\n"
        "says(\"'max_bytes' must be a whole number\", fs.read, 'a', {max_bytes = -1})\n"
        "says(\"'mode' must be a whole number from 0 to 4095\", fs.write, 'a', 'x', "
        "{mode = '0644'})\n"
        "says(\"'mode' must be\", fs.append, 'a', 'x', {mode = 4096})\n"
        "says(\"'exclusive' must be true or false\", fs.write, 'a', 'x', {exclusive = "
        "1})\n"
        "says(\"'parents' must be true or false\", fs.mkdir, 'a', {parents = 'yes'})\n"
        "says(\"'recursive' must be true or false\", fs.remove, 'a', {recursive = 0})\n"
        "says('table expected', fs.remove, 'a', true)\n"
        "fails('ENOENT', fs.read, '')\n");
}

static void leaks_nothing_when_memory_runs_out(void **state) {
    (void)state;
    torture(HEAD
            "local f = dir .. '/f'\n"
            "fs.write(f, 'x', {mode = 384, exclusive = true})\n"
            "fs.append(f, 'y')\n"
            "assert(fs.read(f, {max_bytes = 10}) == 'xy' and fs.find_read(f) == 'xy')\n"
            "assert(fs.find_stat(f).size == 2 and #fs.list(dir) == 1)\n"
            "fs.mkdir(dir .. '/a/b', {parents = true})\n"
            "fs.rename(f, dir .. '/a/f')\n"
            "assert(fs.cwd() and fs.realpath(dir))\n"
            "local ok, e = pcall(fs.read, dir .. '/no')\n"
            "if e.code ~= 'ENOENT' then error(e, 0) end\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(bytes_come_back_as_they_were),
        LUA_TEST(what_is_not_there_is_nil_or_a_fault),
        LUA_TEST(a_file_longer_than_allowed_is_a_fault),
        LUA_TEST(writing_keeps_links_and_permissions),
        LUA_TEST(exclusive_writing_never_replaces),
        LUA_TEST(a_long_name_has_room_for_its_neighbour),
        LUA_TEST(devices_are_written_to_not_replaced),
        LUA_TEST(a_full_disk_loses_nothing),
        LUA_TEST(what_is_not_permitted_is_a_fault),
        LUA_TEST(appending_makes_and_grows),
        LUA_TEST(stat_says_what_is_there),
        LUA_TEST(folders_are_made_listed_and_removed),
        LUA_TEST(removing_follows_no_link),
        LUA_TEST(names_can_be_changed_and_resolved),
        LUA_TEST(a_folder_for_temporary_files_is_new_and_private),
        LUA_TEST(a_wrong_call_is_a_message),
        cmocka_unit_test(leaks_nothing_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_fs", tests, NULL, NULL);
}
