#include "base/letters.h"

#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdint.h>
#include <wctype.h>

#define SIGMA       0x3A3
#define SMALL_SIGMA 0x3C3
#define FINAL_SIGMA 0x3C2
#define I_WITH_DOT  0x130
#define SHARP_S     0xDF

/* The character at `text`, and the bytes that it takes; 0 bytes if they are no UTF-8. */
static uint32_t decode(const char *text, size_t size, size_t *taken) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *b = (const unsigned char *)text;
    size_t n = b[0] < 0x80 ? 1 : b[0] < 0xC2 ? 0 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    uint32_t c = n == 1 ? b[0] : b[0] & (0x7Fu >> n);
    *taken = 0;
    if (n == 0 || n > size || b[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (b[i] & 0x3Fu);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    *taken = n;
    return c;
}

static bool put(struct buf *out, uint32_t c) {
    unsigned char b[4] = {(unsigned char)c};
    if (c < 0x80)
        return buf_add(out, b, 1);
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        b[i] = (unsigned char)(0x80 | (c & 0x3F));
    b[0] = (unsigned char)((0xF00u >> n & 0xFFu) | c);
    return buf_add(out, b, n);
}

static bool is_letter(uint32_t c, locale_t utf8) {
    return iswalpha_l((wint_t)c, utf8) != 0;
}

/* True if a letter is before the sigma, and none follows. */
static bool is_final(bool after_letter, const char *rest, size_t size, locale_t utf8) {
    size_t taken = 0;
    uint32_t c = size > 0 ? decode(rest, size, &taken) : 0;
    return after_letter && !(taken > 0 && is_letter(c, utf8));
}

static bool put_lower(struct buf *out, uint32_t c, bool final, locale_t utf8) {
    if (c == I_WITH_DOT)
        return put(out, 'i') && put(out, 0x307);
    if (c == SIGMA)
        return put(out, final ? FINAL_SIGMA : SMALL_SIGMA);
    return put(out, (uint32_t)towlower_l((wint_t)c, utf8));
}

static bool put_upper(struct buf *out, uint32_t c, locale_t utf8) {
    if (c == SHARP_S)
        return put(out, 'S') && put(out, 'S');
    return put(out, (uint32_t)towupper_l((wint_t)c, utf8));
}

static char ascii(char c, bool up) {
    if (up ? c < 'a' || c > 'z' : c < 'A' || c > 'Z')
        return c;
    return (char)(c ^ 0x20);
}

static bool change(struct buf *out, const char *text, size_t size, bool up,
                   locale_t utf8) {
    bool ok = buf_grow(out, size), after_letter = false;
    size_t at = 0, taken;
    while (ok && at < size) {
        uint32_t c = decode(text + at, size - at, &taken);
        if (taken == 0 || c < 0x80 || utf8 == (locale_t)0) {
            char plain = ascii(text[at++], up);
            after_letter = taken == 1 && ascii(plain, true) != ascii(plain, false);
            ok = buf_add(out, &plain, 1);
            continue;
        }
        at += taken;
        bool final = c == SIGMA && is_final(after_letter, text + at, size - at, utf8);
        ok = up ? put_upper(out, c, utf8) : put_lower(out, c, final, utf8);
        after_letter = is_letter(c, utf8);
    }
    return ok;
}

bool letters_lower(struct buf *out, const char *text, size_t size, locale_t utf8) {
    return change(out, text, size, false, utf8);
}

bool letters_upper(struct buf *out, const char *text, size_t size, locale_t utf8) {
    return change(out, text, size, true, utf8);
}

/* GnuTLS normalizes passwords by RFC 8265, whose form is NFC. */
bool letters_composed(struct buf *out, const char *text, size_t size) {
    gnutls_datum_t form = {0};
    if (size == 0 || size > UINT_MAX ||
        gnutls_utf8_password_normalize((const unsigned char *)text, (unsigned)size, &form,
                                       GNUTLS_UTF8_IGNORE_ERRS) < 0)
        return buf_add(out, text, size);
    bool ok = buf_add(out, (const char *)form.data, form.size);
    gnutls_free(form.data);
    return ok;
}
