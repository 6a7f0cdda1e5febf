#include "base/jsonscan.h"

#include "base/jsonnumber.h"
#include "base/swar.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct scanner {
    const char *text, *end;
    const char *p;
    struct jsonscan *result;
    struct fault *fault;
    size_t depth, max_depth;
    char open[JSONSCAN_DEPTH_MAX]; /* the bracket that opened each level */
};

enum expected { VALUE, KEY, AFTER_VALUE, NOTHING };

/* Describe the byte at `p` for a message. */
static void describe(const struct scanner *s, const char *p, char *out, size_t room) {
    unsigned char c = (unsigned char)*p;
    if (p >= s->end)
        snprintf(out, room, "the end of the text");
    else if (c > ' ' && c < 0x7f)
        snprintf(out, room, "'%c'", c);
    else
        snprintf(out, room, "byte 0x%02x", c);
}

/* Fail at `p`: "line 1, column 5: expected a value, found '}'". Always false. */
static bool refuse(struct scanner *s, const char *p, const char *what) {
    char found[32];
    size_t line = 1, column = 1;
    for (const char *q = s->text; q < p; q++) {
        column += (*q & 0xc0) != 0x80; /* characters, not bytes */
        if (*q == '\n') {
            line++;
            column = 1;
        }
    }
    describe(s, p, found, sizeof found);
    fault_set(s->fault, FAULT_PARSE, "line %zu, column %zu: %s, found %s", line, column,
              what, found);
    if (p >= s->end)
        fault_hint(s->fault, "the text seems to be cut off after %zu bytes",
                   (size_t)(s->end - s->text));
    return false;
}

static bool mark(struct scanner *s, const char *at, size_t size) {
    struct jsonscan_mark m = {.at = (size_t)(at - s->text), .size = size};
    if (buf_add(&s->result->marks, &m, sizeof m))
        return true;
    return fault_memory(s->fault, "the marks of a text in JSON");
}

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_space(struct scanner *s) {
    while (is_space(*s->p))
        s->p++;
}

/* True if one of eight bytes ends the plain part of a string. */
static bool has_special(const char *p) {
    uint64_t word = swar_load(p);
    return (swar_below(word, ' ') | swar_equal(word, '"') | swar_equal(word, '\\')) != 0;
}

/* Four hexadecimal digits at `p`, or -1. */
static int hex4(const char *p) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if ('0' <= c && c <= '9')
            value = value * 16 + (c - '0');
        else if ('a' <= (c | 0x20) && (c | 0x20) <= 'f')
            value = value * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static bool is_low_escape(const char *p) {
    return p[0] == '\\' && p[1] == 'u' && (hex4(p + 2) & ~0x3ff) == 0xdc00;
}

/* Scan \uXXXX, from its backslash on. */
static bool scan_unicode(struct scanner *s) {
    int code = hex4(s->p + 2);
    if (code < 0) {
        const char *p = s->p + 2;
        while (strchr("0123456789abcdefABCDEF", *p) != NULL && *p != '\0')
            p++;
        return refuse(s, p, "expected four hexadecimal digits after \\u");
    }
    if ((code & ~0x3ff) == 0xd800 && is_low_escape(s->p + 6)) {
        s->p += 12;
        return true;
    }
    if ((code & ~0x7ff) == 0xd800 && !mark(s, s->p, 6))
        return false;
    s->p += 6;
    return true;
}

static bool scan_escape(struct scanner *s) {
    switch (s->p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        s->p += 2;
        return true;
    case 'u':
        return scan_unicode(s);
    default:
        return refuse(s, s->p + 1, "expected an escape after \\");
    }
}

/* Scan a string, from its opening quote to behind the closing one. */
static bool scan_string(struct scanner *s) {
    s->p++;
    for (;;) {
        while (s->end - s->p >= 8 && !has_special(s->p))
            s->p += 8;
        while (*s->p != '"' && *s->p != '\\' && (unsigned char)*s->p >= ' ')
            s->p++;
        if (*s->p == '"') {
            s->p++;
            return true;
        }
        if (*s->p != '\\')
            return refuse(s, s->p,
                          s->p < s->end ? "a control character must be escaped"
                                        : "expected the end of a string");
        if (!scan_escape(s))
            return false;
    }
}

