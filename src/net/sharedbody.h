/* sharedbody.h -- a body that many answers send, without a copy or a compression for each. */

#ifndef TARN_SHAREDBODY_H
#define TARN_SHAREDBODY_H

#include "base/budget.h"

#include <stdbool.h>
#include <stddef.h>

struct gzip;
struct sharedbody;

/* A copy of these bytes, with one holder, that counts in the budget; NULL when memory runs
 * out. */
struct sharedbody *sharedbody_new(const void *bytes, size_t size, struct budget *memory);

/* One more holder, and one less: the last one frees it. */
void sharedbody_keep(struct sharedbody *s);
void sharedbody_drop(struct sharedbody *s);

size_t sharedbody_size(const struct sharedbody *s);

/* The bytes as they are, or compressed. They are compressed once; NULL if that makes them
 * no smaller. They live as long as there is a holder. */
const void *sharedbody_plain(const struct sharedbody *s);
const void *sharedbody_packed(struct sharedbody *s, struct gzip *g, size_t *size);

#endif
