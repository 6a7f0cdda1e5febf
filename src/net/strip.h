/* strip.h -- removes secrets from a request before anything else reads it. Pure. */

#ifndef TARN_STRIP_H
#define TARN_STRIP_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* True if a JSON text is nested deeper than `most` levels. If the text is not valid JSON
 * the result is undefined. */
bool strip_is_deeper(const char *text, size_t size, size_t most);

/* The value of the outermost object's last member with that name, also if the name is
 * written with escapes. text is NULL if there is no such member or it is not a string.
 * Call this before strip_members, which overwrites the value. */
struct json strip_find(struct json root, const char *name);

/* Overwrite the values of all members that have one of these names, at any depth. `names`
 * ends with NULL. A string becomes "***", any other value null, followed by blanks up to
 * the old length. Takes linear time. */
void strip_members(char *text, struct json root, const char *const *names);

/* Cut the value of each parameter of that name, escaped or not, to at most "***". */
void strip_query(char *query, const char *name);

#endif
