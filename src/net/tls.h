/* tls.h -- a server's side of TLS 1.2 and 1.3, by GnuTLS. Nothing blocks: what would have to
 * wait for the client says so, and is tried again when something has come. */

#ifndef TARN_TLS_H
#define TARN_TLS_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;         /* a certificate and its key */
struct tls_session; /* one connection */

/* PEM texts, of which nothing is kept. NULL with `*f` filled if they are none, or do not
 * belong together. */
struct tls *tls_new(const char *certificate, const char *key, struct fault *f);
void tls_free(struct tls *t);

/* For a socket that does not block, and stays the caller's; NULL when memory runs out. */
struct tls_session *tls_open(struct tls *t, int fd);

/* Tells the client that this is the end, if it can be told at once. NULL is let pass. */
void tls_close(struct tls_session *s);

enum tls_progress { TLS_DONE, TLS_WAITING, TLS_FAILED };
enum tls_progress tls_handshake(struct tls_session *s);

/* As recv and send: -1 with errno EAGAIN if it has to wait, 0 from tls_recv at the end. A
 * send that had to wait is to be repeated with the same bytes. */
ssize_t tls_recv(struct tls_session *s, void *bytes, size_t room);
ssize_t tls_send(struct tls_session *s, const void *bytes, size_t size);

/* Bytes that have come since the session was opened: those of half a record count too. */
size_t tls_received(const struct tls_session *s);

#endif
