#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_budget_allows_its_limit_and_no_more(void **state) {
    struct budget b = {.limit = 100};
    (void)state;
    assert_true(budget_take(&b, 60) && budget_take(&b, 40));
    assert_false(budget_take(&b, 1));
    assert_true(budget_take(&b, 0));
    budget_give(&b, 30);
    assert_false(budget_take(&b, 31));
    assert_false(budget_take(&b, SIZE_MAX));
    assert_true(budget_take(&b, 30));
    assert_int_equal(b.used, 100);
    b.limit = 50; /* a limit that is lowered takes nothing away */
    assert_false(budget_take(&b, 0));
    budget_give(&b, 100);
    assert_true(budget_take(&b, 50));
}

static void no_limit_and_no_budget_allow_anything(void **state) {
    struct budget b = {0};
    (void)state;
    assert_true(budget_take(&b, SIZE_MAX));
    assert_true(budget_take(NULL, SIZE_MAX));
    budget_give(NULL, 1);
    assert_int_equal(b.used, SIZE_MAX);
}

static void a_block_counts_until_it_is_freed(void **state) {
    struct budget b = {.limit = 100};
    (void)state;
    char *block = budget_alloc(&b, 80), *other = budget_alloc(NULL, 80);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
    memset(block, 1, 80);
    memset(other, 1, 80);
    assert_null(budget_alloc(&b, 21));
    assert_null(budget_alloc(NULL, SIZE_MAX));
    budget_free(block);
    budget_free(other);
    budget_free(NULL);
    assert_int_equal(b.used, 0);
}

static void a_buffer_counts_its_room(void **state) {
    struct budget b = {.limit = 10000};
    struct buf one = {.budget = &b}, two;
    (void)state;
    assert_true(buf_str(&one, "some text"));
    assert_int_equal(b.used, one.room);
    assert_true(buf_grow(&one, 5000));
    assert_int_equal(b.used, one.room);
    assert_false(buf_grow(&one, 10000));
    assert_string_equal(one.bytes, "some text");
    two = one; /* who takes the bytes over takes over that they count */
    one = (struct buf){0};
    buf_free(&one);
    assert_int_equal(b.used, two.room);
    buf_wipe(&two);
    assert_int_equal(b.used, 0);
    assert_true(buf_str(&two, "again") && b.used > 0);
    buf_free(&two);
    assert_int_equal(b.used, 0);
}

/* Close to the limit it does not grow by a byte at a time, each of which would be a copy. */
static void a_buffer_comes_near_its_limit_in_few_steps(void **state) {
    struct budget b = {.limit = 1 << 20};
    struct buf text = {.budget = &b};
    int moves = 0;
    (void)state;
    for (size_t room = 0; buf_add(&text, "x", 1); room = text.room)
        moves += text.room != room;
    assert_true(text.size > b.limit / 10 * 9);
    assert_true(moves < 40);
    buf_free(&text);
    assert_int_equal(b.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_budget_allows_its_limit_and_no_more),
        cmocka_unit_test(no_limit_and_no_budget_allow_anything),
        cmocka_unit_test(a_block_counts_until_it_is_freed),
        cmocka_unit_test(a_buffer_counts_its_room),
        cmocka_unit_test(a_buffer_comes_near_its_limit_in_few_steps),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
