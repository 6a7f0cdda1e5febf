/* chunked.h -- a strict decoder for bodies in chunks (RFC 9112, 7.1), which works while
 * the body arrives. Pure, apart from the buffer that it fills. */

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
    CHUNKED_TRAILER, /* at the start of a line */
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
    uint64_t left;   /* bytes of the chunk that have not come yet */
    size_t overhead; /* bytes of extensions and trailer, which are ignored */
};

/* Continue decoding. Data is appended to `body`, up to `most` bytes. `*used` is set to
 * the number of bytes that were decoded; decoding stops at the end of the body, when
 * `c->place` is CHUNKED_WHOLE. NULL if the body is valid so far. */
const struct refusal *chunked_read(struct chunked *c, const char *text, size_t size,
                                   size_t *used, struct buf *body, size_t most);

#endif
