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

/* The value inside `raw` with its quotes, and without the comment behind it. `*quoted` if
 * quotes enclose all of it. */
static struct span written_value(struct span raw, bool *quoted) {
    const char *end = raw.at + raw.size;
    raw = trim(raw);
    *quoted = false;
    if (raw.size >= 2 && (raw.at[0] == '"' || raw.at[0] == '\'' || raw.at[0] == '`')) {
        const char *close = memchr(raw.at + 1, raw.at[0], raw.size - 1);
        *quoted = close != NULL && is_rest(close + 1, end);
        if (*quoted)
            return (struct span){raw.at, (size_t)(close - raw.at) + 1};
    }
    for (size_t i = 0; i < raw.size; i++)
        if (is_comment(raw.at[i]) && (i == 0 || is_blank(raw.at[i - 1])))
            return trim((struct span){raw.at, i});
    return raw;
}

static struct span value_of(struct span raw) {
    bool quoted;
    struct span value = written_value(raw, &quoted);
    return quoted ? (struct span){value.at + 1, value.size - 2} : value;
}

/* Room for one more of `count` members in an array that has room for a power of two. */
static void *grow(void *array, size_t count, size_t size) {
    if ((count & (count - 1)) != 0)
        return array;
    return realloc(array, (count == 0 ? 1 : 2 * count) * size);
}

/* Begin a section. One of that name may be there already: merge_sections sees to that. */
static bool add_section(struct ini *ini, struct span name) {
    struct ini_section *grown = grow(ini->sections, ini->count, sizeof *ini->sections);
    if (grown == NULL)
        return false;
    ini->sections = grown;
    char *text = copy(name);
    if (text == NULL)
        return false;
    grown[ini->count++] = (struct ini_section){.name = text};
    return true;
}

static bool append(struct ini_section *s, struct ini_entry e) {
    struct ini_entry *grown = grow(s->entries, s->count, sizeof *s->entries);
    if (grown == NULL)
        return false;
    s->entries = grown;
    s->entries[s->count++] = e;
    return true;
}

/* Add to the section that was begun last. The key may be there already: merge_entries sees to
 * that. */
static bool add_entry(struct ini *ini, struct span key, struct span value, int line) {
    struct ini_entry made = {copy_lower(key), copy(value), line};
    if (made.key != NULL && made.value != NULL &&
        append(&ini->sections[ini->count - 1], made))
        return true;
    free(made.key);
    wipe(made.value);
    return false;
}

static bool no_memory(struct fault *f) {
    return fault_memory(f, "a file");
}

/* Read `[name]`. */
static bool read_header(struct ini *ini, struct span s, int line, struct fault *f) {
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
    return add_section(ini, name) || no_memory(f);
}

/* Where the sign between key and value is; s.size if there is none. */
static size_t find_sign(struct span s) {
    size_t sign = 0;
    while (sign < s.size && s.at[sign] != '=' && s.at[sign] != ':')
        sign++;
    return sign;
}

static bool read_entry(struct ini *ini, struct span s, int line, struct fault *f) {
    size_t sign = find_sign(s);
    struct span key = trim((struct span){s.at, sign});
    if (sign == s.size)
        return fault_set(f, FAULT_PARSE,
                         "line %d: neither a [section], a key = value, nor a comment",
                         line);
    if (key.size == 0)
        return fault_set(f, FAULT_PARSE, "line %d: a value without a key", line);
    struct span value = value_of((struct span){s.at + sign + 1, s.size - sign - 1});
    return add_entry(ini, key, value, line) || no_memory(f);
}

static bool read_line(struct ini *ini, struct span s, int line, struct fault *f) {
    if (memchr(s.at, '\0', s.size) != NULL)
        return fault_set(f, FAULT_PARSE, "line %d: holds a zero byte (not UTF-8 text?)",
                         line);
    s = trim(s);
    if (s.size == 0 || is_comment(s.at[0]))
        return true;
    return s.at[0] == '[' ? read_header(ini, s, line, f) : read_entry(ini, s, line, f);
}

/* ---- what is there twice ---- */

/* Those that follow sort pointers into an array: by name, and then by place. So the time is no
 * square of the number of names. */

