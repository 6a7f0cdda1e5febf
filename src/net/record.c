#include "net/record.h"

#include "base/jsonput.h"
#include "base/mask.h"

#include <string.h>

/* The path and the query of the URL, as a JSON string. */
static bool add_path(struct buf *b, const struct trace_call *c) {
    struct buf masked = {0};
    bool ok = mask_url(&masked, c->url, false) && buf_add(&masked, "", 1);
    if (ok)
        secretset_blank(c->known, masked.bytes);
    const char *host = ok ? strstr(masked.bytes, "://") : NULL;
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (path == NULL)
        path = "/";
    ok = ok && jsonput_string(b, path, strlen(path));
    buf_wipe(&masked);
    return ok;
}

static bool add_body(struct buf *b, const struct trace_call *c, const char *bytes,
                     size_t size) {
    struct buf masked = {0};
    bool ok = size == 0 || mask_body(&masked, bytes, size, SIZE_MAX, c->known);
    ok = ok && jsonput_string(b, masked.size > 0 ? masked.bytes : "", masked.size);
    buf_wipe(&masked);
    return ok;
}

static bool add_type(struct buf *b, const struct http_response *r) {
    char type[200];
    if (!response_header(r, "Content-Type", type, sizeof type))
        type[0] = '\0';
    return jsonput_string(b, type, strlen(type));
}

bool record_exchange(FILE *out, const struct trace_call *c,
                     const struct http_response *r) {
    struct buf b = {0};
    if (c->secret_url || c->secret_body || r->status == 0)
        return true;
    bool ok = buf_fmt(&b, "{\"method\":\"%s\",\"path\":", c->method) && add_path(&b, c) &&
              buf_str(&b, ",\"request\":") && add_body(&b, c, c->body, c->body_size) &&
              buf_fmt(&b, ",\"status\":%d,\"type\":", r->status) && add_type(&b, r) &&
              buf_str(&b, ",\"body\":") && add_body(&b, c, r->body.bytes, r->body.size) &&
              buf_str(&b, "}\n");
    ok = ok && fwrite(b.bytes, 1, b.size, out) == b.size && fflush(out) == 0;
    buf_wipe(&b);
    return ok;
}
