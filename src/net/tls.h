/* tls.h -- the server's side of TLS 1.2 and 1.3, by GnuTLS. Nothing blocks: a function
 * that would have to wait for the client says so, and is called again when the socket is
 * ready. */

#ifndef TARN_TLS_H
#define TARN_TLS_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;         /* a certificate and its key */
struct tls_session; /* one connection */

/* Takes PEM texts, and keeps no reference to them. NULL with `*f` filled if they are
 * invalid or do not belong together. */
struct tls *tls_new(const char *certificate, const char *key, struct fault *f);
void tls_free(struct tls *t);

/* Takes a socket that does not block. The caller closes it. NULL when memory runs out. */
struct tls_session *tls_open(struct tls *t, int fd);

/* Free a session. Sends close_notify if that is possible without waiting. NULL is
 * allowed. */
void tls_close(struct tls_session *s);

enum tls_progress { TLS_DONE, TLS_WAITING, TLS_FAILED };
enum tls_progress tls_handshake(struct tls_session *s);

/* Like recv and send: -1 with errno EAGAIN if the call would block, 0 from tls_recv at
 * the end. A tls_send that would block must be repeated with the same bytes. */
ssize_t tls_recv(struct tls_session *s, void *bytes, size_t room);
ssize_t tls_send(struct tls_session *s, const void *bytes, size_t size);

/* Number of bytes received so far, including those of incomplete records. */
size_t tls_received(const struct tls_session *s);

#endif
