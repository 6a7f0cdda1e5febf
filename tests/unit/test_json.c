#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy without a 0 behind it, so that the sanitizer sees a read beyond the end. */
static char *bare(const char *text, size_t size) {
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    return copy;
}

static bool valid(const char *text, size_t size) {
    char *copy = bare(text, size);
    bool ok = json_root(copy, size).text != NULL;
    free(copy);
    return ok;
}

static void only_what_the_rfc_allows_is_json(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        bool ok;
    } cases[] = {
        {"an empty object", "{}", true},
        {"an empty array", "[]", true},
        {"blanks around", " \t\r\n{ } \n", true},
        {"blanks everywhere", "{ \"a\" : [ 1 , 2 ] , \"b\" : null }", true},
        {"a bare string", "\"x\"", true},
        {"a bare number", "-0.5e+3", true},
        {"true", "true", true},
        {"nothing is not a value", "", false},
        {"blanks are not a value", "  ", false},
        {"two values", "1 2", false},
        {"text after the value", "{}x", false},
        {"an object not closed", "{\"a\":1", false},
        {"closed by the wrong bracket", "[1}", false},
        {"a comma too many in an array", "[1,]", false},
        {"a comma too many in an object", "{\"a\":1,}", false},
        {"a comma only", "[,]", false},
        {"no comma", "[1 2]", false},
        {"no colon", "{\"a\" 1}", false},
        {"no value", "{\"a\":}", false},
        {"a key that is no string", "{a:1}", false},
        {"a key that is a number", "{1:1}", false},
        {"single quotes", "{'a':1}", false},
        {"a string not closed", "\"abc", false},
        {"a string that ends in a backslash", "\"abc\\", false},
        {"an escaped end", "\"abc\\\"", false},
        {"an unknown escape", "\"\\x41\"", false},
        {"an escape of a digit", "\"\\0\"", false},
        {"half a unicode escape", "\"\\u12\"", false},
        {"a unicode escape cut short", "\"\\u12", false},
        {"no hex digits", "\"\\u12g4\"", false},
        {"a sign is no hex digit", "\"\\u+123\"", false},
        {"a raw line feed", "\"a\nb\"", false},
        {"a raw tab", "\"a\tb\"", false},
        {"a raw DEL is allowed", "\"a\x7f\"", true},
        {"half a surrogate pair is grammar", "\"\\ud800\"", true},
        {"a leading zero", "01", false},
        {"a minus only", "-", false},
        {"a plus", "+1", false},
        {"a point without digits", "1.", false},
        {"a point first", ".5", false},
        {"an exponent without digits", "1e", false},
        {"an exponent with a sign only", "1e+", false},
        {"two signs", "1e+-1", false},
        {"hexadecimal", "0x10", false},
        {"not a number", "NaN", false},
        {"infinity", "Infinity", false},
        {"half a word", "tru", false},
        {"a word too long", "trueish", false},
        {"capitals", "True", false},
        {"a comment", "{} // x", false},
        {"a byte order mark", "\xef\xbb\xbf{}", false},
        {"HTML", "<html></html>", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (valid(cases[i].text, strlen(cases[i].text)) != cases[i].ok)
            fail_msg("%s: %s must be %s", cases[i].why, cases[i].text,
                     cases[i].ok ? "valid" : "refused");
}

static void a_zero_byte_is_not_the_end(void **state) {
    (void)state;
    assert_false(valid("{}\0", 3));
    assert_false(valid("\"a\0b\"", 5));
    assert_false(valid("[1,\0]", 5));
}

static void nesting_has_a_limit(void **state) {
    (void)state;
    static char text[200000];
    static const struct {
        const char *why;
        size_t depth;
        bool ok;
    } cases[] = {
        {"as deep as allowed", 512, true},
        {"one more", 513, false},
        {"far more than the stack would bear", 100000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = cases[i].depth;
        memset(text, '[', n);
        memset(text + n, ']', n);
        if (valid(text, 2 * n) != cases[i].ok)
            fail_msg("%s: depth %zu", cases[i].why, n);
        memset(text, '[', 2 * n);
        if (valid(text, 2 * n))
            fail_msg("%s: open brackets only", cases[i].why);
    }
}

static void a_text_cut_anywhere_is_refused(void **state) {
    (void)state;
    static const char whole[] =
        "{\"error\":{\"code\":-12.5e+3,\"m\":\"\\u00e9\\ud83d\\ude00 \\\"x\\\"\"},"
        "\"list\":[true,false,null,[],{}]}";
    for (size_t n = 0; n < sizeof whole - 1; n++)
        if (valid(whole, n))
            fail_msg("cut after %zu bytes", n);
    assert_true(valid(whole, sizeof whole - 1));
}

static struct json root(const char *text) {
    struct json j = json_root(text, strlen(text));
    if (j.text == NULL)
        fail_msg("no JSON: %s", text);
    return j;
}

static void a_path_leads_to_its_value(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *path, *value;
    } cases[] = {
        {"a member", "{\"a\":1}", "a", "1"},
        {"a member of a member", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "a.b.c", "\"x\""},
        {"the whole of it", "[1, 2]", "", "[1, 2]"},
        {"an element", "{\"a\":[10,20,30]}", "a.2", "30"},
        {"the first element", "[[7]]", "0.0", "7"},
        {"a member of an element", "[{},{\"k\":true}]", "1.k", "true"},
        {"an element that is not there", "[1]", "1", NULL},
        {"a huge index", "[1]", "99999999999999999999999999", NULL},
        {"an index that is no number", "[1]", "x", NULL},
        {"a negative index", "[1]", "-1", NULL},
        {"a member that is not there", "{\"a\":1}", "b", NULL},
        {"a member of an empty object", "{ }", "a", NULL},
        {"null counts as not there", "{\"a\":null}", "a", NULL},
        {"a member of null", "{\"a\":null}", "a.b", NULL},
        {"a member of a string", "{\"a\":\"b\"}", "a.b", NULL},
        {"an empty step", "{\"\":1}", ".a", NULL},
        {"of a repeated key the last", "{\"a\":1,\"b\":2,\"a\":3}", "a", "3"},
        {"also if it takes the value away", "{\"a\":1,\"a\":null}", "a", NULL},
        {"an escaped key", "{\"\\u0061\\u00e9\":1}", "a\xc3\xa9", "1"},
        {"a key that begins alike", "{\"ab\":1,\"a\":2}", "a", "2"},
        {"a key that is longer", "{\"a\":1}", "ab", NULL},
        {"a value like the key", "{\"x\":\"a\",\"a\":1}", "a", "1"},
        {"the same key deeper is another", "{\"x\":{\"a\":1}}", "a", NULL},
        {"a key cut by a zero byte", "{\"a\\u0000b\":1}", "a", NULL},
        {"brackets in strings", "{\"x\":\"}],{\",\"a\":1}", "a", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json got = json_at(root(cases[i].text), cases[i].path);
        const char *want = cases[i].value;
        bool same = want == NULL ? got.text == NULL
                                 : got.text != NULL && got.size == strlen(want) &&
                                       memcmp(got.text, want, got.size) == 0;
        if (!same)
            fail_msg("%s: want %s, got %.*s", cases[i].why, want ? want : "nothing",
                     (int)got.size, got.text ? got.text : "");
    }
    assert_null(json_at((struct json){0}, "a").text);
    assert_null(json_at(json_root("{", 1), "a").text);
}

static void types_are_told_by_a_letter(void **state) {
    (void)state;
    assert_int_equal('{', json_type(root(" {}")));
    assert_int_equal('[', json_type(root("[]")));
    assert_int_equal('"', json_type(root("\"\"")));
    assert_int_equal('0', json_type(root("-1")));
    assert_int_equal('0', json_type(root("7")));
    assert_int_equal('t', json_type(root("true")));
    assert_int_equal('f', json_type(root("false")));
    assert_int_equal('n', json_type(root("null")));
    assert_int_equal(0, json_type((struct json){0}));
}

static void text_is_unescaped_and_cut_to_fit(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        size_t room;
        bool ok;
        const char *want;
    } cases[] = {
        {"plain", "\"abc\"", 16, true, "abc"},
        {"empty", "\"\"", 16, true, ""},
        {"every escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 16, true, "\"\\/\b\f\n\r\t"},
        {"two bytes", "\"\\u00e9\"", 16, true, "\xc3\xa9"},
        {"three bytes", "\"\\u20AC\"", 16, true, "\xe2\x82\xac"},
        {"a pair", "\"\\ud83d\\uDE00\"", 16, true, "\xf0\x9f\x98\x80"},
        {"a high half alone", "\"\\ud83dx\"", 16, true, "\xef\xbf\xbdx"},
        {"a low half alone", "\"\\ude00\"", 16, true, "\xef\xbf\xbd"},
        {"two high halves", "\"\\ud83d\\ud83d\"", 16, true, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"a half, then another escape", "\"\\ud83d\\n\"", 16, true, "\xef\xbf\xbd\n"},
        {"a zero byte becomes a blank", "\"a\\u0000b\"", 16, true, "a b"},
        {"cut", "\"abcdef\"", 4, true, "abc"},
        {"it just fits", "\"abc\"", 4, true, "abc"},
        {"room for the end only", "\"abc\"", 1, true, ""},
        {"no room", "\"abc\"", 0, false, NULL},
        {"not in the middle of a character", "\"a\xe2\x82\xac\"", 4, true, "a"},
        {"behind a whole character",
         "\"\xe2\x82\xac"
         "a\"",
         4, true, "\xe2\x82\xac"},
        {"nor of an escaped one", "\"abc\\u20ac\"", 6, true, "abc"},
        {"a number as its text", "12.50", 16, true, "12.50"},
        {"a boolean", "false", 16, true, "false"},
        {"null is none", "null", 16, false, ""},
        {"an object is none", "{}", 16, false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[32] = "untouched";
        bool ok = json_text(root(cases[i].text), out, cases[i].room);
        if (ok != cases[i].ok || (cases[i].want && strcmp(cases[i].want, out) != 0))
            fail_msg("%s: got %d '%s'", cases[i].why, ok, out);
    }
    char out[8] = "x";
    assert_false(json_text((struct json){0}, out, sizeof out));
    assert_string_equal("", out);
}

static void a_string_comes_out_whole(void **state) {
    (void)state;
    size_t size = 99;
    char *got = json_string(root("\"a\\u0000\\ud83d\\ude00b\""), &size);
    assert_non_null(got);
    assert_int_equal(7, size);
    assert_memory_equal("a\0\xf0\x9f\x98\x80"
                        "b",
                        got, 8);
    free(got);

    size_t n = 1000000;
    char *text = malloc(n + 2);
    memset(text, 'x', n + 2);
    text[0] = text[n + 1] = '"';
    got = json_string(json_root(text, n + 2), &size);
    assert_non_null(got);
    assert_int_equal(n, size);
    free(got);
    free(text);
    assert_null(json_string(root("12"), &size));
    assert_null(json_string((struct json){0}, NULL));
}

static void whole_numbers_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        bool ok;
        int64_t want;
    } cases[] = {
        {"a number", "3600", true, 3600},
        {"in a string", "\"3600\"", true, 3600},
        {"negative", "-5", true, -5},
        {"over 2^53", "9007199254740993", true, INT64_C(9007199254740993)},
        {"the largest", "9223372036854775807", true, INT64_MAX},
        {"the smallest, in a string", "\"-9223372036854775808\"", true, INT64_MIN},
        {"one too many", "9223372036854775808", false, 0},
        {"far too many", "100000000000000000000000000000000000000", false, 0},
        {"far too many, in a string", "\"100000000000000000000000000000\"", false, 0},
        {"a fraction", "1.5", false, 0},
        {"an exponent", "1e3", false, 0},
        {"an empty string", "\"\"", false, 0},
        {"blanks", "\" 1\"", false, 0},
        {"a plus", "\"+1\"", false, 0},
        {"letters behind", "\"1h\"", false, 0},
        {"a zero byte behind", "\"1\\u0000\"", false, 0},
        {"true", "true", false, 0},
        {"null", "null", false, 0},
        {"a list", "[1]", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = 0;
        bool ok = json_int(root(cases[i].text), &got);
        if (ok != cases[i].ok || got != cases[i].want)
            fail_msg("%s: got %d %lld", cases[i].why, ok, (long long)got);
    }
}

static void a_number_of_a_megabyte_is_read(void **state) {
    (void)state;
    size_t n = 1 << 20;
    char *text = malloc(n);
    int64_t value;
    memset(text, '9', n);
    struct json j = json_root(text, n);
    assert_int_equal('0', json_type(j));
    assert_false(json_int(j, &value));
    free(text);
}

static void elements_come_in_order(void **state) {
    (void)state;
    struct json list = root("[ 1 ,\"two\", [3,[4]] , null, {\"a\":[5]} ]"), it = {0};
    static const char *const want[] = {"1", "\"two\"", "[3,[4]]", "null", "{\"a\":[5]}"};
    for (size_t i = 0; i < 5; i++) {
        json_next(list, &it);
        assert_non_null(it.text);
        assert_int_equal(strlen(want[i]), it.size);
        assert_memory_equal(want[i], it.text, it.size);
    }
    assert_null(json_next(list, &it).text);
    it = (struct json){0};
    assert_null(json_next(root("[ ]"), &it).text);
    assert_null(json_next(root("{}"), &it).text);
    assert_null(json_next((struct json){0}, &it).text);
}

static void members_come_in_order(void **state) {
    (void)state;
    struct json object = root(" { \"a\" : 1 , \"\\u0062\":null,\"c\":[2]} ");
    struct json it = {0}, key;
    char name[8], names[32] = "";
    while (json_pair(object, &it, &key).text != NULL) {
        assert_true(json_text(key, name, sizeof name));
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s=%.*s ", name,
                 (int)it.size, it.text);
    }
    assert_string_equal("a=1 b=null c=[2] ", names);
    it = (struct json){0};
    assert_null(json_pair(root("{ }"), &it, &key).text);
    assert_null(json_pair(root("[1]"), &it, &key).text);
    assert_null(json_pair((struct json){0}, &it, &key).text);
}

