#include "base/url.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

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
            unsigned char byte = (unsigned char)(high << 4 | low);
            memcpy(out++, &byte, 1);
            i += 2;
        } else if (plus && text[i] == '+') {
            *out++ = ' ';
        } else {
            *out++ = text[i];
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

/* The size of the host's name without its port; "[::1]" keeps its brackets. */
static size_t name_size(const char *host, size_t size) {
    if (*host == '[') {
        const char *end = memchr(host, ']', size);
        return end != NULL ? (size_t)(end - host) + 1 : size;
    }
    const char *colon = memchr(host, ':', size);
    return colon != NULL ? (size_t)(colon - host) : size;
}

static bool is_name(const char *host, size_t size, const char *name) {
    return strlen(name) == size && strncasecmp(host, name, size) == 0;
}

static bool is_local(const char *host, size_t size) {
    size_t n = name_size(host, size);
    if (is_name(host, n, "localhost") || is_name(host, n, "[::1]"))
        return true;
    if (n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0)
        return true;
    char name[INET_ADDRSTRLEN] = "";
    struct in_addr address;
    if (n < sizeof name)
        memcpy(name, host, n);
    return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool url_read(const char *url, struct url_parts *u) {
    for (const char *c = url; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    u->https = strncasecmp(url, "https://", 8) == 0;
    if (!u->https && strncasecmp(url, "http://", 7) != 0)
        return false;
    u->host = url + (u->https ? 8 : 7);
    size_t size = strcspn(u->host, "/?#");
    if (size == 0 || size > URL_HOST_AT_MOST || memchr(u->host, '@', size) != NULL ||
        memchr(u->host, '\\', size) != NULL)
        return false;
    u->host_size = (int)size;
    u->local = is_local(u->host, size);
    return true;
}
