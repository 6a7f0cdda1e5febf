/* secretset.h -- the secrets that a process knows, which are blanked in every text that
 * might show one. Pure.
 *
 * base/mask.h finds what looks like a secret. This finds what is one, however it is
 * written: as it is, percent-encoded, escaped as in JSON, or somewhere inside of
 * base64. */

#ifndef TARN_SECRETSET_H
#define TARN_SECRETSET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRETSET_MOST 64 /* the oldest is dropped for a new one */

/* A zeroed set is empty. */
struct secretset {
    struct secretset_entry {
        char *text;
        size_t size;
        char *base64[3]; /* its base64 behind 0, 1, 2 bytes; NULL if too short */
    } list[SECRETSET_MOST];
    size_t count, next;
};

/* Add a secret. A secret of fewer than four bytes is left out, since it would blank half
 * of every text. If memory runs out, the secret is not added. */
void secretset_add(struct secretset *s, const char *text, size_t size);

/* Replace each secret by "***"; the text does not get longer. `s` may be NULL. */
void secretset_blank(const struct secretset *s, char *text);
void secretset_blank_buf(const struct secretset *s, struct buf *b, size_t from);

void secretset_free(struct secretset *s); /* wipes */

#endif
