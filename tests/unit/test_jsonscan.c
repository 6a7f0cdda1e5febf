#include "base/jsonput.h"
#include "base/jsonscan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_no_json_is_refused_where_it_goes_wrong(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        const char *message;
    } cases[] = {
        {"nothing", "", "line 1, column 1: expected a value, found the end of the text"},
        {"blanks", " \n ",
         "line 2, column 2: expected a value, found the end of the text"},
        {"cut off", "{\"a\": [1,",
         "line 1, column 10: expected a value, found the end of the text"},
        {"two values", "1 2",
         "line 1, column 3: expected the end of the text, found '2'"},
        {"a comma too many", "[1,]", "line 1, column 4: expected a value, found ']'"},
        {"and in an object", "{\"a\":1,}",
         "line 1, column 8: expected a key in quotes, found '}'"},
        {"a bracket of the other kind", "[1}",
         "line 1, column 3: expected ',' or ']', found '}'"},
        {"also empty", "[}", "line 1, column 2: expected a value, found '}'"},
        {"and so", "{]", "line 1, column 2: expected a key in quotes, found ']'"},
        {"no colon", "{\"a\" 1}", "line 1, column 6: expected ':', found '1'"},
        {"a key without quotes", "{a:1}",
         "line 1, column 2: expected a key in quotes, found 'a'"},
        {"single quotes", "'a'", "line 1, column 1: expected a value, found '''"},
        {"comments", "// no\n1", "line 1, column 1: expected a value, found '/'"},
        {"NaN", "[NaN]", "line 1, column 2: expected a value, found 'N'"},
        {"Infinity behind a minus", "-Infinity",
         "line 1, column 2: expected a digit, found 'I'"},
        {"hexadecimal", "0x1F",
         "line 1, column 2: expected the end of the text, found 'x'"},
        {"octal", "-012", "line 1, column 3: a number must not start with 0, found '1'"},
        {"half a word", "[tru]",
         "line 1, column 5: expected true, false or null, found ']'"},
        {"more than a word", "nulls",
         "line 1, column 5: expected the end of the text, found 's'"},
        {"a string without end", "\"abc",
         "line 1, column 5: expected the end of a string, found the end of the text"},
        {"one that ends in a backslash", "\"abc\\",
         "line 1, column 6: expected an escape after \\, found the end of the text"},
        {"an escape that is none", "\"\\x41\"",
         "line 1, column 3: expected an escape after \\, found 'x'"},
        {"three digits", "\"\\u12\"",
         "line 1, column 6: expected four hexadecimal digits after \\u, found '\"'"},
        {"a line end in a string", "\"a\nb\"",
         "line 1, column 3: a control character must be escaped, found byte 0x0a"},
        {"a tab, behind eight bytes", "\"abcdefgh\t\"",
         "line 1, column 10: a control character must be escaped, found byte 0x09"},
        {"columns are characters", "[\"\xc3\xa4\" 1]",
         "line 1, column 6: expected ',' or ']', found '1'"},
        {"a byte order mark", "\xef\xbb\xbf{}",
         "line 1, column 1: expected a value, found byte 0xef"},
        {"a form feed is no blank", "\f1",
         "line 1, column 1: expected a value, found byte 0x0c"},
    };
    struct jsonscan s = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f;
        /* in memory of its own size, so that a sanitizer sees a step too far */
        char *copy = strdup(cases[i].text);
        bool ok = jsonscan_run(&s, copy, strlen(copy), 512, &f);
        free(copy);
        if (ok)
            fail_msg("%s: accepted", cases[i].why);
        assert_int_equal(FAULT_PARSE, f.kind);
        if (strcmp(f.message, cases[i].message) != 0)
            fail_msg("%s: want '%s', got '%s'", cases[i].why, cases[i].message,
                     f.message);
    }
    jsonscan_free(&s);
}

static void a_zero_byte_is_no_end(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        size_t size;
    } cases[] = {
        {"behind a value", "1\0", 2},          {"in a string", "\"a\0b\"", 5},
        {"between values", "[1,\0 2]", 7},     {"in a word", "tr\0e", 4},
        {"behind a backslash", "\"\\\0\"", 4}, {"in a number", "1.\0", 3},
    };
    struct jsonscan s = {0};
    struct fault f;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (jsonscan_run(&s, cases[i].text, cases[i].size, 512, &f))
            fail_msg("%s: accepted", cases[i].why);
        if (strstr(f.message, "byte 0x00") == NULL)
            fail_msg("%s: %s", cases[i].why, f.message);
    }
    jsonscan_free(&s);
}

