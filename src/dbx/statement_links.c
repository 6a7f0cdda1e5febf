#include "dbx/statement_links.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Append "Name: value" and a 0 to `text` for each member of http_headers. False when
 * memory runs out. A header that would break the request is left out. */
static bool add_headers(struct json object, struct buf *text, size_t *count) {
    struct json it = {0}, key, value;
    char name[128], content[2048];
    while ((value = json_pair(object, &it, &key)).text != NULL) {
        if (!json_text(key, name, sizeof name) ||
            !json_text(value, content, sizeof content) ||
            strpbrk(name, "\r\n: ") != NULL || strpbrk(content, "\r\n") != NULL)
            continue;
        if (!buf_fmt(text, "%s: %s", name, content) || !buf_add(text, "", 1))
            return false;
        ++*count;
    }
    return true;
}

/* True for https. Plain http is allowed if the workspace itself is reached by it, which
 * is then on this machine. */
static bool link_allowed(const struct statement *s, const char *url) {
    const struct config *c = credentials_config(workspace_credentials(s->ws));
    const char *host = c->attr[CONFIG_HOST].value;
    if (strncmp(url, "https://", 8) == 0)
        return true;
    return strncmp(url, "http://", 7) == 0 && host != NULL &&
           strncmp(host, "http://", 7) == 0;
}

static void ask_link(struct statement *s, const char *url, char *header_text,
                     size_t header_count) {
    const char **headers = calloc(header_count + 1, sizeof *headers);
    if (headers == NULL) {
        statement_run_fail_memory(s);
        return;
    }
    for (size_t i = 0; i < header_count; i++) {
        headers[i] = header_text;
        header_text += strlen(header_text) + 1;
    }
    statement_run_ask(s, FETCHING_LINK,
                      &(struct workspace_request){.method = "GET",
                                                  .path = url,
                                                  .headers = headers,
                                                  .idempotent = true,
                                                  .external = true});
    free(headers);
}

void statement_links_fetch(struct statement *s) {
    struct buf headers = {0};
    size_t header_count = 0, size;
    char *url = json_string(json_at(s->link, "external_link"), &size);
    if (url == NULL || strlen(url) != size || !link_allowed(s, url))
        statement_run_fail_parse(s, "an external link that is no https:// URL");
    else if (!add_headers(json_at(s->link, "http_headers"), &headers, &header_count))
        statement_run_fail_memory(s);
    else
        ask_link(s, url, headers.bytes, header_count);
    buf_wipe(&headers);
    free(url);
}

/* The storage's own message is left out: it may repeat parts of a signed URL. */
void statement_links_failed(struct statement *s, int status, const struct fault *f) {
    if (status < 400 || status >= 500) {
        s->fault = *f;
        if (status != 0)
            fault_set(&s->fault, FAULT_HTTP,
                      "the external link to chunk %" PRId64 " answers %d", s->chunk,
                      status);
    } else if (!s->relinked) {
        s->relinked = true;
        statement_run_get_chunk(s, s->chunk);
        return;
    } else {
        fault_set(&s->fault, FAULT_HTTP,
                  "the external link to chunk %" PRId64
                  " is refused with %d, and so is a "
                  "fresh one",
                  s->chunk, status);
        fault_hint(&s->fault, "is the storage reachable from here? A firewall or another "
                              "network may need a rule; or use disposition INLINE");
    }
    s->fault.status = status;
    s->fault.retryable = f->retryable;
    statement_run_fail(s);
}
