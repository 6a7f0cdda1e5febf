#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool is_public;
    const char *why;
} cases[] = {
    {"127.0.0.1", false, "loopback"},
    {"127.255.255.254", false, "all of 127"},
    {"0.0.0.0", false, "this machine by another name"},
    {"10.1.2.3", false, "private"},
    {"172.16.0.1", false, "private"},
    {"172.31.255.255", false, "private to its end"},
    {"172.32.0.1", true, "one above"},
    {"172.15.255.255", true, "one below"},
    {"192.168.1.1", false, "private"},
    {"169.254.169.254", false, "metadata of the clouds"},
    {"192.0.0.192", false, "metadata of a cloud"},
    {"100.64.0.1", false, "shared"},
    {"100.128.0.1", true, "one above shared"},
    {"198.18.0.1", false, "measurements"},
    {"224.0.0.1", false, "multicast"},
    {"255.255.255.255", false, "broadcast"},
    {"8.8.8.8", true, "in the open"},
    {"203.0.114.1", true, "one above documentation"},
    {"::1", false, "loopback"},
    {"::", false, "this machine"},
    {"fe80::1", false, "link-local"},
    {"fc00::1", false, "private"},
    {"fd12:3456::1", false, "private"},
    {"ff02::1", false, "multicast"},
    {"::ffff:127.0.0.1", false, "carries a loopback address"},
    {"::ffff:8.8.8.8", true, "carries one in the open"},
    {"64:ff9b::10.0.0.1", false, "translated to a private one"},
    {"64:ff9b::8.8.8.8", true, "translated to one in the open"},
    {"2002:7f00:1::", false, "6to4 to loopback"},
    {"2002:808:808::", true, "6to4 into the open"},
    {"2001:0:1234::1", false, "a tunnel to who knows where"},
    {"2001:db8::1", false, "documentation"},
    {"2606:4700::1111", true, "in the open"},
};

static void addresses_of_this_machine_and_around_it_are_not_public(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        const struct sockaddr *a = (void *)&v4;
        if (inet_pton(AF_INET, cases[i].text, &v4.sin_addr) != 1) {
            assert_int_equal(inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr), 1);
            a = (void *)&v6;
        }
        if (address_is_public(a) != cases[i].is_public)
            fail_msg("%s: %s", cases[i].text, cases[i].why);
    }
}

static void a_socket_in_a_file_is_not_public(void **state) {
    struct sockaddr_un file = {.sun_family = AF_UNIX};
    (void)state;
    assert_false(address_is_public((void *)&file));
}

int main(void) {
    const struct CMUnitTest address[] = {
        cmocka_unit_test(addresses_of_this_machine_and_around_it_are_not_public),
        cmocka_unit_test(a_socket_in_a_file_is_not_public),
    };
    return cmocka_run_group_tests(address, NULL, NULL);
}
