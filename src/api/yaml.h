/* yaml.h -- what the two halves of native.yaml share: l_yaml.c reads, yaml_encode.c
 * writes. */

#ifndef TARN_API_YAML_H
#define TARN_API_YAML_H

#include <lua.h>

/* How deep a value may be. */
#define YAML_DEPTH 512

/* Push the YAML text of the value at index 1. The table at 2 maps a key to its place
 * before all other keys; the table at 3 maps a key to true if its values are quoted. [-0,
 * +1, v] */
void yaml_encode(lua_State *L);

/* Make the metatable that yaml_encode needs. [-0, +0, m] */
void yaml_openencode(lua_State *L);

#endif
