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

/* The position behind a string that begins at `at`. The text is valid JSON. */
static const char *behind_string(const char *at) {
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

static const char *behind_blanks(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at) != NULL)
        at++;
    return at;
}

/* The position behind a value of any type. */
static const char *behind_value(const char *at, const char *end) {
    size_t depth = 0;
    do {
        if (*at == '"') {
            at = behind_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
    } while (at < end && (depth > 0 || strchr(",}] \t\r\n", *at) == NULL));
    return at;
}

static bool is_any(struct json key, const char *const *names) {
    for (; *names != NULL; names++)
        if (is_named(key, *names))
            return true;
    return false;
}

/* A string followed by a colon is the name of a member, so one pass finds the members of
 * all levels. */
void strip_members(char *text, struct json root, const char *const *names) {
    const char *at = root.text, *end = root.text + root.size;
    while (at < end) {
        if (*at != '"') {
            at++;
            continue;
        }
        struct json key = {at, 0};
        at = behind_string(at);
        key.size = (size_t)(at - key.text);
        const char *colon = behind_blanks(at, end);
        if (colon == end || *colon != ':' || !is_any(key, names))
            continue;
        const char *value = behind_blanks(colon + 1, end);
        at = behind_value(value, end);
        overwrite(text + (value - text), /* the same address, without const */
                  (size_t)(at - value), *value == '"');
    }
}

bool strip_is_deeper(const char *text, size_t size, size_t most) {
    bool quoted = false;
    size_t depth = 0;
    for (size_t i = 0; i < size; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > most)
            return true;
        else if (!quoted && depth > 0 && (text[i] == '}' || text[i] == ']'))
            depth--;
    }
    return false;
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
