/* A request and its answer become one line that is JSON, in which no token is that begins a
 * word, nor a secret that is known. The input, with 0 between: the URL behind the host,
 * the body, the headers of the answer, its body; 0x01 stands for a quote and the secret. */

#define _GNU_SOURCE /* open_memstream */
#include "base/json.h"
#include "fuzz.h"
#include "net/record.h"

#include <stdlib.h>
#include <string.h>

#define KNOWN "no.token-by-its-look"

static struct buf body_of(struct fuzz_input *in) {
    struct buf out = {0};
    size_t size;
    char *text = fuzz_part(in, &size);
    for (size_t i = 0; i < size; i++)
        FUZZ_CHECK(text[i] == 1 ? buf_str(&out, "\"" KNOWN) : buf_add(&out, text + i, 1));
    free(text);
    return out;
}

static char *url_of(struct fuzz_input *in) {
    struct buf url = {0};
    size_t size;
    char *path = fuzz_part(in, &size);
    FUZZ_CHECK(buf_str(&url, "https://user:" KNOWN "@example.org/") &&
               buf_add(&url, path, size) && buf_add(&url, "", 1));
    free(path);
    return url.bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const none[] = {NULL};
    static struct secretset known;
    secretset_add(&known, KNOWN, strlen(KNOWN));
    struct fuzz_input in = {data, size};
    char *url = url_of(&in), *line = NULL;
    size_t length = 0;
    struct buf sent = body_of(&in), headers = body_of(&in), body = body_of(&in);
    struct trace_call call = {.method = "POST",
                              .url = url,
                              .known = &known,
                              .headers = none,
                              .body = sent.bytes,
                              .body_size = sent.size};
    struct http_response r = {.status = 200, .headers = headers, .body = body};
    FILE *out = open_memstream(&line, &length);
    FUZZ_CHECK(out != NULL && record_exchange(out, &call, &r));
    fclose(out);
    FUZZ_CHECK(length > 1 && line[length - 1] == '\n' &&
               strchr(line, '\n') == line + length - 1);
    FUZZ_CHECK(json_type(json_root(line, length)) == '{');
    struct json shown = json_root(line, length);
    struct json sent_shown = json_at(shown, "request"), got = json_at(shown, "body");
    FUZZ_CHECK(!fuzz_holds(sent_shown.text, sent_shown.size, KNOWN));
    FUZZ_CHECK(!fuzz_holds(got.text, got.size, KNOWN));
    free(line);
    free(url);
    buf_free(&sent);
    buf_free(&headers);
    buf_free(&body);
    return 0;
}
