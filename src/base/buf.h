/* buf.h -- bytes that grow. Knows nothing of what they mean. */

#ifndef TARN_BUF_H
#define TARN_BUF_H

#include "base/budget.h"

#include <stdbool.h>
#include <stddef.h>

/* A zeroed buffer is empty and owns nothing. If `bytes` is not NULL, a 0 follows the
 * bytes, which `size` does not count. What a buffer takes counts in its budget, which may
 * be set while it owns nothing; a copy of the struct takes that over with the bytes. */
struct buf {
    char *bytes;
    size_t size;
    size_t room;
    struct budget *budget; /* NULL: none */
};

/* Append; false, with the buffer as it was, when memory runs out. */
bool buf_add(struct buf *b, const void *bytes, size_t size);
bool buf_str(struct buf *b, const char *text);
bool buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Make room for `more` bytes beyond size. */
bool buf_grow(struct buf *b, size_t more);

/* Free what the buffer owns. It is then empty, with the same budget, and may be used
 * again. */
void buf_free(struct buf *b);

/* Overwrite the bytes first, for a buffer that held a secret. */
void buf_wipe(struct buf *b);

#endif
