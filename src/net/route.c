#define _DEFAULT_SOURCE /* inet_aton, gethostname */
#include "net/route.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME_AT_MOST 256

/* ---- hosts ---- */

/* The parts of a host: its name in lower case, without brackets, port and final dots; and
 * the port. */
struct target {
    char name[NAME_AT_MOST];
    int port;   /* 0: none is named */
    int family; /* of an address; 0 for a name */
    unsigned char address[16];
};

/* The decimal number at the front of the text; -1 if there is none, or it is larger than any
 * port. */
static int number_of(const char *text) {
    int n = -1;
    for (; *text >= '0' && *text <= '9' && n <= 65535; text++)
        n = (n < 0 ? 0 : n) * 10 + (*text - '0');
    return n <= 65535 ? n : -1;
}

static bool copy_name(char *out, const char *text, size_t size) {
    while (size > 0 && text[size - 1] == '.')
        size--;
    if (size == 0 || size >= NAME_AT_MOST)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        out[i] = (char)tolower((unsigned char)c);
    }
    out[size] = '\0';
    return true;
}

/* Read an address. libcurl also takes "2130706433" and "0x7f.1" for addresses. */
static void read_address(struct target *t) {
    struct in_addr four;
    if (inet_pton(AF_INET6, t->name, t->address) == 1) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
        t->family = AF_INET6;
        if (memcmp(t->address, mapped, sizeof mapped) == 0) {
            t->family = AF_INET;
            memmove(t->address, t->address + 12, 4);
        }
    } else if (t->name[0] >= '0' && t->name[0] <= '9' && inet_aton(t->name, &four) != 0) {
        t->family = AF_INET;
        memcpy(t->address, &four, 4);
    }
}

/* Read a name and its port. An IPv6 address without brackets has more than one colon. */
static bool read_target(const char *text, size_t size, struct target *t) {
    const char *port = NULL;
    *t = (struct target){.port = 0};
    if (size > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', size);
        if (end == NULL)
            return false;
        size_t behind = size - (size_t)(end + 1 - text);
        if (behind > 1 && end[1] == ':')
            port = end + 2;
        size = (size_t)(end - text) - 1;
        text++;
        if (!copy_name(t->name, text, size))
            return false;
    } else {
        const char *colon = memchr(text, ':', size);
        if (colon != NULL &&
            memchr(colon + 1, ':', size - (size_t)(colon + 1 - text)) == NULL) {
            port = colon + 1;
            size = (size_t)(colon - text);
        }
        if (!copy_name(t->name, text, size))
            return false;
    }
    if (port != NULL)
        t->port = number_of(port);
    read_address(t);
    return true;
}

/* ---- this machine ---- */

static bool is_loopback(const struct target *t) {
    static const unsigned char one[16] = {[15] = 1}, any[16] = {0};
    if (t->family == AF_INET)
        return t->address[0] == 127 || memcmp(t->address, any, 4) == 0;
    return t->family == AF_INET6 &&
           (memcmp(t->address, one, 16) == 0 || memcmp(t->address, any, 16) == 0);
}

static bool ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), e = strlen(ending);
    return n > e && strcmp(name + n - e, ending) == 0;
}

static bool is_this_machine(const struct target *t) {
    char own[NAME_AT_MOST], lower[NAME_AT_MOST];
    if (t->family != 0)
        return is_loopback(t);
    if (strcmp(t->name, "localhost") == 0 || ends_with(t->name, ".localhost") ||
        strcmp(t->name, "localhost.localdomain") == 0 ||
        strcmp(t->name, "ip6-localhost") == 0 || strcmp(t->name, "ip6-loopback") == 0)
        return true;
    return gethostname(own, sizeof own) == 0 && memchr(own, '\0', sizeof own) != NULL &&
           copy_name(lower, own, strlen(own)) && strcmp(lower, t->name) == 0;
}

/* ---- no_proxy ---- */

