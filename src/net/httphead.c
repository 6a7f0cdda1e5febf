#include "net/httphead.h"

#include "net/httptext.h"

#include <string.h>

#define MALFORMED "MALFORMED_REQUEST"

static const struct refusal bad_byte = {400, MALFORMED,
                                        "the request contains a control character"};
static const struct refusal bad_line_end = {400, MALFORMED, "a line ends without CR LF"};
static const struct refusal bad_request_line = {
    400, MALFORMED, "the request line is not METHOD PATH HTTP/1.1"};
static const struct refusal bad_target = {
    400, MALFORMED, "the target of the request is neither a path nor a URL"};
static const struct refusal bad_version = {505, "HTTP_VERSION_NOT_SUPPORTED",
                                           "this server speaks HTTP/1.1"};
static const struct refusal unknown_method = {501, "NOT_IMPLEMENTED",
                                              "this server does not support that method"};
static const struct refusal uri_too_long = {414, "URI_TOO_LONG",
                                            "the request line is too long"};
static const struct refusal header_too_large = {431, "HEADER_TOO_LARGE",
                                                "the header is too large"};
static const struct refusal too_many_fields = {431, "HEADER_TOO_LARGE",
                                               "the header has more than 100 fields"};
static const struct refusal bad_field = {400, MALFORMED,
                                         "a line of the header is not NAME: VALUE"};
static const struct refusal folded_field = {
    400, MALFORMED, "a header field is continued on the next line"};
static const struct refusal doubled_field = {
    400, MALFORMED, "the header has two fields of a name that may occur once"};
static const struct refusal no_host = {400, MALFORMED, "the field Host is missing"};
static const struct refusal bad_host = {400, MALFORMED,
                                        "the field Host is not a host and a port"};
static const struct refusal bad_length = {400, MALFORMED,
                                          "the field Content-Length is not a number"};
static const struct refusal two_lengths = {
    400, MALFORMED, "Content-Length and Transfer-Encoding do not go together"};
static const struct refusal chunks_in_1_0 = {400, MALFORMED,
                                             "HTTP/1.0 has no Transfer-Encoding"};
static const struct refusal unknown_encoding = {
    501, "NOT_IMPLEMENTED", "the only supported Transfer-Encoding is chunked"};
static const struct refusal unknown_expectation = {
    417, "EXPECTATION_FAILED", "the only supported expectation is 100-continue"};

void httphead_reset(struct httphead *h) {
    memset(h, 0, offsetof(struct httphead, names));
}

static struct httphead_span span(const char *text, const char *from, const char *to) {
    return (struct httphead_span){(uint32_t)(from - text), (uint32_t)(to - from)};
}

/* ---- the first line ---- */

