#include "net/reply.h"

#include "net/httptext.h"

#include <stdio.h>
#include <time.h>

/* For a year, browsers will use this host over TLS alone. */
#define STRICT_TRANSPORT "Strict-Transport-Security: max-age=31536000\r\n"

static const struct {
    int status;
    const char *words;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "";
}

/* The server sets these fields itself. */
static bool is_ours(const struct server_field *f) {
    static const struct server_field ours[] = {
        SERVER_FIELD("Content-Length", ""), SERVER_FIELD("Transfer-Encoding", ""),
        SERVER_FIELD("Connection", ""), SERVER_FIELD("Date", "")};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (f->name_size == ours[i].name_size &&
            httptext_equal(f->name, f->name_size, ours[i].name))
            return true;
    return false;
}

static bool is_one_line(const char *text, size_t size) {
    return strlen(text) == size && strpbrk(text, "\r\n") == NULL;
}

bool reply_may_send(const struct server_field *f) {
    return httptext_is_token(f->name, f->name_size) && !is_ours(f) &&
           is_one_line(f->value, f->value_size);
}

/* Not with strftime, which uses the names of the locale. */
static void write_date(char *out, size_t room, time_t now) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;
    gmtime_r(&now, &t);
    snprintf(out, room, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
             t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
             t.tm_sec);
}

static bool add_date(struct buf *out, struct reply_date *d) {
    int64_t now = time(NULL);
    if (d->second != now) {
        write_date(d->line, sizeof d->line, (time_t)now);
        d->second = now;
    }
    return buf_str(out, d->line);
}

static bool add_number(struct buf *out, size_t number) {
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return buf_add(out, digits + at, sizeof digits - at);
}

static bool add_status(struct buf *out, int status) {
    return buf_str(out, "HTTP/1.1 ") && add_number(out, (size_t)status) &&
           buf_str(out, " ") && buf_str(out, reason_of(status)) && buf_str(out, "\r\n");
}

static char *put(char *to, const char *bytes, size_t size) {
    memcpy(to, bytes, size);
    return to + size;
}

/* Room for all fields is made at once, because most answers have ten of them. */
static bool add_fields(struct buf *out, const struct reply_head *h) {
    size_t size = 0;
    for (size_t i = 0; i < h->field_count; i++)
        size += h->fields[i].name_size + h->fields[i].value_size + 4;
    if (!buf_grow(out, size))
        return false;
    char *to = out->bytes + out->size;
    for (size_t i = 0; i < h->field_count; i++) {
        const struct server_field *f = &h->fields[i];
        to = put(put(to, f->name, f->name_size), ": ", 2);
        to = put(put(to, f->value, f->value_size), "\r\n", 2);
    }
    out->size += size;
    out->bytes[out->size] = '\0';
    return true;
}

static bool add_framing(struct buf *out, const struct reply_head *h) {
    if (h->framing == REPLY_SIZED &&
        (!buf_str(out, "Content-Length: ") || !add_number(out, h->body_size) ||
         !buf_str(out, "\r\n")))
        return false;
    if (h->framing == REPLY_CHUNKED && !buf_str(out, "Transfer-Encoding: chunked\r\n"))
        return false;
    if (h->packed && !buf_str(out, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"))
        return false;
    if (h->closes)
        return buf_str(out, "Connection: close\r\n");
    return !h->keeps || buf_str(out, "Connection: keep-alive\r\n");
}

bool reply_write_head(struct buf *out, const struct reply_head *h, struct reply_date *d) {
    return buf_grow(out, 512) && add_status(out, h->status) && add_date(out, d) &&
           add_framing(out, h) && (!h->tls || buf_str(out, STRICT_TRANSPORT)) &&
           add_fields(out, h) && buf_str(out, "\r\n");
}
