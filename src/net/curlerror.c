#include "net/curlerror.h"

#include "base/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void timed_out(const struct curlerror *c, const char *host, struct fault *f) {
    if (c->connected) {
        fault_set(f, FAULT_TIMEOUT, "no complete answer from %s within %.3g s", host,
                  c->total_ms / 1000.0);
        return;
    }
    int limit = c->connect_ms < c->total_ms ? c->connect_ms : c->total_ms;
    fault_set(f, FAULT_TIMEOUT, "no connection to %s within %.3g s", host,
              limit / 1000.0);
    fault_hint(f, "check the host, VPN and firewall");
}

static void refused(const struct curlerror *c, const char *host, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "cannot connect to %s: %s", host,
              c->os_error != 0 ? strerror((int)c->os_error) : c->detail);
    fault_hint(f, c->os_error == ECONNREFUSED
                      ? "nothing listens there: check host and port"
                      : "check the host, VPN, firewall and proxy settings");
}

static void cut_off(const struct curlerror *c, const char *host, const char *detail,
                    struct fault *f) {
    if (c->status == 0)
        fault_set(f, FAULT_NETWORK, "%s closed the connection without an answer%s%s",
                  host, *detail != '\0' ? ": " : "", detail);
    else {
        fault_set(f, FAULT_NETWORK, "the answer of %s was cut off after %zu bytes", host,
                  c->got);
        fault_hint(
            f, "try again; if it stays, something between here and there cuts answers");
    }
}

static void too_large(const struct curlerror *c, const char *host, struct fault *f) {
    if (c->no_memory)
        fault_set(f, FAULT_IO, "not enough memory for the answer of %s", host);
    else
        fault_set(f, FAULT_IO, "the answer of %s is larger than %zu bytes", host,
                  c->max_body);
}

static void untrusted(const struct curlerror *c, const char *host, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "the certificate of %s is not trusted: %s", host,
              c->detail);
    fault_hint(f, "if your network inspects TLS, name its CA file in CURL_CA_BUNDLE or "
                  "SSL_CERT_FILE; check the host and this machine's clock");
}

/* The proxy took the connection, but will not carry it on. */
static void proxy_refused(const struct curlerror *c, const char *host, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "the proxy does not connect us to %s: status %ld", host,
              c->proxy_status);
    fault_hint(f, c->proxy_status == 407
                      ? "it wants credentials: HTTPS_PROXY=http://user:password@host:port"
                      : "check HTTPS_PROXY and NO_PROXY, or ask who runs the proxy");
}

static void unknown_host(const char *host, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "no such host: %s", host);
    fault_hint(
        f, "check the host's spelling, and that names can be resolved here (DNS, VPN)");
}

/* One cause, one message, and what to do. */
bool curlerror_explain(const struct curlerror *c, struct fault *f) {
    struct url_parts u = {.host = ""};
    char host[URL_HOST_AT_MOST + 1];
    url_read(c->url, &u);
    snprintf(host, sizeof host, "%.*s", u.host_size, u.host);
    if (!c->connected && c->proxy_status >= 300) {
        proxy_refused(c, host, f);
        return c->proxy_status < 500;
    }
    switch (c->result) {
    case CURLE_OPERATION_TIMEDOUT:
        timed_out(c, host, f);
        return false;
    case CURLE_COULDNT_RESOLVE_HOST:
        unknown_host(host, f);
        return false;
    case CURLE_COULDNT_RESOLVE_PROXY:
        fault_set(f, FAULT_NETWORK, "no such proxy host: %s", c->detail);
        fault_hint(f, "check HTTPS_PROXY, ALL_PROXY and NO_PROXY");
        return false;
    case CURLE_COULDNT_CONNECT:
        refused(c, host, f);
        return false;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        untrusted(c, host, f);
        return true;
    case CURLE_SSL_CACERT_BADFILE:
        fault_set(f, FAULT_IO, "cannot read the CA certificates: %s", c->detail);
        fault_hint(f, "check CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR");
        return true;
    case CURLE_SSL_CONNECT_ERROR:
        fault_set(f, FAULT_NETWORK, "TLS with %s failed: %s", host, c->detail);
        fault_hint(f, "is this an https port, and is the proxy right?");
        return false;
    case CURLE_WRITE_ERROR:
        too_large(c, host, f);
        return true;
    case CURLE_OUT_OF_MEMORY:
        fault_set(f, FAULT_IO, "not enough memory for a request to %s", host);
        return false;
    case CURLE_GOT_NOTHING:
    case CURLE_ABORTED_BY_CALLBACK:
        cut_off(c, host, "", f);
        return false;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        cut_off(c, host, c->detail, f);
        return false;
    case CURLE_BAD_CONTENT_ENCODING:
        fault_set(f, FAULT_PARSE, "the answer of %s is not compressed as it says", host);
        return false;
    case CURLE_UNSUPPORTED_PROTOCOL: /* what libcurl calls an answer without a header */
    case CURLE_WEIRD_SERVER_REPLY:
        fault_set(f, FAULT_PARSE, "%s does not speak HTTP", host);
        fault_hint(f, "check host and port");
        return true;
    case CURLE_URL_MALFORMAT:
        fault_set(f, FAULT_PARSE, "not a URL: the host %s", host);
        return true;
    default:
        fault_set(f, FAULT_NETWORK, "%s: %s", host, c->detail);
        return false;
    }
}
