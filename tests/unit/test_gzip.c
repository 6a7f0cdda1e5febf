#include "net/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

static void what_is_packed_unpacks_to_the_same_bytes(void **state) {
    struct gzip *g = gzip_new();
    char bytes[5000], back[5000];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * i % 13);
    for (int i = 0; i < 3; i++) { /* one packer for many answers */
        size_t size;
        void *packed = gzip_pack(g, bytes, sizeof bytes, &size);
        assert_non_null(packed);
        assert_true(size < sizeof bytes);
        z_stream z = {.next_in = packed,
                      .avail_in = (uInt)size,
                      .next_out = (Bytef *)back,
                      .avail_out = sizeof back};
        assert_int_equal(Z_OK, inflateInit2(&z, 15 + 16));
        assert_int_equal(Z_STREAM_END, inflate(&z, Z_FINISH));
        assert_int_equal(sizeof back, z.total_out);
        assert_memory_equal(bytes, back, sizeof bytes);
        inflateEnd(&z);
        free(packed);
    }
    gzip_free(g);
}

static void what_would_not_shrink_is_left_alone(void **state) {
    struct gzip *g = gzip_new();
    unsigned char noise[2000];
    uint32_t x = 1;
    size_t size;
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++) {
        x = x * 1664525 + 1013904223;
        noise[i] = (unsigned char)(x >> 24);
    }
    assert_null(gzip_pack(g, noise, sizeof noise, &size));
    assert_null(gzip_pack(g, "", 0, &size));
    memset(noise, 'x', sizeof noise);
    void *packed = gzip_pack(g, noise, sizeof noise, &size);
    assert_non_null(packed); /* it works again afterwards */
    free(packed);
    gzip_free(g);
}

static void accept_encoding_is_read_as_http_says(void **state) {
    static const struct {
        const char *value;
        bool accepted;
    } cases[] = {
        {"gzip", true},
        {"deflate, gzip;q=0.5", true},
        {"GZIP", true},
        {"*", true},
        {"br, *;q=0.1", true},
        {"gzip;q=0.001", true},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"*, gzip;q=0", false},
        {"*;q=0", false},
        {"", false},
        {"identity", false},
        {"gzipped", false},
        {",, ,", false},
        {"x-gzip-like", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (gzip_accepted(cases[i].value) != cases[i].accepted)
            fail_msg("'%s'", cases[i].value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_unpacks_to_the_same_bytes),
        cmocka_unit_test(what_would_not_shrink_is_left_alone),
        cmocka_unit_test(accept_encoding_is_read_as_http_says),
    };
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