static bool in_range(const struct target *t, const char *network, size_t size, int bits) {
    struct target n;
    if (!read_target(network, size, &n) || n.family == 0 || n.family != t->family ||
        bits < 0 || bits > (n.family == AF_INET ? 32 : 128))
        return false;
    int bytes = bits / 8, rest = bits % 8;
    if (memcmp(t->address, n.address, (size_t)bytes) != 0)
        return false;
    unsigned mask = (0xff00u >> rest) & 0xffu;
    return rest == 0 || ((t->address[bytes] ^ n.address[bytes]) & mask) == 0;
}

static bool matches_entry(const struct target *t, const char *entry, size_t size) {
    struct target e;
    if (size == 1 && *entry == '*')
        return true;
    const char *slash = memchr(entry, '/', size);
    if (slash != NULL)
        return t->family != 0 &&
               in_range(t, entry, (size_t)(slash - entry), number_of(slash + 1));
    if (size > 1 && entry[0] == '*' && entry[1] == '.')
        entry++, size--;
    if (entry[0] == '.')
        entry++, size--;
    if (!read_target(entry, size, &e) || (e.port != 0 && e.port != t->port))
        return false;
    if (t->family != 0)
        return e.family == t->family &&
               memcmp(e.address, t->address, t->family == AF_INET ? 4 : 16) == 0;
    size_t n = strlen(t->name), m = strlen(e.name);
    return strcmp(t->name, e.name) == 0 ||
           (n > m && t->name[n - m - 1] == '.' && strcmp(t->name + n - m, e.name) == 0);
}

bool route_is_excepted(const char *list, const char *host, size_t host_size, bool https) {
    struct target t;
    if (!read_target(host, host_size, &t))
        return false;
    if (t.port == 0)
        t.port = https ? 443 : 80;
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t size = strcspn(list, ", \t");
        if (size > 0 && matches_entry(&t, list, size))
            return true;
        list += size;
    }
    return false;
}

/* ---- the way ---- */

/* The first of several variables that is set. If it is empty, there is no proxy. */
static const char *first_of(route_getenv *env, const char *const *names,
                            const char **found) {
    for (; *names != NULL; names++) {
        const char *value = env(*names);
        if (value != NULL) {
            *found = *names;
            return *value != '\0' ? value : NULL;
        }
    }
    return NULL;
}

/* A program that runs for a web server must not take HTTP_PROXY from a request's header. */
static const char *find_proxy(route_getenv *env, bool https, const char **variable) {
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                         "ALL_PROXY", NULL};
    static const char *const plain[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
                                        "ALL_PROXY", NULL};
    static const char *const in_cgi[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    return first_of(env,
                    https                           ? secure
                    : env("REQUEST_METHOD") != NULL ? in_cgi
                                                    : plain,
                    variable);
}

bool route_decide(const struct url_parts *u, bool secrets, bool public_only,
                  route_getenv *env, struct route *r, struct fault *f) {
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    struct target t;
    const char *list_name;
    *r = (struct route){NULL, NULL};
    if (secrets && !u->https && !u->local) {
        fault_set(f, FAULT_AUTH, "credentials are not sent over plain http to %.*s",
                  u->host_size, u->host);
        return fault_hint(f, "use https://");
    }
    if (public_only || u->local ||
        (read_target(u->host, (size_t)u->host_size, &t) && is_this_machine(&t)))
        return true;
    const char *proxy = find_proxy(env, u->https, &r->variable);
    const char *list = first_of(env, exceptions, &list_name);
    if (list == NULL || !route_is_excepted(list, u->host, (size_t)u->host_size, u->https))
        r->proxy = proxy;
    return true;
}

void route_proxy_host(const struct route *r, char *out, size_t room) {
    const char *at = r->proxy, *scheme = strstr(at, "://");
    if (scheme != NULL)
        at = scheme + 3;
    const char *user =
        strrchr(at, '@'); /* a password may hold an @ that nobody escaped */
    if (user != NULL)
        at = user + 1;
    snprintf(out, room, "%.*s", (int)strcspn(at, "/?#"), at);
}