static bool is_known_method(const char *method, size_t size) {
    static const char *const known[] = {"GET",    "POST",    "HEAD",  "PUT",    "PATCH",
                                        "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == size && memcmp(known[i], method, size) == 0)
            return true;
    return false;
}

static bool is_target(const char *text, size_t size) {
    return size > 0 && httptext_is_value(text, size) && memchr(text, ' ', size) == NULL &&
           memchr(text, '\t', size) == NULL && memchr(text, '#', size) == NULL;
}

/* The size of "http://" or "https://" at the beginning, or 0. */
static size_t scheme_size(const char *text, size_t size) {
    if (size > 7 && httptext_equal(text, 7, "http://"))
        return 7;
    return size > 8 && httptext_equal(text, 8, "https://") ? 8 : 0;
}

/* A target in the form of a URL, as for a proxy. Its host replaces the one in Host. */
static const struct refusal *read_url(struct httphead *h, const char *text,
                                      const char *from, const char *to) {
    const char *host = from + scheme_size(from, (size_t)(to - from)), *end = host;
    while (end < to && *end != '/' && *end != '?')
        end++;
    if (end == host || !httptext_is_host(host, (size_t)(end - host)))
        return &bad_target;
    h->host = span(text, host, end);
    h->target = span(text, end, to);
    return NULL;
}

static const struct refusal *read_target(struct httphead *h, const char *text,
                                         const char *from, const char *to) {
    size_t size = (size_t)(to - from);
    if (!is_target(from, size))
        return &bad_target;
    h->target = span(text, from, to);
    if (*from == '/')
        return NULL;
    if (scheme_size(from, size) > 0)
        return read_url(h, text, from, to);
    if (httptext_equal(text + h->method.at, h->method.size, "OPTIONS") && size == 1 &&
        *from == '*')
        return NULL;
    return httptext_equal(text + h->method.at, h->method.size, "CONNECT")
               ? &unknown_method
               : &bad_target;
}

static bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

static const struct refusal *read_version(struct httphead *h, const char *from,
                                          const char *to) {
    if (to - from != 8 || memcmp(from, "HTTP/", 5) != 0 || !is_digit(from[5]) ||
        from[6] != '.' || !is_digit(from[7]))
        return &bad_request_line;
    h->minor = from[7] == '0' ? 0 : 1;
    return from[5] == '1' ? NULL : &bad_version;
}

static const struct refusal *read_request_line(struct httphead *h, const char *text,
                                               const char *from, const char *to) {
    const char *first = memchr(from, ' ', (size_t)(to - from)), *last = to;
    while (last > from && last[-1] != ' ')
        last--;
    if (first == NULL || last - 1 <= first ||
        !httptext_is_token(from, (size_t)(first - from)))
        return &bad_request_line;
    h->method = span(text, from, first);
    h->is_head = httptext_equal(from, h->method.size, "HEAD");
    h->started = true;
    const struct refusal *wrong = read_version(h, last, to);
    if (wrong == NULL && !is_known_method(from, h->method.size))
        wrong = &unknown_method;
    return wrong != NULL ? wrong : read_target(h, text, first + 1, last - 1);
}

/* ---- fields ---- */

static const struct refusal *read_length(struct httphead *h, const char *value,
                                         size_t size) {
    h->has_length = true;
    h->length = 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(value[i]))
            return &bad_length;
        unsigned digit = (unsigned)(value[i] - '0');
        h->length =
            h->length > (UINT64_MAX - digit) / 10 ? UINT64_MAX : h->length * 10 + digit;
    }
    return size > 0 ? NULL : &bad_length;
}

static const struct refusal *read_host(struct httphead *h, const char *value,
                                       size_t size) {
    if (!httptext_is_host(value, size))
        return &bad_host;
    if (h->host.size > 0)
        h->values[h->field_count - 1] = h->host;
    h->has_host = true;
    return NULL;
}

static const struct refusal *read_encoding(struct httphead *h, const char *value,
                                           size_t size) {
    h->chunked = true;
    return httptext_equal(value, size, "chunked") ? NULL : &unknown_encoding;
}

static const struct refusal *read_expectation(struct httphead *h, const char *value,
                                              size_t size) {
    h->expects = true;
    return httptext_equal(value, size, "100-continue") ? NULL : &unknown_expectation;
}

enum { HOST, CONTENT_LENGTH, TRANSFER_ENCODING, EXPECT };

#define WORD(text)                                                                       \
    { text, sizeof(text) - 1 }

/* Fields that may occur once: if there were two, another program could use the other one.
 */
static const struct {
    const char *name;
    size_t size;
} singles[] = {
    [HOST] = WORD("Host"),
    [CONTENT_LENGTH] = WORD("Content-Length"),
    [TRANSFER_ENCODING] = WORD("Transfer-Encoding"),
    [EXPECT] = WORD("Expect"),
    WORD("Authorization"),
    WORD("Content-Type"),
    WORD("Origin"),
    WORD("Sec-Fetch-Mode"),
    WORD("Sec-Fetch-Site"),
};

