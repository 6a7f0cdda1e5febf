#include "base/base64.h"

#include <stdint.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t size, char *out) {
    const unsigned char *in = bytes;
    for (; size >= 3; size -= 3, in += 3, out += 4) {
        out[0] = digits[in[0] >> 2];
        out[1] = digits[(in[0] & 3) << 4 | in[1] >> 4];
        out[2] = digits[(in[1] & 15) << 2 | in[2] >> 6];
        out[3] = digits[in[2] & 63];
    }
    if (size == 0)
        return;
    unsigned second = size == 2 ? in[1] : 0;
    out[0] = digits[in[0] >> 2];
    out[1] = digits[(in[0] & 3u) << 4 | second >> 4];
    out[2] = digits[(second & 15) << 2];
    if (size == 1)
        out[2] = '=';
    out[3] = '=';
}

/* The value of a character of base64; 64 for any other character. */
static unsigned value(char c) {
    if ('A' <= c && c <= 'Z')
        return (unsigned)(c - 'A');
    if ('a' <= c && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if ('0' <= c && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Decode four characters, of which the last `padding` are "=". */
static bool decode_group(const char *text, unsigned padding, unsigned char *out) {
    unsigned group = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned v = i + padding >= 4 ? 0 : value(text[i]);
        if (v > 63)
            return false;
        group = group << 6 | v;
    }
    out[0] = (unsigned char)(group >> 16);
    if (padding < 2)
        out[1] = (unsigned char)(group >> 8);
    if (padding < 1)
        out[2] = (unsigned char)group;
    return (padding != 1 || (group & 0xff) == 0) &&
           (padding != 2 || (group & 0xffff) == 0);
}

bool base64_decode(const char *text, size_t size, void *out, size_t *n) {
    unsigned char *to = out;
    *n = 0;
    if (size % 4 != 0)
        return false;
    for (size_t i = 0; i < size; i += 4) {
        unsigned padding = 0;
        if (i + 4 == size)
            padding = text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        if (!decode_group(text + i, padding, to + *n))
            return false;
        *n += 3 - padding;
    }
    return true;
}
