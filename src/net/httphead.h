/* httphead.h -- the head of an HTTP/1 request, read line by line as it comes in. Strict: what
 * RFC 9112 lets a server refuse because others may read it otherwise is refused, at the line
 * where it stands. Pure: no I/O, no memory of its own. */

#ifndef TARN_HTTPHEAD_H
#define TARN_HTTPHEAD_H

#include "net/refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPHEAD_FIELDS 100

/* Places in the text: it may be moved while it grows. */
struct httphead_span {
    uint32_t at, size;
};

struct httphead {
    size_t read; /* so many bytes have been looked at */
    size_t line; /* where the line begins that is not whole yet */
    bool started, whole;
    struct httphead_span method, target;
    bool is_head;              /* the method is HEAD */
    int minor;                 /* of HTTP/1.x: 0 or 1 */
    struct httphead_span host; /* in the target, which had the form of a URL */
    uint64_t length; /* the greatest number there is, if it is longer than that */
    bool has_host, has_length, chunked;
    bool expects;       /* 100-continue */
    bool closes, keeps; /* words in Connection */
    unsigned singles;   /* which fields that occur once have been seen, a bit for each */
    size_t field_count;
    struct httphead_span names[HTTPHEAD_FIELDS], values[HTTPHEAD_FIELDS];
};

/* Make it ready for a request whose first byte will be the text's first. */
void httphead_reset(struct httphead *h);

/* Read on in a text that begins as it did the last time. NULL if nothing is wrong so far:
 * `h->whole` says whether the head is at its end, which is before `h->read`. `most` bytes it
 * may have, half of them in its first line. */
const struct refusal *httphead_read(struct httphead *h, const char *text, size_t size,
                                    size_t most);

/* True if the field at that place in `h` has that name. */
bool httphead_is_named(const struct httphead *h, const char *text, size_t field,
                       const char *name);

#endif
