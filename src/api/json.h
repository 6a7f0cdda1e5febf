/* json.h -- what the two halves of native.json share: l_json.c decodes, json_encode.c
 * encodes. */

#ifndef TARN_API_JSON_H
#define TARN_API_JSON_H

#include "base/buf.h"
#include "base/jsonscan.h"

#include <lua.h>

/* How deep a value may be, unless `max_depth` says otherwise. */
#define JSON_DEPTH 512

/* Memory that lasts from one call to the next. */
struct json_scratch {
    struct jsonscan scan;
    struct buf out;     /* the text that is being written */
    struct buf members; /* keys that are being sorted */
};

/* What stands behind native.json, in one table of the registry. */
enum json_part {
    JSON_DECODE = 1, /* lua-cjson's function */
    JSON_ARRAY_MT,   /* metatable of tables marked as arrays */
    JSON_NUMBER_MT,  /* metatable of json.Number: its memory is the text */
    JSON_SCRATCH_MT,
    JSON_SCRATCH, /* the scratch that nobody uses now, or false */
};

/* Push that table, which is made at its first use. [-0, +1, m] */
void json_pushparts(lua_State *L);

/* Take the scratch out of the table of parts at `parts`, or make a new one. A finalizer
 * may decode in the middle of our work, so what is in use cannot be found. [-0, +1, m] */
struct json_scratch *json_take(lua_State *L, int parts);

/* Put back the scratch at the top of the stack, less what is too big to keep. It is not
 * put back if the work failed: then the collector frees it. [-1, +0, -] */
void json_give(lua_State *L, int parts);

/* Is the table at `index` marked, with the mark's metatable at `array_mt`? [-0, +0, -] */
bool json_marked(lua_State *L, int index, int array_mt);

/* Are its keys 1..n and no other? `*n` is their number. [-0, +0, -] */
bool json_sequence(lua_State *L, int index, size_t *n);

/* Push the JSON text of the value at `index`, which is positive.
 * `indent` -1: all in one line. [-0, +1, v] */
void json_encode(lua_State *L, const char *op, int index, int indent);

#endif
