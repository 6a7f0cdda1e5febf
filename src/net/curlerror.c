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
        fault_memory(f, "the answer of %s", host);
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

/* ---- the proxy's failures, which are not the host's ---- */

/* The proxy took the connection, but will not carry it on. */
static void proxy_refused(const struct curlerror *c, const char *proxy, const char *host,
                          struct fault *f) {
    fault_set(f, FAULT_NETWORK, "the proxy %s does not connect us to %s: status %ld",
              proxy, host, c->proxy_status);
    if (c->proxy_status == 407)
        fault_hint(f, "it wants credentials: %s=http://user:password@%s",
                   c->route->variable, proxy);
    else
        fault_hint(f, "check %s and NO_PROXY, or ask who runs the proxy",
                   c->route->variable);
}

/* True for "Unsupported proxy syntax in ..." and "Unsupported proxy scheme for ...". */
static bool is_unsupported(const struct curlerror *c) {
    return strncmp(c->detail, "Unsupported proxy", 17) == 0;
}

/* libcurl's message about a proxy that it cannot read holds the whole variable, with its
 * password, and is not shown. */
static void proxy_unreadable(const struct curlerror *c, const char *proxy,
                             struct fault *f) {
    if (c->result == CURLE_COULDNT_RESOLVE_PROXY && !is_unsupported(c))
        fault_set(f, FAULT_NETWORK, "no such host: the proxy %s, which %s names", proxy,
                  c->route->variable);
    else
        fault_set(f, FAULT_NETWORK, "%s does not name a proxy that can be used",
                  c->route->variable);
    fault_hint(
        f, "it has the form http://user:password@host:port, with %%40 for an @ in the "
           "password; NO_PROXY lists hosts that are asked directly");
}

static void proxy_unreachable(const struct curlerror *c, const char *proxy,
                              struct fault *f) {
    fault_set(f, c->result == CURLE_OPERATION_TIMEDOUT ? FAULT_TIMEOUT : FAULT_NETWORK,
              "cannot connect to the proxy %s: %s", proxy,
              c->os_error != 0                        ? strerror((int)c->os_error)
              : c->result == CURLE_OPERATION_TIMEDOUT ? "no answer in time"
                                                      : "no connection");
    fault_hint(f, "%s names it; NO_PROXY lists hosts that are asked directly",
               c->route->variable);
}

/* True if the proxy is the cause. Then `*f` is filled, and `*lasting` is true if
 * trying again will not help. */
static bool is_of_proxy(const struct curlerror *c, const char *host, struct fault *f,
                        bool *lasting) {
    char proxy[URL_HOST_AT_MOST + 1];
    if (c->route->proxy == NULL || c->connected)
        return false;
    route_proxy_host(c->route, proxy, sizeof proxy);
    *lasting = false;
    if (c->proxy_status >= 300) {
        proxy_refused(c, proxy, host, f);
        *lasting = c->proxy_status < 500;
    } else if (c->result == CURLE_COULDNT_RESOLVE_PROXY ||
               c->result == CURLE_URL_MALFORMAT ||
               c->result == CURLE_UNSUPPORTED_PROTOCOL || is_unsupported(c)) {
        proxy_unreadable(c, proxy, f);
        *lasting = true;
    } else if (c->result == CURLE_COULDNT_CONNECT ||
               c->result == CURLE_OPERATION_TIMEDOUT ||
               c->result == CURLE_COULDNT_RESOLVE_HOST) {
        proxy_unreachable(c, proxy, f);
    } else {
        return false;
    }
    return true;
}

static void unknown_host(const char *host, struct fault *f) {
    fault_set(f, FAULT_NETWORK, "no such host: %s", host);
    fault_hint(
        f, "check the host's spelling, and that names can be resolved here (DNS, VPN)");
}

enum { TOO_LARGE = 100 }; /* CURLE_TOO_LARGE, which libcurl has since 8.6 */

/* More headers than we keep, or than libcurl takes: "Too many response headers, 5000 is max", "Too
 * large response headers". A line that is too long is TOO_LARGE; old versions of libcurl call that
 * a lack of memory. */
static bool has_large_headers(const struct curlerror *c) {
    if (c->headers_full || strstr(c->detail, "response headers") != NULL)
        return true;
    return c->connected && ((int)c->result == TOO_LARGE ||
                            (c->result == CURLE_OUT_OF_MEMORY && !c->no_memory));
}

/* One cause, one message, and what to do. */
bool curlerror_explain(const struct curlerror *c, struct fault *f) {
    struct url_parts u = {.host = ""};
    char host[URL_HOST_AT_MOST + 1];
    url_read(c->url, &u);
    snprintf(host, sizeof host, "%.*s", u.host_size, u.host);
    bool lasting;
    if (is_of_proxy(c, host, f, &lasting))
        return lasting;
    if (has_large_headers(c)) {
        fault_set(f, FAULT_PARSE, "the headers of the answer of %s are too large", host);
        fault_hint(
            f, "a workspace sends at most some kilobytes: check the host and the proxy");
        return true;
    }
    switch (c->result) {
    case CURLE_OPERATION_TIMEDOUT:
        timed_out(c, host, f);
        return false;
    case CURLE_COULDNT_RESOLVE_HOST:
        unknown_host(host, f);
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
        fault_memory(f, "a request to %s", host);
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
    case CURLE_UNSUPPORTED_PROTOCOL: /* libcurl's code for an answer without a header */
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
