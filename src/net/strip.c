#include "net/strip.h"

#include <string.h>

/* Longer than any name that is looked for: one that was cut to fit is not it. */
#define NAME_ROOM 64

static bool is_named(struct json key, const char *name) {
    char text[NAME_ROOM];
    return json_text(key, text, sizeof text) && strcmp(text, name) == 0;
}

struct json strip_find(struct json root, const char *name) {
    struct json found = {0}, it = {0}, key, value;
    if (json_type(root) != '{')
        return found;
    while ((value = json_pair(root, &it, &key)).text != NULL)
        if (is_named(key, name))
            found = value;
    return json_type(found) == '"' ? found : (struct json){0};
}

static void overwrite(char *at, size_t size, bool string) {
    const char *word = string ? size < 5 ? "\"\"" : "\"***\"" : "null";
    size_t length = strlen(word);
    if (length > size)
        return; /* a number of one to three digits is no secret */
    memset(at, ' ', size);
    for (size_t i = 0; i < length; i++)
        at[i] = word[i];
}

/* json_root has seen that it is not nested deeper than it allows. */
static void cut(char *text, const char *base, struct json j, const char *name) {
    struct json it = {0}, key, value;
    char type = json_type(j);
    if (type == '{') {
        while ((value = json_pair(j, &it, &key)).text != NULL)
            if (!is_named(key, name))
                cut(text, base, value, name);
        it = (struct json){0};
        while ((value = json_pair(j, &it, &key)).text != NULL)
            if (is_named(key, name))
                overwrite(text + (value.text - base), value.size,
                          json_type(value) == '"');
    } else if (type == '[') {
        while ((value = json_next(j, &it)).text != NULL)
            cut(text, base, value, name);
    }
}

void strip_members(char *text, struct json root, const char *name) {
    cut(text, text, root, name);
}

static int hex(char c) {
    return '0' <= c && c <= '9'   ? c - '0'
           : 'a' <= c && c <= 'f' ? c - 'a' + 10
           : 'A' <= c && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* True if the text is `name` once its percent-encoding is undone. */
static bool decodes_to(const char *text, size_t size, const char *name) {
    const char *end = text + size;
    for (; text < end && *name != '\0'; name++) {
        int c = (unsigned char)*text++;
        if (c == '%' && end - text >= 2 && hex(text[0]) >= 0 && hex(text[1]) >= 0) {
            c = hex(text[0]) * 16 + hex(text[1]);
            text += 2;
        }
        if (c != (unsigned char)*name)
            return false;
    }
    return text == end && *name == '\0';
}

void strip_query(char *query, const char *name) {
    char *out = query;
    while (*query != '\0') {
        size_t size = strcspn(query, "&"), key = strcspn(query, "=&"), kept = size;
        if (key < size && decodes_to(query, key, name)) {
            kept = size - key > 4 ? key + 4 : size;
            memset(query + key + 1, '*', kept - key - 1);
        }
        memmove(out, query, kept);
        out += kept;
        query += size;
        if (*query == '&')
            *out++ = *query++;
    }
    *out = '\0';
}