static bool scan_number(struct scanner *s) {
    struct jsonnumber_shape shape;
    const char *wrong, *start = s->p, *end = jsonnumber_scan(start, &shape, &wrong);
    if (end == NULL)
        return refuse(s, wrong,
                      *wrong >= '0' && *wrong <= '9' ? "a number must not start with 0"
                                                     : "expected a digit");
    s->p = end;
    /* such a number equals the double that is nearest to it */
    if (shape.digits <= 15 && !shape.exponent && !shape.zero_fraction)
        return true;
    return mark(s, start, (size_t)(end - start));
}

static bool scan_word(struct scanner *s, const char *word, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (s->p[i] != word[i])
            return refuse(s, i == 0 ? s->p : s->p + i, "expected true, false or null");
    s->p += size;
    return true;
}

/* Scan '{' or '['. */
static bool scan_open(struct scanner *s, enum expected *next) {
    const char *start = s->p++;
    if (s->depth == s->max_depth) {
        char what[64];
        snprintf(what, sizeof what, "nested deeper than %zu", s->max_depth);
        return refuse(s, start, what);
    }
    s->open[s->depth++] = *start;
    if (s->depth > s->result->depth)
        s->result->depth = s->depth;
    skip_space(s);
    *next = *start == '{' ? KEY : VALUE;
    if (*s->p != *start + 2) /* ']' and '}' come two after '[' and '{' in ASCII */
        return true;
    s->p++;
    s->depth--;
    *next = AFTER_VALUE;
    return *start == '{' || mark(s, start, (size_t)(s->p - start));
}

static bool scan_value(struct scanner *s, enum expected *next) {
    *next = AFTER_VALUE;
    switch (*s->p) {
    case '"':
        return scan_string(s);
    case '{':
    case '[':
        return scan_open(s, next);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return scan_number(s);
    case 't':
        return scan_word(s, "true", 4);
    case 'f':
        return scan_word(s, "false", 5);
    case 'n':
        return scan_word(s, "null", 4);
    default:
        return refuse(s, s->p, "expected a value");
    }
}

static bool scan_key(struct scanner *s, enum expected *next) {
    *next = VALUE;
    if (*s->p != '"')
        return refuse(s, s->p, "expected a key in quotes");
    if (!scan_string(s))
        return false;
    skip_space(s);
    if (*s->p != ':')
        return refuse(s, s->p, "expected ':'");
    s->p++;
    return true;
}

static bool scan_after(struct scanner *s, enum expected *next) {
    if (s->depth == 0) {
        *next = NOTHING;
        return s->p == s->end || refuse(s, s->p, "expected the end of the text");
    }
    char open = s->open[s->depth - 1];
    if (*s->p == ',') {
        *next = open == '{' ? KEY : VALUE;
    } else if (*s->p == open + 2) {
        *next = AFTER_VALUE;
        s->depth--;
    } else {
        return refuse(s, s->p,
                      open == '{' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
    s->p++;
    return true;
}

static bool scan_next(struct scanner *s, enum expected *next) {
    skip_space(s);
    switch (*next) {
    case VALUE:
        return scan_value(s, next);
    case KEY:
        return scan_key(s, next);
    case AFTER_VALUE:
        return scan_after(s, next);
    case NOTHING:
        break;
    }
    return true;
}

bool jsonscan_run(struct jsonscan *result, const char *text, size_t size,
                  size_t max_depth, struct fault *f) {
    struct scanner s; /* not cleared: `open` is written before it is read */
    s.text = s.p = text;
    s.end = text + size;
    s.result = result;
    s.fault = f;
    s.depth = 0;
    s.max_depth = max_depth < JSONSCAN_DEPTH_MAX ? max_depth : JSONSCAN_DEPTH_MAX;
    result->depth = 0;
    result->marks.size = 0;
    enum expected next = VALUE;
    while (next != NOTHING)
        if (!scan_next(&s, &next))
            return false;
    return true;
}

void jsonscan_free(struct jsonscan *s) {
    buf_free(&s->marks);
}
