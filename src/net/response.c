#include "net/response.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool response_header(const struct http_response *r, const char *name, char *value,
                     size_t room) {
    const char *at = r->headers.size > 0 ? r->headers.bytes : "";
    const char *end = at + r->headers.size;
    size_t n = strlen(name);
    bool found = false;
    value[0] = '\0';
    while (at < end) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        const char *stop = nl != NULL ? nl : end, *next = nl != NULL ? nl + 1 : end;
        if ((size_t)(stop - at) > n && at[n] == ':' && strncasecmp(at, name, n) == 0) {
            at += n + 1;
            while (at < stop && isspace((unsigned char)*at))
                at++;
            while (stop > at && isspace((unsigned char)stop[-1]))
                stop--;
            snprintf(value, room, "%.*s", (int)(stop - at), at);
            found = true;
        }
        at = next;
    }
    return found;
}
