#define _DEFAULT_SOURCE /* getentropy */
#include "net/refusal.h"

#include "net/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

const struct refusal refusal_body_too_large = {413, "CONTENT_TOO_LARGE",
                                               "the request's body is too large"};
const struct refusal refusal_too_late = {408, "REQUEST_TIMEOUT",
                                         "the request was not complete in time"};
const struct refusal refusal_cut_off = {400, "MALFORMED_REQUEST",
                                        "the request is incomplete"};

static bool write_header(struct buf *out, const struct refusal *r, const char *id,
                         bool tls, size_t body_size) {
    const struct server_field fields[] = {
        SERVER_FIELD("Content-Type", "application/json"),
        SERVER_FIELD("Cache-Control", "no-store"),
        SERVER_FIELD("X-Content-Type-Options", "nosniff"),
        {"X-Request-Id", id, strlen("X-Request-Id"), strlen(id)},
    };
    const struct reply_head head = {.status = r->status,
                                    .fields = fields,
                                    .field_count = sizeof fields / sizeof *fields,
                                    .framing = REPLY_SIZED,
                                    .body_size = body_size,
                                    .closes = true,
                                    .tls = tls};
    struct reply_date date = {0};
    return reply_write_head(out, &head, &date);
}

bool refusal_write(struct buf *out, const struct refusal *r, bool is_head, bool tls) {
    uint64_t number = 0;
    char id[17], body[512];
    size_t before = out->size;
    (void)getentropy(&number, sizeof number); /* if it fails, the id is not unique */
    snprintf(id, sizeof id, "%016" PRIx64, number);
    int size =
        snprintf(body, sizeof body,
                 "{\"error\":{\"kind\":\"usage\",\"code\":\"%s\",\"message\":\"%s\","
                 "\"status\":%d,\"op\":\"serve\",\"request_id\":\"%s\"}}",
                 r->code, r->message, r->status, id);
    if (write_header(out, r, id, tls, (size_t)size) &&
        (is_head || buf_add(out, body, (size_t)size)))
        return true;
    out->size = before;
    return false;
}
