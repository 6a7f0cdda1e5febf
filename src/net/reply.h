/* reply.h -- writes the head of an answer. Knows nothing of connections. */

#ifndef TARN_REPLY_H
#define TARN_REPLY_H

#include "base/buf.h"
#include "net/server.h"

#include <stdint.h>
#include <string.h>

#define SERVER_FIELD(name, value)                                                        \
    { name, value, sizeof(name) - 1, sizeof(value) - 1 }

/* How the client learns where the body ends. */
enum reply_framing {
    REPLY_SIZED,   /* Content-Length */
    REPLY_CHUNKED, /* Transfer-Encoding */
    REPLY_TO_END,  /* the end of the connection */
    REPLY_BARE,    /* there is no body: 204 and 304 */
};

struct reply_head {
    int status;
    const struct server_field *fields;
    size_t field_count;
    enum reply_framing framing;
    size_t body_size;
    bool packed; /* the body is gzip */
    bool closes; /* the connection ends with this answer */
    bool keeps;  /* the connection stays open although the client speaks HTTP/1.0 */
    bool tls;
};

/* True if the name is a token, the value is one line, and the server does not set that
 * field itself. */
bool reply_may_send(const struct server_field *f);

/* The line with the date, which is written once a second. All zero at first. */
struct reply_date {
    int64_t second;
    char line[48];
};

/* Append status line, fields, and the empty line. False when memory runs out. */
bool reply_write_head(struct buf *out, const struct reply_head *h, struct reply_date *d);

#endif
