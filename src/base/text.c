#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Read one character at `at`; *took is its length in bytes. UINT32_MAX for a byte that is no
 * UTF-8, where *took is 1. */
static uint32_t read_character(const unsigned char *at, size_t left, size_t *took) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = *at;
    size_t n = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t c = n == 1 ? first : first & (0x7fu >> n);
    *took = 1;
    if (n == 1)
        return c;
    if (first < 0xc2 || first > 0xf4 || n > left)
        return UINT32_MAX;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return UINT32_MAX;
        c = c << 6 | (at[i] & 0x3fu);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return UINT32_MAX;
    *took = n;
    return c;
}

static bool is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

/* True for a control of the writing direction, which can make a text look like another
 * one. */
static bool is_direction(uint32_t c) {
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* The text that replaces a character; NULL: it stays. */
static const char *instead(uint32_t c, bool lines) {
    if (c == UINT32_MAX || is_direction(c))
        return REPLACEMENT;
    if (!is_control(c) || (c == '\n' && lines))
        return NULL;
    return c == '\t' ? "    " : " ";
}

/* The number of bytes at the beginning that stay as they are. */
static size_t clean_prefix(const char *text, size_t size, bool lines) {
    size_t i = 0;
    while (i < size) {
        unsigned char byte = (unsigned char)text[i];
        size_t took = 1;
        if (byte >= 0x20 && byte < 0x7f) {
            i++;
            continue;
        }
        uint32_t c = read_character((const unsigned char *)text + i, size - i, &took);
        if (instead(c, lines) != NULL)
            return i;
        i += took;
    }
    return i;
}

bool text_is_clean(const char *text, size_t size, bool lines) {
    return clean_prefix(text, size, lines) == size;
}

bool text_clean(struct buf *out, const char *text, size_t size, bool lines) {
    while (size > 0) {
        size_t kept = clean_prefix(text, size, lines), took;
        if (!buf_add(out, text, kept))
            return false;
        text += kept;
        size -= kept;
        if (size == 0)
            break;
        if (!(size > 1 && text[0] == '\r' && text[1] == '\n')) {
            uint32_t c = read_character((const unsigned char *)text, size, &took);
            if (!buf_str(out, instead(c, lines)))
                return false;
            text += took;
            size -= took;
        } else { /* drop the "\r" of "\r\n" */
            text++;
            size--;
        }
    }
    return true;
}

void text_copy(char *out, size_t room, const char *text, size_t size) {
    struct buf clean = {0};
    if (!text_clean(&clean, text, size, false) || clean.bytes == NULL) {
        out[0] = '\0';
        buf_free(&clean);
        return;
    }
    const char *at = clean.bytes;
    size = clean.size;
    while (size > 0 && *at == ' ')
        at++, size--;
    while (size > 0 && at[size - 1] == ' ')
        size--;
    if (size >= room) {
        size = room - 1;
        while (size > 0 && ((unsigned char)at[size] & 0xc0) == 0x80)
            size--;
    }
    if (size > 0)
        memcpy(out, at, size);
    out[size] = '\0';
    buf_free(&clean);
}