static void what_a_parser_of_doubles_would_lose_is_marked(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        const char *marked; /* the marked places, with blanks between */
    } cases[] = {
        {"nothing to lose", "{\"a\":[1,-2.5,\"x\",true,{}]}", ""},
        {"an empty array", "[[],{\"a\":[ \n]}]", "[] [ \n]"},
        {"fifteen digits are safe", "[123456789012345,0.12345678901234]", ""},
        {"sixteen are not", "[1234567890123456,0.123456789012345]",
         "1234567890123456 0.123456789012345"},
        {"whole, with a point", "[1.0,10.00,1.01]", "1.0 10.00"},
        {"exponents", "[1e3,1.5E-7]", "1e3 1.5E-7"},
        {"half a pair", "\"a\\ud800b\"", "\\ud800"},
        {"the other half", "\"\\udfff\"", "\\udfff"},
        {"the two in the wrong order", "\"\\udc00\\ud800\"", "\\udc00 \\ud800"},
        {"a pair", "\"\\ud83d\\ude00\"", ""},
        {"in a key too", "{\"\\ud800\":1}", "\\ud800"},
        {"a digit in a string is none", "\"1e3 [] 12345678901234567890\"", ""},
    };
    struct jsonscan s = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f;
        struct buf got = {0};
        assert_true(buf_str(&got, ""));
        if (!jsonscan_run(&s, cases[i].text, strlen(cases[i].text), 512, &f))
            fail_msg("%s: %s", cases[i].why, f.message);
        for (size_t k = 0; k < jsonscan_count(&s); k++) {
            const struct jsonscan_mark *m = &jsonscan_marks(&s)[k];
            assert_true(buf_fmt(&got, "%s%.*s", k > 0 ? " " : "", (int)m->size,
                                cases[i].text + m->at));
        }
        if (strcmp(got.bytes, cases[i].marked) != 0)
            fail_msg("%s: want '%s', got '%s'", cases[i].why, cases[i].marked, got.bytes);
        buf_free(&got);
    }
    jsonscan_free(&s);
}

static void the_depth_is_counted_and_limited(void **state) {
    (void)state;
    struct jsonscan s = {0};
    struct fault f;
    assert_true(jsonscan_run(&s, "[{\"a\":[[1]]},[]]", 16, 4, &f));
    assert_int_equal(4, s.depth);
    assert_false(jsonscan_run(&s, "[{\"a\":[[1]]},[]]", 16, 3, &f));
    assert_string_equal("line 1, column 8: nested deeper than 3, found '['", f.message);
    jsonscan_free(&s);
}

static void strings_are_written_as_they_are_but_for_what_must_be_escaped(void **state) {
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t size;
        const char *written;
    } cases[] = {
        {"empty", "", 0, "\"\""},
        {"plain", "abcdefghijklmnopqrstuvwxyz", 26, "\"abcdefghijklmnopqrstuvwxyz\""},
        {"what has a short escape", "\"\\\b\f\n\r\t/", 8, "\"\\\"\\\\\\b\\f\\n\\r\\t/\""},
        {"what has none", "\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\""},
        {"UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
         "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"bytes that are no UTF-8", "\xff\x80\xc3", 3, "\"\xff\x80\xc3\""},
        {"Hangul starts like a surrogate", "\xed\x95\x9c", 3, "\"\xed\x95\x9c\""},
        {"half a surrogate pair",
         "a\xed\xa0\x80"
         "b",
         5, "\"a\\ud800b\""},
        {"its start only", "\xed\xa0", 2, "\"\xed\xa0\""},
        {"two halves in bytes stay two", "\xed\xa0\x80\xed\xb0\x80", 6,
         "\"\\ud800\xed\xb0\x80\""},
        {"every eighth", "1234567\n1234567\n", 16, "\"1234567\\n1234567\\n\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};
        assert_true(jsonput_string(&b, cases[i].bytes, cases[i].size));
        if (strcmp(b.bytes, cases[i].written) != 0)
            fail_msg("%s: want %s, got %s", cases[i].why, cases[i].written, b.bytes);
        buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_json_is_refused_where_it_goes_wrong),
        cmocka_unit_test(a_zero_byte_is_no_end),
        cmocka_unit_test(what_a_parser_of_doubles_would_lose_is_marked),
        cmocka_unit_test(the_depth_is_counted_and_limited),
        cmocka_unit_test(strings_are_written_as_they_are_but_for_what_must_be_escaped),
    };
    return cmocka_run_group_tests_name("jsonscan", tests, NULL, NULL);
}
