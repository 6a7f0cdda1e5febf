#include "dbx/statement_submit.h"

#include "base/jsonput.h"

#include <inttypes.h>
#include <string.h>

/* Append ,"name":"text", or nothing if `text` is NULL. */
static bool add_member(struct buf *b, const char *name, const char *text) {
    return text == NULL ||
           (buf_fmt(b, ",\"%s\":", name) && jsonput_string(b, text, strlen(text)));
}

static bool add_parameter(struct buf *b, const struct statement_parameter *p) {
    bool ok = buf_str(b, "{\"name\":") && jsonput_string(b, p->name, strlen(p->name)) &&
              buf_str(b, ",\"value\":");
    if (p->value == NULL)
        ok = ok && buf_str(b, "null");
    else
        ok = ok && jsonput_string(b, p->value, p->size);
    return ok && add_member(b, "type", p->type) && buf_str(b, "}");
}

/* wait_timeout is 0s, so that the submit, which is never sent again, is short, and the
 * statement's id is known at once, by which it can be cancelled. */
bool statement_submit_add(struct buf *b, const struct statement_request *r) {
    bool ok = buf_str(b, "{\"statement\":") && jsonput_string(b, r->text, r->text_size) &&
              add_member(b, "warehouse_id", r->warehouse_id) &&
              add_member(b, "catalog", r->catalog) &&
              add_member(b, "schema", r->schema) &&
              add_member(b, "disposition", r->disposition) &&
              buf_str(b, ",\"format\":\"JSON_ARRAY\",\"wait_timeout\":\"0s\"");
    if (r->row_limit > 0)
        ok = ok && buf_fmt(b, ",\"row_limit\":%" PRId64, r->row_limit);
    if (r->parameter_count > 0)
        ok = ok && buf_str(b, ",\"parameters\":[");
    for (size_t i = 0; i < r->parameter_count; i++)
        ok = ok && (i == 0 || buf_str(b, ",")) && add_parameter(b, &r->parameters[i]);
    if (r->parameter_count > 0)
        ok = ok && buf_str(b, "]");
    return ok && buf_str(b, "}");
}
