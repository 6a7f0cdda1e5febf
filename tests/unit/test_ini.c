#include "base/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Parse a copy without a 0 behind it, so that the sanitizer sees a read beyond the end. */
static bool parse(const char *text, size_t size, struct ini *ini, struct fault *f) {
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    bool ok = ini_parse(copy, size, ini, f);
    free(copy);
    return ok;
}

static void values_are_read_by_the_rules(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *section, *key, *want;
    } cases[] = {
        {"a value", "[a]\nk = v\n", "a", "k", "v"},
        {"no blanks", "[a]\nk=v", "a", "k", "v"},
        {"a colon", "[a]\nk: v", "a", "k", "v"},
        {"the first sign counts", "[a]\nhost = https://x:443", "a", "host",
         "https://x:443"},
        {"also if it is a colon", "[a]\nk: a=b", "a", "k", "a=b"},
        {"an equals sign in a value", "[a]\nk = dapi==", "a", "k", "dapi=="},
        {"blanks inside stay", "[a]\nk =  b  c \t", "a", "k", "b  c"},
        {"indented", "  [a]\n\tk = v", "a", "k", "v"},
        {"blanks in the brackets", "[ a ]\nk = v", "a", "k", "v"},
        {"a name with blanks", "[my profile]\nk = v", "my profile", "k", "v"},
        {"CRLF", "[a]\r\nk = v\r\n", "a", "k", "v"},
        {"a byte order mark", "\xef\xbb\xbf[a]\nk = v", "a", "k", "v"},
        {"a mark and no section", "\xef\xbb\xbfk = v", "DEFAULT", "k", "v"},
        {"before any section", "k = v\n[a]\nk = w", "DEFAULT", "k", "v"},
        {"DEFAULT by name", "[DEFAULT]\nk = v", "DEFAULT", "k", "v"},
        {"nothing is inherited from DEFAULT", "[DEFAULT]\nk = v\n[a]\nx = y", "a", "k",
         NULL},
        {"section names have a case", "[A]\nk = v", "a", "k", NULL},
        {"keys have none", "[a]\nHost = v", "a", "host", "v"},
        {"of a key set twice the last wins", "[a]\nk = 1\nk = 2", "a", "k", "2"},
        {"a case apart is the same key", "[a]\nk = 1\nK = 2", "a", "k", "2"},
        {"a section goes on further down", "[a]\nj = 1\n[b]\n[a]\nk = 2", "a", "j", "1"},
        {"and the last value wins there too", "[a]\nk = 1\n[b]\n[a]\nk = 2", "a", "k",
         "2"},
        {"another section's key is another", "[a]\nk = 1\n[b]\nk = 2", "a", "k", "1"},
        {"an empty value", "[a]\nk =\nj = 1", "a", "k", ""},
        {"a value of blanks", "[a]\nk =   \n", "a", "k", ""},
        {"a comment line", "[a]\n# k = v\n", "a", "k", NULL},
        {"a comment line with a semicolon", "[a]\n; k = v\n", "a", "k", NULL},
        {"an indented comment", "[a]\n   # k = v\n", "a", "k", NULL},
        {"a comment after a value", "[a]\nk = v # why\n", "a", "k", "v"},
        {"after a tab", "[a]\nk = v\t# why\n", "a", "k", "v"},
        {"a semicolon comment after a value", "[a]\nk = v ; why\n", "a", "k", "v"},
        {"# without a blank is the value's", "[a]\nk = v#1\n", "a", "k", "v#1"},
        {"; without a blank is the value's", "[a]\nk = v;1\n", "a", "k", "v;1"},
        {"# at once after the sign", "[a]\nk =#1\n", "a", "k", ""},
        {"a value that is all comment", "[a]\nk = # none\n", "a", "k", ""},
        {"a comment after a header", "[a] # mine\nk = v\n", "a", "k", "v"},
        {"double quotes", "[a]\nk = \"v\"\n", "a", "k", "v"},
        {"single quotes", "[a]\nk = 'v'\n", "a", "k", "v"},
        {"back quotes", "[a]\nk = `v`\n", "a", "k", "v"},
        {"quotes keep blanks", "[a]\nk = \" v \"\n", "a", "k", " v "},
        {"quotes keep a #", "[a]\nk = \"a # b\"\n", "a", "k", "a # b"},
        {"a comment behind quotes", "[a]\nk = \"a\" # b\n", "a", "k", "a"},
        {"empty quotes", "[a]\nk = \"\"\n", "a", "k", ""},
        {"one quote is a character", "[a]\nk = \"v\n", "a", "k", "\"v"},
        {"a quote alone", "[a]\nk = \"\n", "a", "k", "\""},
        {"quotes around a part stay", "[a]\nk = \"a\" b\n", "a", "k", "\"a\" b"},
        {"quotes of two kinds stay", "[a]\nk = \"v'\n", "a", "k", "\"v'"},
        {"quotes inside stay", "[a]\nk = a\"b\"c\n", "a", "k", "a\"b\"c"},
        {"a backslash is a character", "[a]\nk = C:\\x\\\nj = 1", "a", "k", "C:\\x\\"},
        {"no interpolation", "[a]\nk = %(x)s$Y\n", "a", "k", "%(x)s$Y"},
        {"bytes beyond ASCII", "[\xc3\xa9]\nk = \xe2\x82\xac\n", "\xc3\xa9", "k",
         "\xe2\x82\xac"},
        {"a bracket in a value", "[a]\nk = [b]\n", "a", "k", "[b]"},
        {"no line end at the end", "[a]\nk = v", "a", "k", "v"},
        {"blank lines", "\n\n[a]\n\n\nk = v\n\n", "a", "k", "v"},
        {"an empty text has no keys", "", "DEFAULT", "k", NULL},
        {"no such section", "[a]\nk = v", "b", "k", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ini ini;
        struct fault f;
        if (!parse(cases[i].text, strlen(cases[i].text), &ini, &f))
            fail_msg("%s: %s", cases[i].why, f.message);
        const char *got = ini_get(ini_section(&ini, cases[i].section), cases[i].key);
        const char *want = cases[i].want;
        if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
            fail_msg("%s: want %s, got %s", cases[i].why, want ? want : "nothing",
                     got ? got : "nothing");
        ini_free(&ini);
    }
}

