/* sharedbody.h -- bytes that many answers send: neither copied nor compressed for each of them. */

#ifndef TARN_SHARED_H
#define TARN_SHARED_H

#include <stdbool.h>
#include <stddef.h>

struct gzip;
struct shared;

/* A copy of these bytes, with one holder; NULL when memory runs out. */
struct shared *shared_new(const void *bytes, size_t size);

/* One more holder, and one less: the last one frees it. */
void shared_keep(struct shared *s);
void shared_drop(struct shared *s);

size_t shared_size(const struct shared *s);

/* The bytes as they are, or compressed, which is done once: NULL if that makes them no
 * smaller. They live as long as there is a holder. */
const void *shared_plain(const struct shared *s);
const void *shared_packed(struct shared *s, struct gzip *g, size_t *size);

#endif
