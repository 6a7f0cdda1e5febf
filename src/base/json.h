/* json.h -- read a few fields of a JSON text without building anything: for error bodies,
 * tokens and statement states, which C must understand without Lua. Strict (RFC 8259).
 * For data there is native.json. */

#ifndef TARN_JSON_H
#define TARN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value inside a text. It is no copy, and valid as long as the text. `text` NULL: there
 * is none. */
struct json {
    const char *text;
    size_t size;
};

/* The value of a whole text, without the white space around it. `text` NULL if the text
 * is not valid JSON, or is nested deeper than 512. */
struct json json_root(const char *text, size_t size);

/* A member of an object by a path of keys ("status.error.message"; "a.0" indexes an
 * array). `text` NULL if it is not there, or null. If a key is repeated, the last one
 * wins. */
struct json json_at(struct json j, const char *path);

/* '{', '[', '"', '0' (a number), 't', 'f', 'n', or 0 if there is no value. */
char json_type(struct json j);

/* Write a string, unescaped, with a 0 at its end, or a number or boolean as text. What
 * does not fit is cut off, but never inside a character; a zero byte becomes a blank. For
 * any other value "" is written, and false returned. */
bool json_text(struct json j, char *out, size_t room);

/* A string at full length, malloced, which the caller frees. NULL if it is no string. */
char *json_string(struct json j, size_t *size);

/* A whole number, which may be in a string ("3600"). False if it is none, or does not
 * fit. */
bool json_int(struct json j, int64_t *out);

/* The elements of an array in order: start with an empty `it` ({0}). `text` NULL at the
 * end. */
struct json json_next(struct json array, struct json *it);

/* The members of an object in order, likewise. `*key` is the name, a string. */
struct json json_pair(struct json object, struct json *it, struct json *key);

#endif
