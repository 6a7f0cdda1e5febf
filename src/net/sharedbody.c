#include "net/sharedbody.h"

#include "net/gzip.h"

#include <stdlib.h>
#include <string.h>

struct sharedbody {
    unsigned holders;
    bool tried; /* to compress the bytes */
    void *packed;
    size_t packed_size, size;
    struct budget *memory;
    char bytes[];
};

struct sharedbody *sharedbody_new(const void *bytes, size_t size, struct budget *memory) {
    struct sharedbody *s = budget_alloc(memory, sizeof *s + size);
    if (s == NULL)
        return NULL;
    *s = (struct sharedbody){.holders = 1, .size = size, .memory = memory};
    memcpy(s->bytes, bytes, size);
    return s;
}

void sharedbody_keep(struct sharedbody *s) {
    s->holders++;
}

void sharedbody_drop(struct sharedbody *s) {
    if (s == NULL || --s->holders > 0)
        return;
    if (s->packed != NULL)
        budget_give(s->memory, s->packed_size);
    free(s->packed);
    budget_free(s);
}

size_t sharedbody_size(const struct sharedbody *s) {
    return s->size;
}

const void *sharedbody_plain(const struct sharedbody *s) {
    return s->bytes;
}

const void *sharedbody_packed(struct sharedbody *s, struct gzip *g, size_t *size) {
    if (!s->tried) {
        s->tried = true;
        s->packed = gzip_pack(g, s->bytes, s->size, &s->packed_size);
        void *exact = s->packed != NULL ? realloc(s->packed, s->packed_size) : NULL;
        if (exact != NULL)
            s->packed = exact;
        if (s->packed != NULL && !budget_take(s->memory, s->packed_size)) {
            free(s->packed);
            s->packed = NULL;
        }
    }
    *size = s->packed_size;
    return s->packed;
}