static void what_is_wrong_is_told_with_its_line(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        size_t size;
        const char *message;
    } cases[] = {
        {"a header not closed", "\n[a\nk = v", 0,
         "line 2: no ']' closes the name of the section"},
        {"text behind a header", "[a] b\n", 0, "line 1: text after the ']' of a section"},
        {"a header without a name", "[a]\n\n[ ]\n", 0,
         "line 3: a section without a name"},
        {"a word alone", "[a]\ntoken\n", 0,
         "line 2: neither a [section], a key = value, nor a comment"},
        {"CRLF lines count once", "[a]\r\nk = v\r\nx\r\n", 0,
         "line 3: neither a [section], a key = value, nor a comment"},
        {"no key", "[a]\n = v\n", 0, "line 2: a value without a key"},
        {"a zero byte", "[a]\nk = v\0w\n", 12,
         "line 2: holds a zero byte (not UTF-8 text?)"},
        {"UTF-16", "\xff\xfe[\0a\0]\0\n\0", 10,
         "line 1: holds a zero byte (not UTF-8 text?)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ini ini;
        struct fault f;
        size_t size = cases[i].size ? cases[i].size : strlen(cases[i].text);
        if (parse(cases[i].text, size, &ini, &f))
            fail_msg("%s: was read", cases[i].why);
        if (f.kind != FAULT_PARSE || strcmp(f.message, cases[i].message) != 0)
            fail_msg("%s: got '%s'", cases[i].why, f.message);
        assert_null(ini.sections);
        assert_int_equal(0, ini.count);
    }
}

static void a_secret_is_not_quoted_in_an_error(void **state) {
    (void)state;
    struct ini ini;
    struct fault f;
    static const char text[] = "[a]\ntoken dapi-secret\n";
    assert_false(ini_parse(text, sizeof text - 1, &ini, &f));
    assert_null(strstr(f.message, "secret"));
}

