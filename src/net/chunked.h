/* chunked.h -- a body that comes in chunks (RFC 9112, 7.1), read as it comes in. Strict. Pure,
 * but for the memory of the buffer that it fills. */

#ifndef TARN_CHUNKED_H
#define TARN_CHUNKED_H

#include "base/buf.h"
#include "net/refusal.h"

#include <stdint.h>

enum chunked_place {
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_END,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER, /* at the beginning of a line */
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_VALUE,
    CHUNKED_TRAILER_LF,
    CHUNKED_LAST_LF,
    CHUNKED_WHOLE,
};

/* All zero before the first byte. */
struct chunked {
    enum chunked_place place;
    unsigned digits;
    uint64_t left;   /* of the chunk */
    size_t overhead; /* bytes of extensions and trailer: nobody reads them */
};

/* Read on: data is appended to `body`, which may get to `most` bytes; `*used` is how much of
 * the text was read. The body is whole when `c->place` says so: what follows is not read. */
const struct refusal *chunked_read(struct chunked *c, const char *text, size_t size,
                                   size_t *used, struct buf *body, size_t most);

#endif
