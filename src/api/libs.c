/* libs.c -- the index of all native libraries. */

#include "api/libs.h"

#include "api/api.h"

#include <string.h>

const luaL_Reg api_libs[] = {
    {"native.bundle", luaopen_native_bundle},
    {"native.coroutine", luaopen_native_coroutine},
    {"native.databricks", luaopen_native_databricks},
    {"native.editor", luaopen_native_editor},
    {"native.fault", luaopen_native_fault},
    {"native.fs", luaopen_native_fs},
    {"native.guard", luaopen_native_guard},
    {"native.http", luaopen_native_http},
    {"native.json", luaopen_native_json},
    {"native.process", luaopen_native_process},
    {"native.server", luaopen_native_server},
    {"native.sqlite", luaopen_native_sqlite},
    {"native.task", luaopen_native_task},
    {"native.term", luaopen_native_term},
    {"native.text", luaopen_native_text},
    {"native.yaml", luaopen_native_yaml},
    {NULL, NULL},
};

lua_CFunction api_lib(const char *name) {
    const luaL_Reg *lib = api_libs;
    while (strcmp(lib->name, name) != 0)
        lib++;
    return lib->func;
}
