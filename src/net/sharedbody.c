#include "net/sharedbody.h"

#include "net/gzip.h"

#include <stdlib.h>
#include <string.h>

struct shared {
    unsigned holders;
    bool tried; /* to compress it */
    void *packed;
    size_t packed_size, size;
    char bytes[];
};

struct shared *shared_new(const void *bytes, size_t size) {
    struct shared *s = malloc(sizeof *s + size);
    if (s == NULL)
        return NULL;
    *s = (struct shared){.holders = 1, .size = size};
    memcpy(s->bytes, bytes, size);
    return s;
}

void shared_keep(struct shared *s) {
    s->holders++;
}

void shared_drop(struct shared *s) {
    if (s == NULL || --s->holders > 0)
        return;
    free(s->packed);
    free(s);
}

size_t shared_size(const struct shared *s) {
    return s->size;
}

const void *shared_plain(const struct shared *s) {
    return s->bytes;
}

const void *shared_packed(struct shared *s, struct gzip *g, size_t *size) {
    if (!s->tried) {
        s->tried = true;
        s->packed = gzip_pack(g, s->bytes, s->size, &s->packed_size);
        void *exact = s->packed != NULL ? realloc(s->packed, s->packed_size) : NULL;
        if (exact != NULL)
            s->packed = exact;
    }
    *size = s->packed_size;
    return s->packed;
}
