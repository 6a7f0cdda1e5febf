#include "base/iniedit.h"

#include "base/ini.h"

#include <string.h>
#include <strings.h>

/* Reads a text line by line, and knows which section a line is in. */
struct walk {
    const char *at, *end;
    const char *section; /* the wanted one */
    bool inside;         /* the line is in it, or begins it */
    const char *line;
    size_t size; /* of the line, without its end */
    const char *next;
    struct ini_line read;
};

static struct walk begin(const char *text, size_t size, const char *section) {
    struct walk w = {.at = text, .end = text + size, .section = section};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        w.at += 3;
    w.inside = strcmp(section, "DEFAULT") == 0;
    return w;
}

static bool step(struct walk *w) {
    if (w->at == w->end)
        return false;
    const char *stop = memchr(w->at, '\n', (size_t)(w->end - w->at));
    w->line = w->at;
    w->next = stop != NULL ? stop + 1 : w->end;
    w->size = (size_t)((stop != NULL ? stop : w->end) - w->at);
    w->at = w->next;
    w->read = ini_line(w->line, w->size);
    if (w->read.kind == INI_SECTION)
        w->inside = w->read.name_size == strlen(w->section) &&
                    memcmp(w->read.name, w->section, w->read.name_size) == 0;
    return true;
}

static bool is_key(const struct walk *w, const char *key) {
    return w->inside && w->read.kind == INI_ENTRY && w->read.name_size == strlen(key) &&
           strncasecmp(w->read.name, key, w->read.name_size) == 0;
}

/* ---- values ---- */

/* True if a line with this text behind the sign is read back as `value`. */
static bool reads_back(const char *written, const char *value, size_t size) {
    struct buf b = {0};
    bool ok = false;
    if (buf_str(&b, "k = ") && buf_str(&b, written)) {
        struct ini ini;
        struct fault ignored;
        if (ini_parse(b.bytes, b.size, &ini, &ignored)) {
            const char *read = ini_get(ini_section(&ini, "DEFAULT"), "k");
            ok = read != NULL && strlen(read) == size && memcmp(read, value, size) == 0;
            ini_free(&ini);
        }
    }
    buf_wipe(&b);
    return ok;
}

/* Append a value, in quotes if it needs them. */
static bool put_value(struct buf *out, const char *value) {
    static const char *const quotes[] = {"", "\"", "'", "`"};
    size_t size = strlen(value);
    bool ok = false;
    for (size_t i = 0; !ok && i < sizeof quotes / sizeof quotes[0]; i++) {
        struct buf written = {0};
        ok = buf_grow(&written, size + 2) && buf_str(&written, quotes[i]) &&
             buf_str(&written, value) && buf_str(&written, quotes[i]) &&
             reads_back(written.bytes, value, size) && buf_str(out, written.bytes);
        buf_wipe(&written);
    }
    return ok;
}

/* ---- where things go ---- */

/* What has to be known before the first byte is written. */
struct plan {
    const char
        *insert; /* where new keys go: behind a line; NULL: there is no such section */
    const char *end;  /* the end of a line as it is written here */
    const char *last; /* the line of the wanted key that counts; NULL: there is none */
};

static const char *last_line(const char *text, size_t size, const char *section,
                             const char *key) {
    struct walk w = begin(text, size, section);
    const char *last = NULL;
    while (step(&w))
        if (is_key(&w, key))
            last = w.line;
    return last;
}

static struct plan make_plan(const char *text, size_t size, const char *section) {
    struct walk w = begin(text, size, section);
    const char *stop = memchr(text, '\n', size);
    struct plan p = {.end = stop > text && stop[-1] == '\r' ? "\r\n" : "\n"};
    while (step(&w))
        if (w.inside && w.read.kind != INI_OTHER)
            p.insert = w.next;
    return p;
}

static bool put_line_end(struct buf *out, const struct plan *p) {
    bool open = out->size > 0 && out->bytes[out->size - 1] != '\n';
    return !open || buf_str(out, p->end);
}

/* Append the keys that have no line yet. */
static bool put_new(struct buf *out, const char *text, size_t size, const char *section,
                    const struct iniedit_change *changes, size_t count,
                    const struct plan *p) {
    for (size_t i = 0; i < count; i++) {
        if (changes[i].value == NULL ||
            last_line(text, size, section, changes[i].key) != NULL)
            continue;
        if (!put_line_end(out, p) || !buf_str(out, changes[i].key) ||
            !buf_str(out, " = ") || !put_value(out, changes[i].value) ||
            !buf_str(out, p->end))
            return false;
    }
    return true;
}

static bool wants_any(const struct iniedit_change *changes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (changes[i].value != NULL)
            return true;
    return false;
}

static bool put_section(struct buf *out, const char *section, const struct plan *p) {
    return put_line_end(out, p) && (out->size == 0 || buf_str(out, p->end)) &&
           buf_str(out, "[") && buf_str(out, section) && buf_str(out, "]") &&
           buf_str(out, p->end);
}

/* Append a line whose value is replaced. An empty value may stand at the end of the line
 * without a blank before it. */
static bool put_changed(struct buf *out, const struct walk *w, const char *value) {
    const char *from = w->read.value, *to = from + w->read.value_size;
    if (w->read.value_size == 0)
        from = to = w->read.name + strcspn(w->read.name, "=:") + 1;
    return buf_add(out, w->line, (size_t)(from - w->line)) &&
           (w->read.value_size > 0 || buf_str(out, " ")) && put_value(out, value) &&
           buf_add(out, to, (size_t)(w->next - to));
}

static const struct iniedit_change *
change_of(const struct walk *w, const struct iniedit_change *changes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (is_key(w, changes[i].key))
            return &changes[i];
    return NULL;
}

/* ---- public ---- */

bool iniedit_set(const char *text, size_t size, const char *section,
                 const struct iniedit_change *changes, size_t count, struct buf *out) {
    const struct plan p = make_plan(text, size, section);
    struct walk w = begin(text, size, section);
    bool ok = buf_add(out, text, (size_t)(w.at - text));
    while (ok && step(&w)) {
        const struct iniedit_change *c = change_of(&w, changes, count);
        if (c == NULL)
            ok = buf_add(out, w.line, (size_t)(w.next - w.line));
        else if (c->value != NULL && w.line == last_line(text, size, section, c->key))
            ok = put_changed(out, &w, c->value);
        if (ok && p.insert == w.next)
            ok = put_new(out, text, size, section, changes, count, &p);
    }
    if (ok && p.insert == NULL && wants_any(changes, count))
        ok = put_section(out, section, &p) &&
             put_new(out, text, size, section, changes, count, &p);
    return ok;
}

bool iniedit_remove(const char *text, size_t size, const char *section, struct buf *out) {
    struct walk w = begin(text, size, section);
    const char *comments = NULL; /* lines that may belong to what follows */
    bool ok = buf_add(out, text, (size_t)(w.at - text));
    while (ok && step(&w)) {
        if (!w.inside) {
            if (comments != NULL)
                ok = buf_add(out, comments, (size_t)(w.line - comments));
            comments = NULL;
            ok = ok && buf_add(out, w.line, (size_t)(w.next - w.line));
        } else if (w.read.kind != INI_OTHER) {
            comments = NULL;
        } else if (comments == NULL) {
            comments = w.line;
        }
    }
    return ok;
}