/* Use the field that was parsed last, if it matters for the request's framing. */
static const struct refusal *read_meaning(struct httphead *h, const char *name,
                                          size_t name_size, const char *value,
                                          size_t size) {
    unsigned i = 0, count = sizeof singles / sizeof *singles;
    while (i < count && (name_size != singles[i].size ||
                         !httptext_equal(name, name_size, singles[i].name)))
        i++;
    if (i < count && (h->singles & 1u << i))
        return &doubled_field;
    if (i < count)
        h->singles |= 1u << i;
    switch (i) {
    case HOST:
        return read_host(h, value, size);
    case CONTENT_LENGTH:
        return read_length(h, value, size);
    case TRANSFER_ENCODING:
        return read_encoding(h, value, size);
    case EXPECT:
        return read_expectation(h, value, size);
    }
    if (httptext_equal(name, name_size, "Connection")) {
        h->closes = h->closes || httptext_lists(value, size, "close");
        h->keeps = h->keeps || httptext_lists(value, size, "keep-alive");
    }
    return NULL;
}

static const struct refusal *read_field(struct httphead *h, const char *text,
                                        const char *from, const char *to) {
    if (*from == ' ' || *from == '\t')
        return &folded_field;
    const char *colon = memchr(from, ':', (size_t)(to - from));
    if (colon == NULL || !httptext_is_token(from, (size_t)(colon - from)))
        return &bad_field;
    if (h->field_count == HTTPHEAD_FIELDS)
        return &too_many_fields;
    const char *value = colon + 1;
    while (value < to && (*value == ' ' || *value == '\t'))
        value++;
    while (to > value && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    h->names[h->field_count] = span(text, from, colon);
    h->values[h->field_count] = span(text, value, to);
    h->field_count++;
    return read_meaning(h, from, (size_t)(colon - from), value, (size_t)(to - value));
}

/* ---- the whole ---- */

static const struct refusal *check_whole(struct httphead *h) {
    h->whole = true;
    if (h->minor >= 1 && !h->has_host)
        return &no_host;
    if (h->chunked && h->has_length)
        return &two_lengths;
    return h->chunked && h->minor == 0 ? &chunks_in_1_0 : NULL;
}

static const struct refusal *read_line(struct httphead *h, const char *text,
                                       const char *from, const char *to) {
    if (from == to) /* empty lines before a request are allowed */
        return h->started ? check_whole(h) : NULL;
    return h->started ? read_field(h, text, from, to)
                      : read_request_line(h, text, from, to);
}

static bool is_plain(char c) {
    return (unsigned char)c >= ' ' && c != 0x7f;
}

/* Reject control characters, and CR or LF without the other one. */
static const struct refusal *check_control(const struct httphead *h, const char *text) {
    bool after_cr = h->read > h->line && text[h->read - 1] == '\r';
    char c = text[h->read];
    if (after_cr != (c == '\n'))
        return &bad_line_end;
    return c == '\r' || c == '\n' || c == '\t' || is_plain(c) ? NULL : &bad_byte;
}

const struct refusal *httphead_read(struct httphead *h, const char *text, size_t size,
                                    size_t most) {
    while (!h->whole && h->read < size) {
        size_t end = h->started ? most : most / 2;
        if (h->read >= end)
            return h->started ? &header_too_large : &uri_too_long;
        end = end < size ? end : size;
        if (h->read == h->line || text[h->read - 1] != '\r')
            while (h->read < end && is_plain(text[h->read]))
                h->read++;
        if (h->read == end)
            continue;
        const struct refusal *wrong = check_control(h, text);
        if (wrong != NULL)
            return wrong;
        if (text[h->read++] != '\n')
            continue;
        size_t line = h->line;
        h->line = h->read;
        wrong = read_line(h, text, text + line, text + h->read - 2);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

bool httphead_is_named(const struct httphead *h, const char *text, size_t field,
                       const char *name) {
    return httptext_equal(text + h->names[field].at, h->names[field].size, name);
}
