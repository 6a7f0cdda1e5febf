#include "base/jsonnumber.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *kind_name(enum jsonnumber_kind kind) {
    static const char *const names[] = {"integer", "double", "other"};
    return names[kind];
}

static void the_grammar_is_that_of_json(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        int end; /* -1: no number */
    } cases[] = {
        {"a digit", "0", 1},
        {"zero is complete", "0]", 1},
        {"minus zero", "-0", 2},
        {"all parts", "-12.50e+07,", 10},
        {"a capital E", "1E5", 3},
        {"a digit behind a leading zero", "01", -1},
        {"also behind a minus", "-01", -1},
        {"a minus alone", "-", -1},
        {"a plus", "+1", -1},
        {"a point alone", ".5", -1},
        {"nothing behind the point", "1.", -1},
        {"nothing behind the e", "1e", -1},
        {"nothing behind its sign", "1e-", -1},
        {"no hexadecimals: ends at the x", "0x10", 1},
        {"nothing", "", -1},
        {"words are none", "NaN", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonnumber_shape shape;
        const char *wrong, *end = jsonnumber_scan(cases[i].text, &shape, &wrong);
        int got = end == NULL ? -1 : (int)(end - cases[i].text);
        if (got != cases[i].end)
            fail_msg("%s: '%s': want %d, got %d", cases[i].why, cases[i].text,
                     cases[i].end, got);
    }
}

static void each_text_has_the_narrowest_kind_that_holds_it(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        enum jsonnumber_kind kind;
        const char *written;
    } cases[] = {
        {"an integer", "42", JSONNUMBER_INTEGER, "42"},
        {"no sign on zero", "-0", JSONNUMBER_INTEGER, "0"},
        {"beyond a double's 53 bits", "9007199254740993", JSONNUMBER_INTEGER,
         "9007199254740993"},
        {"the largest", "9223372036854775807", JSONNUMBER_INTEGER, "9223372036854775807"},
        {"the smallest", "-9223372036854775808", JSONNUMBER_INTEGER,
         "-9223372036854775808"},
        {"one more", "9223372036854775808", JSONNUMBER_OTHER, NULL},
        {"one less", "-9223372036854775809", JSONNUMBER_OTHER, NULL},
        {"twenty digits that wrap around", "36893488147419103233", JSONNUMBER_OTHER,
         NULL},
        {"whole, but with a point", "1.0", JSONNUMBER_DOUBLE, "1.0"},
        {"a zero keeps its sign behind a point", "-0.0", JSONNUMBER_DOUBLE, "-0.0"},
        {"zero times anything", "0e999999999999", JSONNUMBER_DOUBLE, "0.0"},
        {"whole, with an exponent", "1e3", JSONNUMBER_DOUBLE, "1000.0"},
        {"a fraction", "0.1", JSONNUMBER_DOUBLE, "0.1"},
        {"zeros at the end say nothing", "1.500", JSONNUMBER_DOUBLE, "1.5"},
        {"zeros at the start neither", "0.0001", JSONNUMBER_DOUBLE, "0.0001"},
        {"small ones have an exponent", "0.00001", JSONNUMBER_DOUBLE, "1e-05"},
        {"17 digits that are the shortest", "0.30000000000000004", JSONNUMBER_DOUBLE,
         "0.30000000000000004"},
        {"16 digits that are not", "8.149921485277928", JSONNUMBER_OTHER, NULL},
        {"17 digits that are not", "0.30000000000000005", JSONNUMBER_OTHER, NULL},
        {"the exact value of 0.1's double is another number",
         "0.1000000000000000055511151231257827", JSONNUMBER_OTHER, NULL},
        {"large", "1e22", JSONNUMBER_DOUBLE, "1e+22"},
        {"the largest double", "1.7976931348623157e308", JSONNUMBER_DOUBLE,
         "1.7976931348623157e+308"},
        {"larger", "1.7976931348623159e308", JSONNUMBER_OTHER, NULL},
        {"much larger", "1e400", JSONNUMBER_OTHER, NULL},
        {"an exponent of any length", "1e99999999999999999999", JSONNUMBER_OTHER, NULL},
        {"the smallest double", "5e-324", JSONNUMBER_DOUBLE, "5e-324"},
        {"smaller", "1e-400", JSONNUMBER_OTHER, NULL},
        {"the smallest double, with more digits than it has", "4.94e-324",
         JSONNUMBER_OTHER, NULL},
        {"two to the -44: of two texts the farther one reads back",
         "5.684341886080802e-14", JSONNUMBER_DOUBLE, "5.684341886080802e-14"},
        {"sixteen digits before the point", "1234567890123456.0", JSONNUMBER_DOUBLE,
         "1234567890123456.0"},
        {"seventeen", "12345678901234568.0", JSONNUMBER_DOUBLE, "1.2345678901234568e+16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        char out[JSONNUMBER_ROOM + 1] = "";
        int64_t n = 0;
        double d = 0;
        enum jsonnumber_kind kind = jsonnumber_read(text, strlen(text), &n, &d);
        if (kind != cases[i].kind)
            fail_msg("%s: %s: want %s, got %s", cases[i].why, text,
                     kind_name(cases[i].kind), kind_name(kind));
        if (kind == JSONNUMBER_INTEGER)
            out[jsonnumber_put_integer(n, out)] = '\0';
        else if (kind == JSONNUMBER_DOUBLE)
            out[jsonnumber_put_double(d, out)] = '\0';
        if (cases[i].written != NULL && strcmp(out, cases[i].written) != 0)
            fail_msg("%s: %s: want %s, got %s", cases[i].why, text, cases[i].written,
                     out);
    }
}

