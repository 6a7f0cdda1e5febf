/* url.h -- percent-encoding and queries. Pure; sends nothing. */

#ifndef TARN_URL_H
#define TARN_URL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Append `text`, percent-encoded except for unreserved characters. False, as in all of
 * these functions, only when memory runs out; then the buffer is as it was. */
bool url_escape(struct buf *b, const char *text, size_t size);

/* Append `text` with percent-encoding undone. What is no valid "%XX" stays as it is. With
 * `plus`, "+" becomes a blank. */
bool url_unescape(struct buf *b, const char *text, size_t size, bool plus);

/* Append "?name=value", or "&name=value" if `b` has a "?" already. Both are escaped. */
bool url_query(struct buf *b, const char *name, const char *value, size_t size);

/* Append `path` as url_escape does, but keep "/". */
bool url_path(struct buf *b, const char *path, size_t size);

/* What a client must know about a URL before it sends a request. */
struct url_parts {
    const char *host; /* inside the URL, with its port */
    int host_size;
    bool https;
    bool local; /* the host is this machine: localhost, 127.x.y.z, [::1] */
};

#define URL_HOST_AT_MOST 300

/* False if the URL is not http:// or https:// with a host, or if it holds blanks, control
 * characters, user information, or a backslash before the path, which have no place in a
 * request: of "http://localhost\@h" one reader takes localhost for the host, and another h. */
bool url_read(const char *url, struct url_parts *u);

#endif
