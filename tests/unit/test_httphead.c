#include "net/httphead.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST ((size_t)4096)
#define HOST "Host: x\r\n"

/* What became of a text: the status of its refusal, 200 if it is a whole head, 0 if more is
 * to come. */
static int outcome(const struct httphead *h, const struct refusal *wrong) {
    return wrong != NULL ? wrong->status : h->whole ? 200 : 0;
}

/* The same text in a piece of memory of just its size, so that a look behind it is seen. */
static const struct refusal *read_copy(struct httphead *h, const char *text,
                                       size_t size) {
    char *copy = malloc(size + (size == 0));
    memcpy(copy, text, size);
    const struct refusal *wrong = httphead_read(h, copy, size, MOST);
    free(copy);
    return wrong;
}

static int read_at_once(struct httphead *h, const char *text, size_t size) {
    httphead_reset(h);
    return outcome(h, read_copy(h, text, size));
}

static int read_byte_by_byte(struct httphead *h, const char *text, size_t size) {
    httphead_reset(h);
    for (size_t n = 1; n <= size; n++) {
        const struct refusal *wrong = read_copy(h, text, n);
        if (wrong != NULL || h->whole)
            return outcome(h, wrong);
    }
    return 0;
}

static const struct {
    int status;
    const char *text, *why;
} cases[] = {
    {200, "GET / HTTP/1.1\r\n" HOST "\r\n", "the least"},
    {200, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "empty lines before it"},
    {200, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 needs no host"},
    {200, "GET / HTTP/1.1\r\nHost:\r\n\r\n", "an empty host"},
    {200, "GET / HTTP/1.1\r\nHost: [::1]:8765\r\n\r\n", "an address with a port"},
    {200, "GET / HTTP/1.1\r\nhOsT: \t x\t \r\n\r\n", "blanks around a value"},
    {200, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "the server itself"},
    {200, "GET http://x/a?b HTTP/1.1\r\n" HOST "\r\n", "the form for a proxy"},
    {200, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", "bytes beyond ASCII in a path"},
    {200, "GET / HTTP/1.9\r\n" HOST "\r\n", "a later minor version"},
    {200, "GET / HTTP/1.1\r\n" HOST "A: \xff\t~\r\n\r\n",
     "bytes beyond ASCII in a value"},
    {200, "GET / HTTP/1.1\r\n" HOST "X: 1\r\nX: 2\r\n\r\n", "a list in two fields"},
    {0, "", "nothing"},
    {0, "GET / HTTP/1.1\r\n" HOST "\r", "half a line end"},
    {0, "GET / HT", "half a line"},
    {400, "nothing\r\n", "one word"},
    {400, "GET /\r\n", "HTTP/0.9"},
    {400, "GET  / HTTP/1.1\r\n", "two blanks"},
    {400, "GET /a b HTTP/1.1\r\n", "a blank in the path"},
    {400, "GET / HTTP/1.1 \r\n", "a blank at the end"},
    {400, " GET / HTTP/1.1\r\n", "a blank at the beginning"},
    {400, "GET\t/ HTTP/1.1\r\n", "a tab"},
    {400, "G(T / HTTP/1.1\r\n", "a method that is no token"},
    {400, "GET / HTTP/1\r\n", "half a version"},
    {400, "GET / http/1.1\r\n", "a version in small letters"},
    {400, "GET / HTTP/1.1x\r\n", "more than a version"},
    {400, "GET x HTTP/1.1\r\n", "a path without its slash"},
    {400, "GET * HTTP/1.1\r\n", "the server itself, but not OPTIONS"},
    {400, "GET http:/// HTTP/1.1\r\n", "a URL without a host"},
    {400, "GET http://a@b/ HTTP/1.1\r\n", "a URL with a user"},
    {400, "GET /#a HTTP/1.1\r\n", "a fragment"},
    {400, "GET /\x7f HTTP/1.1\r\n", "DEL in the path"},
    {400, "GET /\nHost: x\n\n", "LF alone"},
    {400, "GET / HTTP/1.1\rHost: x\r\r", "CR alone"},
    {400, "\nGET / HTTP/1.1\r\n", "LF alone before it"},
    {400, "\x16\x03\x01\x02", "TLS where none is spoken"},
    {501, "FOO / HTTP/1.1\r\n", "a method that nobody has"},
    {501, "get / HTTP/1.1\r\n", "a method in small letters"},
    {501, "CONNECT x:443 HTTP/1.1\r\n", "a tunnel"},
    {505, "GET / HTTP/2.0\r\n", "a later version"},
    {505, "PRI * HTTP/2.0\r\n", "HTTP/2 from the first byte"},
    {505, "GET / HTTP/0.9\r\n", "an earlier version"},
    {400, "GET / HTTP/1.1\r\n\r\n", "no host"},
    {400, "GET http://x/ HTTP/1.1\r\n\r\n", "no Host beside a URL"},
    {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "two hosts"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n", "a host that is none"},
    {400, "GET / HTTP/1.1\r\nHost: a, b\r\n", "a list of hosts"},
    {400, "GET / HTTP/1.1\r\n" HOST "nothing\r\n", "a field without a colon"},
    {400, "GET / HTTP/1.1\r\n" HOST ": x\r\n", "a field without a name"},
    {400, "GET / HTTP/1.1\r\nHost : x\r\n", "a blank before the colon"},
    {400, "GET / HTTP/1.1\r\n" HOST " x\r\n", "a field that goes on"},
    {400, "GET / HTTP/1.1\r\n A: x\r\n", "a field that begins with a blank"},
    {400, "GET / HTTP/1.1\r\n" HOST "A: \x01\r\n", "a control character"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n", "no length"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: +31\r\n", "a length with a sign"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n", "a negative length"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n", "a length in hex"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n", "a list of lengths"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n",
     "two lengths"},
    {400, "GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nauthorization: b\r\n",
     "two tokens"},
    {400, "GET / HTTP/1.1\r\n" HOST "Content-Type: a\r\nContent-Type: a\r\n",
     "two types"},
    {400, "GET / HTTP/1.1\r\n" HOST "Origin: a\r\nOrigin: b\r\n", "two origins"},
    {400,
     "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     "a length, and chunks"},
    {400,
     "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
     "chunks, and a length"},
    {400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "chunks in HTTP/1.0"},
    {501, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n",
     "a coding that nobody has"},
    {501, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n", "a wrong coding"},
    {417, "GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n", "a wrong expectation"},
};

static void heads_are_read_strictly_however_they_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct httphead h;
        size_t size = strlen(cases[i].text);
        int whole = read_at_once(&h, cases[i].text, size);
        int pieces = read_byte_by_byte(&h, cases[i].text, size);
        if (whole != cases[i].status || pieces != whole)
            fail_msg("%s: %d at once, %d byte by byte, not %d", cases[i].why, whole,
                     pieces, cases[i].status);
    }
}

static void a_zero_byte_is_refused_where_it_stands(void **state) {
    static const char text[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    struct httphead h;
    (void)state;
    assert_int_equal(read_at_once(&h, text, sizeof text - 1), 400);
    assert_int_equal(read_at_once(&h, text, 6), 400);
    assert_int_equal(read_at_once(&h, text, 5), 0);
}

static void assert_span(const char *text, struct httphead_span s, const char *expected) {
    assert_int_equal(s.size, strlen(expected));
    assert_memory_equal(text + s.at, expected, s.size);
}

static void a_head_tells_where_its_parts_are(void **state) {
    static const char text[] =
        "\r\nPOST /a/b?c=d HTTP/1.1\r\nHost:  example:80 \r\nX-Empty:\r\n"
        "Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: a, Close\r\n\r\nbody";
    struct httphead h;
    (void)state;
    assert_int_equal(read_at_once(&h, text, sizeof text - 1), 200);
    assert_string_equal(text + h.read, "body");
    assert_span(text, h.method, "POST");
    assert_span(text, h.target, "/a/b?c=d");
    assert_int_equal(h.field_count, 5);
    assert_span(text, h.names[0], "Host");
    assert_span(text, h.values[0], "example:80");
    assert_span(text, h.values[1], "");
    assert_true(httphead_is_named(&h, text, 2, "content-length"));
    assert_int_equal(h.length, 12);
    assert_true(h.has_length && h.expects && h.closes && h.minor == 1);
    assert_false(h.keeps || h.chunked || h.is_head);
}

static void a_url_stands_above_the_host(void **state) {
    static const char text[] = "GET HTTP://other:80?q HTTP/1.1\r\nA: b\r\n" HOST "\r\n";
    struct httphead h;
    (void)state;
    assert_int_equal(read_at_once(&h, text, sizeof text - 1), 200);
    assert_span(text, h.target, "?q");
    assert_span(text, h.values[1], "other:80");
}

static void a_length_that_no_number_holds_is_the_greatest(void **state) {
    static const char text[] =
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n";
    struct httphead h;
    (void)state;
    assert_int_equal(read_at_once(&h, text, sizeof text - 1), 200);
    assert_true(h.length == UINT64_MAX);
}

static void a_head_that_is_too_large_is_refused_before_it_ends(void **state) {
    static const struct {
        const char *beginning;
        size_t most;
        int status;
    } large[] = {{"GET /", MOST / 2, 414}, {"GET / HTTP/1.1\r\nA: ", MOST, 431}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct httphead h;
        struct buf text = {0};
        buf_str(&text, large[i].beginning);
        while (text.size < MOST * 2)
            buf_str(&text, "a");
        assert_int_equal(read_at_once(&h, text.bytes, text.size), large[i].status);
        assert_int_equal(read_at_once(&h, text.bytes, large[i].most), 0);
        assert_int_equal(read_at_once(&h, text.bytes, large[i].most + 1),
                         large[i].status);
        buf_free(&text);
    }
}

static void what_comes_behind_a_head_does_not_count(void **state) {
    struct httphead h;
    struct buf text = {0};
    (void)state;
    buf_str(&text, "GET / HTTP/1.1\r\n" HOST "\r\n");
    while (text.size < MOST * 2)
        buf_add(&text, "", 1);
    assert_int_equal(read_at_once(&h, text.bytes, text.size), 200);
    buf_free(&text);
}

static void a_head_with_too_many_fields_is_refused(void **state) {
    struct httphead h;
    struct buf text = {0};
    (void)state;
    buf_str(&text, "GET / HTTP/1.0\r\n");
    for (int i = 0; i < HTTPHEAD_FIELDS; i++)
        buf_str(&text, "A: b\r\n");
    assert_int_equal(read_at_once(&h, text.bytes, text.size), 0);
    buf_str(&text, "A: b\r\n");
    assert_int_equal(read_at_once(&h, text.bytes, text.size), 431);
    buf_free(&text);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Pieces of heads in a random order: how they come in makes no difference, and nothing behind
 * them is looked at. */
static void chance_is_read_the_same_however_it_is_cut(void **state) {
    static const char *const pieces[] = {"GET",
                                         " ",
                                         "/",
                                         "HTTP/1.1",
                                         "\r\n",
                                         "\r",
                                         "\n",
                                         "Host",
                                         ":",
                                         "x",
                                         "\t",
                                         "\x01",
                                         "Expect",
                                         "100-continue",
                                         "Content-Length",
                                         "5",
                                         ", ",
                                         "Transfer-Encoding",
                                         "chunked",
                                         "http://",
                                         "GET / HTTP/1.1\r\n",
                                         "Host: x\r\n",
                                         "\r\n\r\n",
                                         "HEAD",
                                         "Connection: close\r\n"};
    uint32_t seed = 1;
    struct buf text = {0};
    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct httphead a, b;
        text.size = 0;
        buf_str(&text, next(&seed) % 2 ? "GET / HTTP/1.1\r\n" : "");
        for (uint32_t n = next(&seed) % 12; n > 0; n--)
            buf_str(&text, pieces[next(&seed) % (sizeof pieces / sizeof *pieces)]);
        int whole = read_at_once(&a, text.bytes, text.size);
        int cut = read_byte_by_byte(&b, text.bytes, text.size);
        if (whole != cut || (whole == 200 && (a.read != b.read || a.length != b.length ||
                                              a.field_count != b.field_count)))
            fail_msg("%d and %d for: %s", whole, cut, text.bytes);
    }
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read_strictly_however_they_are_cut),
        cmocka_unit_test(a_zero_byte_is_refused_where_it_stands),
        cmocka_unit_test(a_head_tells_where_its_parts_are),
        cmocka_unit_test(a_url_stands_above_the_host),
        cmocka_unit_test(a_length_that_no_number_holds_is_the_greatest),
        cmocka_unit_test(a_head_that_is_too_large_is_refused_before_it_ends),
        cmocka_unit_test(what_comes_behind_a_head_does_not_count),
        cmocka_unit_test(a_head_with_too_many_fields_is_refused),
        cmocka_unit_test(chance_is_read_the_same_however_it_is_cut),
    };
    return cmocka_run_group_tests_name("unit/httphead", tests, NULL, NULL);
}
