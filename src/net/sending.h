/* sending.h -- what is on its way to a client: the text of heads and chunks, and behind it a
 * body that lies elsewhere. */

#ifndef TARN_SENDING_H
#define TARN_SENDING_H

#include "base/buf.h"
#include "net/loop.h"

struct connection;
struct sharedbody;

/* All zero: nothing. */
struct sending {
    struct buf text;
    size_t text_sent;
    const char *body;
    size_t body_size, body_sent;
    char *owned;                  /* the body's memory, if it is ours, */
    struct sharedbody *shared;    /* or if it is held together with others */
    size_t drip_bytes, drip_left; /* drip_bytes 0: all at once */
    int64_t drip_ms;
    struct timer drip;
    bool resting;
};

/* Bytes that are not sent yet. */
size_t sending_size(const struct sending *o);

/* Append to the text what is to be sent behind all that is there; no body is. */
bool sending_add(struct sending *o, const void *bytes, size_t size);

/* Send what the client takes now. True if that was all. If it can take nothing ever again
 * `c->broken` is set. */
bool sending_flush(struct connection *c);

/* A body that is the caller's is copied, as far as it has not been sent. */
bool sending_keep(struct sending *o);

/* The answer is sent: let go of its body. */
void sending_done(struct connection *c);
void sending_free(struct connection *c);

#endif
