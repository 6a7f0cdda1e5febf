#include "net/loop.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 200

/* One that waits for something, in memory of its own, so that a call after its end is a use
 * of freed memory. */
struct waiter {
    void (*then)(struct waiter *w); /* when it is called; NULL: nothing more */
    size_t place;                   /* in `alive` */
    int fds[2];
    struct watch watch;
    struct timer timer;
    struct poked poked;
    struct transfer transfer;
    CURL *easy;
};

static struct loop *loop;
static struct waiter *alive[MANY];
static int calls;

static void end(struct waiter *w) {
    alive[w->place] = NULL;
    loop_unwatch(loop, &w->watch);
    loop_clear_timer(loop, &w->timer);
    loop_unlisten(&w->poked);
    if (w->easy != NULL)
        loop_remove_transfer(loop, w->easy);
    curl_easy_cleanup(w->easy);
    for (int i = 0; i < 2; i++)
        if (w->fds[i] != -1)
            close(w->fds[i]);
    free(w);
}

static void end_all_but(const struct waiter *w) {
    for (size_t i = 0; i < MANY; i++)
        if (alive[i] != NULL && alive[i] != w)
            end(alive[i]);
}

static int open_loop(void **state) {
    (void)state;
    calls = 0;
    loop = loop_new();
    return loop != NULL ? 0 : -1;
}

static int close_loop(void **state) {
    (void)state;
    end_all_but(NULL);
    loop_free(loop);
    return 0;
}

static void tell(struct waiter *w) {
    calls++;
    if (w->then != NULL)
        w->then(w);
}

static void on_ready(void *ud, short revents) {
    (void)revents;
    tell(ud);
}

static void on_fire(void *ud) {
    tell(ud);
}

static void on_done(struct transfer *t, CURLcode result) {
    (void)result;
    tell((struct waiter *)((char *)t - offsetof(struct waiter, transfer)));
}

static struct waiter *new_waiter(void (*then)(struct waiter *w)) {
    struct waiter *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->then = then;
    while (alive[w->place] != NULL)
        w->place++;
    assert_true(w->place < MANY);
    alive[w->place] = w;
    w->fds[0] = w->fds[1] = -1;
    w->watch = (struct watch){.fd = -1, .events = POLLIN, .ready = on_ready, .ud = w};
    w->timer = (struct timer){.fire = on_fire, .ud = w};
    w->poked = (struct poked){.fire = on_fire, .ud = w};
    w->transfer = (struct transfer){.done = on_done};
    return w;
}

/* ---- what can be waited for; all of it has happened already ---- */

static void wait_for_bytes(struct waiter *w) {
    assert_int_equal(pipe(w->fds), 0);
    assert_int_equal(write(w->fds[1], "x", 1), 1);
    w->watch.fd = w->fds[0];
    loop_watch(loop, &w->watch);
}

static void wait_for_a_moment(struct waiter *w) {
    assert_true(loop_set_timer(loop, &w->timer, loop_now()));
}

static void wait_for_a_poke(struct waiter *w) {
    loop_listen(loop, &w->poked);
    loop_poke(loop);
}

static void wait_for_an_answer(struct waiter *w) {
    w->easy = curl_easy_init();
    assert_non_null(w->easy);
    curl_easy_setopt(w->easy, CURLOPT_PRIVATE, &w->transfer);
    curl_easy_setopt(w->easy, CURLOPT_URL, "file:///dev/null");
    assert_true(loop_add_transfer(loop, w->easy));
}

static const struct kind {
    const char *name;
    void (*wait)(struct waiter *w);
} kinds[] = {
    {"transfer", wait_for_an_answer},
    {"watch", wait_for_bytes},
    {"timer", wait_for_a_moment},
    {"listener", wait_for_a_poke},
};

#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- what the one that is called may do to others ---- */

static void end_others(struct waiter *w) {
    end_all_but(w);
}

static void who_was_ended_is_not_called_in_the_same_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS * KINDS; i++) {
        const struct kind *a = &kinds[i / KINDS], *b = &kinds[i % KINDS];
        a->wait(new_waiter(end_others));
        b->wait(new_waiter(end_others));
        calls = 0;
        loop_turn(loop, 1000);
        if (calls != 1)
            fail_msg("a %s and a %s: %d calls", a->name, b->name, calls);
        end_all_but(NULL);
        assert_true(loop_idle(loop));
    }
}

static void one_that_ends_itself_is_not_touched_again(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++)
        for (int n = 0; n < 3; n++)
            kinds[i].wait(new_waiter(end));
    loop_turn(loop, 1000);
    assert_int_equal(calls, 3 * KINDS);
    end_all_but(NULL);
    assert_true(loop_idle(loop));
}

