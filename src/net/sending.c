#include "net/sending.h"

#include "net/sharedbody.h"

#include <stdlib.h>
#include <string.h>

/* A buffer larger than this is freed between requests. */
#define MUCH ((size_t)16 << 10)

size_t sending_text(const struct sending *o) {
    return o->text.size - o->text_sent;
}

size_t sending_body(const struct sending *o) {
    return o->body_size - o->body_sent;
}

size_t sending_size(const struct sending *o) {
    return sending_text(o) + sending_body(o);
}

bool sending_add(struct sending *o, const void *bytes, size_t size) {
    if (o->text_sent > sending_text(o)) { /* each byte is moved at most once */
        o->text.size -= o->text_sent;
        memmove(o->text.bytes, o->text.bytes + o->text_sent, o->text.size);
        o->text_sent = 0;
    }
    return buf_add(&o->text, bytes, size);
}

bool sending_advance(struct sending *o, size_t sent) {
    size_t text = sent < sending_text(o) ? sent : sending_text(o), body = sent - text;
    o->text_sent += text;
    if (o->text_sent == o->text.size)
        o->text.size = o->text_sent = 0;
    o->body_sent += body;
    if (o->drip_bytes == 0 || body == 0)
        return false;
    o->drip_left -= body;
    return o->drip_left == 0 && sending_body(o) > 0;
}

/* ---- a body's life ---- */

static void release_body(struct sending *o) {
    free(o->owned);
    buf_free(&o->kept);
    sharedbody_drop(o->shared);
    o->owned = NULL;
    o->shared = NULL;
    o->body = NULL;
    o->body_size = o->body_sent = o->drip_bytes = 0;
}

bool sending_keep(struct sending *o) {
    size_t left = sending_body(o);
    if (left == 0 || o->owned != NULL || o->shared != NULL || o->kept.size > 0)
        return true;
    o->kept.budget = o->text.budget;
    if (!buf_add(&o->kept, o->body + o->body_sent, left))
        return false;
    o->body = o->kept.bytes;
    o->body_size = left;
    o->body_sent = 0;
    return true;
}

void sending_done(struct sending *o, struct loop *l) {
    loop_clear_timer(l, &o->drip);
    release_body(o);
    if (o->text.room > MUCH && o->text.size == 0)
        buf_free(&o->text);
}

void sending_free(struct sending *o, struct loop *l) {
    sending_done(o, l);
    buf_free(&o->text);
}
