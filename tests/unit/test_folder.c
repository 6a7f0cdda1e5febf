#define _XOPEN_SOURCE 700 /* mkdtemp, symlink */
#include "base/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder `in` that a stranger filled, and beside it one that is nobody's business. */
struct world {
    char top[64];
    struct folder d;
};

static const char *path(const struct world *w, const char *name) {
    static char text[4][200];
    static int next;
    char *out = text[next = (next + 1) % 4];
    snprintf(out, sizeof text[0], "%s/%s", w->top, name);
    return out;
}

static void put(const struct world *w, const char *name, const char *text) {
    FILE *out = fopen(path(w, name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    fclose(out);
}

static const char *get(const struct world *w, const char *name) {
    static char text[100];
    FILE *in = fopen(path(w, name), "r");
    if (in == NULL)
        return "(none)";
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static int open_world(void **state) {
    struct world *w = calloc(1, sizeof *w);
    struct fault f;
    snprintf(w->top, sizeof w->top, "/tmp/tarn-folder-XXXXXX");
    if (mkdtemp(w->top) == NULL)
        return -1;
    mkdir(path(w, "in"), 0755);
    mkdir(path(w, "out"), 0755);
    put(w, "out/victim", "mine");
    *state = w;
    return folder_open(&w->d, path(w, "in"), &f) ? 0 : -1;
}

static int close_world(void **state) {
    struct world *w = *state;
    struct fault f;
    folder_close(&w->d);
    bool ok = file_remove(w->top, true, &f);
    free(w);
    return ok ? 0 : -1;
}

static const struct file_writing plain = {.mode = -1},
                                 fresh = {.mode = -1, .exclusive = true};

static void files_below_are_written_and_read(void **state) {
    struct world *w = *state;
    struct fault f;
    struct buf b = {0};
    struct file_stat st;
    assert_true(folder_write(&w->d, "a/b/c", "one", 3, &plain, &f));
    assert_true(folder_write(&w->d, "a/b/c", "three", 5, &plain, &f));
    assert_true(folder_read(&w->d, "a/b/c", 100, &b, &f));
    assert_string_equal(b.bytes, "three");
    assert_true(folder_stat(&w->d, "a/b", &st, &f) && st.type == FILE_DIRECTORY);
    assert_false(folder_write(&w->d, "a/b/c", "x", 1, &fresh, &f));
    assert_string_equal(f.code, "EEXIST");
    assert_false(folder_write(&w->d, "a/b", "x", 1, &plain, &f));
    assert_string_equal(f.code, "EISDIR");
    b.size = 0;
    assert_false(folder_read(&w->d, "a/b/c", 4, &b, &f));
    assert_false(folder_read(&w->d, "a", 4, &b, &f));
    assert_true(folder_mkdir(&w->d, "a/x/y", &f) && folder_mkdir(&w->d, "a/x/y", &f));
    assert_true(folder_write(&w->d, "a/0", "", 0, &fresh, &f));
    b.size = 0;
    assert_true(folder_list(&w->d, "a", &b, &f));
    assert_int_equal(b.size, 6);
    assert_memory_equal(b.bytes, "0\0b\0x", 6);
    assert_false(folder_remove(&w->d, "a", &f));
    assert_true(folder_remove(&w->d, "a/b/c", &f) && folder_remove(&w->d, "a/b", &f));
    assert_true(folder_remove(&w->d, "a/b", &f) && folder_remove(&w->d, "no/such", &f));
    buf_free(&b);
}

static void no_name_leaves_the_folder(void **state) {
    struct world *w = *state;
    static const char *const names[] = {
        "",   "/etc/passwd", "..",   "../out/victim", "a/../../out/victim", ".", "a//b",
        "a/", "./a",         "a/..", "a/./b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fault f = {0};
        struct buf b = {0};
        struct file_stat st;
        bool any = folder_read(&w->d, names[i], 100, &b, &f) ||
                   folder_write(&w->d, names[i], "x", 1, &plain, &f) ||
                   folder_stat(&w->d, names[i], &st, &f) ||
                   folder_mkdir(&w->d, names[i], &f) ||
                   folder_remove(&w->d, names[i], &f);
        if (any || strcmp(f.code, "EINVAL") != 0)
            fail_msg("%s: taken, or %s", names[i], f.message);
        buf_free(&b);
    }
    assert_string_equal(get(w, "out/victim"), "mine");
}

/* Links that a repository may carry: to a file, to a folder, on the way, to nowhere. */
static void no_step_below_follows_a_link(void **state) {
    struct world *w = *state;
    static const struct {
        const char *link, *target, *name;
    } cases[] = {
        {"in/file", "../out/victim", "file"}, {"in/dir", "../out", "dir/victim"},
        {"in/dir2", "../out", "dir2/new"},    {"in/dir3", "../out", "dir3/a/b"},
        {"in/abs", "/etc", "abs/passwd"},     {"in/nowhere", "../out/none", "nowhere"},
        {"in/loop", "loop", "loop"},          {"in/up", "..", "up/out/victim"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f = {0};
        struct buf b = {0};
        assert_int_equal(symlink(cases[i].target, path(w, cases[i].link)), 0);
        if (folder_read(&w->d, cases[i].name, 100, &b, &f) ||
            strcmp(f.code, "ELOOP") != 0)
            fail_msg("%s is read, or %s", cases[i].name, f.message);
        if (folder_write(&w->d, cases[i].name, "x", 1, &plain, &f) ||
            strcmp(f.code, "ELOOP") != 0)
            fail_msg("%s is written, or %s", cases[i].name, f.message);
        assert_false(folder_write(&w->d, cases[i].name, "x", 1, &fresh, &f));
        buf_free(&b);
    }
    struct buf b = {0};
    struct fault f;
    struct file_stat st;
    assert_false(folder_list(&w->d, "dir", &b, &f));
    assert_false(folder_mkdir(&w->d, "dir", &f));
    assert_false(folder_mkdir(&w->d, "dir/x", &f));
    assert_false(folder_remove(&w->d, "dir/victim", &f));
    assert_true(folder_stat(&w->d, "file", &st, &f) && st.type == FILE_LINK);
    assert_true(folder_stat(&w->d, "dir", &st, &f) && st.type == FILE_LINK);
    assert_true(folder_remove(&w->d, "file", &f)); /* the link itself */
    assert_string_equal(get(w, "out/victim"), "mine");
    assert_string_equal(get(w, "out/new"), "(none)");
    assert_string_equal(get(w, "out/none"), "(none)");
    assert_string_equal(get(w, "out/a/b"), "(none)");
    buf_free(&b);
}

static void what_is_no_file_does_not_hang(void **state) {
    struct world *w = *state;
    struct fault f;
    struct buf b = {0};
    assert_int_equal(mkfifo(path(w, "in/fifo"), 0600), 0);
    assert_false(folder_read(&w->d, "fifo", 100, &b, &f));
    assert_false(folder_write(&w->d, "fifo", "x", 1, &plain, &f));
    buf_free(&b);
}

static void the_folder_itself_may_be_behind_a_link(void **state) {
    struct world *w = *state;
    struct folder d;
    struct fault f;
    assert_int_equal(symlink("in", path(w, "alias")), 0);
    assert_true(folder_open(&d, path(w, "alias"), &f));
    assert_true(folder_write(&d, "x", "1", 1, &plain, &f));
    assert_string_equal(get(w, "in/x"), "1");
    folder_close(&d);
    folder_close(&d);
    assert_false(folder_open(&d, path(w, "none"), &f));
    assert_string_equal(f.code, "ENOENT");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(files_below_are_written_and_read),       TEST(no_name_leaves_the_folder),
        TEST(no_step_below_follows_a_link),           TEST(what_is_no_file_does_not_hang),
        TEST(the_folder_itself_may_be_behind_a_link),
    };
    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
