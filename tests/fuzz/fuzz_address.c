/* An IPv4 address inside an IPv6 one leads no further into the open than by itself, and no
 * address of this machine or its surroundings leads there. */

#include "fuzz.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool is_public4(const uint8_t *b) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    memcpy(&a.sin_addr, b, 4);
    return address_is_public((const struct sockaddr *)&a);
}

static bool is_public6(const uint8_t *b) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6};
    memcpy(&a.sin6_addr, b, 16);
    return address_is_public((const struct sockaddr *)&a);
}

/* The first two numbers are enough for what everybody knows. */
static bool is_near(const uint8_t *b) {
    return b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
           (b[0] == 169 && b[1] == 254) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 172 && b[1] >= 16 && b[1] < 32) ||
           (b[0] == 100 && b[1] >= 64 && b[1] < 128);
}

static void check_carried(const uint8_t *four) {
    static const struct {
        uint8_t prefix[12];
        size_t size, at;
    } forms[] = {
        {{[10] = 0xff, [11] = 0xff}, 12, 12},
        {{0x00, 0x64, 0xff, 0x9b}, 12, 12},
        {{0x20, 0x02}, 2, 2},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        uint8_t six[16] = {0};
        memcpy(six, forms[i].prefix, forms[i].size);
        memcpy(six + forms[i].at, four, 4);
        FUZZ_CHECK(is_public4(four) || !is_public6(six));
    }
}

static void check_six(const uint8_t *b) {
    static const uint8_t zero[15];
    bool loopback = memcmp(b, zero, 15) == 0 && b[15] <= 1;
    bool local = (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && b[1] >= 0x80) || b[0] == 0xff;
    FUZZ_CHECK(!is_public6(b) || !(loopback || local));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t b[16] = {0};
    memcpy(b, data, size < sizeof b ? size : sizeof b);
    FUZZ_CHECK(!is_near(b) || !is_public4(b));
    check_carried(b);
    check_six(b);
    return 0;
}
