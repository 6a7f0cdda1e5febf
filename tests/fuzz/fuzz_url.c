/* Escaping can be undone. Of a URL we and libcurl see the same host: what we hold for this
 * machine's own gets secrets over plain http. */

#include "base/url.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check_escapes(const char *text, size_t size) {
    struct buf there = {0}, back = {0};
    FUZZ_CHECK(url_escape(&there, text, size) &&
               url_unescape(&back, there.bytes, there.size, true));
    FUZZ_CHECK(back.size == size && (size == 0 || memcmp(back.bytes, text, size) == 0));
    for (size_t i = 0; i < there.size; i++)
        FUZZ_CHECK(there.bytes[i] > ' ' && strchr("&=?#/+", there.bytes[i]) == NULL);
    buf_free(&there);
    buf_free(&back);
    FUZZ_CHECK(url_path(&there, text, size) &&
               url_unescape(&back, there.bytes, there.size, false));
    FUZZ_CHECK(back.size == size && (size == 0 || memcmp(back.bytes, text, size) == 0));
    buf_free(&there);
    buf_free(&back);
    FUZZ_CHECK(url_unescape(&back, text, size, false) && back.size <= size);
    buf_free(&back);
}

static void check_query(const char *name, const char *value, size_t size) {
    struct buf b = {0}, back = {0};
    FUZZ_CHECK(buf_str(&b, "/p") && url_query(&b, name, value, size) &&
               url_query(&b, "n", "", 0));
    const char *from = strchr(b.bytes, '=') + 1, *to = strrchr(b.bytes, '&');
    FUZZ_CHECK(b.bytes[2] == '?' && to != NULL && strcmp(to, "&n=") == 0);
    FUZZ_CHECK(url_unescape(&back, from, (size_t)(to - from), true));
    FUZZ_CHECK(back.size == size && (size == 0 || memcmp(back.bytes, value, size) == 0));
    buf_free(&b);
    buf_free(&back);
}

static bool is_this_machine(const char *host) {
    struct in_addr v4;
    size_t size = strlen(host);
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (size > 10 && strcasecmp(host + size - 10, ".localhost") == 0) ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

static void check_host(const char *url, const struct url_parts *u) {
    CURLU *parsed = curl_url();
    char *host = NULL, *user = NULL;
    FUZZ_CHECK(u->host >= url && u->host_size > 0 &&
               u->host + u->host_size <= url + strlen(url));
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        FUZZ_CHECK(curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
        FUZZ_CHECK(curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        FUZZ_CHECK(!u->local || is_this_machine(host));
    }
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    struct url_parts u;
    size_t value_size;
    check_escapes((const char *)data, size);
    char *url = fuzz_part(&in, NULL), *value = fuzz_part(&in, &value_size);
    check_query(url, value, value_size);
    if (url_read(url, &u))
        check_host(url, &u);
    free(url);
    free(value);
    return 0;
}
