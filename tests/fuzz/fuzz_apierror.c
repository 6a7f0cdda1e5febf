/* Whatever a workspace answers: a message of one line, whole characters, no token by its look
 * that begins a word. The input: a byte for the status, headers, a 0, the body; a byte 0x01 in
 * the body stands for a blank and the token. */

#include "base/yamlscalar.h"
#include "dbx/apierror.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* A blank before each mark, so that the token begins a word. */
static char *body_of(struct fuzz_input *in, size_t *size) {
    struct buf spaced = {0};
    size_t n;
    char *text = fuzz_part(in, &n);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK((text[i] != 1 || buf_add(&spaced, " ", 1)) &&
                   buf_add(&spaced, text + i, 1));
    char *body = fuzz_with_secret(spaced.size > 0 ? spaced.bytes : "", spaced.size, size);
    buf_free(&spaced);
    free(text);
    return body;
}

/* `hidden`: the token stands only where it begins a word. */
static void check(const struct http_response *r, bool external, bool hidden) {
    struct fault f = {0};
    if (apierror_check(r, "example.org", external, &f)) {
        FUZZ_CHECK(r->status >= 200 && r->status < 300);
    } else {
        FUZZ_CHECK(f.kind == FAULT_HTTP || f.kind == FAULT_AUTH);
        FUZZ_CHECK(f.status == r->status);
        fuzz_check_fault(&f);
        if (hidden)
            fuzz_check_hidden(&f);
        FUZZ_CHECK(!yamlscalar_utf8(r->body.bytes, r->body.size) ||
                   !yamlscalar_utf8(r->headers.bytes, r->headers.size) ||
                   yamlscalar_utf8(f.message, strlen(f.message)));
    }
    int ms = apierror_after_ms(r, 1767225600);
    FUZZ_CHECK(ms >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int statuses[] = {200, 204, 302, 400, 401, 403, 404, 409,
                                   429, 499, 500, 501, 503, 504, 100, 999};
    struct fuzz_input in = {data, size};
    struct http_response r = {.status = statuses[fuzz_byte(&in) % 16]};
    r.headers.bytes = fuzz_part(&in, &r.headers.size);
    r.body.bytes = body_of(&in, &r.body.size);
    bool hidden = !fuzz_holds((const char *)data, size, FUZZ_SECRET);
    check(&r, false, hidden);
    check(&r, true, hidden);
    free(r.headers.bytes);
    free(r.body.bytes);
    return 0;
}
