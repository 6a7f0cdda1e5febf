/* mask.h -- what may be shown of bytes that may hold secrets. Pure.
 *
 * Decides by names ("client_secret"), by place (queries of links) and by look (tokens have
 * known beginnings). Errs on the side of hiding. */

#ifndef TARN_MASK_H
#define TARN_MASK_H

#include "base/buf.h"
#include "base/secretset.h"

#include <stdbool.h>
#include <stddef.h>

/* The name of a JSON field, form field, query parameter or header whose value is a secret. */
bool mask_secret_name(const char *name, size_t size);

/* Overwrite what looks like a token in one line of text: "dapi0123..." becomes "dapi***". */
void mask_tokens(char *text);

/* Append a URL without user information; values of secret names in its query become "***", and
 * with `whole_query` all of the query. False, as in all of these, when memory runs out. */
bool mask_url(struct buf *out, const char *url, bool whole_query);

/* Append scheme and host of a link that is a secret as a whole, then a slash and "***". */
bool mask_link(struct buf *out, const char *url, size_t size);

/* Append a header line ("Name: value"), its value as "***" if the name says so; of the Location
 * that answers a secret URL only the host. Secrets of `known` (may be NULL) are blanked. */
bool mask_header(struct buf *out, const char *line, size_t size, bool secret_url,
                 const struct secretset *known);

/* Append a body: values of secret names in JSON (however broken) or in a form become "***",
 * queries of links "?***"; tokens and the secrets of `known` (may be NULL) are overwritten; it is
 * clean as base/text.h says. At most `most` bytes, then a note of how long it was. */
bool mask_body(struct buf *out, const char *text, size_t size, size_t most,
               const struct secretset *known);

#endif
