#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 512

static const struct json NOTHING = {NULL, 0};

/* The text that is left to read. Every step checks `at < end`, so that the text needs no
 * 0 at its end. */
struct reader {
    const char *at, *end;
};

static int peek(const struct reader *r) {
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static bool take(struct reader *r, char c) {
    if (peek(r) != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

static void skip_blanks(struct reader *r) {
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
        r->at++;
}

static bool skip_word(struct reader *r, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static bool is_digit(int c) {
    return '0' <= c && c <= '9';
}

static bool skip_digits(struct reader *r) {
    if (!is_digit(peek(r)))
        return false;
    while (is_digit(peek(r)))
        r->at++;
    return true;
}

static bool skip_number(struct reader *r) {
    take(r, '-');
    if (!take(r, '0') && !skip_digits(r))
        return false;
    if (take(r, '.') && !skip_digits(r))
        return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            take(r, '-');
        return skip_digits(r);
    }
    return true;
}

static int hex_digit(int c) {
    if (is_digit(c))
        return c - '0';
    if ('a' <= c && c <= 'f')
        return c - 'a' + 10;
    if ('A' <= c && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Four hex digits, or -1. */
static long hex4(struct reader *r) {
    long unit = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int digit = hex_digit(peek(r));
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static int put_utf8(long c, char out[4]) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Read what follows "\u". JSON allows half a surrogate pair, but UTF-8 does not, so
 * that half becomes U+FFFD. */
static int read_unicode(struct reader *r, char out[4]) {
    long c = hex4(r);
    if (c < 0)
        return -1;
    if (0xd800 <= c && c <= 0xdbff) {
        struct reader ahead = *r;
        long low = take(&ahead, '\\') && take(&ahead, 'u') ? hex4(&ahead) : -1;
        if (0xdc00 <= low && low <= 0xdfff) {
            *r = ahead;
            return put_utf8(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), out);
        }
    }
    return put_utf8(0xd800 <= c && c <= 0xdfff ? 0xfffd : c, out);
}

/* Read the next character of a string, as 1 to 4 bytes; -1 if it is malformed. */
static int read_char(struct reader *r, char out[4]) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    if (c < 0x20)
        return -1;
    r->at++;
    out[0] = (char)c;
    if (c != '\\')
        return 1;
    if (take(r, 'u'))
        return read_unicode(r, out);
    c = peek(r);
    const char *escape = c > 0 ? strchr(escapes, c) : NULL;
    if (escape == NULL)
        return -1;
    r->at++;
    out[0] = meanings[escape - escapes];
    return 1;
}

static bool skip_string(struct reader *r) {
    char c[4];
    if (!take(r, '"'))
        return false;
    while (!take(r, '"'))
        if (read_char(r, c) < 0)
            return false;
    return true;
}

static bool skip_value(struct reader *r, int depth);

static bool skip_member(struct reader *r, int depth) {
    skip_blanks(r);
    if (!skip_string(r))
        return false;
    skip_blanks(r);
    return take(r, ':') && skip_value(r, depth);
}

/* Skip the rest of an object or array after its opening bracket. */
static bool skip_list(struct reader *r, char close, int depth) {
    if (depth >= MAX_DEPTH)
        return false;
    skip_blanks(r);
    if (take(r, close))
        return true;
    do {
        if (!(close == '}' ? skip_member(r, depth + 1) : skip_value(r, depth + 1)))
            return false;
        skip_blanks(r);
    } while (take(r, ','));
    return take(r, close);
}

static bool skip_value(struct reader *r, int depth) {
    skip_blanks(r);
    switch (peek(r)) {
    case '{':
        r->at++;
        return skip_list(r, '}', depth);
    case '[':
        r->at++;
        return skip_list(r, ']', depth);
    case '"':
        return skip_string(r);
    case 't':
        return skip_word(r, "true");
    case 'f':
        return skip_word(r, "false");
    case 'n':
        return skip_word(r, "null");
    default:
        return skip_number(r);
    }
}

/* Read the value at r->at, after blanks, and step behind it. */
static struct json read_value(struct reader *r) {
    skip_blanks(r);
    const char *start = r->at;
    if (!skip_value(r, 0))
        return NOTHING;
    return (struct json){start, (size_t)(r->at - start)};
}

/* True if the string at r->at equals the `size` bytes of `key`. Steps behind the
 * string. */
static bool string_equals(struct reader *r, const char *key, size_t size) {
    char c[4];
    bool same = true;
    if (!take(r, '"'))
        return false;
    while (!take(r, '"')) {
        int n = read_char(r, c);
        if (n < 0)
            return false;
        same = same && (size_t)n <= size && memcmp(key, c, (size_t)n) == 0;
        if (same) {
            key += n;
            size -= (size_t)n;
        }
    }
    return same && size == 0;
}

static struct json member(struct json object, const char *key, size_t size) {
    struct reader r = {object.text + 1, object.text + object.size};
    struct json found = NOTHING;
    skip_blanks(&r);
    if (peek(&r) == '}')
        return NOTHING;
    do {
        skip_blanks(&r);
        bool same = string_equals(&r, key, size);
        skip_blanks(&r);
        if (!take(&r, ':'))
            return NOTHING;
        struct json value = read_value(&r);
        if (same)
            found = value;
        skip_blanks(&r);
    } while (take(&r, ','));
    return found;
}

static struct json element(struct json array, const char *digits, size_t size) {
    size_t index = 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit((unsigned char)digits[i]) || index > array.size)
            return NOTHING;
        index = index * 10 + (size_t)(digits[i] - '0');
    }
    struct json it = {0};
    while (json_next(array, &it).text != NULL)
        if (index-- == 0)
            return it;
    return NOTHING;
}

struct json json_root(const char *text, size_t size) {
    if (text == NULL)
        return NOTHING;
    struct reader r = {text, text + size};
    struct json root = read_value(&r);
    skip_blanks(&r);
    return r.at == r.end ? root : NOTHING;
}

struct json json_at(struct json j, const char *path) {
    while (*path != '\0') {
        size_t size = strcspn(path, ".");
        char type = json_type(j);
        if (size == 0)
            return NOTHING;
        j = type == '{'   ? member(j, path, size)
            : type == '[' ? element(j, path, size)
                          : NOTHING;
        path += size;
        path += *path == '.';
    }
    return json_type(j) == 'n' ? NOTHING : j;
}

char json_type(struct json j) {
    if (j.text == NULL || j.size == 0)
        return 0;
    char c = *j.text;
    if (c == '-' || is_digit((unsigned char)c))
        return '0';
    return c;
}

/* The size without the incomplete character at the end. */
static size_t whole_characters(const char *text, size_t size) {
    size_t start = size;
    while (start > 0 && size - start < 3 &&
           ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return size;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return size - start + 1 < want ? start - 1 : size;
}

/* Write the bytes of a string to `out`, at most `room`; false if they do not fit. */
static bool unescape(struct json j, char *out, size_t room, size_t *size) {
    struct reader r = {j.text + 1, j.text + j.size};
    char c[4];
    *size = 0;
    while (peek(&r) >= 0 && peek(&r) != '"') {
        int n = read_char(&r, c);
        if (n < 0 || (size_t)n > room - *size)
            return false;
        memcpy(out + *size, c, (size_t)n);
        *size += (size_t)n;
    }
    return true;
}

bool json_text(struct json j, char *out, size_t room) {
    size_t size = 0;
    char type = json_type(j);
    if (room == 0)
        return false;
    out[0] = '\0';
    if (type == '"') {
        if (!unescape(j, out, room - 1, &size))
            size = whole_characters(out, size);
        for (char *zero; (zero = memchr(out, '\0', size)) != NULL;)
            *zero = ' '; /* otherwise the C string would end here */
    } else if (type == '0' || type == 't' || type == 'f') {
        size = j.size < room ? j.size : room - 1;
        memcpy(out, j.text, size);
    } else {
        return false;
    }
    out[size] = '\0';
    return true;
}

char *json_string(struct json j, size_t *size) {
    size_t n = 0;
    if (json_type(j) != '"')
        return NULL;
    char *out = malloc(j.size); /* j.size counts the quotes, so there is room for the 0 */
    if (out == NULL)
        return NULL;
    unescape(j, out, j.size - 1, &n);
    out[n] = '\0';
    if (size != NULL)
        *size = n;
    return out;
}

bool json_int(struct json j, int64_t *out) {
    char text[24],
        *end; /* more than "-9223372036854775808" needs, so that longer texts fail */
    if (json_type(j) != '"' && json_type(j) != '0')
        return false;
    if (j.size > sizeof text || !json_text(j, text, sizeof text))
        return false;
    if (!is_digit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = value;
    return true;
}

/* Step behind the last item and its comma. False if `of` does not begin with `open`, or
 * if no item follows before `close`. */
static bool next_item(struct json of, char open, char close, const struct json *last,
                      struct reader *r) {
    if (json_type(of) != open)
        return false;
    *r = (struct reader){last->text == NULL ? of.text + 1 : last->text + last->size,
                         of.text + of.size};
    skip_blanks(r);
    if (last->text != NULL && !take(r, ','))
        return false;
    skip_blanks(r);
    return peek(r) != close;
}

struct json json_next(struct json array, struct json *it) {
    struct reader r;
    if (!next_item(array, '[', ']', it, &r))
        return *it = NOTHING;
    return *it = read_value(&r);
}

struct json json_pair(struct json object, struct json *it, struct json *key) {
    struct reader r;
    *key = NOTHING;
    if (!next_item(object, '{', '}', it, &r))
        return *it = NOTHING;
    *key = read_value(&r);
    skip_blanks(&r);
    if (json_type(*key) != '"' || !take(&r, ':'))
        return *it = NOTHING;
    return *it = read_value(&r);
}
