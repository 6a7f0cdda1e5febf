#include "net/chunked.h"

#include "net/httptext.h"

#define MOST_DIGITS   16
#define MOST_OVERHEAD ((size_t)16 << 10)

static const struct refusal bad_chunk = {400, "MALFORMED_REQUEST",
                                         "the chunks of the body are malformed"};
static const struct refusal too_much_around = {
    431, "HEADER_TOO_LARGE",
    "the chunks of the body have too large extensions or trailers"};
static const struct refusal no_memory = {500, "INTERNAL_ERROR", "not enough memory"};

static int hex(char c) {
    return '0' <= c && c <= '9'   ? c - '0'
           : 'a' <= c && c <= 'f' ? c - 'a' + 10
           : 'A' <= c && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Require the byte `wanted`, and continue at `next`. */
static const struct refusal *expect(struct chunked *c, char is, char wanted,
                                    enum chunked_place next) {
    c->place = next;
    return is == wanted ? NULL : &bad_chunk;
}

static const struct refusal *read_size(struct chunked *c, char byte) {
    int digit = hex(byte);
    if (digit >= 0) {
        c->left = c->left << 4 | (unsigned)digit;
        return ++c->digits <= MOST_DIGITS ? NULL : &bad_chunk;
    }
    if (c->digits == 0)
        return &bad_chunk;
    c->digits = 0;
    c->place = byte == '\r' ? CHUNKED_SIZE_END : CHUNKED_EXTENSION;
    return byte == '\r' || byte == ';' ? NULL : &bad_chunk;
}

/* Ignore a byte; CR leads to `next`. */
static const struct refusal *pass_over(struct chunked *c, char byte,
                                       enum chunked_place next) {
    if (byte == '\r')
        c->place = next;
    else if (!httptext_is_value(&byte, 1))
        return &bad_chunk;
    return ++c->overhead <= MOST_OVERHEAD ? NULL : &too_much_around;
}

static const struct refusal *read_name(struct chunked *c, char byte) {
    bool first = c->place == CHUNKED_TRAILER;
    c->place = byte == ':' ? CHUNKED_TRAILER_VALUE : CHUNKED_TRAILER_NAME;
    if (first ? !httptext_is_token(&byte, 1)
              : byte != ':' && !httptext_is_token(&byte, 1))
        return &bad_chunk;
    return ++c->overhead <= MOST_OVERHEAD ? NULL : &too_much_around;
}

static const struct refusal *read_byte(struct chunked *c, char byte) {
    switch (c->place) {
    case CHUNKED_SIZE:
        return read_size(c, byte);
    case CHUNKED_EXTENSION:
        return pass_over(c, byte, CHUNKED_SIZE_END);
    case CHUNKED_SIZE_END:
        return expect(c, byte, '\n', c->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER);
    case CHUNKED_DATA_CR:
        return expect(c, byte, '\r', CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF:
        return expect(c, byte, '\n', CHUNKED_SIZE);
    case CHUNKED_TRAILER:
        if (byte == '\r')
            return expect(c, byte, '\r', CHUNKED_LAST_LF);
        return read_name(c, byte);
    case CHUNKED_TRAILER_NAME:
        return read_name(c, byte);
    case CHUNKED_TRAILER_VALUE:
        return pass_over(c, byte, CHUNKED_TRAILER_LF);
    case CHUNKED_TRAILER_LF:
        return expect(c, byte, '\n', CHUNKED_TRAILER);
    case CHUNKED_LAST_LF:
        return expect(c, byte, '\n', CHUNKED_WHOLE);
    case CHUNKED_DATA:
    case CHUNKED_WHOLE:
        break;
    }
    return NULL;
}

static const struct refusal *read_data(struct chunked *c, const char *text, size_t size,
                                       struct buf *body) {
    if (!buf_add(body, text, size))
        return &no_memory;
    c->left -= size;
    if (c->left == 0)
        c->place = CHUNKED_DATA_CR;
    return NULL;
}

const struct refusal *chunked_read(struct chunked *c, const char *text, size_t size,
                                   size_t *used, struct buf *body, size_t most) {
    const struct refusal *wrong = NULL;
    *used = 0;
    while (wrong == NULL && *used < size && c->place != CHUNKED_WHOLE) {
        if (c->place != CHUNKED_DATA) {
            wrong = read_byte(c, text[(*used)++]);
            continue;
        }
        if (c->left > most - body->size)
            return &refusal_body_too_large;
        size_t piece = size - *used < c->left ? size - *used : (size_t)c->left;
        wrong = read_data(c, text + *used, piece, body);
        *used += piece;
    }
    return wrong;
}
