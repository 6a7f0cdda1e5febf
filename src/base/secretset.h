/* secretset.h -- the secrets that a process knows, to be blanked wherever a text might show one.
 * Pure.
 *
 * A pattern finds what looks like a secret (base/mask.h); this finds what is one, however it is
 * written: as it is, percent-encoded, escaped as in JSON, or somewhere inside of base64. */

#ifndef TARN_SECRETSET_H
#define TARN_SECRETSET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRETSET_MOST 64 /* the oldest goes */

/* All zero is an empty set. */
struct secretset {
    struct secretset_entry {
        char *text;
        size_t size;
        char
            *base64[3]; /* what it is in base64 behind 0, 1, 2 bytes; NULL if too short */
    } list[SECRETSET_MOST];
    size_t count, next;
};

/* Remember a secret. One of fewer than four bytes is left out: it would blank half of every
 * text. Without memory the secret is not remembered. */
void secretset_add(struct secretset *s, const char *text, size_t size);

/* Put "***" in the place of each secret; the text gets no longer. `s` may be NULL. */
void secretset_blank(const struct secretset *s, char *text);
void secretset_blank_buf(const struct secretset *s, struct buf *b, size_t from);

void secretset_free(struct secretset *s); /* wipes */

#endif
