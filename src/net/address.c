#include "net/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first `bits` of IPv4 addresses that are no place of the open Internet: all blocks of
 * IANA's IPv4 Special-Purpose Address Registry, also the few that are reachable everywhere,
 * where services of the network itself live; multicast; and one that a cloud uses. */
static const struct {
    uint32_t network;
    int bits;
} closed4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8: this network, this machine */
    {0x0a000000, 8},  /* 10.0.0.0/8: private */
    {0x64400000, 10}, /* 100.64.0.0/10: shared, of carriers; a cloud's metadata */
    {0x7f000000, 8},  /* 127.0.0.0/8: loopback */
    {0xa83f8110, 32}, /* 168.63.129.16: Azure, for each machine there */
    {0xa9fe0000, 16}, /* 169.254.0.0/16: link-local; the clouds' metadata */
    {0xac100000, 12}, /* 172.16.0.0/12: private */
    {0xc0000000, 24}, /* 192.0.0.0/24: protocols; a cloud's metadata */
    {0xc0000200, 24}, /* 192.0.2.0/24: documentation */
    {0xc01fc400, 24}, /* 192.31.196.0/24: AS112, a sink for questions to DNS */
    {0xc034c100, 24}, /* 192.52.193.0/24: AMT, the nearest relay for multicast */
    {0xc0586300, 24}, /* 192.88.99.0/24: 6to4, the nearest relay */
    {0xc0a80000, 16}, /* 192.168.0.0/16: private */
    {0xc0af3000, 24}, /* 192.175.48.0/24: AS112 */
    {0xc6120000, 15}, /* 198.18.0.0/15: benchmarks */
    {0xc6336400, 24}, /* 198.51.100.0/24: documentation */
    {0xcb007100, 24}, /* 203.0.113.0/24: documentation */
    {0xe0000000, 3},  /* 224.0.0.0/3: multicast, reserved, broadcast */
};

/* The same of IANA's IPv6 registry, inside of 2000::/3: all other addresses are unassigned,
 * or special. */
static const struct {
    unsigned char network[6];
    int bits;
} closed6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* 2001::/23: protocols, Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* 2001:db8::/32: documentation */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* 2620:4f:8000::/48: AS112 */
    {{0x3f, 0xff, 0x00}, 20},             /* 3fff::/20: documentation */
};

static bool is_public4(uint32_t address) {
    for (size_t i = 0; i < sizeof closed4 / sizeof *closed4; i++)
        if (((address ^ closed4[i].network) >> (32 - closed4[i].bits)) == 0)
            return false;
    return true;
}

static uint32_t four(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool begins_with(const unsigned char *b, const unsigned char *network, int bits) {
    int whole = bits / 8, rest = bits % 8;
    return memcmp(b, network, (size_t)whole) == 0 &&
           (rest == 0 || (b[whole] ^ network[whole]) >> (8 - rest) == 0);
}

/* Three forms carry the IPv4 address that the packets go to: ::ffff: (mapped), 64:ff9b:
 * (translated) and 2002: (6to4). A Teredo address carries two, of which one is a server's. */
static bool is_public6(const unsigned char b[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, translated, 12) == 0)
        return is_public4(four(b + 12));
    if ((b[0] & 0xe0) != 0x20)
        return false;
    if (b[0] == 0x20 && b[1] == 0x02)
        return is_public4(four(b + 2));
    for (size_t i = 0; i < sizeof closed6 / sizeof *closed6; i++)
        if (begins_with(b, closed6[i].network, closed6[i].bits))
            return false;
    return true;
}

bool address_is_public(const struct sockaddr *a) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    switch (a->sa_family) {
    case AF_INET:
        memcpy(&v4, a, sizeof v4);
        return is_public4(ntohl(v4.sin_addr.s_addr));
    case AF_INET6:
        memcpy(&v6, a, sizeof v6);
        return is_public6(v6.sin6_addr.s6_addr);
    default:
        return false; /* a socket of this machine */
    }
}
