/* sending.h -- the bytes that a connection still has to send: a buffer with heads and
 * chunks, followed by a body that is not copied. Knows nothing of connections. */

#ifndef TARN_SENDING_H
#define TARN_SENDING_H

#include "base/buf.h"
#include "net/loop.h"

struct sharedbody;

/* All zero: nothing to send. */
struct sending {
    struct buf text;
    size_t text_sent;
    const char *body;
    size_t body_size, body_sent;
    /* At most one of these three holds the body's memory; else it is the caller's. */
    char *owned;                  /* a compressed body */
    struct buf kept;              /* a copy */
    struct sharedbody *shared;    /* a body that other answers share */
    size_t drip_bytes, drip_left; /* pieces for a slow answer; 0: no pauses */
    int64_t drip_ms;
    struct timer drip; /* ends the pause between two pieces; its owner sets `fire` */
    bool resting;
};

/* Number of bytes that are not sent yet. */
size_t sending_size(const struct sending *o);
size_t sending_text(const struct sending *o); /* of the buffer, which goes first */
size_t sending_body(const struct sending *o);

/* Append bytes to the buffer. There must be no body, because the body is sent after the
 * buffer. */
bool sending_add(struct sending *o, const void *bytes, size_t size);

/* Count the next `sent` bytes as sent. True if a piece of a slow answer is complete, and a
 * pause has to follow. */
bool sending_advance(struct sending *o, size_t sent);

/* Copy the unsent part of a body that belongs to the caller. False when memory runs out.
 */
bool sending_keep(struct sending *o);

/* Release the body after the answer was sent. `l` is the loop that has its timer. */
void sending_done(struct sending *o, struct loop *l);
void sending_free(struct sending *o, struct loop *l);

#endif
