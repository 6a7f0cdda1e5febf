#include "base/retry.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct retry_policy POLICY = {
    .max_tries = 5, .base_ms = 500, .ceiling_ms = 8000, .after_ms = 60000};

static void delay_follows_the_table(void **state) {
    (void)state;
    static const struct {
        const char *why;
        struct retry_outcome seen;
        int expected;
    } cases[] = {
        {"busy: any request may go again", {1, 429, .after_ms = -1}, 500},
        {"the wait doubles", {3, 503, .after_ms = -1}, 2000},
        {"up to the ceiling", {4, 503, .after_ms = -1}, 4000},
        {"the server's word wins over ours", {1, 429, .after_ms = 1200}, 1200},
        {"over the ceiling too", {1, 429, .after_ms = 30000}, 30000},
        {"but not without end", {1, 429, .after_ms = 60001}, RETRY_GIVE_UP},
        {"at once, if it says so", {1, 503, .after_ms = 0}, 0},
        {"a lost POST may have taken effect", {1, 0, .after_ms = -1}, RETRY_GIVE_UP},
        {"one that was never sent has not", {1, 0, .after_ms = -1, .unsent = true}, 500},
        {"a lost GET has no effect", {1, 0, .after_ms = -1, .idempotent = true}, 500},
        {"a bad certificate stays bad",
         {1, 0, .after_ms = -1, .idempotent = true, .unsent = true, .lasting = true},
         RETRY_GIVE_UP},
        {"500 leaves it open: POST", {1, 500, .after_ms = -1}, RETRY_GIVE_UP},
        {"500 leaves it open: GET", {1, 500, .after_ms = -1, .idempotent = true}, 500},
        {"408 leaves it open", {1, 408, .after_ms = -1, .idempotent = true}, 500},
        {"501 will not change",
         {1, 501, .after_ms = -1, .idempotent = true},
         RETRY_GIVE_UP},
        {"our own mistake does not heal",
         {1, 404, .after_ms = -1, .idempotent = true},
         RETRY_GIVE_UP},
        {"exhausted, whatever the status",
         {1, 400, .after_ms = -1, .code = "RESOURCE_EXHAUSTED"},
         500},
        {"over the limit, whatever the status",
         {1, 403, .after_ms = -1, .code = "REQUEST_LIMIT_EXCEEDED"},
         500},
        {"a code of another kind",
         {1, 400, .after_ms = -1, .code = "INVALID_STATE"},
         RETRY_GIVE_UP},
        {"a message that passes: POST too",
         {1, 400, .after_ms = -1, .message = "Oh: ClusterNotReadyException: x"},
         500},
        {"worker env, by pattern",
         {1, 500, .after_ms = -1, .message = "worker env abc not found"},
         500},
        {"half of the pattern",
         {1, 400, .after_ms = -1, .message = "worker env abc"},
         RETRY_GIVE_UP},
        {"a deadline may come after the work",
         {1, 400, .after_ms = -1, .message = "deadline exceeded"},
         RETRY_GIVE_UP},
        {"which does not matter to a GET",
         {1, 400, .after_ms = -1, .idempotent = true, .message = "deadline exceeded"},
         500},
        {"a good answer is no reason, whatever it says",
         {1, 200, .after_ms = -1, .idempotent = true, .message = "Unexpected error"},
         RETRY_GIVE_UP},
        {"enough is enough", {5, 429, .after_ms = -1, .idempotent = true}, RETRY_GIVE_UP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got = retry_delay_ms(&POLICY, &cases[i].seen, 0);
        if (got != cases[i].expected)
            fail_msg("%s: want %d ms, got %d", cases[i].why, cases[i].expected, got);
    }
}

static void jitter_shortens_our_wait_and_stretches_theirs(void **state) {
    (void)state;
    struct retry_outcome seen = {2, 503, .after_ms = -1};
    assert_int_equal(1000, retry_delay_ms(&POLICY, &seen, 0));
    assert_in_range(retry_delay_ms(&POLICY, &seen, 0.999), 500, 1000);
    seen.after_ms = 1000;
    assert_in_range(retry_delay_ms(&POLICY, &seen, 0.999), 1000, 1100);
}

static void a_wait_never_overflows(void **state) {
    (void)state;
    const struct retry_policy endless = {INT_MAX, 1, INT_MAX, INT_MAX};
    for (int tries = 1; tries < 100; tries++) {
        const struct retry_outcome seen = {tries, 503, .after_ms = -1};
        assert_true(retry_delay_ms(&endless, &seen, 0.5) > 0 || tries == 1);
    }
}

static void ambiguity_follows_the_table(void **state) {
    (void)state;
    static const struct {
        const char *why;
        struct retry_outcome seen;
        bool expected;
    } cases[] = {
        {"silence", {1, 0, .after_ms = -1}, true},
        {"nothing was sent", {1, 0, .after_ms = -1, .unsent = true}, false},
        {"refused", {1, 429, .after_ms = -1}, false},
        {"refused", {1, 503, .after_ms = -1}, false},
        {"an accident in the middle", {1, 500, .after_ms = -1}, true},
        {"a gateway that gave up", {1, 504, .after_ms = -1}, true},
        {"an answer that says why not", {1, 400, .after_ms = -1}, false},
        {"refused by code",
         {1, 500, .after_ms = -1, .code = "RESOURCE_EXHAUSTED"},
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (retry_ambiguous(&cases[i].seen) != cases[i].expected)
            fail_msg("%s (%d)", cases[i].why, cases[i].seen.status);
}

static void retry_after_is_seconds_or_a_date(void **state) {
    (void)state;
    enum { NOW = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const struct {
        const char *why, *value;
        int expected;
    } cases[] = {
        {"seconds", "3", 3000},
        {"with blanks", " 3 ", 3000},
        {"none", "0", 0},
        {"a part of one", "0.5", 500},
        {"more than an int of ms", "99999999999", INT_MAX / 2},
        {"a date to come", "Sun, 06 Nov 1994 08:49:42 GMT", 5000},
        {"a date that has passed", "Sun, 06 Nov 1994 08:00:00 GMT", 0},
        {"a leap day", "Thu, 29 Feb 1996 00:00:00 GMT", INT_MAX / 2},
        {"a month that is none", "Sun, 06 Nox 1994 08:49:42 GMT", -1},
        {"an hour that is none", "Sun, 06 Nov 1994 25:49:42 GMT", -1},
        {"a name across two months", "Sun, 06 anF 1994 08:49:42 GMT", -1},
        {"below nothing", "-3", -1},
        {"a word", "soon", -1},
        {"a number and a word", "3x", -1},
        {"nothing", "", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got = retry_after_ms(cases[i].value, NOW);
        if (got != cases[i].expected)
            fail_msg("%s: want %d, got %d", cases[i].why, cases[i].expected, got);
    }
    assert_int_equal(retry_after_ms("Thu, 29 Feb 1996 00:00:01 GMT", 825552000), 1000);
    assert_int_equal(retry_after_ms("Fri, 01 Jan 2100 00:00:02 GMT", 4102444800), 2000);
}

static void methods_are_idempotent_as_http_says(void **state) {
    (void)state;
    assert_true(retry_idempotent("GET") && retry_idempotent("HEAD") &&
                retry_idempotent("PUT") && retry_idempotent("DELETE") &&
                retry_idempotent("get"));
    assert_false(retry_idempotent("POST") || retry_idempotent("PATCH") ||
                 retry_idempotent("X"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_follows_the_table),
        cmocka_unit_test(jitter_shortens_our_wait_and_stretches_theirs),
        cmocka_unit_test(a_wait_never_overflows),
        cmocka_unit_test(ambiguity_follows_the_table),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(methods_are_idempotent_as_http_says),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
