/* A host that was taken is taken again as it stands; it is one for url_read and for libcurl,
 * and without https it is this machine. */

#include "base/url.h"
#include "dbx/host.h"
#include "fuzz.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static void check_for_curl(const char *url) {
    CURLU *parsed = curl_url();
    char *host = NULL, *text = NULL;
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK) {
        FUZZ_CHECK(curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        FUZZ_CHECK(curl_url_get(parsed, CURLUPART_PATH, &text, 0) == CURLUE_OK);
        FUZZ_CHECK(strstr(url, host) != NULL || strchr(url, '[') != NULL ||
                   strspn(strstr(url, "://") + 3, "0123456789abcdefx.:") ==
                       strlen(strstr(url, "://") + 3));
        FUZZ_CHECK(strcmp(text, "/") == 0);
    }
    curl_free(host);
    curl_free(text);
    curl_url_cleanup(parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct host h, again;
    struct url_parts u;
    struct fault f = {0};
    char *text = fuzz_text(data, size);
    if (host_parse(text, &h, &f)) {
        FUZZ_CHECK(host_parse(h.url, &again, &f) && strcmp(again.url, h.url) == 0);
        FUZZ_CHECK(again.azure_environment == h.azure_environment);
        FUZZ_CHECK(url_read(h.url, &u) && (u.https || u.local));
        FUZZ_CHECK(u.host + u.host_size == h.url + strlen(h.url));
        FUZZ_CHECK(strspn(h.workspace_id, "0123456789") == strlen(h.workspace_id));
        FUZZ_CHECK(!host_is_account(h.url) || strstr(h.url, "accounts") != NULL);
        FUZZ_CHECK(!host_is_azure(h.url) || strstr(h.url, "azure") != NULL);
        check_for_curl(h.url);
    } else {
        FUZZ_CHECK(f.kind == FAULT_AUTH);
        fuzz_check_fault(&f);
    }
    free(text);
    return 0;
}
