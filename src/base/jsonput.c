#include "base/jsonput.h"

#include "base/swar.h"

#define SURROGATE_LEAD 0xed /* first byte of U+D000 to U+DFFF in UTF-8 */

static bool is_special(unsigned char c) {
    return c < ' ' || c == '"' || c == '\\' || c == SURROGATE_LEAD;
}

static bool has_special(uint64_t word) {
    return (swar_below(word, ' ') | swar_equal(word, '"') | swar_equal(word, '\\') |
            swar_equal(word, SURROGATE_LEAD)) != 0;
}

/* The surrogate at `p`, or 0. */
static unsigned surrogate_at(const char *p, const char *end) {
    const unsigned char *u = (const unsigned char *)p;
    if (end - p < 3 || u[0] != SURROGATE_LEAD || u[1] < 0xa0 || u[1] > 0xbf ||
        (u[2] & 0xc0) != 0x80)
        return 0;
    return 0xd000U | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
}

static size_t put_code(unsigned code, char *out) {
    static const char hex[] = "0123456789abcdef";
    const char text[] = {
        '\\',          'u', hex[code >> 12], hex[code >> 8 & 15], hex[code >> 4 & 15],
        hex[code & 15]};
    memcpy(out, text, sizeof text);
    return sizeof text;
}

static size_t put_short(char letter, char *out) {
    out[0] = '\\';
    out[1] = letter;
    return 2;
}

static size_t put_ascii(unsigned char c, char *out) {
    switch (c) {
    case '"':
    case '\\':
        return put_short((char)c, out);
    case '\b':
        return put_short('b', out);
    case '\f':
        return put_short('f', out);
    case '\n':
        return put_short('n', out);
    case '\r':
        return put_short('r', out);
    case '\t':
        return put_short('t', out);
    default:
        return put_code(c, out);
    }
}

/* Write the special byte, or surrogate, at `*p` and step over it; at most 9 bytes. */
static size_t put_special(const char **p, const char *end, char *out) {
    if ((unsigned char)**p != SURROGATE_LEAD)
        return put_ascii((unsigned char)*(*p)++, out);
    unsigned code = surrogate_at(*p, end);
    if (code == 0) {
        *out = *(*p)++;
        return 1;
    }
    *p += 3;
    size_t size = put_code(code, out);
    /* The other half stays as bytes: if both were escaped, they would read as one
     * character. */
    if (code < 0xdc00 && surrogate_at(*p, end) >= 0xdc00) {
        memcpy(out + size, *p, 3);
        *p += 3;
        size += 3;
    }
    return size;
}

bool jsonput_string(struct buf *b, const char *bytes, size_t size) {
    const char *p = bytes, *end = bytes + size;
    /* Room for one special byte, a quote, and a word beyond what is plain. */
    enum { SLACK = 24 };
    if (!buf_grow(b, size + SLACK))
        return false;
    char *out = b->bytes + b->size;
    *out++ = '"';
    while (p < end) {
        while (end - p >= 8) {
            uint64_t word = swar_load(p);
            if (has_special(word))
                break;
            memcpy(out, &word, sizeof word);
            out += 8;
            p += 8;
        }
        while (p < end && !is_special((unsigned char)*p))
            *out++ = *p++;
        if (p == end)
            break;
        out += put_special(&p, end, out);
        b->size = (size_t)(out - b->bytes);
        if (!buf_grow(b, (size_t)(end - p) + SLACK))
            return false;
        out = b->bytes + b->size;
    }
    *out++ = '"';
    *out = '\0';
    b->size = (size_t)(out - b->bytes);
    return true;
}
