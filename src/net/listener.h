/* listener.h -- opens a socket that listens. */

#ifndef TARN_LISTENER_H
#define TARN_LISTENER_H

#include "base/fault.h"

/* Listen at an address or a name of this machine; port 0 chooses a free port. `*bound` is
 * set to the port. The socket does not block. -1 with `*f` filled on failure. */
int listener_open(const char *host, int port, int *bound, struct fault *f);

#endif
