#include "net/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first `bits` of an IPv4 address; those that lead nowhere in the open (RFC 6890). */
static const struct {
    uint32_t network;
    int bits;
} closed[] = {
    {0x00000000, 8},  /* 0.0.0.0: this machine */
    {0x0a000000, 8},  /* 10: private */
    {0x64400000, 10}, /* 100.64: shared, of carriers */
    {0x7f000000, 8},  /* 127: loopback */
    {0xa9fe0000, 16}, /* 169.254: link-local, the clouds' metadata */
    {0xac100000, 12}, /* 172.16: private */
    {0xc0000000, 24}, /* 192.0.0: protocols, the clouds' metadata again */
    {0xc0000200, 24}, /* 192.0.2: documentation */
    {0xc0a80000, 16}, /* 192.168: private */
    {0xc6120000, 15}, /* 198.18: measurements */
    {0xc6336400, 24}, /* 198.51.100: documentation */
    {0xcb007100, 24}, /* 203.0.113: documentation */
    {0xe0000000, 3},  /* 224 and above: multicast, reserved, broadcast */
};

static bool is_public4(uint32_t address) {
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (((address ^ closed[i].network) >> (32 - closed[i].bits)) == 0)
            return false;
    return true;
}

static uint32_t four(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Only addresses in 2000::/3 are assigned. Among these 2002: carries an IPv4 address, and
 * 2001:0: is a tunnel to one. Outside of 2000::/3, 64:ff9b: and ::ffff: carry one too. */
static bool is_public6(const unsigned char b[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(b, mapped, 12) == 0 || memcmp(b, translated, 12) == 0)
        return is_public4(four(b + 12));
    if ((b[0] & 0xe0) != 0x20)
        return false;
    if (b[0] == 0x20 && b[1] == 0x02)
        return is_public4(four(b + 2));
    if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0)
        return false;
    return !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8);
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
