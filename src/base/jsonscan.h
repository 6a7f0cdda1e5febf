/* jsonscan.h -- check a whole JSON text strictly (RFC 8259), and list the places where a
 * parser that knows only doubles and tables would lose something. The parser is
 * lua-cjson. */

#ifndef TARN_JSONSCAN_H
#define TARN_JSONSCAN_H

#include "base/buf.h"
#include "base/fault.h"

/* The deepest nesting that may be asked for. */
#define JSONSCAN_DEPTH_MAX 10000

/* A place in the text. Its first byte says what is there: '[' for an empty array; '\' for
 * the escape of a surrogate without its other half; otherwise a number that has more than
 * 15 digits, an exponent, or only zeros behind its point. */
struct jsonscan_mark {
    size_t at, size;
};

struct jsonscan {
    size_t depth;     /* the deepest nesting seen */
    struct buf marks; /* struct jsonscan_mark, in the order of the text */
};

/* Scan `text`, which ends with a 0 that `size` does not count. A 0 before that is an
 * error. `s` is zeroed, or was used before, and then keeps its memory. False with `*f`
 * filled: FAULT_PARSE with the position, or FAULT_IO when memory runs out. */
bool jsonscan_run(struct jsonscan *s, const char *text, size_t size, size_t max_depth,
                  struct fault *f);

static inline size_t jsonscan_count(const struct jsonscan *s) {
    return s->marks.size / sizeof(struct jsonscan_mark);
}

static inline const struct jsonscan_mark *jsonscan_marks(const struct jsonscan *s) {
    return (const void *)s->marks.bytes;
}

void jsonscan_free(struct jsonscan *s);

#endif
