#include "net/chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST ((size_t)32)

/* Read a text in pieces of `piece` bytes: the status of a refusal, 200 if the body is whole,
 * 0 if more is to come. */
static int read_in_pieces(const char *text, size_t size, size_t piece, struct buf *body,
                          size_t *read) {
    struct chunked c = {0};
    body->size = *read = 0;
    while (*read < size && c.place != CHUNKED_WHOLE) {
        size_t used, n = size - *read < piece ? size - *read : piece;
        char *copy = malloc(n);
        memcpy(copy, text + *read, n);
        const struct refusal *wrong = chunked_read(&c, copy, n, &used, body, MOST);
        free(copy);
        *read += used;
        if (wrong != NULL)
            return wrong->status;
    }
    return c.place == CHUNKED_WHOLE ? 200 : 0;
}

static const struct {
    int status;
    const char *text, *body, *why;
} cases[] = {
    {200, "0\r\n\r\n", "", "nothing"},
    {200, "5\r\nhello\r\n0\r\n\r\n", "hello", "one chunk"},
    {200, "5\r\nhello\r\n0\r\n\r\nGET /", "hello", "what follows is not read"},
    {200, "1\r\n\r\r\n0002\r\n\n0\r\n000\r\n\r\n", "\r\n0", "data of any kind"},
    {200, "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", "a size in hex"},
    {200, "0000000000000001\r\na\r\n0\r\n\r\n", "a", "as many digits as may be"},
    {200, "1;a=b;c=\"d e\"\r\na\r\n0;x\r\n\r\n", "a", "extensions"},
    {200, "1\r\na\r\n0\r\nA: b\r\nC:\r\n\r\n", "a", "a trailer"},
    {0, "5\r\nhello\r\n", "hello", "no last chunk"},
    {0, "5\r\nhel", "hel", "half a chunk"},
    {0, "5", "", "half a size"},
    {400, "\r\n", "", "no size"},
    {400, "zz\r\n", "", "a size that is none"},
    {400, "-1\r\n", "", "a negative size"},
    {400, "5 \r\n", "", "a blank behind the size"},
    {400, "5\n", "", "LF alone"},
    {400, "00000000000000001\r\n", "", "too many digits"},
    {400, "1\r\nab\r\n", "a", "more than was said"},
    {400, "2\r\na\r\n0\r\n\r\n", "a\r", "less than was said"},
    {400, "1;\x01\r\n", "", "a control character in an extension"},
    {400, "0\r\nnothing\r\n", "", "a trailer without a colon"},
    {400, "0\r\n: x\r\n", "", "a trailer without a name"},
    {400, "0\r\n x\r\n", "", "a trailer that goes on"},
    {413, "ffffffffffffffff\r\n", "", "a huge chunk"},
    {413, "21\r\n", "", "a chunk beyond the limit"},
    {413, "20\r\n01234567890123456789012345678901\r\n1\r\n",
     "01234567890123456789012345678901", "chunks that add up beyond it"},
};

static void bodies_in_chunks_are_read_strictly_however_they_are_cut(void **state) {
    struct buf body = {0}, text = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text.size = 0;
        buf_str(&text, cases[i].text);
        if (cases[i].status == 413)
            buf_str(&text, "x"); /* a limit is seen with the first byte of data */
        for (size_t piece = 1; piece <= 64; piece++) {
            size_t read;
            int status = read_in_pieces(text.bytes, text.size, piece, &body, &read);
            if (status != cases[i].status)
                fail_msg("%s, in pieces of %zu: %d", cases[i].why, piece, status);
            buf_grow(&body, 0); /* so that there is something to compare with */
            if (status < 400 && (body.size != strlen(cases[i].body) ||
                                 memcmp(body.bytes, cases[i].body, body.size) != 0))
                fail_msg("%s, in pieces of %zu: %.*s", cases[i].why, piece,
                         (int)body.size, body.bytes);
        }
    }
    buf_free(&body);
    buf_free(&text);
}

static void what_stands_beside_the_data_is_bounded(void **state) {
    static const char *const beginnings[] = {"1;", "0\r\nA:", "0\r\nAA"};
    struct buf body = {0}, text = {0};
    size_t read;
    (void)state;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        text.size = 0;
        buf_str(&text, beginnings[i]);
        while (text.size < (size_t)64 << 10)
            buf_str(&text, "aaaaaaaa");
        assert_int_equal(read_in_pieces(text.bytes, text.size, 1000, &body, &read), 431);
    }
    buf_free(&text);
    buf_free(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_in_chunks_are_read_strictly_however_they_are_cut),
        cmocka_unit_test(what_stands_beside_the_data_is_bounded),
    };
    return cmocka_run_group_tests_name("unit/chunked", tests, NULL, NULL);
}