/* All of its kind wait, more of them than at the turn's begin. */
static void turn_within(struct waiter *w) {
    w->then = NULL;
    for (int n = 0; n < 20; n++)
        wait_for_bytes(new_waiter(NULL));
    loop_turn(loop, 0);
    end_all_but(w);
}

static void a_turn_within_a_turn_leaves_nothing_behind(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        for (int n = 0; n < 4; n++)
            kinds[i].wait(new_waiter(NULL));
        for (size_t k = 0; k < KINDS; k++)
            kinds[k].wait(new_waiter(turn_within));
        loop_turn(loop, 1000);
        end_all_but(NULL);
        assert_true(loop_idle(loop));
    }
}

/* ---- one thing after another ---- */

static void wait_elsewhere(struct waiter *w) {
    for (size_t i = 0; i < MANY; i++) {
        struct waiter *other = alive[i];
        if (other == NULL || other == w)
            continue;
        loop_unwatch(loop, &other->watch);
        close(other->fds[0]);
        close(other->fds[1]);
        assert_int_equal(pipe(other->fds), 0);
        other->watch.fd = other->fds[0];
        loop_watch(loop, &other->watch);
    }
}

static void an_event_of_an_earlier_descriptor_is_forgotten(void **state) {
    (void)state;
    wait_for_bytes(new_waiter(wait_elsewhere));
    wait_for_bytes(new_waiter(wait_elsewhere));
    loop_turn(loop, 1000);
    assert_int_equal(calls, 1);
}

static void set_again(struct waiter *w) {
    wait_for_a_moment(w);
}

static void a_timer_that_is_due_again_at_once_lets_others_run(void **state) {
    (void)state;
    wait_for_a_moment(new_waiter(set_again));
    wait_for_a_moment(new_waiter(set_again));
    wait_for_bytes(new_waiter(end));
    loop_turn(loop, 1000);
    assert_int_equal(calls, 3);
    loop_turn(loop, 1000);
    assert_int_equal(calls, 5);
}

static void listen_anew(struct waiter *w) {
    loop_unlisten(&w->poked);
    wait_for_a_poke(w);
}

static void a_listener_hears_of_each_poke_once(void **state) {
    (void)state;
    wait_for_a_poke(new_waiter(listen_anew));
    wait_for_a_poke(new_waiter(listen_anew));
    loop_turn(loop, 1000);
    assert_int_equal(calls, 2);
    loop_turn(loop, 1000);
    assert_int_equal(calls, 4);
}

/* A signal handler pokes, between a call that fails and the look at why. */
static void a_poke_keeps_errno(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) { /* more than fit into a pipe */
        errno = ENOENT;
        loop_poke(loop);
        assert_int_equal(errno, ENOENT);
    }
    wait_for_a_poke(new_waiter(NULL));
    loop_turn(loop, 1000);
    assert_int_equal(calls, 1);
}

static void what_outlives_the_loop_can_be_taken_out_of_it(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++)
        for (int n = 0; n < 3; n++)
            kinds[i].wait(new_waiter(NULL));
    loop_free(loop);
    end_all_but(NULL);
    loop = NULL;
    assert_int_equal(calls, 0);
}

static void to_end_what_does_not_wait_does_no_harm(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct waiter *w = new_waiter(NULL);
        kinds[i].wait(w);
        loop_turn(loop, 1000);
        for (int n = 0; n < 2; n++) {
            loop_unwatch(loop, &w->watch);
            loop_clear_timer(loop, &w->timer);
            loop_unlisten(&w->poked);
            if (w->easy != NULL)
                loop_remove_transfer(loop, w->easy);
        }
        assert_true(loop_idle(loop));
    }
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)

int main(void) {
    const struct CMUnitTest tests[] = {
        LOOP_TEST(who_was_ended_is_not_called_in_the_same_turn),
        LOOP_TEST(one_that_ends_itself_is_not_touched_again),
        LOOP_TEST(a_turn_within_a_turn_leaves_nothing_behind),
        LOOP_TEST(an_event_of_an_earlier_descriptor_is_forgotten),
        LOOP_TEST(a_timer_that_is_due_again_at_once_lets_others_run),
        LOOP_TEST(a_listener_hears_of_each_poke_once),
        LOOP_TEST(a_poke_keeps_errno),
        LOOP_TEST(what_outlives_the_loop_can_be_taken_out_of_it),
        LOOP_TEST(to_end_what_does_not_wait_does_no_harm),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
