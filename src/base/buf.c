#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set_room(struct buf *b, size_t room) {
    if (!budget_take(b->budget, room - b->room))
        return false;
    char *bytes = realloc(b->bytes, room);
    if (bytes == NULL) {
        budget_give(b->budget, room - b->room);
        return false;
    }
    bytes[b->size] = '\0';
    b->bytes = bytes;
    b->room = room;
    return true;
}

bool buf_grow(struct buf *b, size_t more) {
    if (more >= SIZE_MAX / 2 - b->size)
        return false;
    size_t need = b->size + more + 1;
    if (need <= b->room)
        return true;
    size_t room = b->room < 256 ? 256 : b->room;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    /* if twice the room is too much, so little that the limit is met closely, and so much
     * that a byte at a time does not mean a copy each */
    return set_room(b, room) || set_room(b, need + need / 16);
}

bool buf_add(struct buf *b, const void *bytes, size_t size) {
    if (!buf_grow(b, size))
        return false;
    if (size > 0)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    b->bytes[b->size] = '\0';
    return true;
}

bool buf_str(struct buf *b, const char *text) {
    return buf_add(b, text, strlen(text));
}

bool buf_fmt(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int size = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (size < 0 || !buf_grow(b, (size_t)size))
        return false;
    va_start(ap, fmt);
    vsnprintf(b->bytes + b->size, (size_t)size + 1, fmt, ap);
    va_end(ap);
    b->size += (size_t)size;
    return true;
}

void buf_free(struct buf *b) {
    free(b->bytes);
    budget_give(b->budget, b->room);
    *b = (struct buf){.budget = b->budget};
}

void buf_wipe(struct buf *b) {
    if (b->bytes != NULL)
        explicit_bzero(b->bytes, b->room);
    buf_free(b);
}
