#include "base/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t size_of(const char *bytes) {
    return key_size(bytes, strlen(bytes));
}

static void a_key_is_as_many_bytes_as_the_terminal_sends(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0},
        {"a", 1},
        {"ab", 1},
        {"\xc3\xa4x", 2},
        {"\xe6\x97\xa5", 3},
        {"\xf0\x9f\x98\x80y", 4},
        {"\xff", 1},
        {"\xa4", 1},
        {"\33[A", 3},
        {"\33[1;5Cx", 6},
        {"\33OHx", 3},
        {"\33"
         "fx",
         2},
        {"\33\xc3\xa4", 3},
        {"\33\33[A", 1},
        {"\26\33", 2},
        {"\30\30a", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cases[i].size, size_of(cases[i].bytes));
}

static void what_has_not_come_as_a_whole_is_waited_for(void **state) {
    static const char *const halves[] = {"\33",      "\33[", "\33[1;", "\33O",   "\xc3",
                                         "\xe6\x97", "\26",  "\30",    "\33\xc3"};
    (void)state;
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++)
        assert_int_equal(0, size_of(halves[i]));
}

static void keys_that_nobody_has_bound_are_told_apart(void **state) {
    (void)state;
    assert_true(key_is_known("a", 1));
    assert_true(key_is_known("\33f", 2));
    assert_true(key_is_known("\33[A", 3));
    assert_true(key_is_known(KEY_DELETE, strlen(KEY_DELETE)));
    assert_false(key_is_known("\33[99~", 5));
    assert_false(key_is_known("\33Oz", 3));
    assert_true(key_is("\33[A", 3, "\33[A"));
    assert_false(key_is("\33[AB", 4, "\33[A"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_as_many_bytes_as_the_terminal_sends),
        cmocka_unit_test(what_has_not_come_as_a_whole_is_waited_for),
        cmocka_unit_test(keys_that_nobody_has_bound_are_told_apart),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
