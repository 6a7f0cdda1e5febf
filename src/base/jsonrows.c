#include "base/jsonrows.h"

#include <string.h>

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Scan the row that begins at r->at. True if its end is there, which is r->scanned. */
static bool scan_row(struct jsonrows *r, const char *text, size_t size) {
    size_t i = r->scanned;
    while (i < size) {
        char c = text[i++];
        if (r->escaped) {
            r->escaped = false;
        } else if (r->in_string) {
            r->in_string = c != '"';
            r->escaped = c == '\\';
        } else if (c == '"') {
            r->in_string = true;
        } else if (c == '[' || c == '{') {
            r->depth++;
        } else if ((c == ']' || c == '}') && --r->depth == 0) {
            r->scanned = i;
            return true;
        }
    }
    r->scanned = i;
    return false;
}

static enum jsonrows_step take_row(struct jsonrows *r, const char *text, size_t size,
                                   struct json *row) {
    if (text[r->at] != '[')
        return JSONROWS_BAD;
    if (r->scanned < r->at)
        r->scanned = r->at;
    if (!scan_row(r, text, size))
        return JSONROWS_MORE;
    *row = json_root(text + r->at, r->scanned - r->at);
    r->at = r->scanned;
    r->place = ROWS_BETWEEN;
    return row->text != NULL ? JSONROWS_ROW : JSONROWS_BAD;
}

enum jsonrows_step jsonrows_next(struct jsonrows *r, const char *text, size_t size,
                                 struct json *row) {
    for (;; r->at++) {
        while (r->at < size && is_space(text[r->at]))
            r->at++;
        if (r->at == size)
            return r->place == ROWS_OVER ? JSONROWS_END : JSONROWS_MORE;
        char c = text[r->at];
        if (r->place == ROWS_OUTSIDE && c == '[')
            r->place = ROWS_FIRST;
        else if ((r->place == ROWS_FIRST || r->place == ROWS_BETWEEN) && c == ']')
            r->place = ROWS_OVER;
        else if (r->place == ROWS_BETWEEN && c == ',')
            r->place = ROWS_NEXT;
        else if (r->place == ROWS_FIRST || r->place == ROWS_NEXT)
            return take_row(r, text, size, row);
        else
            return JSONROWS_BAD;
    }
}

size_t jsonrows_drop(struct jsonrows *r) {
    size_t used = r->at;
    r->scanned = r->scanned > used ? r->scanned - used : 0;
    r->at = 0;
    return used;
}