static void an_entry_knows_its_line(void **state) {
    (void)state;
    struct ini ini;
    struct fault f;
    static const char text[] = "# one\n[a]\n\nk = v\n";
    assert_true(ini_parse(text, sizeof text - 1, &ini, &f));
    assert_int_equal(4, ini_section(&ini, "a")->entries[0].line);
    ini_free(&ini);
}

/* The sections and keys of a text by chance, put down one by one. */
static void sections_and_keys_stay_in_their_order(void **state) {
    (void)state;
    srand(7);
    for (int round = 0; round < 300; round++) {
        char text[2048] = "", name[16] = "DEFAULT";
        struct {
            char section[16], key[8];
            int line;
        } want[64];
        size_t count = 0;
        for (int line = 1; line <= 40; line++) {
            size_t size = strlen(text), i = 0;
            if (rand() % 4 == 0) {
                snprintf(name, sizeof name, "s%d", rand() % 5);
                snprintf(text + size, sizeof text - size, "[%s]\n", name);
                continue;
            }
            char key[8];
            snprintf(key, sizeof key, "k%d", rand() % 6);
            snprintf(text + size, sizeof text - size, "%s = %d\n", key, line);
            while (i < count &&
                   (strcmp(want[i].section, name) != 0 || strcmp(want[i].key, key) != 0))
                i++;
            snprintf(want[i].section, sizeof want[i].section, "%s", name);
            snprintf(want[i].key, sizeof want[i].key, "%s", key);
            want[i].line = line;
            count += i == count;
        }
        struct ini ini;
        struct fault f;
        size_t seen = 0;
        assert_true(parse(text, strlen(text), &ini, &f));
        for (size_t s = 0; s < ini.count; s++) {
            size_t k = 0;
            for (size_t i = 0; i < count; i++) {
                if (strcmp(want[i].section, ini.sections[s].name) != 0)
                    continue;
                assert_true(k < ini.sections[s].count);
                const struct ini_entry *e = &ini.sections[s].entries[k++];
                assert_string_equal(e->key, want[i].key);
                assert_int_equal(e->line, want[i].line);
                assert_int_equal(strtol(e->value, NULL, 10), want[i].line);
                seen++;
            }
            assert_int_equal(k, ini.sections[s].count);
        }
        assert_int_equal(seen, count);
        ini_free(&ini);
    }
}

/* Where each key or section was looked for among all before it, this took minutes. */
static void a_long_text_takes_no_long_time(void **state) {
    static const char *const formats[] = {"key%d = v\n", "[s%d]\nk = v\n",
                                          "[s]\nk = %d\n", "k = %d\n"};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        enum { COUNT = 100000 };
        struct ini ini;
        struct fault f;
        char *text = malloc((size_t)COUNT * 24), *at = text;
        assert_non_null(text);
        for (int n = 0; n < COUNT; n++)
            at += snprintf(at, 24, formats[i], n);
        clock_t began = clock();
        assert_true(ini_parse(text, (size_t)(at - text), &ini, &f));
        ini_free(&ini);
        assert_true((clock() - began) / CLOCKS_PER_SEC < 6);
        free(text);
    }
}

/* Whatever is done to one byte, the text is read or refused, and nothing leaks. */
static void one_wrong_byte_does_no_harm(void **state) {
    (void)state;
    static const char whole[] = "\xef\xbb\xbf[a]\nk = \"v\" # c\r\n[b]\nj: w\n";
    size_t size = sizeof whole - 1;
    for (size_t i = 0; i < size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[sizeof whole];
            struct ini ini;
            struct fault f;
            memcpy(text, whole, size);
            text[i] = (char)byte;
            if (parse(text, size, &ini, &f))
                ini_free(&ini);
        }
        struct ini ini;
        struct fault f;
        if (parse(whole, i, &ini, &f))
            ini_free(&ini);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_the_rules),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(a_secret_is_not_quoted_in_an_error),
        cmocka_unit_test(an_entry_knows_its_line),
        cmocka_unit_test(sections_and_keys_stay_in_their_order),
        cmocka_unit_test(a_long_text_takes_no_long_time),
        cmocka_unit_test(one_wrong_byte_does_no_harm),
    };
    return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
