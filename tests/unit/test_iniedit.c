#include "base/iniedit.h"

#include "base/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MOST 4

struct row {
    const char *why, *text, *section;
    struct iniedit_change changes[MOST];
    const char *want; /* NULL: refused */
};

static void keys_are_set_and_the_rest_stays(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"an empty text", "", "a", {{"host", "h"}}, "[a]\nhost = h\n"},
        {"a new section",
         "[a]\nx = 1\n",
         "b",
         {{"host", "h"}, {"auth_type", "t"}},
         "[a]\nx = 1\n\n[b]\nhost = h\nauth_type = t\n"},
        {"no line end at the end",
         "[a]\nx = 1",
         "b",
         {{"host", "h"}},
         "[a]\nx = 1\n\n[b]\nhost = h\n"},
        {"a changed value keeps its line",
         "[a]\n  Host\t:  old   # mine\ny=2\n",
         "a",
         {{"host", "new"}},
         "[a]\n  Host\t:  new   # mine\ny=2\n"},
        {"quotes go with the value",
         "[a]\nhost = \"old # x\"  ; c\n",
         "a",
         {{"host", "new"}},
         "[a]\nhost = new  ; c\n"},
        {"a new key stands behind the last one",
         "# top\n[a]\nx = 1\n\n# about b\n[b]\ny = 2\n",
         "a",
         {{"host", "h"}},
         "# top\n[a]\nx = 1\nhost = h\n\n# about b\n[b]\ny = 2\n"},
        {"an empty section",
         "[a]\n[b]\ny = 2\n",
         "a",
         {{"host", "h"}},
         "[a]\nhost = h\n[b]\ny = 2\n"},
        {"a key is removed",
         "[a]\ntoken = t # c\nhost = h\n",
         "a",
         {{"token", NULL}},
         "[a]\nhost = h\n"},
        {"removed, and nothing is there",
         "[a]\nhost = h\n",
         "b",
         {{"token", NULL}},
         "[a]\nhost = h\n"},
        {"of a key that is there twice the last line stays",
         "[a]\nhost = 1\nx = 2\nhost = 3\n",
         "a",
         {{"host", "4"}},
         "[a]\nx = 2\nhost = 4\n"},
        {"a section that is there twice",
         "[a]\nhost = 1\n[b]\nhost = 2\n[a]\nx = 3\n",
         "a",
         {{"host", "4"}, {"y", "5"}},
         "[a]\nhost = 4\n[b]\nhost = 2\n[a]\nx = 3\ny = 5\n"},
        {"keys before any section are DEFAULT's",
         "host = 1\n[a]\nhost = 2\n",
         "DEFAULT",
         {{"host", "3"}, {"y", "4"}},
         "host = 3\ny = 4\n[a]\nhost = 2\n"},
        {"DEFAULT, which is not there",
         "[a]\nhost = 2\n",
         "DEFAULT",
         {{"host", "3"}},
         "[a]\nhost = 2\n\n[DEFAULT]\nhost = 3\n"},
        {"CRLF",
         "[a]\r\nhost = 1\r\n",
         "a",
         {{"host", "2"}, {"y", "3"}},
         "[a]\r\nhost = 2\r\ny = 3\r\n"},
        {"a byte order mark",
         "\xef\xbb\xbf[a]\nhost = 1\n",
         "a",
         {{"host", "2"}},
         "\xef\xbb\xbf[a]\nhost = 2\n"},
        {"an empty value gets one",
         "[a]\nhost =\nx = \n",
         "a",
         {{"host", "h"}, {"x", "1"}},
         "[a]\nhost = h\nx = 1 \n"},
        {"a value with a comment's sign",
         "",
         "a",
         {{"k", "a #b"}},
         "[a]\nk = \"a #b\"\n"},
        {"a value with blanks at its ends",
         "",
         "a",
         {{"k", " v "}},
         "[a]\nk = \" v \"\n"},
        {"a value in quotes", "", "a", {{"k", "\"v\""}}, "[a]\nk = '\"v\"'\n"},
        {"a value that cannot be written", "", "a", {{"k", "a\nb"}}, NULL},
        {"lines that mean nothing stay",
         "[a]\nhost = 1\nnonsense\n",
         "a",
         {{"host", "2"}},
         "[a]\nhost = 2\nnonsense\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct buf b = {0};
        size_t n = 0;
        while (n < MOST && row->changes[n].key != NULL)
            n++;
        bool ok =
            iniedit_set(row->text, strlen(row->text), row->section, row->changes, n, &b);
        if (ok != (row->want != NULL))
            fail_msg("%s: %d", row->why, ok);
        const char *got = b.bytes != NULL ? b.bytes : "";
        if (ok && strcmp(got, row->want) != 0)
            fail_msg("%s: got\n%s", row->why, got);
        buf_free(&b);
    }
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    static const char *const values[] = {
        "https://x.net", "a b", "'a' \"b\"", "#",     "; x",     "a=b:c",
        "[x]",           "`",   "\"",        "x\t#y", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buf b = {0};
        struct ini ini;
        struct fault f;
        const struct iniedit_change c = {"k", values[i]};
        if (!iniedit_set("[a]\nk = old\n", 12, "a", &c, 1, &b))
            fail_msg("%s is not written", values[i]);
        assert_true(ini_parse(b.bytes, b.size, &ini, &f));
        assert_string_equal(values[i], ini_get(ini_section(&ini, "a"), "k"));
        ini_free(&ini);
        buf_free(&b);
    }
}

static void a_section_is_removed(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"[a]\nx = 1\n# in a\ny = 2\n\n# about b\n[b]\nz = 3\n",
         "\n# about b\n[b]\nz = 3\n"},
        {"# top\n[b]\nz = 3\n[a]\nx = 1\n", "# top\n[b]\nz = 3\n"},
        {"[a]\nx = 1\n[b]\nz = 3\n[a]\ny = 2", "[b]\nz = 3\n"},
        {"[b]\nz = 3\n", "[b]\nz = 3\n"},
        {"x = 1\n[a]\ny = 2\n", "x = 1\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        assert_true(iniedit_remove(rows[i].text, strlen(rows[i].text), "a", &b));
        assert_string_equal(rows[i].want, b.bytes);
        buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_set_and_the_rest_stays),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_section_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
