/* raw.h -- sockets as a test wants them: bytes out, bytes in, nothing understood. */

#ifndef TARN_RAW_H
#define TARN_RAW_H

#include <lua.h>

/* Push the library `raw`, for scripts that poll with task.sleep:
 *   raw.connect(port [, receive_buffer [, from]]) -> fd, a box that closes it
 *   raw.send(fd, bytes) -> how many went (0: try later), or nil, error
 *   raw.recv(fd) -> bytes ("": nothing yet), or nil, "eof" or an error
 *   raw.finish(fd)  no more will be sent;  raw.close(fd);  raw.abort(fd) with a reset
 * [-0, +1, m] */
int luaopen_raw(lua_State *L);

#endif
