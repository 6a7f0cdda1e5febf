/* ini.h -- read a text of sections with keys and values, by the rules that Databricks tools
 * share. Pure: no files. Knows nothing of what the keys mean.
 *
 * `[name]` begins a section; what comes before the first one is in section DEFAULT, from which
 * nothing is inherited. `key = value` and `key: value` set a key, whose case does not matter; a
 * section may be continued further down, and of a key set twice the last wins. A line that
 * begins with # or ; is a comment, and so is the rest of a line from a # or ; after white space.
 * Quotes around a whole value are taken off, and keep what they hold. A byte order mark and
 * CRLF are nothing special. Anything else is an error that names the line and does not quote
 * it, because it may hold a secret. */

#ifndef TARN_INI_H
#define TARN_INI_H

#include "base/fault.h"

#include <stddef.h>

/* A zeroed one is empty and owns nothing. */
struct ini {
    struct ini_section {
        char *name;
        struct ini_entry {
            char *key; /* in lower case */
            char *value;
            int line;
        } * entries;
        size_t count;
    } * sections;
    size_t count;
};

/* Parse a text. False with `*f` (kind parse, "line 3: ...") and an empty `*ini`. */
bool ini_parse(const char *text, size_t size, struct ini *ini, struct fault *f);

/* Overwrite the values, and free everything. */
void ini_free(struct ini *ini);

/* What one line is, without its line end, for those who change a text. For an entry, `value`
 * begins behind the "=" and the blanks after it, and ends before the blanks in front of a comment;
 * quotes belong to it. For other lines than the two kinds, malformed ones too: INI_OTHER. */
struct ini_line {
    enum { INI_OTHER, INI_SECTION, INI_ENTRY } kind;
    const char *name, *value;
    size_t name_size, value_size;
};
struct ini_line ini_line(const char *text, size_t size);

/* NULL if there is no such section, or no such key. */
const struct ini_section *ini_section(const struct ini *ini, const char *name);
const char *ini_get(const struct ini_section *section, const char *key);

#endif
