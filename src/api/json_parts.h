/* json_parts.h -- what decoding, encoding and the library of native.json share, and native.yaml
 * with them: metatables, lua-cjson, and scratch memory. */

#ifndef TARN_JSON_PARTS_H
#define TARN_JSON_PARTS_H

#include "base/buf.h"
#include "base/jsonscan.h"

#include <lua.h>

#define JSON_ARRAY_MT  "tarn.json.array"
#define JSON_NUMBER_MT "tarn.json.number"

/* Memory that lasts from one call to the next. */
struct json_scratch {
    struct jsonscan scan;
    struct buf out;     /* the text that is being written */
    struct buf members; /* keys that are being sorted */
};

/* What stands behind native.json, in one table of the registry. */
enum json_part {
    JSON_PARTS_DECODE = 1, /* lua-cjson's function */
    JSON_PARTS_ARRAY_MT,   /* metatable of tables marked as arrays */
    JSON_PARTS_NUMBER_MT,  /* metatable of json.Number: its memory is the text */
    JSON_PARTS_SCRATCH_MT,
    JSON_PARTS_SCRATCH, /* the scratch that nobody uses now, or false */
};

/* Push that table, which is made at its first use. [-0, +1, m] */
void json_parts_push(lua_State *L);

/* Take the scratch out of the table of parts at `parts`, or make a new one. A finalizer
 * may decode in the middle of our work, so what is in use cannot be found. [-0, +1, m] */
struct json_scratch *json_parts_take(lua_State *L, int parts);

/* Put back the scratch at the top of the stack, less what is too big to keep. It is not
 * put back if the work failed: then the collector frees it. [-1, +0, -] */
void json_parts_give(lua_State *L, int parts);

/* Is the table at `index` marked, with the mark's metatable at `array_mt`? [-0, +0, -] */
bool json_parts_marked(lua_State *L, int index, int array_mt);

/* Are its keys 1..n and no other? `*n` is their number. [-0, +0, -] */
bool json_parts_sequence(lua_State *L, int index, size_t *n);

/* Push the number that the text says: an integer or a double if one holds it exactly, else a
 * json.Number, which is the text. The latter's metatable is at `number_mt`. [-0, +1, m] */
void json_parts_pushnumber(lua_State *L, const char *text, size_t size, int number_mt);

/* Push a json.Number whatever the text says. [-0, +1, m] */
void json_parts_pushwritten(lua_State *L, const char *text, size_t size, int number_mt);

/* Call a function of lua-cjson, for one result, in the C locale: strtod minds the locale that
 * a script has set. Returns the status. [-(nargs + 1), +1, -] */
int json_parts_call(lua_State *L, int nargs);

#endif
