#define _GNU_SOURCE /* memmem */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* lua-cjson decodes into a buffer of its own, from malloc, and loses it when Lua raises in
 * between. The leak checker calls this by its name. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_new\n";
}

_Noreturn void fuzz_fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static char *copy(const void *bytes, size_t size) {
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

char *fuzz_part(struct fuzz_input *in, size_t *size) {
    const uint8_t *end = in->size > 0 ? memchr(in->at, 0, in->size) : NULL;
    size_t n = end != NULL ? (size_t)(end - in->at) : in->size;
    char *part = copy(in->at, n);
    if (end != NULL) {
        in->at = end + 1;
        in->size -= n + 1;
    } else {
        in->size = 0;
    }
    if (size != NULL)
        *size = n;
    return part;
}

int fuzz_byte(struct fuzz_input *in) {
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->at++;
}

char *fuzz_text(const uint8_t *data, size_t size) {
    return copy(data, size);
}

char *fuzz_with_secret(const char *text, size_t size, size_t *new_size) {
    static const char secret[] = FUZZ_SECRET;
    size_t marks = 0, n = 0;
    for (size_t i = 0; i < size; i++)
        marks += text[i] == 1;
    char *out = malloc(size + marks * sizeof secret + 1);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < size; i++) {
        if (text[i] == 1) {
            memcpy(out + n, secret, sizeof secret - 1);
            n += sizeof secret - 1;
        } else {
            out[n++] = text[i];
        }
    }
    out[n] = '\0';
    *new_size = n;
    return out;
}

bool fuzz_holds(const char *bytes, size_t size, const char *secret) {
    return size > 0 && memmem(bytes, size, secret, strlen(secret)) != NULL;
}

static void check_text(const char *text, size_t room) {
    FUZZ_CHECK(memchr(text, 0, room) != NULL);
    for (const char *c = text; *c != '\0'; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
}

void fuzz_check_fault(const struct fault *f) {
    check_text(f->message, sizeof f->message);
    check_text(f->hint, sizeof f->hint);
    check_text(f->code, sizeof f->code);
    check_text(f->request_id, sizeof f->request_id);
    FUZZ_CHECK(f->message[0] != '\0');
}

void fuzz_check_hidden(const struct fault *f) {
    FUZZ_CHECK(strstr(f->message, FUZZ_SECRET) == NULL);
    FUZZ_CHECK(strstr(f->hint, FUZZ_SECRET) == NULL);
    FUZZ_CHECK(strstr(f->code, FUZZ_SECRET) == NULL);
    FUZZ_CHECK(strstr(f->request_id, FUZZ_SECRET) == NULL);
}
