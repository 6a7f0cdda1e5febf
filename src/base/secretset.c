#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/secretset.h"

#include "base/base64.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SHORTEST 4
/* fewer characters of base64 would be found by chance too often */
#define BASE64_SHORTEST 8

static void wipe(char *text, size_t size) {
    if (text != NULL)
        explicit_bzero(text, size);
    free(text);
}

static void forget(struct secretset_entry *e) {
    wipe(e->text, e->size);
    for (int i = 0; i < 3; i++)
        wipe(e->base64[i], e->base64[i] != NULL ? strlen(e->base64[i]) : 0);
    *e = (struct secretset_entry){0};
}

/* The characters of base64 that depend on the secret alone if `before` bytes, modulo 3,
 * are in front of it, whatever these and the following bytes are. NULL if there are too
 * few. */
static char *inside_base64(const char *text, size_t size, size_t before) {
    size_t all = before + size, from = (before * 8 + 5) / 6, to = all * 8 / 6;
    if (to < from + BASE64_SHORTEST)
        return NULL;
    size_t encoded = base64_encoded_size(all);
    char *plain = calloc(1, all), *out = malloc(encoded + 1), *part = NULL;
    if (plain != NULL && out != NULL) {
        memcpy(plain + before, text, size);
        base64_encode(plain, all, out);
        part = malloc(to - from + 1);
    }
    if (part != NULL) {
        memcpy(part, out + from, to - from);
        part[to - from] = '\0';
    }
    wipe(plain, all);
    wipe(out, out != NULL ? encoded : 0);
    return part;
}

void secretset_add(struct secretset *s, const char *text, size_t size) {
    if (size < SHORTEST)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].size == size && memcmp(s->list[i].text, text, size) == 0)
            return;
    struct secretset_entry made = {.text = malloc(size), .size = size};
    if (made.text == NULL)
        return;
    memcpy(made.text, text, size);
    for (size_t i = 0; i < 3; i++)
        made.base64[i] = inside_base64(text, size, i);
    forget(&s->list[s->next]);
    s->list[s->next] = made;
    s->next = (s->next + 1) % SECRETSET_MOST;
    if (s->count < SECRETSET_MOST)
        s->count++;
}

/* ---- finding ---- */

/* -1: not a digit. */
static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two digits as a byte; false if they are none. */
static bool hex_pair(const char *at, unsigned char *byte) {
    int high = hex(at[0]), low = hex(at[1]);
    if (high < 0 || low < 0)
        return false;
    *byte = (unsigned char)(high * 16 + low);
    return true;
}

/* Read one byte at `at`, plain or encoded; *took is the length of its text. */
static unsigned char read_byte(const char *at, const char *end, size_t *took) {
    static const char escapes[] = "nrtbf", meanings[] = "\n\r\t\b\f";
    size_t left = (size_t)(end - at);
    *took = 1;
    unsigned char byte;
    if (*at == '%' && left > 2 && hex_pair(at + 1, &byte)) {
        *took = 3;
        return byte;
    }
    if (*at != '\\' || left < 2)
        return (unsigned char)*at;
    if (at[1] == 'u' && left > 5 && at[2] == '0' && at[3] == '0' &&
        hex_pair(at + 4, &byte)) {
        *took = 6;
        return byte;
    }
    const char *escape = at[1] == '\0' ? NULL : strchr(escapes, at[1]);
    *took = 2;
    return (unsigned char)(escape != NULL ? meanings[escape - escapes] : at[1]);
}

/* The length of the secret's text at `at`, plain or encoded; 0 if the secret is not
 * there. */
static size_t plain_at(const struct secretset_entry *e, const char *at, const char *end) {
    const char *from = at;
    size_t took;
    if (*at == e->text[0] && (size_t)(end - at) >= e->size &&
        memcmp(at, e->text, e->size) == 0)
        return e->size;
    for (size_t i = 0; i < e->size; i++, at += took)
        if (at >= end || read_byte(at, end, &took) != (unsigned char)e->text[i])
            return 0;
    return (size_t)(at - from);
}

static bool of_base64(char c) {
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* The two alphabets of base64 differ in two characters. */
static char standard(char c) {
    if (c == '-')
        return '+';
    if (c == '_')
        return '/';
    return c;
}

static bool base64_at(const char *needle, const char *at, const char *end) {
    for (; *needle != '\0'; needle++, at++)
        if (at >= end || standard(*at) != *needle)
            return false;
    return true;
}

/* The end of the base64 at `at` that holds the secret; NULL if none does. */
static const char *past_base64(const struct secretset_entry *e, const char *at,
                               const char *end) {
    for (int i = 0; i < 3; i++) {
        if (e->base64[i] == NULL || !base64_at(e->base64[i], at, end))
            continue;
        while (at < end && (of_base64(*at) || *at == '='))
            at++;
        return at;
    }
    return NULL;
}

/* Blank the secrets in `text` of `size` bytes; returns the new size. */
static size_t blank(const struct secretset *s, char *text, size_t size) {
    const char *at = text, *end = text + size;
    char *out = text;
    while (at < end) {
        const char *past = NULL;
        for (size_t i = 0; past == NULL && i < s->count; i++) {
            size_t n = plain_at(&s->list[i], at, end);
            if (n > 0) {
                past = at + n;
            } else if (of_base64(*at) &&
                       (past = past_base64(&s->list[i], at, end)) != NULL) {
                while (out > text && of_base64(out[-1])) /* in front of it, too */
                    out--;
            }
        }
        if (past != NULL) {
            size_t stars = (size_t)(past - at) < 3 ? (size_t)(past - at) : 3;
            memset(out, '*', stars);
            out += stars;
            at = past;
        } else {
            *out++ = *at++;
        }
    }
    return (size_t)(out - text);
}

void secretset_blank(const struct secretset *s, char *text) {
    if (s != NULL && s->count > 0)
        text[blank(s, text, strlen(text))] = '\0';
}

void secretset_blank_buf(const struct secretset *s, struct buf *b, size_t from) {
    if (s == NULL || s->count == 0 || b->size <= from)
        return;
    b->size = from + blank(s, b->bytes + from, b->size - from);
    b->bytes[b->size] = '\0';
}

void secretset_free(struct secretset *s) {
    for (size_t i = 0; i < SECRETSET_MOST; i++)
        forget(&s->list[i]);
    *s = (struct secretset){0};
}
