/* iniedit.h -- change some keys of one section of a text that base/ini.h reads, and leave every
 * other byte as it is: comments, order, blank lines, the ends of lines. Pure. */

#ifndef TARN_INIEDIT_H
#define TARN_INIEDIT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* A key in lower case, and its new value; NULL removes the key. A value has no line end. */
struct iniedit_change {
    const char *key, *value;
};

/* Append the changed text to `out`. A key that is there keeps its line with its comment; a new one
 * is put behind the section's last key, a new section at the end. False if a value cannot be
 * written in one line that is read back as it is, or when memory runs out; then `out` is of no
 * use. */
bool iniedit_set(const char *text, size_t size, const char *section,
                 const struct iniedit_change *changes, size_t count, struct buf *out);

/* Append the text without the section. Comments in front of the next section stay. */
bool iniedit_remove(const char *text, size_t size, const char *section, struct buf *out);

#endif
