/* jsonrows.h -- the rows of a JSON array of arrays whose text arrives in pieces. Pure: the
 * caller has the text, and adds to it. */

#ifndef TARN_JSONROWS_H
#define TARN_JSONROWS_H

#include "base/json.h"

enum jsonrows_step {
    JSONROWS_MORE, /* the text ends within the array */
    JSONROWS_ROW,
    JSONROWS_END, /* the array is over, and nothing follows */
    JSONROWS_BAD, /* no array of arrays */
};

/* All zero before the first piece. */
struct jsonrows {
    size_t at;      /* what lies before it has been read */
    size_t scanned; /* of the row that begins at `at` */
    int depth;
    bool in_string, escaped;
    enum { ROWS_OUTSIDE, ROWS_FIRST, ROWS_NEXT, ROWS_BETWEEN, ROWS_OVER } place;
};

/* Read on in `text`, which begins with the same bytes as at the last call. `*row` is set for
 * JSONROWS_ROW: a valid JSON array. */
enum jsonrows_step jsonrows_next(struct jsonrows *r, const char *text, size_t size,
                                 struct json *row);

/* The first bytes that are not needed any more; the caller removes them from the text. */
size_t jsonrows_drop(struct jsonrows *r);

#endif
