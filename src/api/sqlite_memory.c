/* sqlite_memory.c -- SQLite's heap, which all databases share, counts as memory of the
 * script. While SQLite works it may take what the limit leaves; what it has taken counts
 * afterwards. */

#include "api/sqlite.h"

/* Changes of the bound smaller than this are not worth telling SQLite of. */
#define COARSE ((sqlite3_int64)1 << 16)

static void set_bound(struct engine *e, sqlite3_int64 bound) {
    sqlite3_int64 now = (sqlite3_int64)e->outside_bound, change = bound - now;
    if ((now == 0) == (bound == 0) && -COARSE < change && change < COARSE)
        return;
    sqlite3_hard_heap_limit64(bound);
    sqlite3_soft_heap_limit64(
        bound); /* or it would stay at the least that was ever set */
    e->outside_bound = (size_t)bound;
}

void sqlite_enter(struct database *d) {
    struct engine *e = d->engine;
    size_t others = e->memory.used - e->outside;
    if (e->memory.limit == 0)
        set_bound(e, 0);
    else if (others < e->memory.limit)
        set_bound(e, (sqlite3_int64)(e->memory.limit - others));
    else
        set_bound(e, 1); /* 0 would be none */
}

void sqlite_leave(struct database *d) {
    struct engine *e = d->engine;
    size_t now = (size_t)sqlite3_memory_used();
    e->memory.used += now - e->outside;
    e->outside = now;
}

void sqlite_unbind(struct database *d) {
    set_bound(d->engine, 0);
}
