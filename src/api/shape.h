/* shape.h -- the form that an answer must have, as far as anything relies on it.
 *
 * A shape is a text: `{pipeline_id!:s,latest_updates:[{update_id!:s,creation_time:n}]}`. In
 * braces are the fields of an object, with `!` those that may not be missing; others may
 * be missing, and fields that the shape does not name may be anything. In brackets is the
 * shape of each element of a list, which may also be an empty object. `s` is a string, `n`
 * a number; each may be written as the other and is converted. `b` is a boolean, `o` any
 * object, `l` any list, `*` anything. */

#ifndef TARN_API_SHAPE_H
#define TARN_API_SHAPE_H

#include "base/fault.h"

#include <lua.h>
#include <stdbool.h>

/* Check the value on top of the stack, a decoded answer; null is as absent. False, with the
 * fault filled, if it has another form; `shape` is right, or that is a bug. [-0, +0, m] */
bool api_shape_fits(lua_State *L, const char *shape, struct fault *f);

#endif
