/* gzip.h -- compress the bodies of answers. Knows nothing of connections. */

#ifndef TARN_GZIP_H
#define TARN_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct gzip;

struct gzip *gzip_new(void); /* NULL when memory runs out */
void gzip_free(struct gzip *g);

/* Compress bytes into memory from malloc, which the caller frees. NULL if the result
 * would not be smaller, or if memory runs out. */
void *gzip_pack(struct gzip *g, const void *bytes, size_t size, size_t *packed);

/* True if a value of Accept-Encoding lets us send gzip. */
bool gzip_accepted(const char *value);

#endif
