#include "base/url.h"

#include <stdint.h>
#include <string.h>

static bool unreserved(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static bool escape(struct buf *b, const char *text, size_t size, char kept) {
    static const char hex[] = "0123456789ABCDEF";
    if (size > SIZE_MAX / 4 || !buf_grow(b, size * 3))
        return false;
    char *out = b->bytes + b->size;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (unreserved(c) || (kept != '\0' && c == (unsigned char)kept)) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
    }
    *out = '\0';
    b->size = (size_t)(out - b->bytes);
    return true;
}

bool url_escape(struct buf *b, const char *text, size_t size) {
    return escape(b, text, size, '\0');
}

bool url_path(struct buf *b, const char *path, size_t size) {
    return escape(b, path, size, '/');
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool url_unescape(struct buf *b, const char *text, size_t size, bool plus) {
    if (!buf_grow(b, size))
        return false;
    char *out = b->bytes + b->size;
    for (size_t i = 0; i < size; i++) {
        int high = -1, low = -1;
        if (text[i] == '%' && size - i > 2) {
            high = hex_digit(text[i + 1]);
            low = hex_digit(text[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            *out++ = (char)(unsigned char)(high << 4 | low);
            i += 2;
        } else {
            *out++ = plus && text[i] == '+' ? ' ' : text[i];
        }
    }
    *out = '\0';
    b->size = (size_t)(out - b->bytes);
    return true;
}

bool url_query(struct buf *b, const char *name, const char *value, size_t size) {
    size_t before = b->size;
    bool more = b->bytes != NULL && memchr(b->bytes, '?', b->size) != NULL;
    if (buf_str(b, more ? "&" : "?") && url_escape(b, name, strlen(name)) &&
        buf_str(b, "=") && url_escape(b, value, size))
        return true;
    b->size = before;
    if (b->bytes != NULL)
        b->bytes[before] = '\0';
    return false;
}

bool base64_encode(struct buf *b, const void *bytes, size_t size) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (size > SIZE_MAX / 2 || !buf_grow(b, (size + 2) / 3 * 4))
        return false;
    const unsigned char *in = bytes;
    char *out = b->bytes + b->size;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t v = (uint32_t)in[i] << 16;
        v |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        v |= left > 2 ? in[i + 2] : 0;
        *out++ = digits[v >> 18 & 63];
        *out++ = digits[v >> 12 & 63];
        *out++ = left > 1 ? digits[v >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[v & 63] : '=';
    }
    *out = '\0';
    b->size = (size_t)(out - b->bytes);
    return true;
}

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct buf *b, const char *text, size_t size, bool *wrong) {
    *wrong = false;
    if (!buf_grow(b, size / 4 * 3 + 3))
        return false;
    unsigned char *out = (unsigned char *)b->bytes + b->size;
    uint32_t bits = 0;
    size_t count = 0, pads = 0;
    for (size_t i = 0; i < size && !*wrong; i++) {
        char c = text[i];
        if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
            continue;
        if (c == '=') {
            pads++;
            continue;
        }
        int digit = base64_digit(c);
        *wrong = digit < 0 || pads > 0;
        bits = bits << 6 | (uint32_t)(digit & 63);
        if (++count % 4 == 0) {
            *out++ = (unsigned char)(bits >> 16);
            *out++ = (unsigned char)(bits >> 8);
            *out++ = (unsigned char)bits;
        }
    }
    size_t tail = count % 4;
    if (*wrong || tail == 1 || (pads > 0 && (tail + pads != 4 || pads > 2))) {
        *wrong = true;
        b->bytes[b->size] = '\0';
        return false;
    }
    if (tail > 1)
        *out++ = (unsigned char)(bits >> (tail == 2 ? 4 : 10));
    if (tail == 3)
        *out++ = (unsigned char)(bits >> 2);
    *out = '\0';
    b->size = (size_t)((char *)out - b->bytes);
    return true;
}
