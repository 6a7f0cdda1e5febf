#include "dbx/host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

static char lower(char c) {
    return (char)('A' <= c && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_name_char(char c) {
    return is_digit(c) || ('a' <= c && c <= 'z') || c == '-' || c == '.' || c == '_';
}

static bool no_host(const char *why, struct fault *f) {
    return fault_set(f, FAULT_AUTH, "the host is not an address of a workspace: %s", why);
}

static bool ends_with(const char *text, size_t size, const char *tail) {
    size_t n = strlen(tail);
    return size >= n && memcmp(text + size - n, tail, n) == 0;
}

/* The "name" in "https://name:port". */
static const char *name_of(const char *url, size_t *size) {
    const char *name = strstr(url, "://");
    name = name == NULL ? url : name + 3;
    *size = name[0] == '[' ? strcspn(name, "]") + 1 : strcspn(name, ":/");
    return name;
}

static bool is_loopback(const char *name) {
    struct in_addr address;
    return strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (inet_pton(AF_INET, name, &address) == 1 &&
            ntohl(address.s_addr) >> 24 == 127);
}

static bool is_name(const char *name) {
    size_t size = strlen(name);
    if (name[0] == '[') {
        char inside[64];
        struct in6_addr address;
        snprintf(inside, sizeof inside, "%.*s", (int)(size - 2), name + 1);
        return name[size - 1] == ']' && size < sizeof inside &&
               inet_pton(AF_INET6, inside, &address) == 1;
    }
    for (size_t i = 0; i < size; i++)
        if (!is_name_char(name[i]))
            return false;
    return size > 0 && name[0] != '.' && name[0] != '-' && strstr(name, "..") == NULL;
}

/* Read ":443" and the like. The port `standard` is left out. */
static bool read_port(const char *text, size_t size, int standard, char *out, size_t room,
                      struct fault *f) {
    long port = 0;
    out[0] = '\0';
    if (size == 0 || (size == 1 && text[0] == ':'))
        return true;
    for (size_t i = 1; i < size; i++) {
        if (!is_digit(text[i]) || port > 65535)
            return no_host("its port is not a number", f);
        port = port * 10 + (text[i] - '0');
    }
    if (port < 1 || port > 65535)
        return no_host("its port is not a number from 1 to 65535", f);
    if (port != standard)
        snprintf(out, room, ":%ld", port);
    return true;
}

/* Write the value of `key` in "a=1&b=2"; "" if it is not there, does not fit, or must
 * be a number and is none. */
static void query_value(const char *query, size_t size, const char *key, bool number,
                        char *out, size_t room) {
    size_t length = strlen(key);
    const char *end = query + size;
    while (query < end) {
        const char *stop = memchr(query, '&', (size_t)(end - query));
        if (stop == NULL)
            stop = end;
        const char *value = query + length + 1;
        if (stop >= value && memcmp(query, key, length) == 0 && query[length] == '=') {
            size_t n = (size_t)(stop - value);
            bool fits = n > 0 && n < room;
            for (size_t i = 0; fits && i < n; i++)
                fits = is_digit(value[i]) || (!number && is_name_char(lower(value[i])));
            if (fits)
                snprintf(out, room, "%.*s", (int)n, value);
            return;
        }
        query = stop < end ? stop + 1 : end;
    }
}

static void read_query(const char *query, size_t size, struct host *h) {
    static const char *const workspace[] = {"o", "workspace_id", "w"};
    static const char *const account[] = {"a", "account_id"};
    for (size_t i = 0; i < 3 && h->workspace_id[0] == '\0'; i++)
        query_value(query, size, workspace[i], true, h->workspace_id,
                    sizeof h->workspace_id);
    for (size_t i = 0; i < 2 && h->account_id[0] == '\0'; i++)
        query_value(query, size, account[i], false, h->account_id, sizeof h->account_id);
}

/* Read "https://" or "http://". Any other scheme is an error. */
static bool read_scheme(const char **text, bool *secure, struct fault *f) {
    const char *colon = strstr(*text, "://");
    *secure = true;
    if (colon == NULL || strcspn(*text, "/?#") < (size_t)(colon - *text))
        return true;
    *secure = strncasecmp(*text, "https://", 8) == 0;
    if (!*secure && strncasecmp(*text, "http://", 7) != 0)
        return no_host("it is neither https:// nor http://", f);
    *text = colon + 3;
    return true;
}

bool host_parse(const char *text, struct host *h, struct fault *f) {
    char name[256], port[8];
    bool secure;
    *h = (struct host){0};
    if (!read_scheme(&text, &secure, f))
        return false;
    size_t size = strcspn(text, "/?#");
    if (memchr(text, '@', size) != NULL)
        return no_host("it holds a user name or password", f);
    size_t length = text[0] == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":/?#");
    if (length > size || length >= sizeof name)
        return no_host("its name is too long or not closed", f);
    for (size_t i = 0; i < length; i++)
        name[i] = lower(text[i]);
    name[length] = '\0';
    if (length == 0 || !is_name(name))
        return no_host(length == 0 ? "it has no name" : "its name holds odd characters",
                       f);
    if (length < size && text[length] != ':')
        return no_host("its name holds odd characters", f);
    if (!read_port(text + length, size - length, secure ? 443 : 80, port, sizeof port, f))
        return false;
    if (!secure && !is_loopback(name))
        return fault_set(
            f, FAULT_AUTH,
            "http://%s: without https a token could be read on its way; only "
            "this machine itself may be reached so",
            name);
    snprintf(h->url, sizeof h->url, "%s://%s%s", secure ? "https" : "http", name, port);

    const char *query = text + strcspn(text, "?#");
    if (*query == '?')
        read_query(query + 1, strcspn(query + 1, "#"), h);
    if (ends_with(name, length, ".databricks.azure.us"))
        h->azure_environment = "usgovernment";
    else if (ends_with(name, length, ".databricks.azure.cn"))
        h->azure_environment = "china";
    return true;
}

bool host_is_account(const char *url) {
    size_t size;
    const char *name = name_of(url, &size);
    return strncmp(name, "accounts.", 9) == 0 || strncmp(name, "accounts-dod.", 13) == 0;
}

bool host_is_azure(const char *url) {
    size_t size;
    const char *name = name_of(url, &size);
    return ends_with(name, size, ".azuredatabricks.net") ||
           ends_with(name, size, ".databricks.azure.us") ||
           ends_with(name, size, ".databricks.azure.cn");
}
