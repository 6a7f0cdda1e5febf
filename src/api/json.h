/* json.h -- JSON from and to the values of Lua. */

#ifndef TARN_API_JSON_H
#define TARN_API_JSON_H

#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* How deep a value may be, unless `max_depth` says otherwise. */
#define JSON_DEPTH 512

/* lua-cjson counts bytes in ints. */
#define JSON_TEXT_MAX (INT_MAX - 1024)

/* What becomes of null, which many servers write for a field that they might as well leave
 * out. The zero value keeps every null. */
struct json_nulls {
    bool drop;        /* leave out fields and elements that are null... */
    const char *kept; /* ...but not below this field of the whole value, if not NULL */
};

/* For bindings that carry values. Decoding raises a fault of kind parse with that `op`;
 * encoding pushes a string. [-0, +1, v] */
void api_json_decode(lua_State *L, const char *op, const char *text, size_t size,
                     struct json_nulls nulls);
void api_json_encode(lua_State *L, const char *op, int index);

/* Push the value of the string at `index`, which is no longer than JSON_TEXT_MAX.
 * [-0, +1, v] */
void json_decode(lua_State *L, const char *op, int index, size_t max_depth,
                 struct json_nulls nulls);

/* Push the JSON text of the value at `index`, which is positive.
 * `indent` -1: all in one line. [-0, +1, v] */
void json_encode(lua_State *L, const char *op, int index, int indent);

#endif
