#include "dbx/statement_links.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((int64_t)2 << 20) /* bytes of a file that are asked for at once */

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

/* As add_headers, for the range of the next piece. A range of a compressed file could not
 * be read. */
static bool add_range(const struct statement *s, struct buf *text, size_t *count) {
    *count += 2;
    return buf_str(text, "Accept-Encoding: identity") && buf_add(text, "", 1) &&
           buf_fmt(text, "Range: bytes=%" PRId64 "-%" PRId64, s->file_read,
                   s->file_read + PIECE - 1) &&
           buf_add(text, "", 1);
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

void statement_links_begin(struct statement *s) {
    buf_free(&s->file);
    s->rows_at = (struct jsonrows){0};
    s->file_step = JSONROWS_MORE;
    s->file_read = 0;
    s->file_size = -1;
    statement_links_fetch(s);
}

void statement_links_fetch(struct statement *s) {
    struct buf headers = {0};
    size_t header_count = 0, size;
    char *url = json_string(json_at(s->link, "external_link"), &size);
    if (url == NULL || strlen(url) != size || !link_allowed(s, url))
        statement_run_fail_parse(s, "an external link that is no https:// URL");
    else if (!add_headers(json_at(s->link, "http_headers"), &headers, &header_count) ||
             !add_range(s, &headers, &header_count))
        statement_run_fail_memory(s);
    else
        ask_link(s, url, headers.bytes, header_count);
    buf_wipe(&headers);
    free(url);
}

/* Read "bytes 0-99/1234": where the piece begins, and the size of the file. */
static bool read_range(const struct workspace_response *r, int64_t *from, int64_t *all) {
    char value[128];
    return workspace_header(r, "Content-Range", value, sizeof value) &&
           sscanf(value, "bytes %" SCNd64 "-%*d/%" SCNd64, from, all) == 2;
}

/* Append the piece to the rows that were not given out yet. */
static bool append(struct statement *s, struct buf *piece, size_t skip) {
    size_t used = jsonrows_drop(&s->rows_at);
    if (used == s->file.size && skip == 0) {
        buf_free(&s->file);
        s->file = *piece;
        *piece = (struct buf){0};
        return true;
    }
    if (used > 0)
        memmove(s->file.bytes, s->file.bytes + used, s->file.size -= used);
    return buf_add(&s->file, piece->bytes + skip, piece->size - skip);
}

static bool begins_as_array(const struct buf *file) {
    size_t blank = strspn(file->size > 0 ? file->bytes : "", " \t\r\n");
    return blank == file->size || file->bytes[blank] == '[';
}

void statement_links_answer(struct statement *s, struct workspace_response *r) {
    int64_t from = 0, all = (int64_t)r->body.size, read = s->file_read;
    if (r->status == 206 && !read_range(r, &from, &all)) {
        statement_run_fail_parse(s, "a part of a file without its place");
    } else if (from > read || from + (int64_t)r->body.size < read ||
               (r->body.size == 0 && read < all)) {
        statement_run_fail_parse(s, "another part of a file than the one asked for");
    } else {
        s->file_read = from + (int64_t)r->body.size;
        s->file_size = all;
        s->relinked = false;
        if (!append(s, &r->body, (size_t)(read - from)))
            statement_run_fail_memory(s);
        else if (read == 0 && !begins_as_array(&s->file))
            statement_run_fail_parse(
                s, "an external link to something that is no JSON array");
        else
            statement_run_become(s, STATEMENT_CHUNK);
    }
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
