/* url.h -- percent-encoding and queries. Pure; sends nothing. */

#ifndef TARN_URL_H
#define TARN_URL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Append `text` with everything but unreserved characters percent-encoded. False, as in all
 * of these, only when memory runs out, with the buffer as it was. */
bool url_escape(struct buf *b, const char *text, size_t size);

/* Append `text` with percent-encoding undone; what is no valid "%XX" stays as it is. With
 * `plus`, "+" is a blank. */
bool url_unescape(struct buf *b, const char *text, size_t size, bool plus);

/* Append "?name=value", or "&name=value" if `b` has a "?" already. Both are escaped. */
bool url_query(struct buf *b, const char *name, const char *value, size_t size);

/* Append `path` as a path: as url_escape, but "/" stays. */
bool url_path(struct buf *b, const char *path, size_t size);

#endif
