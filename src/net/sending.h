/* sending.h -- what is on its way to a client: the text of heads and chunks, and behind it a
 * body that lies elsewhere. Knows nothing of connections. */

#ifndef TARN_SENDING_H
#define TARN_SENDING_H

#include "base/buf.h"
#include "net/loop.h"

struct sharedbody;

/* All zero: nothing. */
struct sending {
    struct buf text;
    size_t text_sent;
    const char *body;
    size_t body_size, body_sent;
    char *owned;                  /* the memory of the body, if it was packed, */
    struct buf kept;              /* or copied, */
    struct sharedbody *shared;    /* or if it is held together with others */
    size_t drip_bytes, drip_left; /* drip_bytes 0: all at once */
    int64_t drip_ms;
    struct timer drip; /* ends the rest between two pieces; who sends sets what it does */
    bool resting;
};

/* Bytes that are not sent yet. */
size_t sending_size(const struct sending *o);
size_t sending_text(const struct sending *o); /* those of the text, which go first */
size_t sending_body(const struct sending *o);

/* Append to the text what is to be sent behind all that is there; no body is. */
bool sending_add(struct sending *o, const void *bytes, size_t size);

/* The next `sent` bytes have been sent. True if a piece of a body that drips is out, and more
 * is to come after a rest. */
bool sending_advance(struct sending *o, size_t sent);

/* A body that is the caller's is copied, as far as it has not been sent. */
bool sending_keep(struct sending *o);

/* The answer is sent: let go of its body. `l` has the timer of its drip. */
void sending_done(struct sending *o, struct loop *l);
void sending_free(struct sending *o, struct loop *l);

#endif
