/* jsonnumber.h -- numbers and their JSON text, exact in both directions and the same in
 * every locale. Pure: no memory, no I/O. */

#ifndef TARN_JSONNUMBER_H
#define TARN_JSONNUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a number looks like, before its value is read. */
struct jsonnumber_shape {
    size_t digits;      /* before the exponent, with leading and trailing zeros */
    bool fraction;      /* the number has a point */
    bool zero_fraction; /* it has a point, and only zeros behind that */
    bool exponent;
};

/* Scan a number by JSON's grammar at `p`, in a text that ends with a 0. Returns the
 * number's end, or NULL, with `*wrong` at the byte where it is malformed. */
const char *jsonnumber_scan(const char *p, struct jsonnumber_shape *shape,
                            const char **wrong);

enum jsonnumber_kind {
    JSONNUMBER_INTEGER, /* no point and no exponent, and it fits 64 bits */
    JSONNUMBER_DOUBLE,  /* the shortest text of the double is the same number */
    JSONNUMBER_OTHER,   /* neither: only the text holds it */
};

/* The value of a text that jsonnumber_scan accepts. */
enum jsonnumber_kind jsonnumber_read(const char *text, size_t size, int64_t *i,
                                     double *d);

/* Write a number, without a 0 at the end, and return its size. A double, which must be
 * finite, gets the shortest text that reads back as the same double. That text always has
 * a point or an exponent: 1 becomes "1.0". */
#define JSONNUMBER_ROOM 32
size_t jsonnumber_put_integer(int64_t i, char out[JSONNUMBER_ROOM]);
size_t jsonnumber_put_double(double d, char out[JSONNUMBER_ROOM]);

#endif
