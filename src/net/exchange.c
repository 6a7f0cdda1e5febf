#include "net/exchange.h"

#include "net/gzip.h"
#include "net/sharedbody.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define GZIP_FROM 1024

/* A writer waits when more than HIGH bytes are unsent, until at most LOW bytes are. */
#define HIGH ((size_t)256 << 10)
#define LOW  ((size_t)64 << 10)

#define BLOCK ((size_t)32 << 10)

/* ---- its life ---- */

void exchange_free(struct exchange *x) {
    if (x->connection != NULL || x->taken || !x->gone)
        return;
    if (x->server != NULL) {
        *x->link = x->next;
        if (x->next != NULL)
            x->next->link = x->link;
    }
    buf_free(&x->body);
    buf_free(&x->out);
    free(x->fields);
    buf_free(&x->texts);
    free(x);
}

void exchange_tell(struct exchange *x) {
    if (x->taken && x->changed != NULL)
        x->changed(x->ud);
}

void exchange_suspend(struct exchange *x) {
    x->suspended = true;
    MHD_suspend_connection(x->connection);
}

void exchange_resume(struct exchange *x) {
    struct server *s = x->server;
    if (!x->suspended || x->connection == NULL)
        return;
    x->suspended = false;
    MHD_resume_connection(x->connection);
    /* one timer for all connections that are resumed before the next turn */
    if (s->timer.place == 0 || s->timer.due != 0)
        loop_set_timer(s->loop, &s->timer, 0);
}

int exchange_socket(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/* ---- the request ---- */

/* Copy what libmicrohttpd may free while the taker looks at it: the daemon may be stopped. The
 * texts get their places when they are all there, since the buffer moves. */
static bool keep_texts(struct exchange *x, const char *method) {
    x->texts.size = 0;
    if (!buf_add(&x->texts, method, strlen(method) + 1))
        return false;
    for (size_t i = 0; i < x->field_count; i++) {
        const struct server_field *f = &x->fields[i];
        if (!buf_add(&x->texts, f->name, f->name_size) || !buf_add(&x->texts, "", 1) ||
            !buf_add(&x->texts, f->value, f->value_size) || !buf_add(&x->texts, "", 1))
            return false;
    }
    const char *at = x->texts.bytes + strlen(method) + 1;
    for (size_t i = 0; i < x->field_count; i++) {
        struct server_field *f = &x->fields[i];
        f->name = at;
        f->value = at + f->name_size + 1;
        at = f->value + f->value_size + 1;
    }
    return true;
}

static enum MHD_Result add_field(void *ud, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size) {
    struct exchange *x = ud;
    (void)kind;
    if (x->field_count == x->field_room) {
        size_t room = x->field_room == 0 ? 16 : x->field_room * 2;
        struct server_field *fields = realloc(x->fields, room * sizeof *fields);
        if (fields == NULL)
            return MHD_NO;
        x->fields = fields;
        x->field_room = room;
    }
    x->fields[x->field_count++] = (struct server_field){
        name, value == NULL ? "" : value, name_size, value == NULL ? 0 : value_size};
    return MHD_YES;
}

static void find_remote(struct exchange *x) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info == NULL ? NULL : info->client_addr;
    if (a == NULL)
        return;
    const void *address = a->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
    inet_ntop(a->sa_family, address, x->remote, sizeof x->remote);
}

bool exchange_request(struct exchange *x, struct server_request *r) {
    if (x->gone)
        return false;
    x->field_count = 0;
    int n = MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, add_field, x);
    if (n < 0 || (size_t)n != x->field_count || !keep_texts(x, x->method))
        return false;
    find_remote(x);
    *r = (struct server_request){.method = x->texts.bytes,
                                 .path = x->uri,
                                 .query = x->query,
                                 .remote = x->remote,
                                 .body = x->body.size > 0 ? x->body.bytes : x->no_body,
                                 .body_size = x->body.size,
                                 .fields = x->fields,
                                 .field_count = x->field_count};
    return true;
}

bool exchange_gone(const struct exchange *x) {
    return x->gone;
}

