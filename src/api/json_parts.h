/* json_parts.h -- what the decoder, the encoder and the library of native.json share, and
 * native.yaml with them: metatables, lua-cjson, and scratch memory. */

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

/* The parts that native.json works with, in one table of the registry. */
enum json_part {
    JSON_PARTS_DECODE = 1, /* lua-cjson's function */
    JSON_PARTS_ARRAY_MT,   /* metatable of tables marked as arrays */
    JSON_PARTS_NUMBER_MT,  /* metatable of json.Number: its memory is the text */
    JSON_PARTS_SCRATCH_MT,
    JSON_PARTS_SCRATCH, /* the scratch memory that is not in use, or false */
};

/* Push that table, which is made at its first use. [-0, +1, m] */
void json_parts_push(lua_State *L);

/* Take the scratch memory out of the table of parts at `parts`, or make a new one. A
 * finalizer may decode in the middle of our work, and must not find what is in use. [-0,
 * +1, m] */
struct json_scratch *json_parts_take(lua_State *L, int parts);

/* Put back the scratch memory, which is on top of the stack, without what is too big to
 * keep. If the work failed, it is not put back, and the collector frees it. [-1, +0,
 * -] */
void json_parts_give(lua_State *L, int parts);

/* True if the table at `index` is marked as an array, or is a list of base.list; the mark's
 * metatable is at `array_mt`. [-0, +0, m] */
bool json_parts_marked(lua_State *L, int index, int array_mt);

/* Push the function that reads the table at `index` to its end, if it is a list of base.list in
 * which rows are still missing; else false, and nothing is pushed. [-0, +(0|1), m] */
bool json_parts_pushread(lua_State *L, int index);

/* True if the table's keys are 1..n and no others. `*n` is their number. [-0, +0, -] */
bool json_parts_sequence(lua_State *L, int index, size_t *n);

/* Push the number in the text: an integer or a double if that holds it exactly, else a
 * json.Number, which keeps the text and whose metatable is at `number_mt`. [-0, +1, m] */
void json_parts_pushnumber(lua_State *L, const char *text, size_t size, int number_mt);

/* Push the text as a json.Number in any case. [-0, +1, m] */
void json_parts_pushwritten(lua_State *L, const char *text, size_t size, int number_mt);

/* Call a function of lua-cjson, for one result, in the C locale, because strtod depends
 * on the locale that a script has set. Returns the status. [-(nargs + 1), +1, -] */
int json_parts_call(lua_State *L, int nargs);

#endif
