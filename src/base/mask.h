/* mask.h -- what may be shown of bytes that may hold secrets. Pure.
 *
 * A secret is known by its name ("client_secret"), by its place (the query of a link), or
 * by how it looks (tokens have known prefixes). In doubt it is hidden. */

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

/* Append a URL without user information. In its query the values of secret names
 * become "***", or all values with `whole_query`. False, as in all of these
 * functions, when memory runs out. */
bool mask_url(struct buf *out, const char *url, bool whole_query);

/* Append the scheme and host of a link that is secret as a whole, a slash and "***". */
bool mask_link(struct buf *out, const char *url, size_t size);

/* Append a header line ("Name: value"), with "***" as its value if the name is secret.
 * Of the Location that answers a secret URL only the host is shown. Secrets of `known`
 * (may be NULL) are blanked. */
bool mask_header(struct buf *out, const char *line, size_t size, bool secret_url,
                 const struct secretset *known);

/* Append a body. Values of secret names in JSON, even malformed, or in a form become
 * "***", queries of links become "?***", and tokens and the secrets of `known` (may be
 * NULL) are overwritten. The text is clean as base/text.h says. After `most` bytes a note
 * says how long the body was. */
bool mask_body(struct buf *out, const char *text, size_t size, size_t most,
               const struct secretset *known);

#endif