bool exchange_answered(const struct exchange *x) {
    return x->answered;
}

/* ---- bodies that are not sent at once ---- */

static void drip_on(void *ud) {
    exchange_resume(ud);
}

/* Suspend the connection for the pause after a piece; true if that was done. */
static bool rest(struct exchange *x) {
    x->dripped = !x->dripped;
    if (x->dripped || x->drip_bytes == 0 || x->sent == 0)
        return false;
    if (!loop_set_timer(x->server->loop, &x->drip, loop_now() + x->drip_ms))
        return false;
    exchange_suspend(x);
    return true;
}

/* MHD_ContentReaderCallback for truncate and drip. */
static ssize_t read_slowly(void *ud, uint64_t at, char *bytes, size_t room) {
    struct exchange *x = ud;
    size_t left = x->out.size - (size_t)at;
    x->sent = (size_t)at;
    if (x->sent >= x->truncate_at)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (left > x->truncate_at - x->sent)
        left = x->truncate_at - x->sent;
    if (left > room)
        left = room;
    if (x->drip_bytes != 0 && left > x->drip_bytes)
        left = x->drip_bytes;
    if (rest(x))
        return 0;
    memcpy(bytes, x->out.bytes + at, left);
    return (ssize_t)left;
}

/* MHD_ContentReaderCallback for streams. */
static ssize_t read_stream(void *ud, uint64_t at, char *bytes, size_t room) {
    struct exchange *x = ud;
    size_t left = x->out.size - x->sent;
    (void)at;
    if (left == 0) {
        if (x->hang_up)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (x->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        exchange_suspend(x);
        return 0;
    }
    if (left > room)
        left = room;
    memcpy(bytes, x->out.bytes + x->sent, left);
    x->sent += left;
    if (x->sent == x->out.size)
        x->sent = x->out.size = 0;
    if (x->waited && x->out.size - x->sent <= LOW) {
        x->waited = false;
        exchange_tell(x);
    }
    return (ssize_t)left;
}

/* ---- answers ---- */

/* True if `size` bytes are worth compressing, and the client and the reply allow it. */
static bool may_pack(struct exchange *x, const struct server_reply *r, size_t size) {
    struct server *s = x->server;
    if (size <= GZIP_FROM)
        return false;
    const char *accept = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (accept == NULL || !gzip_accepted(accept))
        return false;
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, MHD_HTTP_HEADER_CONTENT_ENCODING) == 0)
            return false;
    return s->gzip != NULL || (s->gzip = gzip_new()) != NULL;
}

