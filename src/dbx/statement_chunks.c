#include "dbx/statement_chunks.h"

#include "dbx/statement_links.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool out_of_order(struct statement *s, struct json chunk) {
    int64_t index, offset;
    if (!json_int(json_at(chunk, "chunk_index"), &index))
        index = s->chunk + 1;
    bool wrong = index != s->chunk + 1;
    if (json_int(json_at(chunk, "row_offset"), &offset))
        wrong = wrong || offset != s->rows;
    s->chunk = index;
    return wrong;
}

/* Remember where the next chunk is. A link must lead into the workspace, since our
 * credentials are sent to it. */
static bool keep_next(struct statement *s, struct json chunk) {
    struct json link = json_at(chunk, "next_chunk_internal_link");
    int64_t index;
    size_t size;
    free(s->next);
    s->next = NULL;
    if (json_type(link) == '"') {
        s->next = json_string(link, &size);
        if (s->next == NULL)
            return fault_memory(&s->fault, "a result");
        if (strncmp(s->next, "/api/", 5) != 0 || strlen(s->next) != size ||
            strpbrk(s->next, " \t\r\n#\\") != NULL)
            return fault_set(&s->fault, FAULT_PARSE,
                             "statement %s: the link to the next chunk leads elsewhere",
                             s->id);
        return true;
    }
    if (!json_int(json_at(chunk, "next_chunk_index"), &index))
        return true;
    if (index != s->chunk + 1)
        return fault_set(&s->fault, FAULT_PARSE, "statement %s: chunks out of order",
                         s->id);
    struct buf path = {0};
    if (!buf_fmt(&path, STATEMENTS "/%s/result/chunks/%" PRId64, s->id, index)) {
        buf_free(&path);
        return fault_memory(&s->fault, "a result");
    }
    s->next = path.bytes;
    return true;
}

/* Begin the chunk that `chunk` describes, whose rows are there or will be. */
static bool enter_chunk(struct statement *s, struct json chunk) {
    if (out_of_order(s, chunk)) {
        statement_run_fail_parse(s, "chunks out of order");
        return false;
    }
    if (!keep_next(s, chunk)) {
        statement_run_fail(s);
        return false;
    }
    if (!json_int(json_at(chunk, "row_count"), &s->chunk_rows))
        s->chunk_rows = -1;
    s->chunk_given = 0;
    return true;
}

static void give_rows(struct statement *s, struct json rows) {
    s->list = rows;
    s->at = (struct json){0};
    statement_run_become(s, STATEMENT_CHUNK);
}

static void end(struct statement *s) {
    if (s->total_rows >= 0 && !s->truncated && s->rows < s->total_rows)
        statement_run_fail_parse(s, "the result ends before its last row");
    else
        statement_run_become(s, STATEMENT_END);
}

static void next_link(struct statement *s) {
    s->link = json_next(s->links, &s->link);
    if (enter_chunk(s, s->link))
        statement_links_begin(s);
}

void statement_chunks_take(struct statement *s, struct json result) {
    struct json rows = json_at(result, "data_array");
    s->links = json_at(result, "external_links");
    s->link = (struct json){0};
    if (json_type(s->links) == '[' && json_at(s->links, "0").text != NULL) {
        next_link(s);
    } else if (json_type(rows) == '[') {
        if (enter_chunk(s, result))
            give_rows(s, rows);
    } else if (s->chunk >= 0 || rows.text != NULL) {
        statement_run_fail_parse(s, "a chunk without rows");
    } else {
        end(s); /* no result: the statement has none, or it has no rows */
    }
}

/* As statement_chunks_take, for a chunk whose link was no longer good. */
static void take_fresh_link(struct statement *s, struct json result) {
    int64_t index;
    s->links = json_at(result, "external_links");
    s->link = (struct json){0};
    while ((s->link = json_next(s->links, &s->link)).text != NULL)
        if (!json_int(json_at(s->link, "chunk_index"), &index) || index == s->chunk)
            break;
    bool leads_on = json_at(s->link, "next_chunk_internal_link").text != NULL ||
                    json_at(s->link, "next_chunk_index").text != NULL;
    if (s->link.text == NULL)
        statement_run_fail_parse(s, "no fresh link for an expired one");
    else if (leads_on && !keep_next(s, s->link)) /* the old list is gone */
        statement_run_fail(s);
    else
        statement_links_fetch(s);
}

void statement_chunks_answer(struct statement *s) {
    struct json root = json_root(s->answer.bytes, s->answer.size);
    if (json_type(root) != '{')
        statement_run_fail_parse(s, "a chunk that is not JSON");
    else if (s->relinked)
        take_fresh_link(s, root);
    else
        statement_chunks_take(s, root);
}

/* The next row of the file behind the present link, as far as it has come. */
static struct json file_row(struct statement *s) {
    struct json row = {0};
    s->file_step = jsonrows_next(&s->rows_at, s->file.bytes, s->file.size, &row);
    return s->file_step == JSONROWS_ROW ? row : (struct json){0};
}

struct json statement_row(struct statement *s) {
    if (s->phase != STATEMENT_CHUNK)
        return (struct json){0};
    struct json row = {0};
    if (s->link.text != NULL) {
        row = file_row(s);
    } else if (s->list.text != NULL) {
        row = s->at = json_next(s->list, &s->at);
        if (row.text == NULL)
            s->list = (struct json){0};
    }
    if (row.text != NULL) {
        s->rows++;
        s->chunk_given++;
    }
    return row;
}

/* True if the present chunk is over. If it is not, its next piece is on its way, or the
 * statement has failed. */
static bool chunk_over(struct statement *s) {
    if (s->link.text == NULL || s->file_step == JSONROWS_END)
        return true;
    if (s->file_step == JSONROWS_BAD)
        statement_run_fail_parse(s,
                                 "an external link to something that is no JSON array");
    else if (s->file_read < s->file_size)
        statement_links_fetch(s);
    else
        statement_run_fail_parse(s, "the file behind an external link is cut off");
    return false;
}

void statement_next(struct statement *s) {
    if (!chunk_over(s))
        return;
    struct json after = s->link;
    buf_free(&s->file);
    s->relinked = false;
    if (s->chunk_rows >= 0 && s->chunk_given != s->chunk_rows)
        statement_run_fail_parse(s, "a chunk has not the rows that it claims");
    else if (s->link.text != NULL && json_next(s->links, &after).text != NULL)
        next_link(s);
    else if (s->next != NULL)
        statement_run_get(s, FETCHING_CHUNK, s->next);
    else
        end(s);
}
