#define _DEFAULT_SOURCE /* getentropy, explicit_bzero */
#include "net/ticket.h"

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

/* Hex of a digest that only who knows the token can make. */
static bool derive(const struct ticket *g, const char *purpose, char out[65]) {
    unsigned char digest[DIGEST_BYTES];
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, g->token, g->size, purpose, strlen(purpose),
                         digest) != 0)
        return false;
    to_hex(digest, sizeof digest, out);
    return true;
}

static bool settle(struct ticket *g, struct fault *f) {
    char name[65];
    if (!derive(g, "cookie", g->cookie) || !derive(g, "cookie's name", name))
        return fault_set(f, FAULT_IO, "no cookie can be made from the token");
    snprintf(g->cookie_name, sizeof g->cookie_name, "tarn_%.8s", name);
    return true;
}

bool ticket_random(struct ticket *g, struct fault *f) {
    unsigned char bytes[RANDOM_BYTES];
    if (getentropy(bytes, sizeof bytes) == -1)
        return fault_set(f, FAULT_IO, "the system has no random numbers");
    to_hex(bytes, sizeof bytes, g->token);
    g->size = sizeof bytes * 2;
    explicit_bzero(bytes, sizeof bytes);
    return settle(g, f);
}

/* Of what a header can carry; a blank would end it. */
static bool is_token(const char *text, size_t size) {
    if (size < TICKET_LEAST || size > TICKET_MOST)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
            return false;
    return true;
}

static bool take(struct ticket *g, const struct buf *b, const char *path,
                 struct fault *f) {
    size_t size = b->size;
    while (size > 0 && strchr(" \t\r\n", b->bytes[size - 1]) != NULL)
        size--;
    if (!is_token(b->bytes, size))
        return fault_set(f, FAULT_IO,
                         "%s holds no token: %d to %d characters without blanks", path,
                         TICKET_LEAST, TICKET_MOST);
    memcpy(g->token, b->bytes, size);
    g->token[size] = '\0';
    g->size = size;
    return settle(g, f);
}

static bool write_new(struct ticket *g, const char *path, struct fault *f) {
    static const struct file_writing how = {.mode = 0600, .exclusive = true};
    char line[TICKET_MOST + 2];
    if (!ticket_random(g, f))
        return false;
    int size = snprintf(line, sizeof line, "%s\n", g->token);
    bool written = file_write(path, line, (size_t)size, &how, f);
    explicit_bzero(line, sizeof line);
    return written;
}

bool ticket_file(struct ticket *g, const char *path, struct fault *f) {
    struct file_stat st;
    struct buf b = {0};
    if (!file_stat(path, &st, f))
        return file_missing(f) && write_new(g, path, f);
    if (st.type == FILE_REGULAR && (st.mode & OTHERS) != 0)
        return fault_set(f, FAULT_IO, "%s may be read by others: chmod 600", path);
    bool ok = file_read(path, 4096, &b, f) && take(g, &b, path, f);
    if (b.bytes != NULL)
        explicit_bzero(b.bytes, b.size);
    buf_free(&b);
    return ok;
}

/* ---- what a request shows ---- */

static bool same(const char *a, size_t a_size, const char *b, size_t b_size) {
    return a_size == b_size && gnutls_memcmp(a, b, a_size) == 0;
}

static enum ticket_access check_bearer(const struct ticket *g,
                                       const struct server_field *f) {
    static const char word[] = "Bearer ";
    if (f->value_size <= strlen(word) || strncasecmp(f->value, word, strlen(word)) != 0)
        return TICKET_WRONG;
    return same(f->value + strlen(word), f->value_size - strlen(word), g->token, g->size)
               ? TICKET_BEARER
               : TICKET_WRONG;
}

/* One of the cookies of a browser is ours, by its name. */
static enum ticket_access check_cookies(const struct ticket *g,
                                        const struct server_field *f) {
    size_t name = strlen(g->cookie_name);
    const char *at = f->value, *end = f->value + f->value_size;
    while (at < end) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        while (at < stop && *at == ' ')
            at++;
        if ((size_t)(stop - at) > name && memcmp(at, g->cookie_name, name) == 0 &&
            at[name] == '=')
            return same(at + name + 1, (size_t)(stop - at) - name - 1, g->cookie,
                        strlen(g->cookie))
                       ? TICKET_COOKIE
                       : TICKET_WRONG;
        at = stop + 1;
    }
    return TICKET_NONE;
}

static enum ticket_access check_query(const struct ticket *g, const char *query) {
    while (*query != '\0') {
        size_t size = strcspn(query, "&");
        if (size >= 6 && memcmp(query, "token=", 6) == 0) {
            struct buf b = {0};
            bool ok = url_unescape(&b, query + 6, size - 6, true) && b.size > 0 &&
                      same(b.bytes, b.size, g->token, g->size);
            if (b.bytes != NULL)
                explicit_bzero(b.bytes, b.size);
            buf_free(&b);
            return ok ? TICKET_LINK : TICKET_WRONG;
        }
        query += size + (query[size] == '&');
    }
    return TICKET_NONE;
}

static bool is_named(const struct server_field *f, const char *name) {
    return f->name_size == strlen(name) && strncasecmp(f->name, name, f->name_size) == 0;
}

enum ticket_access ticket_check(const struct ticket *g, const struct server_request *r) {
    enum ticket_access cookie = TICKET_NONE;
    for (size_t i = 0; i < r->field_count; i++) {
        if (is_named(&r->fields[i], "Authorization"))
            return check_bearer(g, &r->fields[i]);
        if (cookie == TICKET_NONE && is_named(&r->fields[i], "Cookie"))
            cookie = check_cookies(g, &r->fields[i]);
    }
    enum ticket_access link = check_query(g, r->query);
    return link != TICKET_NONE ? link : cookie;
}

bool ticket_opens(enum ticket_access a) {
    return a != TICKET_NONE && a != TICKET_WRONG;
}

bool ticket_hides(const char *name, size_t size) {
    return (size == 13 && strncasecmp(name, "Authorization", size) == 0) ||
           (size == 6 && strncasecmp(name, "Cookie", size) == 0);
}

void ticket_reveal(const struct ticket *g, const char *before, FILE *to) {
    fprintf(to, "%s%s\n", before, g->token);
}

void ticket_cookie(const struct ticket *g, bool secure, char *out, size_t room) {
    snprintf(out, room, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", g->cookie_name,
             g->cookie, secure ? "; Secure" : "");
}

void ticket_wipe(struct ticket *g) {
    explicit_bzero(g, sizeof *g);
}
