#include "net/sending.h"

#include "net/connection.h"
#include "net/sharedbody.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A writer that was told to wait goes on when no more than this is unsent. */
#define LOW ((size_t)64 << 10)

/* A connection that waits for its next request holds no more memory than this. */
#define MUCH ((size_t)16 << 10)

static size_t text_left(const struct sending *o) {
    return o->text.size - o->text_sent;
}

static size_t body_left(const struct sending *o) {
    return o->body_size - o->body_sent;
}

size_t sending_size(const struct sending *o) {
    return text_left(o) + body_left(o);
}

bool sending_add(struct sending *o, const void *bytes, size_t size) {
    if (o->text_sent > text_left(o)) { /* no byte is moved twice */
        o->text.size -= o->text_sent;
        memmove(o->text.bytes, o->text.bytes + o->text_sent, o->text.size);
        o->text_sent = 0;
    }
    return buf_add(&o->text, bytes, size);
}

/* ---- bytes go out ---- */

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

static void on_drip(void *ud) {
    struct connection *c = ud;
    c->out.resting = false;
    c->out.drip_left = c->out.drip_bytes;
    connection_run(c);
}

/* Pause after a piece. */
static void rest(struct connection *c) {
    struct sending *o = &c->out;
    o->drip.fire = on_drip;
    o->drip.ud = c;
    o->resting = loop_set_timer(c->server->loop, &o->drip, loop_now() + o->drip_ms);
    if (!o->resting)
        c->broken = true;
}

static void advance(struct connection *c, size_t sent) {
    struct sending *o = &c->out;
    size_t text = sent < text_left(o) ? sent : text_left(o), body = sent - text;
    o->text_sent += text;
    if (o->text_sent == o->text.size)
        o->text.size = o->text_sent = 0;
    o->body_sent += body;
    if (o->drip_bytes > 0 && body > 0) {
        o->drip_left -= body;
        if (o->drip_left == 0 && body_left(o) > 0)
            rest(c);
    }
}

static void tell_writer(struct connection *c) {
    struct exchange *x = c->exchange;
    if (x != NULL && x->waited && sending_size(&c->out) <= LOW) {
        x->waited = false;
        exchange_tell(x);
    }
}

/* An answer that nobody reads does not keep its connection for ever. */
static void stuck(struct connection *c) {
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        c->broken = true;
    c->writable = false;
}

/* As much as may go now; of a body that drips a piece. */
static bool send_on(struct connection *c) {
    struct sending *o = &c->out;
    size_t body = body_left(o);
    if (o->drip_bytes > 0 && body > o->drip_left)
        body = o->drip_left;
    if (c->broken || o->resting || !c->writable)
        return false;
    ssize_t n = send_some(c, text_left(o), body);
    if (n < 0)
        stuck(c);
    else
        advance(c, (size_t)n);
    if (!c->writable)
        connection_limit(c, c->server->idle_ms);
    return true;
}

bool sending_flush(struct connection *c) {
    while (sending_size(&c->out) > 0)
        if (!send_on(c))
            break;
    tell_writer(c);
    return sending_size(&c->out) == 0;
}

/* ---- a body's life ---- */

static void let_go(struct sending *o) {
    free(o->owned);
    sharedbody_drop(o->shared);
    o->owned = NULL;
    o->shared = NULL;
    o->body = NULL;
    o->body_size = o->body_sent = o->drip_bytes = 0;
}

bool sending_keep(struct sending *o) {
    size_t left = body_left(o);
    if (left == 0 || o->owned != NULL || o->shared != NULL)
        return true;
    o->owned = malloc(left);
    if (o->owned == NULL)
        return false;
    memcpy(o->owned, o->body + o->body_sent, left);
    o->body = o->owned;
    o->body_size = left;
    o->body_sent = 0;
    return true;
}

void sending_done(struct connection *c) {
    loop_clear_timer(c->server->loop, &c->out.drip);
    let_go(&c->out);
    if (c->out.text.room > MUCH && c->out.text.size == 0)
        buf_free(&c->out.text);
}

void sending_free(struct connection *c) {
    sending_done(c);
    buf_free(&c->out.text);
}
