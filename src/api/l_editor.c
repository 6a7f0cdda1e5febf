/* l_editor.c -- `native.editor`: the line that a person edits at the terminal. */

#include "api/api.h"
#include "api/libs.h"
#include "base/editor.h"
#include "base/term.h"
#include "engine.h"
#include "sched.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define EDITOR_MT "tarn.editor"

struct box {
    struct editor *editor; /* NULL: closed */
    struct engine *engine;
    struct watch watch; /* for keys, while a task waits for them */
    struct poked poked; /* for Ctrl-C and for a new size of the terminal */
    struct task *waiter;
    unsigned survived;
    bool dangling; /* the last printed text did not end its line */
};

static void wake(void *ud) {
    struct box *box = ud;
    if (box->waiter != NULL)
        sched_wake(box->waiter);
}

/* Called once for each wait. Keys that no task waits for must not keep the loop
 * turning. */
static void keys_came(void *ud, short revents) {
    struct box *box = ud;
    (void)revents;
    loop_unwatch(box->engine->loop, &box->watch);
    wake(box);
}

/* Hide the line, whose place the printed text takes. The task that reads the line shows
 * it again. */
static void about_to_print(void *ud) {
    struct box *box = ud;
    editor_hide(box->editor);
    wake(box);
}

static struct box *checkeditor(lua_State *L) {
    struct box *box = luaL_checkudata(L, 1, EDITOR_MT);
    luaL_argcheck(L, box->editor != NULL, 1, "the editor is closed");
    return box;
}

/* editor:close(), __gc and __close: restore the terminal. */
static int l_editor_close(lua_State *L) {
    struct box *box = luaL_checkudata(L, 1, EDITOR_MT);
    if (box->editor == NULL)
        return 0;
    loop_unwatch(box->engine->loop, &box->watch);
    loop_unlisten(&box->poked);
    loop_set_printing(box->engine->loop, NULL, NULL);
    editor_free(box->editor);
    box->editor = NULL;
    return 0;
}

/* editor.open() -> editor */
static int l_editor_open(lua_State *L) {
    struct fault f;
    struct engine *e = engine_of(L);
    struct box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct box){.engine = e, .poked = {.fire = wake, .ud = box}};
    box->watch = (struct watch){
        .fd = STDIN_FILENO, .events = POLLIN, .ready = keys_came, .ud = box};
    luaL_setmetatable(L, EDITOR_MT);
    box->editor = editor_new(&f);
    if (box->editor == NULL)
        return api_fault(L, "editor.open", &f);
    loop_listen(e->loop, &box->poked);
    loop_set_printing(e->loop, about_to_print, box);
    return 1;
}

/* Show the line, on a new line of the terminal. */
static bool show(struct box *box, const char *prompt) {
    if (box->dangling)
        (void)!write(STDOUT_FILENO, "\n", 1);
    box->dangling = false;
    return editor_show(box->editor, prompt);
}

/* event, line, cursor */
static int push_event(lua_State *L, struct box *box, const char *event) {
    size_t size, cursor;
    const char *text = editor_text(box->editor, &size, &cursor);
    lua_pushlstring(L, text, size); /* first: a finalizer may close the editor */
    lua_pushstring(L, event);
    lua_insert(L, -2);
    lua_pushinteger(L, (lua_Integer)cursor);
    return 3;
}

/* L: editor, prompt */
static int read_continue(lua_State *L, int status, lua_KContext ctx) {
    struct box *box = checkeditor(L);
    struct fault f;
    (void)status;
    if (box->engine->survived != box->survived) {
        editor_abandon(box->editor);
        lua_pushliteral(L, "interrupt");
        return 1;
    }
    editor_resized(box->editor);
    if (!show(box, lua_tostring(L, 2)))
        return engine_no_memory(L);
    switch (editor_feed(box->editor, &f)) {
    case EDITOR_WAITING:
        loop_watch(box->engine->loop, &box->watch);
        return api_wait(L, "editor.read", SCHED_NEVER, &box->waiter, ctx, read_continue);
    case EDITOR_FAILED:
        return api_fault(L, "editor.read", &f);
    case EDITOR_COMPLETE:
        return push_event(L, box, "complete");
    case EDITOR_SEARCH:
        return push_event(L, box, "search");
    case EDITOR_LINE:
        push_event(L, box, "line"); /* event, line, cursor */
        editor_stop(checkeditor(L)->editor);
        return 3;
    case EDITOR_END:
        break;
    }
    editor_stop(box->editor);
    lua_pushliteral(L, "end");
    return 1;
}

