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

/* What a client must know of a URL before it asks for it. */
struct url_parts {
    const char *host; /* inside the URL, with its port */
    int host_size;
    bool https;
    bool local; /* this machine: localhost, 127.*, [::1] */
};

#define URL_HOST_AT_MOST 300

/* False for what is not http:// or https:// with a host, and for blanks, control characters
 * and user information, which have no place in a request. */
bool url_read(const char *url, struct url_parts *u);

#endif
