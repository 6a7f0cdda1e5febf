#include "net/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sockaddr_storage address(const char *text) {
    struct sockaddr_storage a = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&a, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(&a, &v6, sizeof v6);
    return a;
}

static void join(struct peers *p, struct peers_entry *at, const char *text) {
    struct sockaddr_storage a = address(text);
    assert_true(peers_join(p, at, (struct sockaddr *)&a, at));
}

static const struct {
    const char *one, *other;
    size_t together;
} pairs[] = {
    {"127.0.0.1", "127.0.0.1", 2},
    {"127.0.0.1", "127.0.0.2", 1},
    {"127.0.0.1", "::ffff:127.0.0.1", 2},
    {"::ffff:127.0.0.1", "::ffff:127.0.0.2", 1},
    {"2001:db8:1:2::1", "2001:db8:1:2:ffff::", 2},
    {"2001:db8:1:2::1", "2001:db8:1:3::1", 1},
    {"::1", "127.0.0.1", 1},
};

static void an_address_is_one_machine_or_one_network_of_ipv6(void **state) {
    struct peers *p = peers_new();
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct peers_entry a = {0}, b = {0};
        join(p, &a, pairs[i].one);
        join(p, &b, pairs[i].other);
        if (peers_count(&a) != pairs[i].together)
            fail_msg("%s and %s: %zu", pairs[i].one, pairs[i].other, peers_count(&a));
        peers_leave(p, &a);
        peers_leave(p, &b);
    }
    assert_null(peers_most(p));
    peers_free(p);
}

static void the_oldest_comes_first_until_it_is_renewed(void **state) {
    struct peers *p = peers_new();
    struct peers_entry a[3] = {0};
    (void)state;
    for (int i = 0; i < 3; i++)
        join(p, &a[i], "10.0.0.1");
    assert_ptr_equal(peers_oldest(&a[2]), &a[0]);
    assert_ptr_equal(peers_oldest(&a[2])->newer, &a[1]);
    peers_renew(&a[0]);
    assert_ptr_equal(peers_oldest(&a[0]), &a[1]);
    peers_leave(p, &a[2]);
    assert_ptr_equal(a[1].newer, &a[0]);
    peers_leave(p, &a[1]);
    peers_leave(p, &a[1]); /* twice is harmless */
    peers_renew(&a[1]);
    assert_int_equal(peers_count(&a[1]), 0);
    assert_int_equal(peers_count(&a[0]), 1);
    peers_leave(p, &a[0]);
    peers_free(p);
}

static void the_crowd_is_the_address_with_the_most(void **state) {
    enum { MANY = 600 };
    static struct peers_entry a[MANY], b[3];
    struct peers *p = peers_new();
    char text[32];
    (void)state;
    for (int i = 0; i < MANY; i++) { /* more addresses than slots */
        snprintf(text, sizeof text, "10.1.%d.%d", i / 250, i % 250);
        join(p, &a[i], text);
    }
    for (int i = 0; i < 3; i++)
        join(p, &b[i], "10.1.1.7");
    assert_int_equal(peers_count(&b[0]), 4);
    assert_ptr_equal(peers_most(p), &a[257]);
    for (int i = 0; i < MANY; i++)
        peers_leave(p, &a[i]);
    assert_ptr_equal(peers_most(p), &b[0]);
    for (int i = 0; i < 3; i++)
        peers_leave(p, &b[i]);
    assert_null(peers_most(p));
    peers_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_one_machine_or_one_network_of_ipv6),
        cmocka_unit_test(the_oldest_comes_first_until_it_is_renewed),
        cmocka_unit_test(the_crowd_is_the_address_with_the_most),
    };
    return cmocka_run_group_tests_name("unit/peers", tests, NULL, NULL);
}
