/* The head of a request, and a body in chunks: read at once or byte by byte they are the same, or
 * are refused for the same reason. What is read lies in the text and holds no line end. A body
 * that is put into chunks comes out as it was. The input: a byte for the most that a head may
 * have, then the bytes. */

#include "fuzz.h"
#include "net/chunked.h"
#include "net/httphead.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BODY 4096

static void check_span(const char *text, size_t size, struct httphead_span s) {
    FUZZ_CHECK(s.at <= size && s.size <= size - s.at);
    FUZZ_CHECK(s.size == 0 || (memchr(text + s.at, '\n', s.size) == NULL &&
                               memchr(text + s.at, '\r', s.size) == NULL));
}

static void check_whole(const struct httphead *h, const char *text, size_t size) {
    FUZZ_CHECK(h->read <= size && h->field_count <= HTTPHEAD_FIELDS);
    FUZZ_CHECK(h->method.size > 0 && h->minor <= 1);
    FUZZ_CHECK(h->target.size > 0 || h->host.size > 0); /* http://host without a path */
    check_span(text, h->read, h->method);
    check_span(text, h->read, h->target);
    check_span(text, h->read, h->host);
    FUZZ_CHECK(memchr(text + h->method.at, ' ', h->method.size) == NULL);
    FUZZ_CHECK(memchr(text + h->target.at, ' ', h->target.size) == NULL);
    for (size_t i = 0; i < h->field_count; i++) {
        FUZZ_CHECK(h->names[i].size > 0);
        check_span(text, h->read, h->names[i]);
        check_span(text, h->read, h->values[i]);
    }
    /* Whoever forwards a request must not see another end of its body than we do. */
    FUZZ_CHECK(!(h->chunked && h->has_length));
}

static size_t check_head(const char *text, size_t size, size_t most) {
    static struct httphead once, pieces;
    const struct refusal *why = NULL;
    httphead_reset(&once);
    httphead_reset(&pieces);
    const struct refusal *refusal = httphead_read(&once, text, size, most);
    for (size_t n = 1; n <= size && why == NULL && !pieces.whole; n++)
        why = httphead_read(&pieces, text, n, most);
    FUZZ_CHECK(why == refusal || (refusal != NULL && why != NULL));
    FUZZ_CHECK(refusal == NULL || refusal->status >= 400);
    if (refusal != NULL || !once.whole)
        return 0;
    FUZZ_CHECK(pieces.whole && pieces.read == once.read &&
               pieces.field_count == once.field_count && pieces.length == once.length &&
               pieces.chunked == once.chunked && pieces.closes == once.closes);
    check_whole(&once, text, size);
    return once.read;
}

static void check_body(const char *text, size_t size) {
    struct chunked once = {0}, pieces = {0};
    struct buf body = {0}, other = {0};
    size_t used = 0, at = 0;
    const struct refusal *why = NULL;
    const struct refusal *refusal =
        chunked_read(&once, text, size, &used, &body, MOST_BODY);
    while (why == NULL && at < size && pieces.place != CHUNKED_WHOLE) {
        size_t taken = 0;
        why = chunked_read(&pieces, text + at, 1, &taken, &other, MOST_BODY);
        at += taken;
        FUZZ_CHECK(taken == 1 || why != NULL);
    }
    FUZZ_CHECK((why == NULL) == (refusal == NULL) && pieces.place == once.place);
    FUZZ_CHECK(body.size <= MOST_BODY);
    if (refusal == NULL)
        FUZZ_CHECK(used == at && body.size == other.size &&
                   (body.size == 0 || memcmp(body.bytes, other.bytes, body.size) == 0));
    buf_free(&body);
    buf_free(&other);
}

static void check_round(const char *text, size_t size) {
    struct chunked c = {0};
    struct buf sent = {0}, body = {0};
    size_t used = 0, half = size / 2;
    if (size > MOST_BODY)
        return;
    if (half > 0)
        FUZZ_CHECK(buf_fmt(&sent, "%zx\r\n", half) && buf_add(&sent, text, half) &&
                   buf_str(&sent, "\r\n"));
    if (size > half)
        FUZZ_CHECK(buf_fmt(&sent, "%zX;a=b\r\n", size - half) &&
                   buf_add(&sent, text + half, size - half) && buf_str(&sent, "\r\n"));
    FUZZ_CHECK(buf_str(&sent, "0\r\n\r\n"));
    FUZZ_CHECK(chunked_read(&c, sent.bytes, sent.size, &used, &body, MOST_BODY) == NULL);
    FUZZ_CHECK(c.place == CHUNKED_WHOLE && used == sent.size && body.size == size);
    FUZZ_CHECK(size == 0 || memcmp(body.bytes, text, size) == 0);
    buf_free(&sent);
    buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    size_t most = 64 + 8 * (size_t)fuzz_byte(&in);
    const char *text = (const char *)in.at;
    if (in.size == 0)
        return 0;
    size_t head = check_head(text, in.size, most);
    check_body(text + head, in.size - head);
    check_round(text + head, in.size - head);
    return 0;
}
