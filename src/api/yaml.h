/* yaml.h -- what the two halves of native.yaml share: l_yaml.c reads, yaml_encode.c
 * writes. */

#ifndef TARN_API_YAML_H
#define TARN_API_YAML_H

#include <lua.h>

/* How deep a value may be. */
#define YAML_DEPTH 512

/* Push the YAML text of the value at index 1. At 2 is a table: key -> its place before all
 * others; at 3 one: key -> true if what it holds is quoted. [-0, +1, v] */
void yaml_encode(lua_State *L);

#endif
