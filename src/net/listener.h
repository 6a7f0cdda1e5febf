/* listener.h -- a socket that listens. */

#ifndef TARN_LISTENER_H
#define TARN_LISTENER_H

#include "base/fault.h"

/* At an address or a name of this machine; port 0 takes a free one, and `*bound` is the port
 * that it is. It does not block. -1 with `*f` filled if that cannot be had. */
int listener_open(const char *host, int port, int *bound, struct fault *f);

#endif
