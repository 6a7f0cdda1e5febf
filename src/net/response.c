#include "net/response.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool response_next(const struct buf *headers, struct response_field *f) {
    while (f->next < headers->size) {
        const char *line = headers->bytes + f->next,
                   *stop = headers->bytes + headers->size;
        const char *newline = memchr(line, '\n', (size_t)(stop - line));
        if (newline != NULL)
            stop = newline;
        f->next = (size_t)(stop - headers->bytes) + 1;
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon == NULL)
            continue;
        const char *value = colon + 1;
        while (value < stop && isspace((unsigned char)*value))
            value++;
        while (stop > value && isspace((unsigned char)stop[-1]))
            stop--;
        f->name = line;
        f->name_size = (size_t)(colon - line);
        f->value = value;
        f->value_size = (size_t)(stop - value);
        return true;
    }
    return false;
}

bool response_header(const struct http_response *r, const char *name, char *value,
                     size_t room) {
    struct response_field f = {0};
    size_t size = strlen(name);
    bool found = false;
    value[0] = '\0';
    while (response_next(&r->headers, &f)) {
        if (f.name_size != size || strncasecmp(f.name, name, size) != 0)
            continue;
        snprintf(value, room, "%.*s", (int)f.value_size, f.value);
        found = true;
    }
    return found;
}