/* Any change of one byte is read without a fault of ours, whatever it makes of the text. */
static void one_wrong_byte_does_no_harm(void **state) {
    (void)state;
    static const char whole[] = "{\"a\":[1,{\"b\":\"\\ud83d\\ude00\"}],\"c\":-1.5e3}";
    size_t size = sizeof whole - 1;
    for (size_t i = 0; i < size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char *copy = bare(whole, size), out[8];
            copy[i] = (char)byte;
            struct json j = json_root(copy, size);
            json_text(json_at(j, "a.1.b"), out, sizeof out);
            free(json_string(json_at(j, "a.1.b"), NULL));
            free(copy);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_rfc_allows_is_json),
        cmocka_unit_test(a_zero_byte_is_not_the_end),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(a_text_cut_anywhere_is_refused),
        cmocka_unit_test(a_path_leads_to_its_value),
        cmocka_unit_test(types_are_told_by_a_letter),
        cmocka_unit_test(text_is_unescaped_and_cut_to_fit),
        cmocka_unit_test(a_string_comes_out_whole),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(a_number_of_a_megabyte_is_read),
        cmocka_unit_test(elements_come_in_order),
        cmocka_unit_test(members_come_in_order),
        cmocka_unit_test(one_wrong_byte_does_no_harm),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
