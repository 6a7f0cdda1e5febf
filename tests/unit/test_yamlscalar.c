#include "base/yamlscalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void texts_that_are_plain_to_every_reader(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool plain;
        const char *why;
    } cases[] = {
        {"main", true, "a word"},
        {"two words", true, "a blank between words"},
        {"two  words", false, "two blanks may be folded"},
        {"a ", false, "a blank at the end is lost"},
        {"dbfs:/a", true, "a colon without a blank"},
        {"a: b", false, "a colon with one"},
        {"a:", false, "a colon at the end"},
        {"../a", true, "a path"},
        {"..", false, "not a path of ours"},
        {"...", false, "the end of a document"},
        {"./", true, "a path"},
        {".5", false, "a number"},
        {"No", false, "a boolean of 1.1"},
        {"Note", true, "only begins like one"},
        {"NULL", false, "null"},
        {"1a", false, "a digit in front"},
        {"", false, "null"},
        {"a#b", false, "in doubt"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (yamlscalar_plain(cases[i].text, strlen(cases[i].text)) != cases[i].plain)
            fail_msg("'%s': %s", cases[i].text, cases[i].why);
    assert_false(yamlscalar_plain("a\0b", 3));
}

static void utf8_is_strict(void **state) {
    (void)state;
    assert_true(yamlscalar_utf8("a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 11));
    assert_true(yamlscalar_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", 10));
    static const char *const wrong[] = {"\x80",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xe2\x82",
                                        "\xe2\x82z",
                                        "\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(yamlscalar_utf8(wrong[i], strlen(wrong[i])));
}

static void numbers_go_both_ways(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"+007", "7"},       {"-0", "-0"},  {"0", "0"},        {".5", "0.5"},
        {"-.5e1", "-0.5e1"}, {"5.", "5.0"}, {"5.e3", "5.0e3"}, {"00.10", "0.10"},
    };
    char out[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = yamlscalar_to_json(cases[i].yaml, strlen(cases[i].yaml), out);
        assert_string_equal(cases[i].json, out);
        assert_int_equal(strlen(out), n);
    }
    yamlscalar_from_json("1e5", 3, out);
    assert_string_equal("1.0e+5", out);
    yamlscalar_from_json("-1.5E-7", 7, out);
    assert_string_equal("-1.5e-7", out);
    yamlscalar_from_json("12", 2, out);
    assert_string_equal("12", out);
}

static void based_integers_fit_or_are_strings(void **state) {
    (void)state;
    int64_t i = 0;
    assert_int_equal(YAMLSCALAR_INTEGER, yamlscalar_kind("0x7fffffffffffffff", 18, &i));
    assert_true(i == INT64_MAX);
    assert_int_equal(YAMLSCALAR_STRING, yamlscalar_kind("0x8000000000000000", 18, &i));
    assert_int_equal(YAMLSCALAR_INTEGER, yamlscalar_kind("0o17", 4, &i));
    assert_int_equal(15, i);
    assert_int_equal(YAMLSCALAR_STRING, yamlscalar_kind("0o8", 3, &i));
    assert_int_equal(YAMLSCALAR_STRING, yamlscalar_kind("0x\0", 3, &i));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_are_plain_to_every_reader),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(numbers_go_both_ways),
        cmocka_unit_test(based_integers_fit_or_are_strings),
    };
    return cmocka_run_group_tests_name("yamlscalar", tests, NULL, NULL);
}
