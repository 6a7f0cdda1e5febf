#include "net/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Only key exchanges with forward secrecy, and ciphers with authentication. */
#define PRIORITIES                                                                       \
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"                                      \
    ":-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"                          \
    ":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:%SERVER_PRECEDENCE"

#define MOST_WARNINGS 8

struct tls {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
};

struct tls_session {
    gnutls_session_t session;
    int fd;
    size_t received;
    bool half_sent; /* GnuTLS holds a record that is not sent yet */
    bool open;      /* the handshake is complete, and nothing has failed */
};

static gnutls_datum_t datum(const char *text) {
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

struct tls *tls_new(const char *certificate, const char *key, struct fault *f) {
    gnutls_datum_t c = datum(certificate), k = datum(key);
    struct tls *t = calloc(1, sizeof *t);
    int error = t == NULL ? GNUTLS_E_MEMORY_ERROR
                          : gnutls_certificate_allocate_credentials(&t->credentials);
    if (error == 0)
        error = gnutls_priority_init(&t->priorities, PRIORITIES, NULL);
    if (error == 0)
        error = gnutls_certificate_set_x509_key_mem2(t->credentials, &c, &k,
                                                     GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error >= 0)
        return t;
    tls_free(t);
    fault_set(f, FAULT_IO, "the certificate and its key cannot be used: %s",
              gnutls_strerror(error));
    return NULL;
}

void tls_free(struct tls *t) {
    if (t == NULL)
        return;
    if (t->credentials != NULL)
        gnutls_certificate_free_credentials(t->credentials);
    if (t->priorities != NULL)
        gnutls_priority_deinit(t->priorities);
    free(t);
}

/* ---- the transport that GnuTLS calls ---- */

static ssize_t pull(gnutls_transport_ptr_t ud, void *bytes, size_t room) {
    struct tls_session *s = ud;
    ssize_t n = recv(s->fd, bytes, room, 0);
    if (n > 0)
        s->received += (size_t)n;
    else if (n < 0)
        gnutls_transport_set_errno(s->session, errno);
    return n;
}

static ssize_t push(gnutls_transport_ptr_t ud, const giovec_t *parts, int count) {
    struct tls_session *s = ud;
    struct msghdr m = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    ssize_t n = sendmsg(s->fd, &m, MSG_NOSIGNAL);
    if (n < 0)
        gnutls_transport_set_errno(s->session, errno);
    return n;
}

/* ---- a session ---- */

static bool prepare(struct tls_session *s, struct tls *t) {
    static const gnutls_datum_t http = {(unsigned char *)"http/1.1", 8};
    if (gnutls_priority_set(s->session, t->priorities) != 0 ||
        gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, t->credentials) != 0 ||
        gnutls_alpn_set_protocols(s->session, &http, 1, 0) != 0)
        return false;
    gnutls_certificate_server_set_request(s->session, GNUTLS_CERT_IGNORE);
    gnutls_handshake_set_timeout(s->session,
                                 GNUTLS_INDEFINITE_TIMEOUT); /* the caller has its own */
    gnutls_transport_set_ptr(s->session, s);
    gnutls_transport_set_pull_function(s->session, pull);
    gnutls_transport_set_vec_push_function(s->session, push);
    return true;
}

struct tls_session *tls_open(struct tls *t, int fd) {
    struct tls_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->fd = fd;
    if (gnutls_init(&s->session, GNUTLS_SERVER | GNUTLS_NONBLOCK) != 0) {
        free(s);
        return NULL;
    }
    if (prepare(s, t))
        return s;
    tls_close(s);
    return NULL;
}

void tls_close(struct tls_session *s) {
    if (s == NULL)
        return;
    if (s->open)
        gnutls_bye(s->session, GNUTLS_SHUT_WR);
    gnutls_deinit(s->session);
    free(s);
}

static bool is_again(ssize_t error) {
    return error == GNUTLS_E_AGAIN || error == GNUTLS_E_INTERRUPTED;
}

/* True for a warning of the client; the call can be repeated. */
static bool is_warning(ssize_t error, int tries) {
    return error < 0 && !is_again(error) && !gnutls_error_is_fatal((int)error) &&
           tries < MOST_WARNINGS;
}

enum tls_progress tls_handshake(struct tls_session *s) {
    int error = gnutls_handshake(s->session);
    for (int tries = 0; is_warning(error, tries); tries++)
        error = gnutls_handshake(s->session);
    if (error == 0) {
        s->open = true;
        return TLS_DONE;
    }
    if (is_again(error))
        return TLS_WAITING;
    gnutls_alert_send_appropriate(s->session, error);
    return TLS_FAILED;
}

static ssize_t failed(struct tls_session *s) {
    s->open = false;
    errno = EPROTO;
    return -1;
}

ssize_t tls_recv(struct tls_session *s, void *bytes, size_t room) {
    ssize_t n = gnutls_record_recv(s->session, bytes, room);
    for (int tries = 0; n != GNUTLS_E_REHANDSHAKE && is_warning(n, tries); tries++)
        n = gnutls_record_recv(s->session, bytes, room);
    if (n >= 0)
        return n;
    if (n == GNUTLS_E_PREMATURE_TERMINATION)
        return 0; /* the request's own length tells whether it is complete */
    if (n == GNUTLS_E_REHANDSHAKE) {
        gnutls_alert_send(s->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
        return failed(s);
    }
    if (!is_again(n))
        return failed(s);
    errno = EAGAIN;
    return -1;
}

ssize_t tls_send(struct tls_session *s, const void *bytes, size_t size) {
    ssize_t n = s->half_sent ? gnutls_record_send(s->session, NULL, 0)
                             : gnutls_record_send(s->session, bytes, size);
    s->half_sent = is_again(n);
    if (n >= 0)
        return n;
    if (!s->half_sent)
        return failed(s);
    errno = EAGAIN;
    return -1;
}

size_t tls_received(const struct tls_session *s) {
    return s->received;
}
