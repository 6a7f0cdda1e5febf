#define _DEFAULT_SOURCE /* getentropy, explicit_bzero */
#include "net/accesstoken.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/url.h"
#include "net/server.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RANDOM_BYTES 32
#define DIGEST_BYTES 32
#define OTHERS       077

static void to_hex(const unsigned char *bytes, size_t size, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* Write in hex a digest that can only be made by a program that knows the token. */
static bool derive(const struct accesstoken *t, const char *purpose, char out[65]) {
    unsigned char digest[DIGEST_BYTES];
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, t->token, t->size, purpose, strlen(purpose),
                         digest) != 0)
        return false;
    to_hex(digest, sizeof digest, out);
    return true;
}

static bool settle(struct accesstoken *t, struct fault *f) {
    char name[65];
    if (!derive(t, "cookie", t->cookie) || !derive(t, "cookie's name", name))
        return fault_set(f, FAULT_IO, "no cookie can be made from the token");
    snprintf(t->cookie_name, sizeof t->cookie_name, "tarn_%.8s", name);
    return true;
}

bool accesstoken_random(struct accesstoken *t, struct fault *f) {
    unsigned char bytes[RANDOM_BYTES];
    if (getentropy(bytes, sizeof bytes) == -1)
        return fault_set(f, FAULT_IO, "the system has no random numbers");
    to_hex(bytes, sizeof bytes, t->token);
    t->size = sizeof bytes * 2;
    explicit_bzero(bytes, sizeof bytes);
    return settle(t, f);
}

/* True if a header can carry the text. A blank would end it. */
static bool is_token(const char *text, size_t size) {
    if (size < ACCESSTOKEN_LEAST || size > ACCESSTOKEN_MOST)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
            return false;
    return true;
}

static bool take(struct accesstoken *t, const struct buf *b, const char *path,
                 struct fault *f) {
    size_t size = b->size;
    while (size > 0 && strchr(" \t\r\n", b->bytes[size - 1]) != NULL)
        size--;
    if (!is_token(b->bytes, size))
        return fault_set(f, FAULT_IO,
                         "%s holds no token: %d to %d characters without blanks", path,
                         ACCESSTOKEN_LEAST, ACCESSTOKEN_MOST);
    memcpy(t->token, b->bytes, size);
    t->token[size] = '\0';
    t->size = size;
    return settle(t, f);
}

static bool write_new(struct accesstoken *t, const char *path, struct fault *f) {
    static const struct file_writing how = {.mode = 0600, .exclusive = true};
    char line[ACCESSTOKEN_MOST + 2];
    if (!accesstoken_random(t, f))
        return false;
    int size = snprintf(line, sizeof line, "%s\n", t->token);
    bool written = file_write(path, line, (size_t)size, &how, f);
    explicit_bzero(line, sizeof line);
    return written;
}

bool accesstoken_file(struct accesstoken *t, const char *path, struct fault *f) {
    struct file_stat st;
    struct buf b = {0};
    if (!file_stat(path, &st, f))
        return file_missing(f) && write_new(t, path, f);
    if (st.type == FILE_REGULAR && (st.mode & OTHERS) != 0)
        return fault_set(f, FAULT_IO, "%s may be read by others: chmod 600", path);
    bool ok = file_read(path, 4096, &b, f) && take(t, &b, path, f);
    if (b.bytes != NULL)
        explicit_bzero(b.bytes, b.size);
    buf_free(&b);
    return ok;
}

/* ---- what a request shows ---- */

static bool same(const char *a, size_t a_size, const char *b, size_t b_size) {
    return a_size == b_size && gnutls_memcmp(a, b, a_size) == 0;
}

static enum accesstoken_shown check_bearer(const struct accesstoken *t,
                                           const struct server_field *f) {
    static const char word[] = "Bearer ";
    if (f->value_size <= strlen(word) || strncasecmp(f->value, word, strlen(word)) != 0)
        return ACCESSTOKEN_WRONG;
    return same(f->value + strlen(word), f->value_size - strlen(word), t->token, t->size)
               ? ACCESSTOKEN_BEARER
               : ACCESSTOKEN_WRONG;
}

/* Look for our cookie, by its name, among those of a browser. */
static enum accesstoken_shown check_cookies(const struct accesstoken *t,
                                            const struct server_field *f) {
    size_t name = strlen(t->cookie_name);
    const char *at = f->value, *end = f->value + f->value_size;
    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        while (at < stop && *at == ' ')
            at++;
        if ((size_t)(stop - at) > name && memcmp(at, t->cookie_name, name) == 0 &&
            at[name] == '=')
            return same(at + name + 1, (size_t)(stop - at) - name - 1, t->cookie,
                        strlen(t->cookie))
                       ? ACCESSTOKEN_COOKIE
                       : ACCESSTOKEN_WRONG;
        at = stop + 1;
    }
    return ACCESSTOKEN_NONE;
}

static enum accesstoken_shown check_query(const struct accesstoken *t,
                                          const char *query) {
    while (*query != '\0') {
        size_t size = strcspn(query, "&");
        if (size >= 6 && memcmp(query, "token=", 6) == 0) {
            struct buf b = {0};
            bool ok = url_unescape(&b, query + 6, size - 6, true) && b.size > 0 &&
                      same(b.bytes, b.size, t->token, t->size);
            if (b.bytes != NULL)
                explicit_bzero(b.bytes, b.size);
            buf_free(&b);
            return ok ? ACCESSTOKEN_LINK : ACCESSTOKEN_WRONG;
        }
        query += size + (query[size] == '&');
    }
    return ACCESSTOKEN_NONE;
}

static bool is_named(const struct server_field *f, const char *name) {
    return f->name_size == strlen(name) && strncasecmp(f->name, name, f->name_size) == 0;
}

enum accesstoken_shown accesstoken_check(const struct accesstoken *t,
                                         const struct server_request *r) {
    enum accesstoken_shown cookie = ACCESSTOKEN_NONE;
    if (t->size == 0)
        return ACCESSTOKEN_NONE; /* nothing is as good as no token */
    for (size_t i = 0; i < r->field_count; i++) {
        if (is_named(&r->fields[i], "Authorization"))
            return check_bearer(t, &r->fields[i]);
        if (cookie == ACCESSTOKEN_NONE && is_named(&r->fields[i], "Cookie"))
            cookie = check_cookies(t, &r->fields[i]);
    }
    enum accesstoken_shown link = check_query(t, r->query);
    return link != ACCESSTOKEN_NONE ? link : cookie;
}

bool accesstoken_opens(enum accesstoken_shown shown) {
    return shown != ACCESSTOKEN_NONE && shown != ACCESSTOKEN_WRONG;
}

bool accesstoken_hides(const char *name, size_t size) {
    return (size == 13 && strncasecmp(name, "Authorization", size) == 0) ||
           (size == 6 && strncasecmp(name, "Cookie", size) == 0);
}

void accesstoken_reveal(const struct accesstoken *t, const char *before, FILE *to) {
    fprintf(to, "%s%s\n", before, t->token);
}

void accesstoken_cookie(const struct accesstoken *t, bool secure, char *out,
                        size_t room) {
    snprintf(out, room, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", t->cookie_name,
             t->cookie, secure ? "; Secure" : "");
}

void accesstoken_wipe(struct accesstoken *t) {
    explicit_bzero(t, sizeof *t);
}