/* editor:read(prompt) -> event [, line, cursor] */
static int l_editor_read(lua_State *L) {
    struct box *box = checkeditor(L);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    luaL_argcheck(L, box->waiter == NULL, 1, "another task reads from it");
    box->survived = box->engine->survived;
    return read_continue(L, LUA_OK, 0);
}

static int key_continue(lua_State *L, int status, lua_KContext ctx) {
    struct box *box = checkeditor(L);
    struct fault f;
    size_t size, cursor;
    (void)status;
    switch (editor_key(box->editor, &f)) {
    case EDITOR_WAITING:
        loop_watch(box->engine->loop, &box->watch);
        return api_wait(L, "editor.key", SCHED_NEVER, &box->waiter, ctx, key_continue);
    case EDITOR_FAILED:
        return api_fault(L, "editor.key", &f);
    case EDITOR_LINE:
        lua_pushstring(L, editor_text(box->editor, &size, &cursor));
        return 1;
    default:
        lua_pushnil(L);
        return 1;
    }
}

/* editor:key() -> string or nil */
static int l_editor_key(lua_State *L) {
    struct box *box = checkeditor(L);
    lua_settop(L, 1);
    luaL_argcheck(L, box->waiter == NULL, 1, "another task reads from it");
    return key_continue(L, LUA_OK, 0);
}

/* editor:set(line [, cursor]) */
static int l_editor_set(lua_State *L) {
    size_t size;
    checkeditor(L);
    const char *text = luaL_checklstring(L, 2, &size);
    lua_Integer cursor = luaL_optinteger(L, 3, (lua_Integer)size);
    struct box *box = checkeditor(L); /* a finalizer may have closed it meanwhile */
    luaL_argcheck(L, strlen(text) == size, 2, "it has a zero byte");
    luaL_argcheck(L, 0 <= cursor && cursor <= (lua_Integer)size, 3, "not in the line");
    if (!editor_set(box->editor, text, (size_t)cursor))
        return engine_no_memory(L);
    return 0;
}

/* editor:print(text) */
static int l_editor_print(lua_State *L) {
    struct fault f;
    size_t size;
    checkeditor(L);
    const char *text = luaL_checklstring(L, 2, &size);
    struct box *box = checkeditor(L);
    if (size == 0)
        return 0;
    about_to_print(box);
    if (!term_write(STDOUT_FILENO, "standard output", text, size, &f))
        return api_fault(L, "editor.print", &f);
    box->dangling = text[size - 1] != '\n';
    return 0;
}

/* editor:edits() -> boolean */
static int l_editor_edits(lua_State *L) {
    const struct box *box = checkeditor(L);
    lua_pushboolean(L, box->waiter != NULL);
    return 1;
}

/* editor:stop() */
static int l_editor_stop(lua_State *L) {
    editor_stop(checkeditor(L)->editor);
    return 0;
}

/* editor:discard() -> boolean */
static int l_editor_discard(lua_State *L) {
    lua_pushboolean(L, editor_discard(checkeditor(L)->editor));
    return 1;
}

/* editor:remember(line) */
static int l_editor_remember(lua_State *L) {
    checkeditor(L);
    const char *line = luaL_checkstring(L, 2);
    if (!editor_remember(checkeditor(L)->editor, line))
        return engine_no_memory(L);
    return 0;
}

/* editor:beep() */
static int l_editor_beep(lua_State *L) {
    editor_beep(checkeditor(L)->editor);
    return 0;
}

static const luaL_Reg editor_methods[] = {
    {"read", l_editor_read},
    {"key", l_editor_key},
    {"set", l_editor_set},
    {"print", l_editor_print},
    {"edits", l_editor_edits},
    {"stop", l_editor_stop},
    {"discard", l_editor_discard},
    {"remember", l_editor_remember},
    {"beep", l_editor_beep},
    {"close", l_editor_close},
    {NULL, NULL},
};

static const luaL_Reg editor_functions[] = {
    {"open", l_editor_open},
    {NULL, NULL},
};

int luaopen_native_editor(lua_State *L) {
    api_newtype(L, EDITOR_MT, l_editor_close, editor_methods);
    luaL_newlib(L, editor_functions);
    return 1;
}