/* The bits, so that -0.0 is not 0.0. */
static uint64_t bits_of(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void reads_back(double d) {
    char out[JSONNUMBER_ROOM + 1];
    int64_t n;
    double again;
    out[jsonnumber_put_double(d, out)] = '\0';
    double by_libc = strtod(out, NULL);
    if (bits_of(by_libc) != bits_of(d))
        fail_msg("%a is written as %s, which is %a", d, out, by_libc);
    if (jsonnumber_read(out, strlen(out), &n, &again) != JSONNUMBER_DOUBLE ||
        bits_of(again) != bits_of(d))
        fail_msg("%a is written as %s, which we read as %a", d, out, again);
    assert_non_null(strpbrk(out, ".e"));
}

static void every_double_reads_back(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252U;
    for (int i = 0; i < 100000; i++) {
        double d;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&d, &bits, sizeof d);
        if (isfinite(d))
            reads_back(d);
        reads_back((double)(int64_t)bits / 1000); /* such as people write */
        reads_back((double)(bits % 1000000) / 100);
    }
    for (int e = -1074; e < 1024; e++) {
        reads_back(ldexp(1, e));
        reads_back(-nextafter(ldexp(1, e), 0));
        reads_back(nextafter(ldexp(1, e), INFINITY));
    }
}

static void a_locale_with_a_comma_changes_nothing(void **state) {
    (void)state;
    char out[JSONNUMBER_ROOM];
    int64_t n;
    double d;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) {
        print_message("no locale with a comma is installed\n");
        skip();
    }
    enum jsonnumber_kind kind = jsonnumber_read("1.2345678901234567e30", 21, &n, &d);
    size_t size = jsonnumber_put_double(0.30000000000000004, out);
    setlocale(LC_NUMERIC, "C");
    assert_int_equal(JSONNUMBER_DOUBLE, kind);
    assert_memory_equal("0.30000000000000004", out, size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_is_that_of_json),
        cmocka_unit_test(each_text_has_the_narrowest_kind_that_holds_it),
        cmocka_unit_test(every_double_reads_back),
        cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
    };
    return cmocka_run_group_tests_name("jsonnumber", tests, NULL, NULL);
}
