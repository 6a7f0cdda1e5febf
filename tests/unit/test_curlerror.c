#include "net/curlerror.h"
#include "net/route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct route direct = {NULL, NULL},
                          proxied = {"http://u:secret@proxy:3128", "https_proxy"};

/* One that knows nothing but its code, of a host whose URL has a query. */
#define OF(code, way)                                                                    \
    .result = (code), .url = "https://host.example:8443/path?secret", .detail = "words", \
    .route = &(way), .connect_ms = 10000, .total_ms = 2500, .max_body = 1000

static const struct row {
    const char *why;
    struct curlerror error;
    enum fault_kind kind;
    const char *message, *hint; /* the hint holds this */
    bool lasting;
} rows[] = {
    {"no answer",
     {OF(CURLE_OPERATION_TIMEDOUT, direct), .connected = true},
     FAULT_TIMEOUT,
     "no complete answer from host.example:8443 within 2.5 s",
     "",
     false},
    {"no connection in time",
     {OF(CURLE_OPERATION_TIMEDOUT, direct)},
     FAULT_TIMEOUT,
     "no connection to host.example:8443 within 2.5 s",
     "firewall",
     false},
    {"no such name",
     {OF(CURLE_COULDNT_RESOLVE_HOST, direct)},
     FAULT_NETWORK,
     "no such host: host.example:8443",
     "DNS",
     false},
    {"refused",
     {OF(CURLE_COULDNT_CONNECT, direct), .os_error = ECONNREFUSED},
     FAULT_NETWORK,
     "cannot connect to host.example:8443: Connection refused",
     "nothing listens",
     false},
    {"not reached",
     {OF(CURLE_COULDNT_CONNECT, direct)},
     FAULT_NETWORK,
     "cannot connect to host.example:8443: words",
     "proxy settings",
     false},
    {"untrusted",
     {OF(CURLE_PEER_FAILED_VERIFICATION, direct)},
     FAULT_NETWORK,
     "the certificate of host.example:8443 is not trusted: words",
     "CURL_CA_BUNDLE",
     true},
    {"issuer",
     {OF(CURLE_SSL_ISSUER_ERROR, direct)},
     FAULT_NETWORK,
     "the certificate of host.example:8443 is not trusted: words",
     "clock",
     true},
    {"no CA file",
     {OF(CURLE_SSL_CACERT_BADFILE, direct)},
     FAULT_IO,
     "cannot read the CA certificates: words",
     "SSL_CERT_DIR",
     true},
    {"no TLS there",
     {OF(CURLE_SSL_CONNECT_ERROR, direct)},
     FAULT_NETWORK,
     "TLS with host.example:8443 failed: words",
     "https port",
     false},
    {"too large",
     {OF(CURLE_WRITE_ERROR, direct)},
     FAULT_IO,
     "the answer of host.example:8443 is larger than 1000 bytes",
     "",
     true},
    {"no memory",
     {OF(CURLE_WRITE_ERROR, direct), .no_memory = true},
     FAULT_IO,
     "not enough memory for the answer of host.example:8443",
     "",
     true},
    {"no memory to ask",
     {OF(CURLE_OUT_OF_MEMORY, direct)},
     FAULT_IO,
     "not enough memory for a request to host.example:8443",
     "",
     false},
    {"silence",
     {OF(CURLE_GOT_NOTHING, direct)},
     FAULT_NETWORK,
     "host.example:8443 closed the connection without an answer",
     "",
     false},
    {"cut before an answer",
     {OF(CURLE_RECV_ERROR, direct)},
     FAULT_NETWORK,
     "host.example:8443 closed the connection without an answer: words",
     "",
     false},
    {"cut in an answer",
     {OF(CURLE_PARTIAL_FILE, direct), .status = 200, .got = 17},
     FAULT_NETWORK,
     "the answer of host.example:8443 was cut off after 17 bytes",
     "try again",
     false},
    {"no gzip",
     {OF(CURLE_BAD_CONTENT_ENCODING, direct)},
     FAULT_PARSE,
     "the answer of host.example:8443 is not compressed as it says",
     "",
     false},
    {"no HTTP",
     {OF(CURLE_WEIRD_SERVER_REPLY, direct)},
     FAULT_PARSE,
     "host.example:8443 does not speak HTTP",
     "check host and port",
     true},
    {"no header",
     {OF(CURLE_UNSUPPORTED_PROTOCOL, direct)},
     FAULT_PARSE,
     "host.example:8443 does not speak HTTP",
     "check host and port",
     true},
    {"no URL",
     {OF(CURLE_URL_MALFORMAT, direct)},
     FAULT_PARSE,
     "not a URL: the host host.example:8443",
     "",
     true},
    {"anything else",
     {OF(CURLE_FAILED_INIT, direct)},
     FAULT_NETWORK,
     "host.example:8443: words",
     "",
     false},
    {"the proxy wants a password",
     {OF(CURLE_COULDNT_CONNECT, proxied), .proxy_status = 407},
     FAULT_NETWORK,
     "the proxy proxy:3128 does not connect us to host.example:8443: status 407",
     "https_proxy=http://user:password@proxy:3128",
     true},
    {"the proxy is overloaded",
     {OF(CURLE_COULDNT_CONNECT, proxied), .proxy_status = 503},
     FAULT_NETWORK,
     "the proxy proxy:3128 does not connect us to host.example:8443: status 503",
     "ask who runs the proxy",
     false},
    {"no such proxy",
     {OF(CURLE_COULDNT_RESOLVE_PROXY, proxied)},
     FAULT_NETWORK,
     "no such host: the proxy proxy:3128, which https_proxy names",
     "has the form",
     true},
    {"no proxy at all",
     {OF(CURLE_URL_MALFORMAT, proxied)},
     FAULT_NETWORK,
     "https_proxy does not name a proxy that can be used",
     "has the form",
     true},
    {"the proxy is silent",
     {OF(CURLE_OPERATION_TIMEDOUT, proxied)},
     FAULT_TIMEOUT,
     "cannot connect to the proxy proxy:3128: no answer in time",
     "NO_PROXY",
     false},
    {"the proxy is not there",
     {OF(CURLE_COULDNT_CONNECT, proxied), .os_error = ECONNREFUSED},
     FAULT_NETWORK,
     "cannot connect to the proxy proxy:3128: Connection refused",
     "NO_PROXY",
     false},
    {"behind the proxy all is as without one",
     {OF(CURLE_OPERATION_TIMEDOUT, proxied), .connected = true},
     FAULT_TIMEOUT,
     "no complete answer from host.example:8443 within 2.5 s",
     "",
     false},
};

static void each_failure_has_words_and_no_secret(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fault f;
        bool lasting = curlerror_explain(&rows[i].error, &f);
        if (strcmp(f.message, rows[i].message) != 0 || f.kind != rows[i].kind)
            fail_msg("%s: %s, %s", rows[i].why, fault_kind_name(f.kind), f.message);
        if (strstr(f.hint, rows[i].hint) == NULL || lasting != rows[i].lasting)
            fail_msg("%s: %s, %d", rows[i].why, f.hint, lasting);
        assert_null(strstr(f.message, "secret"));
        assert_null(strstr(f.hint, "secret"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_has_words_and_no_secret),
    };
    return cmocka_run_group_tests_name("curlerror", tests, NULL, NULL);
}
