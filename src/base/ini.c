#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/ini.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the text that is being read. */
struct span {
    const char *at;
    size_t size;
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_comment(char c) {
    return c == '#' || c == ';';
}

static struct span trim(struct span s) {
    while (s.size > 0 && is_blank(s.at[0]))
        s.at++, s.size--;
    while (s.size > 0 && is_blank(s.at[s.size - 1]))
        s.size--;
    return s;
}

/* True if there is nothing left but blanks and a comment. */
static bool is_rest(const char *at, const char *end) {
    while (at < end && is_blank(*at))
        at++;
    return at == end || is_comment(*at);
}

static char *copy(struct span s) {
    char *text = malloc(s.size + 1);
    if (text != NULL) {
        memcpy(text, s.at, s.size);
        text[s.size] = '\0';
    }
    return text;
}

static char *copy_lower(struct span s) {
    char *text = copy(s);
    for (char *c = text; c != NULL && *c != '\0'; c++)
        if ('A' <= *c && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return text;
}

static void wipe(char *text) {
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* The value inside `raw`: without quotes if they enclose all of it, else without the
 * comment. */
static struct span value_of(struct span raw) {
    const char *end = raw.at + raw.size;
    raw = trim(raw);
    if (raw.size >= 2 && (raw.at[0] == '"' || raw.at[0] == '\'' || raw.at[0] == '`')) {
        const char *close = memchr(raw.at + 1, raw.at[0], raw.size - 1);
        if (close != NULL && is_rest(close + 1, end))
            return (struct span){raw.at + 1, (size_t)(close - raw.at) - 1};
    }
    for (size_t i = 0; i < raw.size; i++)
        if (is_comment(raw.at[i]) && (i == 0 || is_blank(raw.at[i - 1])))
            return trim((struct span){raw.at, i});
    return raw;
}

static struct ini_section *section_of(struct ini *ini, struct span name) {
    for (size_t i = 0; i < ini->count; i++) {
        struct ini_section *s = &ini->sections[i];
        if (strlen(s->name) == name.size && memcmp(s->name, name.at, name.size) == 0)
            return s;
    }
    struct ini_section *grown =
        realloc(ini->sections, (ini->count + 1) * sizeof *ini->sections);
    if (grown == NULL)
        return NULL;
    ini->sections = grown;
    char *text = copy(name);
    if (text == NULL)
        return NULL;
    grown[ini->count] = (struct ini_section){.name = text};
    return &grown[ini->count++];
}

static bool set_entry(struct ini_section *s, struct span key, struct span value,
                      int line) {
    struct ini_entry made = {copy_lower(key), copy(value), line};
    struct ini_entry *grown = NULL;
    if (made.key == NULL || made.value == NULL)
        goto no_memory;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->entries[i].key, made.key) == 0) {
            free(s->entries[i].key);
            wipe(s->entries[i].value);
            s->entries[i] = made;
            return true;
        }
    grown = realloc(s->entries, (s->count + 1) * sizeof *s->entries);
    if (grown == NULL)
        goto no_memory;
    s->entries = grown;
    s->entries[s->count++] = made;
    return true;
no_memory:
    free(made.key);
    wipe(made.value);
    return false;
}

static bool no_memory(struct fault *f) {
    return fault_memory(f, "a file");
}

/* Read `[name]`, which makes `*current` the section that follows. */
static bool read_header(struct ini *ini, size_t *current, struct span s, int line,
                        struct fault *f) {
    const char *close = memchr(s.at, ']', s.size);
    if (close == NULL)
        return fault_set(f, FAULT_PARSE, "line %d: no ']' closes the name of the section",
                         line);
    if (!is_rest(close + 1, s.at + s.size))
        return fault_set(f, FAULT_PARSE, "line %d: text after the ']' of a section",
                         line);
    struct span name = trim((struct span){s.at + 1, (size_t)(close - s.at) - 1});
    if (name.size == 0)
        return fault_set(f, FAULT_PARSE, "line %d: a section without a name", line);
    struct ini_section *section = section_of(ini, name);
    if (section == NULL)
        return no_memory(f);
    *current = (size_t)(section - ini->sections);
    return true;
}

static bool read_entry(struct ini *ini, size_t current, struct span s, int line,
                       struct fault *f) {
    size_t sign = 0;
    while (sign < s.size && s.at[sign] != '=' && s.at[sign] != ':')
        sign++;
    struct span key = trim((struct span){s.at, sign});
    if (sign == s.size)
        return fault_set(f, FAULT_PARSE,
                         "line %d: neither a [section], a key = value, nor a comment",
                         line);
    if (key.size == 0)
        return fault_set(f, FAULT_PARSE, "line %d: a value without a key", line);
    struct span value = value_of((struct span){s.at + sign + 1, s.size - sign - 1});
    return set_entry(&ini->sections[current], key, value, line) || no_memory(f);
}

static bool read_line(struct ini *ini, size_t *current, struct span s, int line,
                      struct fault *f) {
    if (memchr(s.at, '\0', s.size) != NULL)
        return fault_set(f, FAULT_PARSE, "line %d: holds a zero byte (not UTF-8 text?)",
                         line);
    s = trim(s);
    if (s.size == 0 || is_comment(s.at[0]))
        return true;
    return s.at[0] == '[' ? read_header(ini, current, s, line, f)
                          : read_entry(ini, *current, s, line, f);
}

bool ini_parse(const char *text, size_t size, struct ini *ini, struct fault *f) {
    const char *end = text + size;
    size_t current = 0;
    *ini = (struct ini){0};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    bool ok = section_of(ini, (struct span){"DEFAULT", 7}) != NULL || no_memory(f);
    for (int line = 1; ok && text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        ok =
            read_line(ini, &current, (struct span){text, (size_t)(stop - text)}, line, f);
        text = stop + (stop < end);
    }
    if (!ok)
        ini_free(ini);
    return ok;
}

void ini_free(struct ini *ini) {
    for (size_t i = 0; i < ini->count; i++) {
        struct ini_section *s = &ini->sections[i];
        for (size_t k = 0; k < s->count; k++) {
            free(s->entries[k].key);
            wipe(s->entries[k].value);
        }
        free(s->entries);
        free(s->name);
    }
    free(ini->sections);
    *ini = (struct ini){0};
}

const struct ini_section *ini_section(const struct ini *ini, const char *name) {
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].name, name) == 0)
            return &ini->sections[i];
    return NULL;
}

const char *ini_get(const struct ini_section *section, const char *key) {
    for (size_t i = 0; section != NULL && i < section->count; i++)
        if (strcmp(section->entries[i].key, key) == 0)
            return section->entries[i].value;
    return NULL;
}
