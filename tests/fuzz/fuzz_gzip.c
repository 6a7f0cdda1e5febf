/* What is packed can be unpacked, and is smaller; what a client says it takes does not depend
 * on case or on blanks. */

#include "fuzz.h"
#include "net/gzip.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void check_pack(struct gzip *g, const uint8_t *bytes, size_t size) {
    size_t packed = 0;
    void *small = gzip_pack(g, bytes, size, &packed);
    if (small == NULL)
        return;
    FUZZ_CHECK(packed > 0 && packed <= size);
    unsigned char *back = malloc(size + 1);
    z_stream z = {.next_in = small,
                  .avail_in = (uInt)packed,
                  .next_out = back,
                  .avail_out = (uInt)size + 1};
    FUZZ_CHECK(inflateInit2(&z, 15 + 16) == Z_OK);
    FUZZ_CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == size);
    FUZZ_CHECK(memcmp(back, bytes, size) == 0);
    inflateEnd(&z);
    free(back);
    free(small);
}

/* A word of one sign many times, so that there is something to pack. */
static void check_repeated(struct gzip *g, const uint8_t *bytes, size_t size) {
    size_t all = size * 50;
    uint8_t *many = malloc(all + 1);
    FUZZ_CHECK(many != NULL);
    for (size_t i = 0; i < all; i++)
        many[i] = bytes[i % size];
    check_pack(g, many, all);
    free(many);
}

static void check_accepted(const uint8_t *data, size_t size) {
    char *value = fuzz_text(data, size);
    bool taken = gzip_accepted(value);
    for (char *c = value; *c != '\0'; c++)
        *c = (char)(isupper((unsigned char)*c) ? tolower((unsigned char)*c)
                                               : toupper((unsigned char)*c));
    FUZZ_CHECK(gzip_accepted(value) == taken);
    FUZZ_CHECK(!taken || strpbrk(value, "*gG") != NULL);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct gzip *g;
    if (g == NULL)
        g = gzip_new();
    check_pack(g, data, size);
    if (size > 0)
        check_repeated(g, data, size);
    check_accepted(data, size);
    return 0;
}