static int by_place(const void *a, const void *b) {
    return a < b ? -1 : a > b;
}

static int by_key(const void *left, const void *right) {
    const struct ini_entry *a = *(const struct ini_entry *const *)left;
    const struct ini_entry *b = *(const struct ini_entry *const *)right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : by_place(a, b);
}

static int by_name(const void *left, const void *right) {
    const struct ini_section *a = *(const struct ini_section *const *)left;
    const struct ini_section *b = *(const struct ini_section *const *)right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : by_place(a, b);
}

/* Of entries with the same key the last one's value takes the place of the first one. */
static bool merge_entries(struct ini_section *s) {
    if (s->count < 2)
        return true;
    struct ini_entry **sorted = malloc(s->count * sizeof(struct ini_entry *));
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = &s->entries[i];
    qsort(sorted, s->count, sizeof *sorted, by_key);
    for (size_t i = 1, first = 0; i < s->count; i++) {
        struct ini_entry *e = sorted[i], *kept = sorted[first];
        if (strcmp(e->key, kept->key) != 0) {
            first = i;
            continue;
        }
        wipe(kept->value);
        kept->value = e->value;
        kept->line = e->line;
        free(e->key);
        *e = (struct ini_entry){0};
    }
    free(sorted);
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].key != NULL)
            s->entries[n++] = s->entries[i];
    s->count = n;
    return true;
}

/* Move the entries of `from` behind those of `to`. */
static bool join(struct ini_section *to, struct ini_section *from) {
    for (size_t i = 0; i < from->count; i++) {
        if (!append(to, from->entries[i]))
            return false;
        from->entries[i] = (struct ini_entry){0};
    }
    free(from->entries);
    free(from->name);
    *from = (struct ini_section){0};
    return true;
}

static bool merge_sections(struct ini *ini) {
    bool ok = true;
    struct ini_section **sorted = malloc(ini->count * sizeof(struct ini_section *));
    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < ini->count; i++)
        sorted[i] = &ini->sections[i];
    qsort(sorted, ini->count, sizeof *sorted, by_name);
    for (size_t i = 1, first = 0; ok && i < ini->count; i++) {
        if (strcmp(sorted[i]->name, sorted[first]->name) == 0)
            ok = join(sorted[first], sorted[i]);
        else
            first = i;
    }
    free(sorted);
    size_t n = 0;
    for (size_t i = 0; ok && i < ini->count; i++)
        if (ini->sections[i].name != NULL)
            ini->sections[n++] = ini->sections[i];
    if (ok)
        ini->count = n;
    for (size_t i = 0; ok && i < ini->count; i++)
        ok = merge_entries(&ini->sections[i]);
    return ok;
}

/* ---- public ---- */

bool ini_parse(const char *text, size_t size, struct ini *ini, struct fault *f) {
    const char *end = text + size;
    *ini = (struct ini){0};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    bool ok = add_section(ini, (struct span){"DEFAULT", 7}) || no_memory(f);
    for (int line = 1; ok && text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        ok = read_line(ini, (struct span){text, (size_t)(stop - text)}, line, f);
        text = stop + (stop < end);
    }
    ok = ok && (merge_sections(ini) || no_memory(f));
    if (!ok)
        ini_free(ini);
    return ok;
}

struct ini_line ini_line(const char *text, size_t size) {
    struct span s = trim((struct span){text, size}), name, value;
    struct ini_line out = {INI_OTHER, NULL, NULL, 0, 0};
    bool quoted;
    if (s.size == 0 || is_comment(s.at[0]))
        return out;
    if (s.at[0] == '[') {
        const char *close = memchr(s.at, ']', s.size);
        if (close == NULL)
            return out;
        name = trim((struct span){s.at + 1, (size_t)(close - s.at) - 1});
        return (struct ini_line){INI_SECTION, name.at, NULL, name.size, 0};
    }
    size_t sign = find_sign(s);
    if (sign == s.size)
        return out;
    name = trim((struct span){s.at, sign});
    value = written_value((struct span){s.at + sign + 1, s.size - sign - 1}, &quoted);
    return (struct ini_line){INI_ENTRY, name.at, value.at, name.size, value.size};
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
