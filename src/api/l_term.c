/* l_term.c -- `native.term`: the terminal and the standard streams. */

#include "api/libs.h"

#include "api/api.h"
#include "api/credential.h"
#include "api/locale.h"
#include "base/term.h"
#include "base/text.h"
#include "engine.h"
#include "sched.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define LINE_MT "tarn.term.line"

static const char *const streams[] = {"in", "out", "err", NULL};
static const char *const stream_names[] = {"standard input", "standard output",
                                           "standard error"};

/* term.is_tty(stream) -> boolean */
static int l_term_is_tty(lua_State *L) {
    lua_pushboolean(L, term_is_tty(luaL_checkoption(L, 1, NULL, streams)));
    return 1;
}

/* term.size() -> columns, rows or nil */
static int l_term_size(lua_State *L) {
    int columns, rows;
    if (!term_size(&columns, &rows)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, columns);
    lua_pushinteger(L, rows);
    return 2;
}

/* term.write(stream, bytes) */
static int l_term_write(lua_State *L) {
    struct fault f;
    size_t size;
    int fd = luaL_checkoption(L, 1, NULL, streams);
    const char *bytes = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, fd != STDIN_FILENO, 1, "cannot write to standard input");
    if (!term_write(fd, stream_names[fd], bytes, size, &f))
        return api_fault(L, "term.write", &f);
    return 0;
}

/* ---- width ---- */

/* term.width(text) -> integer. Upvalue: the locale. */
static int l_term_width(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    lua_pushinteger(L, (lua_Integer)term_width(text, size, api_locale(L)));
    return 1;
}

/* term.clean(text [, lines]) -> string */
static int l_term_clean(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    bool lines = lua_toboolean(L, 2);
    if (text_is_clean(text, size, lines)) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_argcheck(L, size < SIZE_MAX / 8, 1, "too long");
    struct buf b = api_scratch(L, size * 4); /* a tab becomes four blanks */
    text_clean(&b, text, size, lines);
    lua_pushlstring(L, b.bytes, b.size);
    return 1;
}

/* ---- lines ---- */

struct line {
    struct term_line line;
    struct watch watch; /* for input */
    struct loop *loop;
    struct task *waiter;
    bool secret; /* the line is for a credential */
};

static void line_ready(void *ud, short revents) {
    struct line *box = ud;
    (void)revents;
    if (box->waiter != NULL)
        sched_wake(box->waiter);
}

/* __gc and __close: restore the terminal, whatever has happened. */
static int l_line_close(lua_State *L) {
    struct line *box = luaL_checkudata(L, 1, LINE_MT);
    if (box->watch.watching)
        loop_unwatch(box->loop, &box->watch);
    term_line_end(&box->line);
    return 0;
}

static struct line *newline(lua_State *L) {
    struct line *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct line){.line.fd = STDIN_FILENO, .loop = engine_of(L)->loop};
    box->watch = (struct watch){
        .fd = STDIN_FILENO, .events = POLLIN, .ready = line_ready, .ud = box};
    luaL_setmetatable(L, LINE_MT);
    return box;
}

/* Blanks around a token come from copying it. */
static int push_secret(lua_State *L, const struct buf *text) {
    const char *at = text->bytes != NULL ? text->bytes : "", *problem;
    size_t size = text->size;
    struct fault f;
    while (size > 0 && strchr(" \t\r", at[size - 1]) != NULL)
        size--;
    for (; size > 0 && strchr(" \t", *at) != NULL; at++)
        size--;
    if (api_pushcredential(L, at, size, "what was typed", &problem))
        return 1;
    fault_set(&f, FAULT_AUTH, "what was typed %s", problem);
    return api_fault(L, "term.read_line", &f);
}

static int line_continue(lua_State *L, int status, lua_KContext ctx) {
    struct line *box = luaL_checkudata(L, (int)ctx, LINE_MT);
    struct fault f;
    (void)status;
    switch (term_line_read(&box->line, &f)) {
    case TERM_WAITING:
        if (!box->watch.watching)
            loop_watch(box->loop, &box->watch);
        return api_wait(L, "term.read_line", SCHED_NEVER, &box->waiter, ctx,
                        line_continue);
    case TERM_FAILED:
        return api_fault(L, "term.read_line", &f);
    case TERM_END:
        lua_pushnil(L);
        break;
    case TERM_LINE:
        if (box->secret)
            return push_secret(L, &box->line.text);
        lua_pushlstring(L, box->line.text.bytes != NULL ? box->line.text.bytes : "",
                        box->line.text.size);
        break;
    }
    return 1;
}

/* term.read_line([prompt [, {hidden = flag, secret = flag}]]) -> string, credential or nil */
static int l_term_read_line(lua_State *L) {
    static const char *const options[] = {"hidden", "secret", NULL};
    struct fault f;
    size_t size;
    const char *prompt = luaL_optlstring(L, 1, "", &size);
    lua_settop(L, 2);
    api_checkopts(L, 2, options);
    bool secret = api_optflag(L, 2, "secret", false);
    bool hidden = api_optflag(L, 2, "hidden", false) || secret;
    struct line *box = newline(L);
    box->secret = secret;
    int index = lua_gettop(L);
    lua_toclose(L, index); /* if the task is cancelled, the echo is turned on again */
    if (hidden)
        term_line_hide(&box->line);
    if (!term_write(STDERR_FILENO, stream_names[STDERR_FILENO], prompt, size, &f))
        return api_fault(L, "term.read_line", &f);
    return line_continue(L, LUA_OK, index);
}

static const luaL_Reg term_functions[] = {
    {"is_tty", l_term_is_tty},
    {"size", l_term_size},
    {"write", l_term_write},
    {"read_line", l_term_read_line},
    {"clean", l_term_clean},
    {"width", NULL}, /* placeholder: it has an upvalue */
    {NULL, NULL},
};

int luaopen_native_term(lua_State *L) {
    api_newtype(L, LINE_MT, l_line_close, NULL);
    luaL_newlib(L, term_functions);
    api_pushlocale(L);
    lua_pushcclosure(L, l_term_width, 1);
    lua_setfield(L, -2, "width");
    return 1;
}
