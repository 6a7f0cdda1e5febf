/* The list of no_proxy, and a proxy: a host that stands in the list is excepted, in either case of
 * its letters, and an empty list excepts none; of a proxy no password is shown. The input: a list,
 * a 0, a host; or for the proxy what stands before and behind the @. */

#include "base/url.h"
#include "fuzz.h"
#include "net/route.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_plain(const char *host) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    size_t size = strlen(host);
    return size > 0 && size < 200 && strspn(host, allowed) == size && host[0] != '.' &&
           host[size - 1] != '.';
}

static void check_list(const char *list, char *host) {
    size_t size = strlen(host), room = strlen(list) + size + 4;
    bool excepted = route_is_excepted(list, host, size, true);
    char *more = malloc(room);
    FUZZ_CHECK(!excepted || strspn(list, " ,\t") != strlen(list));
    snprintf(more, room, "%s, *", list);
    FUZZ_CHECK(!is_plain(host) || route_is_excepted(more, host, size, true));
    snprintf(more, room, "%s,%s", list, host);
    FUZZ_CHECK(!is_plain(host) || route_is_excepted(more, host, size, true));
    for (char *c = host; *c != '\0'; c++)
        *c = (char)(isupper((unsigned char)*c) ? tolower((unsigned char)*c)
                                               : toupper((unsigned char)*c));
    FUZZ_CHECK(route_is_excepted(list, host, size, true) == excepted);
    free(more);
}

static void check_proxy(const char *before, const char *behind) {
    char out[URL_HOST_AT_MOST + 1];
    size_t room = strlen(before) + strlen(behind) + 16;
    char *proxy = malloc(room);
    snprintf(proxy, room, "http://%s~@%s", before, behind);
    route_proxy_host(&(struct route){proxy, "https_proxy"}, out, sizeof out);
    FUZZ_CHECK(memchr(out, 0, sizeof out) != NULL);
    /* a slash before the @ ends the host: then there is no password */
    bool secret = strpbrk(before, "/?#\\") == NULL && strchr(behind, '~') == NULL;
    FUZZ_CHECK(!secret || strchr(out, '~') == NULL);
    free(proxy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = {data, size};
    char *list = fuzz_part(&in, NULL), *host = fuzz_part(&in, NULL);
    check_proxy(list, host);
    check_list(list, host);
    free(list);
    free(host);
    return 0;
}
