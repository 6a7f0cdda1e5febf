/* httphead.h -- a parser for the head of an HTTP/1 request: the request line and the
 * header. It reads line by line, while the head arrives. It is strict: where RFC 9112
 * allows a server to reject something that others could parse differently, it rejects the
 * line. Pure: no I/O, no memory of its own. */

#ifndef TARN_HTTPHEAD_H
#define TARN_HTTPHEAD_H

#include "net/refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPHEAD_FIELDS 100

/* Offsets, because the text may be moved while it grows. */
struct httphead_span {
    uint32_t at, size;
};

struct httphead {
    size_t read; /* number of bytes that were parsed */
    size_t line; /* start of the line that is not complete yet */
    bool started, whole;
    struct httphead_span method, target;
    bool is_head;              /* the method is HEAD */
    int minor;                 /* of HTTP/1.x: 0 or 1 */
    struct httphead_span host; /* the host in the target, if that was a URL */
    uint64_t length;           /* Content-Length; UINT64_MAX if it is larger */
    bool has_host, has_length, chunked;
    bool expects;       /* Expect: 100-continue */
    bool closes, keeps; /* Connection: close, keep-alive */
    unsigned singles;   /* a bit for each field in `singles` that was seen */
    size_t field_count;
    struct httphead_span names[HTTPHEAD_FIELDS], values[HTTPHEAD_FIELDS];
};

/* Prepare for a new request, which begins at the text's first byte. */
void httphead_reset(struct httphead *h);

/* Continue parsing. The text begins with the same bytes as in the last call. NULL if the
 * head is valid so far; it is complete if `h->whole`, and then ends at `h->read`. A head
 * may have `most` bytes, and its first line half of them. */
const struct refusal *httphead_read(struct httphead *h, const char *text, size_t size,
                                    size_t most);

/* True if field number `field` has that name. */
bool httphead_is_named(const struct httphead *h, const char *text, size_t field,
                       const char *name);

#endif
