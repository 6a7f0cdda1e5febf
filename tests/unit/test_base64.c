#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_rfc_vectors_go_both_ways(void **state) {
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[16], bytes[16];
        size_t n, size = strlen(rows[i][0]), length = strlen(rows[i][1]);
        assert_int_equal(length, base64_encoded_size(size));
        base64_encode(rows[i][0], size, text);
        assert_memory_equal(rows[i][1], text, length);
        assert_true(base64_decode(text, length, bytes, &n));
        assert_int_equal(size, n);
        assert_memory_equal(rows[i][0], bytes, n);
    }
}

static void every_byte_survives(void **state) {
    unsigned char bytes[256], back[258];
    char text[344];
    size_t n;
    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)(255 - i);
    assert_int_equal(sizeof text, base64_encoded_size(sizeof bytes));
    base64_encode(bytes, sizeof bytes, text);
    assert_true(base64_decoded_room(sizeof text) <= sizeof back);
    assert_true(base64_decode(text, sizeof text, back, &n));
    assert_int_equal(sizeof bytes, n);
    assert_memory_equal(bytes, back, n);
}

static void what_is_not_base64_is_refused(void **state) {
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"Zg", "no padding"},           {"Zg=", "half a padding"},
        {"Zm9v\n", "a line break"},     {"Zm 9v===", "a blank"},
        {"Zh==", "bits left over"},     {"Zm9=", "bits left over before one ="},
        {"Zg==Zg==", "padding inside"}, {"====", "nothing but padding"},
        {"Zm-_", "the URL alphabet"},   {"=g==", "padding in front"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[16];
        size_t n;
        if (base64_decode(rows[i].text, strlen(rows[i].text), out, &n))
            fail_msg("%s was taken: %s", rows[i].text, rows[i].why);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfc_vectors_go_both_ways),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(what_is_not_base64_is_refused),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