static void mark_packed(struct MHD_Response *m) {
    MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    MHD_add_response_header(m, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
}

/* Send bytes compressed; NULL if that is not possible. */
static struct MHD_Response *packed_response(struct exchange *x,
                                            const struct server_reply *r) {
    struct server *s = x->server;
    size_t size;
    if (!may_pack(x, r, r->body_size))
        return NULL;
    void *bytes = gzip_pack(s->gzip, r->body, r->body_size, &size);
    if (bytes == NULL)
        return NULL;
    struct MHD_Response *m =
        MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (m == NULL) {
        free(bytes);
        return NULL;
    }
    mark_packed(m);
    return m;
}

static void all_sent(void *shared) {
    sharedbody_drop(shared);
}

/* The response holds the shared body, and sends its bytes without a copy. */
static struct MHD_Response *shared_response(struct exchange *x,
                                            const struct server_reply *r) {
    struct sharedbody *s = r->shared;
    const void *bytes = NULL;
    size_t size = 0;
    if (may_pack(x, r, sharedbody_size(s)))
        bytes = sharedbody_packed(s, x->server->gzip, &size);
    bool packed = bytes != NULL;
    if (!packed) {
        bytes = sharedbody_plain(s);
        size = sharedbody_size(s);
    }
    sharedbody_keep(s);
    struct MHD_Response *m = MHD_create_response_from_buffer_with_free_callback_cls(
        size, (void *)bytes, all_sent, s);
    if (m == NULL)
        sharedbody_drop(s);
    else if (packed)
        mark_packed(m);
    return m;
}

static struct MHD_Response *slow_response(struct exchange *x,
                                          const struct server_reply *r) {
    x->out.size = 0;
    if (!buf_add(&x->out, r->body, r->body_size))
        return NULL;
    x->sent = 0;
    x->truncate_at = r->truncate ? r->truncate_at : SIZE_MAX;
    x->drip_bytes = r->drip_bytes;
    x->drip_ms = r->drip_ms;
    x->drip.fire = drip_on;
    x->drip.ud = x;
    return MHD_create_response_from_callback(r->body_size, BLOCK, read_slowly, x, NULL);
}

static struct MHD_Response *response_for(struct exchange *x,
                                         const struct server_reply *r) {
    if (r->shared != NULL)
        return shared_response(x, r);
    if (r->truncate || r->drip_bytes != 0)
        return slow_response(x, r);
    struct MHD_Response *m = packed_response(x, r);
    if (m == NULL)
        m = MHD_create_response_from_buffer(r->body_size, (void *)r->body,
                                            MHD_RESPMEM_MUST_COPY);
    return m;
}

/* Add the reply's fields and send; takes `m` over. */
static bool send_response(struct exchange *x, struct MHD_Response *m,
                          const struct server_reply *r, struct fault *f) {
    if (m == NULL)
        return fault_memory(f, "a reply");
    for (size_t i = 0; i < r->field_count; i++) {
        if (MHD_add_response_header(m, r->fields[i].name, r->fields[i].value) == MHD_YES)
            continue;
        MHD_destroy_response(m);
        return fault_set(f, FAULT_IO, "not a header field that can be sent: '%s'",
                         r->fields[i].name);
    }
    bool sent = MHD_queue_response(x->connection, (unsigned)r->status, m) == MHD_YES;
    MHD_destroy_response(m);
    if (!sent)
        return fault_set(f, FAULT_IO, "the reply was refused by the server");
    x->answered = true;
    exchange_resume(x);
    return true;
}

bool exchange_answer(struct exchange *x, const struct server_reply *r, struct fault *f) {
    if (x->connection == NULL || x->gone)
        return true;
    return send_response(x, response_for(x, r), r, f);
}

bool exchange_stream(struct exchange *x, const struct server_reply *r, struct fault *f) {
    if (x->connection == NULL || x->gone)
        return true;
    x->streaming = true;
    x->out.size = x->sent = 0;
    struct MHD_Response *m =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, x, NULL);
    return send_response(x, m, r, f);
}

enum exchange_flow exchange_flow(const struct exchange *x) {
    if (x->gone || x->connection == NULL)
        return FLOW_GONE;
    return x->waited ? FLOW_WAIT : FLOW_ON;
}

enum exchange_flow exchange_write(struct exchange *x, const void *bytes, size_t size) {
    if (x->gone || x->connection == NULL || !x->streaming)
        return FLOW_GONE;
    if (x->sent > 0) { /* at most LOW bytes, unless the writer did not wait */
        memmove(x->out.bytes, x->out.bytes + x->sent, x->out.size - x->sent);
        x->out.size -= x->sent;
        x->sent = 0;
    }
    if (!buf_add(&x->out, bytes, size)) {
        x->hang_up = true;
        return FLOW_GONE;
    }
    x->waited = x->out.size > HIGH;
    exchange_resume(x);
    return exchange_flow(x);
}

void exchange_end(struct exchange *x) {
    x->ended = true;
    exchange_resume(x);
}

void exchange_reset(struct exchange *x) {
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (x->connection == NULL)
        return;
    /* On Linux this drops the connection at once, and sends a RST to the client. */
    (void)connect(exchange_socket(x->connection), &nobody, sizeof nobody);
    x->hang_up = true;
    exchange_resume(x);
}

void exchange_release(struct exchange *x) {
    x->taken = false;
    if (x->connection != NULL && (!x->answered || (x->streaming && !x->ended))) {
        x->hang_up = true;
        exchange_resume(x);
    }
    exchange_free(x);
}
