#include "net/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEVEL     1         /* on a local network time matters more than size */
#define WITH_GZIP (15 + 16) /* the largest window, and gzip's header */
#define MEMORY    8

struct gzip {
    z_stream z; /* kept, because it has 256 KiB */
};

struct gzip *gzip_new(void) {
    struct gzip *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, WITH_GZIP, MEMORY, Z_DEFAULT_STRATEGY) ==
        Z_OK)
        return g;
    free(g);
    return NULL;
}

void gzip_free(struct gzip *g) {
    if (g == NULL)
        return;
    deflateEnd(&g->z);
    free(g);
}

void *gzip_pack(struct gzip *g, const void *bytes, size_t size, size_t *packed) {
    if (size > UINT_MAX || deflateReset(&g->z) != Z_OK)
        return NULL;
    void *out = malloc(size); /* if the result is not smaller, it is of no use */
    if (out == NULL)
        return NULL;
    g->z.next_in = (Bytef *)bytes; /* zlib only reads it */
    g->z.avail_in = (uInt)size;
    g->z.next_out = out;
    g->z.avail_out = (uInt)size;
    if (deflate(&g->z, Z_FINISH) != Z_STREAM_END) {
        free(out);
        return NULL;
    }
    *packed = size - g->z.avail_out;
    return out;
}

/* True for "q=0", "q=0.0" and the like: the client refuses the encoding. */
static bool is_refused(const char *params, size_t size) {
    const char *end = params + size;
    while (params < end && (*params == ';' || *params == ' ' || *params == '\t'))
        params++;
    if (end - params < 3 || strncasecmp(params, "q=0", 3) != 0)
        return false;
    for (params += 3; params < end; params++)
        if (*params != '.' && *params != '0' && *params != ' ')
            return false;
    return true;
}

bool gzip_accepted(const char *value) {
    bool any = false;
    while (*value != '\0') {
        value += strspn(value, " \t,");
        size_t size = strcspn(value, ","), name = strcspn(value, " \t;,");
        bool refused = is_refused(value + name, size - name);
        if (name == 4 && strncasecmp(value, "gzip", 4) == 0)
            return !refused;
        if (name == 1 && *value == '*' && !refused)
            any = true;
        value += size;
    }
    return any;
}
