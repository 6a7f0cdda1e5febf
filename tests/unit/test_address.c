#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

/* The blocks of both registries, the first and the last address of each; and what lies around
 * them, if it is public. */
static const struct {
    const char *first, *last, *why;
    const char *below, *above;
} blocks4[] =
    {
        {"0.0.0.0", "0.255.255.255", "this network", NULL, "1.0.0.0"},
        {"10.0.0.0", "10.255.255.255", "private", "9.255.255.255", "11.0.0.0"},
        {"100.64.0.0", "100.127.255.255", "shared", "100.63.255.255", "100.128.0.0"},
        {"127.0.0.0", "127.255.255.255", "loopback", "126.255.255.255", "128.0.0.0"},
        {"168.63.129.16", "168.63.129.16", "Azure", "168.63.129.15", "168.63.129.17"},
        {"169.254.0.0", "169.254.255.255", "link-local", "169.253.255.255",
         "169.255.0.0"},
        {"169.254.169.254", "169.254.169.254", "metadata of the clouds", NULL, NULL},
        {"172.16.0.0", "172.31.255.255", "private", "172.15.255.255", "172.32.0.0"},
        {"192.0.0.0", "192.0.0.255", "protocols", "191.255.255.255", "192.0.1.0"},
        {"192.0.0.0", "192.0.0.7", "DS-Lite", NULL, NULL},
        {"192.0.0.8", "192.0.0.8", "dummy", NULL, NULL},
        {"192.0.0.9", "192.0.0.9", "PCP", NULL, NULL},
        {"192.0.0.10", "192.0.0.10", "TURN", NULL, NULL},
        {"192.0.0.170", "192.0.0.171", "discovery of NAT64", NULL, NULL},
        {"192.0.0.192", "192.0.0.192", "metadata of a cloud", NULL, NULL},
        {"192.0.2.0", "192.0.2.255", "documentation", "192.0.1.255", "192.0.3.0"},
        {"192.31.196.0", "192.31.196.255", "AS112", "192.31.195.255", "192.31.197.0"},
        {"192.52.193.0", "192.52.193.255", "AMT", "192.52.192.255", "192.52.194.0"},
        {"192.88.99.0", "192.88.99.255", "6to4 relays", "192.88.98.255", "192.88.100.0"},
        {"192.168.0.0", "192.168.255.255", "private", "192.167.255.255", "192.169.0.0"},
        {"192.175.48.0", "192.175.48.255", "AS112", "192.175.47.255", "192.175.49.0"},
        {"198.18.0.0", "198.19.255.255", "benchmarks", "198.17.255.255", "198.20.0.0"},
        {"198.51.100.0", "198.51.100.255", "documentation", "198.51.99.255",
         "198.51.101.0"},
        {"203.0.113.0", "203.0.113.255", "documentation", "203.0.112.255", "203.0.114.0"},
        {"224.0.0.0", "239.255.255.255", "multicast", "223.255.255.255", NULL},
        {"240.0.0.0", "255.255.255.254", "reserved", NULL, NULL},
        {"255.255.255.255", "255.255.255.255", "broadcast", NULL, NULL},
},
  blocks6[] = {
      {"::", "::", "this machine", NULL, NULL},
      {"::1", "::1", "loopback", NULL, NULL},
      {"::2", "::ffff", "unassigned", NULL, NULL},
      {"::8.8.8.8", "::8.8.8.8", "compatible with IPv4, as once was thought", NULL, NULL},
      {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "translated, locally", NULL,
       NULL},
      {"64:ff9b:1::8.8.8.8", "64:ff9b:1::8.8.8.8", "the same", NULL, NULL},
      {"100::", "100::ffff:ffff:ffff:ffff", "discard", NULL, NULL},
      {"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "dummy", NULL, NULL},
      {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocols",
       "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
      {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo", NULL, NULL},
      {"2001:1::1", "2001:1::3", "PCP, TURN, DNS-SD", NULL, NULL},
      {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarks", NULL, NULL},
      {"2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", "AMT", NULL, NULL},
      {"2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", "AS112", NULL, NULL},
      {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHID, deprecated", NULL,
       NULL},
      {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHIDv2", NULL, NULL},
      {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "drones", NULL, NULL},
      {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation",
       "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
      {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112",
       "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"},
      {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation",
       "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
      {"4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unassigned",
       "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
      {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "SRv6", NULL, NULL},
      {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private", NULL, NULL},
      {"fd00:ec2::254", "fd00:ec2::254", "metadata of a cloud", NULL, NULL},
      {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local", NULL, NULL},
      {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local", NULL, NULL},
      {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", NULL, NULL},
};

static void check6(const unsigned char *bytes, bool want, const char *text,
                   const char *why) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6};
    memcpy(&a.sin6_addr, bytes, 16);
    if (address_is_public((void *)&a) != want)
        fail_msg("%s is%s public: %s", text, want ? " not" : "", why);
}

/* An IPv4 address, and IPv6 addresses that carry it. */
static void check_forms(const unsigned char four[4], bool want, const char *text,
                        const char *why) {
    unsigned char six[16] = {[10] = 0xff, [11] = 0xff}; /* mapped */
    memcpy(six + 12, four, 4);
    check6(six, want, text, why);
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};
    memcpy(six, translated, 12);
    check6(six, want, text, why);
    memset(six, 0, sizeof six); /* 6to4 */
    six[0] = 0x20;
    six[1] = 0x02;
    memcpy(six + 2, four, 4);
    six[15] = 1;
    check6(six, want, text, why);
    memset(six, 0,
           sizeof six); /* Teredo, for the server and, with other bits, the client */
    six[0] = 0x20;
    six[1] = 0x01;
    memcpy(six + 4, four, 4);
    for (int i = 0; i < 4; i++)
        six[12 + i] = (unsigned char)~four[i];
    check6(six, false, text, why);
}

static void check(const char *text, bool want, const char *why) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    unsigned char six[16];
    if (text == NULL)
        return;
    if (inet_pton(AF_INET, text, &a.sin_addr) == 1) {
        if (address_is_public((void *)&a) != want)
            fail_msg("%s is%s public: %s", text, want ? " not" : "", why);
        check_forms((void *)&a.sin_addr, want, text, why);
        return;
    }
    assert_int_equal(inet_pton(AF_INET6, text, six), 1);
    check6(six, want, text, why);
}

#define CHECK_BLOCKS(blocks)                                                             \
    for (size_t i = 0; i < sizeof(blocks) / sizeof *(blocks); i++) {                     \
        check((blocks)[i].first, false, (blocks)[i].why);                                \
        check((blocks)[i].last, false, (blocks)[i].why);                                 \
        check((blocks)[i].below, true, (blocks)[i].why);                                 \
        check((blocks)[i].above, true, (blocks)[i].why);                                 \
    }

static void special_addresses_are_not_public(void **state) {
    (void)state;
    CHECK_BLOCKS(blocks4);
    CHECK_BLOCKS(blocks6);
}

static void all_others_are(void **state) {
    static const char *const others[] = {
        "1.1.1.1",         "8.8.8.8",         "20.42.4.209",          "52.27.216.188",
        "2606:4700::1111", "2603:1030:408::", "2a00:1450:4001::200e", "2400:cb00::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check(others[i], true, "in the open");
}

static void a_socket_in_a_file_is_not_public(void **state) {
    struct sockaddr_un file = {.sun_family = AF_UNIX};
    (void)state;
    assert_false(address_is_public((void *)&file));
}

int main(void) {
    const struct CMUnitTest address[] = {
        cmocka_unit_test(special_addresses_are_not_public),
        cmocka_unit_test(all_others_are),
        cmocka_unit_test(a_socket_in_a_file_is_not_public),
    };
    return cmocka_run_group_tests(address, NULL, NULL);
}
