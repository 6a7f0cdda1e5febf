/* json.h -- read a few fields of a JSON text without building anything: for error bodies,
 * tokens and statement states, which C must understand without Lua. Strict (RFC 8259);
 * strings come out as bytes. Not a parser for data: that is native.json. */

#ifndef TARN_JSON_H
#define TARN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value inside a text: no copy, valid as long as the text. text NULL: not there. */
struct json {
    const char *text;
    size_t size;
};

/* The value of a whole text, white space trimmed; text NULL if it is not valid JSON
 * (nested deeper than 512 included). */
struct json json_root(const char *text, size_t size);

/* A member of an object by a path of keys ("status.error.message"; "a.0" indexes an array);
 * text NULL if it is not there or null. Of a repeated key the last wins. */
struct json json_at(struct json j, const char *path);

/* '{', '[', '"', '0' (number), 't', 'f', 'n', or 0 if not there. */
char json_type(struct json j);

/* A string, unescaped, with a 0 at its end, cut to fit (never inside a character; a zero byte
 * becomes a blank); a number or boolean as its text. False, and "", for anything else. */
bool json_text(struct json j, char *out, size_t room);

/* The same at full length, malloced, the caller frees; NULL if it is no string. */
char *json_string(struct json j, size_t *size);

/* A whole number, also one in a string ("3600"); false if it is none or does not fit. */
bool json_int(struct json j, int64_t *out);

/* Elements of an array in order: start with an empty `it` ({0}); text NULL at the end. */
struct json json_next(struct json array, struct json *it);

/* Members of an object in order, likewise; `*key` is the name, a string. */
struct json json_pair(struct json object, struct json *it, struct json *key);

#endif
