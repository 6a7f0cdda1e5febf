/* connection_send.c -- sends the bytes in `out` until the socket takes no more. */

#include "net/connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A writer that was told to wait continues when at most this many bytes are unsent. */
#define LOW ((size_t)64 << 10)

static ssize_t send_plain(struct connection *c, size_t text, size_t body) {
    struct sending *o = &c->out;
    struct iovec parts[2];
    size_t count = 0;
    if (text > 0)
        parts[count++] = (struct iovec){o->text.bytes + o->text_sent, text};
    if (body > 0)
        parts[count++] = (struct iovec){(char *)o->body + o->body_sent, body};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    if (n >= 0 && (size_t)n < text + body)
        c->writable = false;
    return n;
}

static ssize_t send_some(struct connection *c, size_t text, size_t body) {
    const struct sending *o = &c->out;
    if (c->tls == NULL)
        return send_plain(c, text, body);
    return text > 0 ? tls_send(c->tls, o->text.bytes + o->text_sent, text)
                    : tls_send(c->tls, o->body + o->body_sent, body);
}

/* Start the pause after a piece. */
static void rest(struct connection *c) {
    struct sending *o = &c->out;
    o->resting = loop_set_timer(c->server->loop, &o->drip, loop_now() + o->drip_ms);
    if (!o->resting)
        c->broken = true;
}

static void tell_writer(struct connection *c) {
    struct exchange *x = c->exchange;
    if (x != NULL && x->waited && sending_size(&c->out) <= LOW) {
        x->waited = false;
        exchange_tell(x);
    }
}

/* The socket's buffer is full, or sending has failed. */
static void cannot_send(struct connection *c) {
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        c->broken = true;
    c->writable = false;
}

/* Send once; of a slow answer one piece. False if sending has to wait. */
static bool send_on(struct connection *c) {
    struct sending *o = &c->out;
    size_t body = sending_body(o);
    if (o->drip_bytes > 0 && body > o->drip_left)
        body = o->drip_left;
    if (c->broken || o->resting || !c->writable)
        return false;
    ssize_t n = send_some(c, sending_text(o), body);
    if (n < 0)
        cannot_send(c);
    else if (sending_advance(o, (size_t)n))
        rest(c);
    if (!c->writable) /* a client that does not read loses its connection in time */
        connection_set_deadline(c, c->server->idle_ms);
    return true;
}

bool connection_send(struct connection *c) {
    while (sending_size(&c->out) > 0)
        if (!send_on(c))
            break;
    tell_writer(c);
    return sending_size(&c->out) == 0;
}
