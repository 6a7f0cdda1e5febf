#include "dbx/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void it_starts_at_32_or_at_jobs(void **state) {
    (void)state;
    static const int cases[][3] = {{0, 32, 64}, {5, 5, 5}, {32, 32, 32}, {200, 32, 200}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct window w;
        window_init(&w, cases[i][0], 0);
        assert_int_equal(w.size, cases[i][1]);
        assert_int_equal(w.jobs, cases[i][2]);
    }
}

static void it_is_full_at_its_size(void **state) {
    (void)state;
    struct window w;
    window_init(&w, 2, 0);
    assert_int_equal(window_wait(&w, 0), 0);
    window_sent(&w, 0);
    window_sent(&w, 0);
    assert_int_equal(window_wait(&w, 0), WINDOW_FULL);
    window_ended(&w);
    assert_int_equal(window_wait(&w, 0), 0);
}

static void one_burst_halves_it_once(void **state) {
    (void)state;
    struct window w;
    unsigned epochs[32];
    window_init(&w, 0, 0);
    for (int i = 0; i < 32; i++)
        epochs[i] = window_sent(&w, 0);
    for (int i = 0; i < 32; i++) {
        window_ended(&w);
        window_throttled(&w, epochs[i], 100, -1);
    }
    assert_int_equal(w.size, 16);
    for (int i = 0; i < 10; i++) { /* but each later one halves again, down to 1 */
        unsigned epoch = window_sent(&w, 200);
        window_ended(&w);
        window_throttled(&w, epoch, 200, -1);
    }
    assert_int_equal(w.size, 1);
    for (int i = 0; i < 2000; i++)
        window_answered(&w);
    assert_int_equal(w.size, 64);
}

static void a_delay_holds_everything_back(void **state) {
    (void)state;
    struct window w;
    window_init(&w, 0, 0);
    unsigned epoch = window_sent(&w, 1000);
    window_throttled(&w, epoch, 1000, 3000);
    window_throttled(&w, epoch, 1000, 2000); /* a shorter one changes nothing */
    assert_int_equal(window_wait(&w, 1500), 2500);
    assert_int_equal(window_wait(&w, 3999), 1);
    assert_int_equal(window_wait(&w, 4000), 0);
}

static void a_rate_spaces_calls_out(void **state) {
    (void)state;
    struct window w;
    int sent = 0;
    window_init(&w, 1000, 50);
    for (int64_t now = 10000; now < 12000; now++) {
        while (window_wait(&w, now) == 0) {
            window_sent(&w, now);
            window_ended(&w);
            sent++;
        }
    }
    assert_in_range(sent, 98, 104);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_at_32_or_at_jobs),
        cmocka_unit_test(it_is_full_at_its_size),
        cmocka_unit_test(one_burst_halves_it_once),
        cmocka_unit_test(a_delay_holds_everything_back),
        cmocka_unit_test(a_rate_spaces_calls_out),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
