/* Raw bytes to the TLS port: before, in and after a handshake. The server waits while nothing
 * comes, and takes others in as before. The input's first byte says when the bytes go out: at
 * once, after so many rounds of a handshake, or after it, then encrypted. */

#include "fuzz.h"
#include "loopback.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

static struct loopback server;
static gnutls_certificate_credentials_t nobody;

/* A certificate for nobody in particular. */
static void make_certificate(gnutls_datum_t *certificate, gnutls_datum_t *key) {
    gnutls_x509_privkey_t private_key;
    gnutls_x509_crt_t crt;
    time_t now = time(NULL);
    unsigned char serial = 1;
    gnutls_x509_privkey_init(&private_key);
    gnutls_x509_crt_init(&crt);
    FUZZ_CHECK(gnutls_x509_privkey_generate(
                   private_key, GNUTLS_PK_ECDSA,
                   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
    FUZZ_CHECK(gnutls_x509_crt_set_key(crt, private_key) == 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, &serial, 1);
    gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
    gnutls_x509_crt_set_activation_time(crt, now - 3600);
    gnutls_x509_crt_set_expiration_time(crt, now + 86400);
    FUZZ_CHECK(gnutls_x509_crt_sign2(crt, crt, private_key, GNUTLS_DIG_SHA256, 0) == 0);
    FUZZ_CHECK(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, certificate) == 0);
    FUZZ_CHECK(gnutls_x509_privkey_export2(private_key, GNUTLS_X509_FMT_PEM, key) == 0);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(private_key);
}

static gnutls_session_t new_session(int fd) {
    gnutls_session_t s;
    FUZZ_CHECK(gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) == 0);
    gnutls_set_default_priority(s);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, nobody);
    gnutls_transport_set_int(s, fd);
    return s;
}

/* True if it is complete after at most so many rounds. */
static bool shake_hands(gnutls_session_t s, int rounds) {
    int result = GNUTLS_E_AGAIN;
    for (int i = 0; i < rounds && result == GNUTLS_E_AGAIN; i++) {
        result = gnutls_handshake(s);
        loopback_settle(&server);
    }
    return result == 0;
}

static void check_alive(void) {
    static const char request[] = "GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[2048];
    ssize_t n = GNUTLS_E_AGAIN;
    int fd = loopback_connect(&server);
    gnutls_session_t s = new_session(fd);
    FUZZ_CHECK(shake_hands(s, 50));
    FUZZ_CHECK(gnutls_record_send(s, request, sizeof request - 1) == sizeof request - 1);
    for (int i = 0; i < 50 && n == GNUTLS_E_AGAIN; i++) {
        loopback_settle(&server);
        n = gnutls_record_recv(s, answer, sizeof answer);
    }
    FUZZ_CHECK(n > 0 && fuzz_holds(answer, (size_t)n, "HTTP/1.1 200"));
    gnutls_deinit(s);
    loopback_close(&server, fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    gnutls_datum_t certificate, key;
    (void)argc;
    (void)argv;
    make_certificate(&certificate, &key);
    loopback_start(&server, (const char *)certificate.data, (const char *)key.data);
    gnutls_free(certificate.data);
    gnutls_free(key.data);
    FUZZ_CHECK(gnutls_certificate_allocate_credentials(&nobody) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct buf answer = {0};
    int rounds = fuzz_byte(&in) % 8, fd = loopback_connect(&server);
    gnutls_session_t s = new_session(fd);
    bool open = true;
    if (rounds == 7 && shake_hands(s, 50))
        gnutls_record_send(s, in.at, in.size);
    else if (rounds == 7 || !shake_hands(s, rounds))
        open = loopback_send(&server, fd, in.at, in.size);
    loopback_settle(&server);
    loopback_check_idle(&server);
    if (open)
        loopback_receive(&server, fd, &answer);
    buf_free(&answer);
    gnutls_deinit(s);
    loopback_close(&server, fd);
    check_alive();
    return 0;
}
