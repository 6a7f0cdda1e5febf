/* yamlscalar.c -- rules for scalars that hold in both versions of YAML. */

#include "base/yamlscalar.h"

#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(const char *text, size_t size, const char *word) {
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

static bool is_one_of(const char *text, size_t size, const char *const words[]) {
    for (; *words != NULL; words++)
        if (is_word(text, size, *words))
            return true;
    return false;
}

/* ---- writing ---- */

/* True for a reserved word, in whatever case. */
static bool is_reserved(const char *text, size_t size) {
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n",   NULL};
    char lower[8];
    if (size > sizeof lower)
        return false;
    for (size_t i = 0; i < size; i++)
        lower[i] = (char)(is_letter(text[i]) ? text[i] | 0x20 : text[i]);
    return is_one_of(lower, size, words);
}

/* True if no number, indicator or mark of a document can begin so. */
static bool starts_plainly(const char *text, size_t size) {
    if (is_letter(text[0]) || text[0] == '/' || text[0] == '_')
        return true;
    return (size > 2 && memcmp(text, "../", 3) == 0) ||
           (size > 1 && memcmp(text, "./", 2) == 0);
}

bool yamlscalar_plain(const char *text, size_t size) {
    if (size == 0 || !starts_plainly(text, size) || is_reserved(text, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool last = i + 1 == size;
        if (is_letter(c) || is_digit(c) ||
            (c != '\0' && strchr("_-./@+=()*~", c) != NULL))
            continue;
        if (c == ' ' && !last && text[i + 1] != ' ')
            continue;
        if (c == ':' && !last && text[i + 1] != ' ')
            continue;
        return false;
    }
    return true;
}

/* The size of the character at `p`, or 0 if it is malformed. */
static size_t length_utf8(const unsigned char *p, size_t left) {
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n == 0 || n > left || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool wrong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                 (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return wrong ? 0 : n;
}

bool yamlscalar_utf8(const char *text, size_t size) {
    for (size_t i = 0; i < size;) {
        size_t n = length_utf8((const unsigned char *)text + i, size - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t yamlscalar_from_json(const char *text, size_t size, char *out) {
    size_t n = 0;
    bool point = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        point = point || c == '.';
        if (c != 'e' && c != 'E') {
            out[n++] = c;
            continue;
        }
        if (!point) {
            out[n++] = '.';
            out[n++] = '0';
        }
        out[n++] = 'e';
        if (i + 1 < size && is_digit(text[i + 1]))
            out[n++] = '+';
    }
    out[n] = '\0';
    return n;
}

/* ---- reading ---- */

static size_t digits(const char *text, size_t size, size_t at) {
    size_t n = 0;
    while (at + n < size && is_digit(text[at + n]))
        n++;
    return n;
}

static bool is_decimal(const char *text, size_t size) {
    size_t at = size > 0 && (text[0] == '-' || text[0] == '+');
    size_t whole = digits(text, size, at), fraction = 0;
    at += whole;
    if (at < size && text[at] == '.') {
        fraction = digits(text, size, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < size && (text[at] == '-' || text[at] == '+');
        size_t n = digits(text, size, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == size;
}

/* Read 0x1f or 0o17. False if it is neither, or does not fit. */
static bool read_based(const char *text, size_t size, int64_t *integer) {
    if (size < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'o'))
        return false;
    int64_t base = text[1] == 'x' ? 16 : 8, value = 0;
    for (size_t i = 2; i < size; i++) {
        static const char all[] = "0123456789abcdef";
        char c = (char)(is_letter(text[i]) ? text[i] | 0x20 : text[i]);
        const char *found = c != '\0' ? strchr(all, c) : NULL;
        int64_t digit = found != NULL ? found - all : base;
        if (digit >= base || value > (INT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *integer = value;
    return true;
}

enum yamlscalar_kind yamlscalar_kind(const char *text, size_t size, int64_t *integer) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    static const char *const infinite[] = {".inf",  ".Inf",  ".INF", "+.inf",
                                           "+.Inf", "+.INF", NULL};
    static const char *const minus[] = {"-.inf", "-.Inf", "-.INF", NULL};
    if (is_one_of(text, size, nulls))
        return YAMLSCALAR_NULL;
    if (is_one_of(text, size, trues))
        return YAMLSCALAR_TRUE;
    if (is_one_of(text, size, falses))
        return YAMLSCALAR_FALSE;
    if (is_one_of(text, size, nans))
        return YAMLSCALAR_NAN;
    if (is_one_of(text, size, infinite))
        return YAMLSCALAR_INFINITE;
    if (is_one_of(text, size, minus))
        return YAMLSCALAR_MINUS_INFINITE;
    if (read_based(text, size, integer))
        return YAMLSCALAR_INTEGER;
    return is_decimal(text, size) ? YAMLSCALAR_NUMBER : YAMLSCALAR_STRING;
}

size_t yamlscalar_to_json(const char *text, size_t size, char *out) {
    size_t at = 0, n = 0;
    if (text[0] == '-')
        out[n++] = '-';
    at += text[0] == '-' || text[0] == '+';
    while (at + 1 < size && text[at] == '0' && is_digit(text[at + 1]))
        at++;
    if (text[at] == '.')
        out[n++] = '0';
    for (; at < size; at++) {
        out[n++] = text[at];
        if (text[at] == '.' && (at + 1 == size || !is_digit(text[at + 1])))
            out[n++] = '0';
    }
    out[n] = '\0';
    return n;
}
