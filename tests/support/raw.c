#include "raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_MT "tarn.raw"

static int *checksocket(lua_State *L) {
    return luaL_checkudata(L, 1, SOCKET_MT);
}

static int failed(lua_State *L) {
    lua_pushnil(L);
    lua_pushstring(L, errno == ECONNRESET ? "reset" : strerror(errno));
    return 2;
}

/* connect(port [, room [, from]]): `room` bytes for what comes in, from that address. */
static int l_raw_connect(lua_State *L) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((unsigned short)luaL_checkinteger(L, 1)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int room = (int)luaL_optinteger(L, 2, 0);
    inet_pton(AF_INET, luaL_optstring(L, 3, "127.0.0.1"), &from.sin_addr);
    int *fd = lua_newuserdatauv(L, sizeof *fd, 0);
    *fd = -1;
    luaL_setmetatable(L, SOCKET_MT);
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    if (*fd == -1)
        return failed(L);
    if (room > 0)
        setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(*fd, (struct sockaddr *)&from, sizeof from) == -1)
        return failed(L);
    if (connect(*fd, (struct sockaddr *)&a, sizeof a) == -1)
        return failed(L);
    fcntl(*fd, F_SETFL, O_NONBLOCK);
    return 1;
}

static int l_raw_send(lua_State *L) {
    size_t size;
    const char *bytes = luaL_checklstring(L, 2, &size);
    ssize_t n = send(*checksocket(L), bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        return failed(L);
    lua_pushinteger(L, n < 0 ? 0 : n);
    return 1;
}

static int l_raw_recv(lua_State *L) {
    char bytes[65536];
    ssize_t n = recv(*checksocket(L), bytes, sizeof bytes, 0);
    if (n < 0 && errno != EAGAIN)
        return failed(L);
    if (n == 0) {
        lua_pushnil(L);
        lua_pushliteral(L, "eof");
        return 2;
    }
    lua_pushlstring(L, bytes, n < 0 ? 0 : (size_t)n);
    return 1;
}

static int l_raw_finish(lua_State *L) {
    shutdown(*checksocket(L), SHUT_WR);
    return 0;
}

static int l_raw_close(lua_State *L) {
    int *fd = checksocket(L);
    if (*fd != -1)
        close(*fd);
    *fd = -1;
    return 0;
}

static int l_raw_abort(lua_State *L) {
    const struct linger now = {1, 0};
    setsockopt(*checksocket(L), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return l_raw_close(L);
}

static const luaL_Reg raw_functions[] = {
    {"connect", l_raw_connect},
    {"send", l_raw_send},
    {"recv", l_raw_recv},
    {"finish", l_raw_finish},
    {"close", l_raw_close},
    {"abort", l_raw_abort},
    {NULL, NULL},
};

int luaopen_raw(lua_State *L) {
    luaL_newmetatable(L, SOCKET_MT);
    lua_pushcfunction(L, l_raw_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, l_raw_close);
    lua_setfield(L, -2, "__close");
    luaL_newlib(L, raw_functions);
    return 1;
}
