#include "base/jsonrows.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Read `text` in pieces of `piece` bytes. The rows are appended to `rows`, each with a bar;
 * what ends them is returned. */
static enum jsonrows_step read_all(const char *text, size_t piece, char *rows,
                                   size_t room) {
    struct jsonrows r = {0};
    struct buf b = {0};
    struct json row;
    enum jsonrows_step step = JSONROWS_MORE;
    size_t left = strlen(text);
    rows[0] = '\0';
    while (step != JSONROWS_BAD && left > 0) {
        size_t n = piece < left ? piece : left;
        size_t used = jsonrows_drop(&r);
        if (used > 0 && b.bytes != NULL)
            memmove(b.bytes, b.bytes + used, b.size -= used);
        assert_true(buf_add(&b, text, n));
        text += n;
        left -= n;
        while ((step = jsonrows_next(&r, b.bytes, b.size, &row)) == JSONROWS_ROW)
            snprintf(rows + strlen(rows), room - strlen(rows), "%.*s|", (int)row.size,
                     row.text);
    }
    buf_free(&b);
    return step;
}

static void rows_are_the_same_in_pieces_of_any_size(void **state) {
    static const struct {
        const char *text, *rows;
        enum jsonrows_step end;
    } cases[] = {
        {"[]", "", JSONROWS_END},
        {" [ ] \n", "", JSONROWS_END},
        {"[[\"1\",null],[\"2\",\"b\"]]", "[\"1\",null]|[\"2\",\"b\"]|", JSONROWS_END},
        {"[ [\"]\"] , [\"\\\"]\"] ]", "[\"]\"]|[\"\\\"]\"]|", JSONROWS_END},
        {"[[\"\\\\\"],[[1],{\"a\":[]}]]", "[\"\\\\\"]|[[1],{\"a\":[]}]|", JSONROWS_END},
        {"[[\"1\"],[\"2\"", "[\"1\"]|", JSONROWS_MORE},
        {"[[\"1\"]", "[\"1\"]|", JSONROWS_MORE},
        {"[", "", JSONROWS_MORE},
        {"[[\"1\"],]", "[\"1\"]|", JSONROWS_BAD},
        {"[[\"1\"][\"2\"]]", "[\"1\"]|", JSONROWS_BAD},
        {"[[\"1\"]] x", "[\"1\"]|", JSONROWS_BAD},
        {"[,]", "", JSONROWS_BAD},
        {"[\"1\"]", "", JSONROWS_BAD},
        {"[[\"1}]", "", JSONROWS_MORE},
        {"[[1}]", "", JSONROWS_BAD},
        {"[[1 2]]", "", JSONROWS_BAD},
        {"{\"a\":1}", "", JSONROWS_BAD},
        {"<html>", "", JSONROWS_BAD},
    };
    char rows[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece <= strlen(cases[i].text); piece++) {
            enum jsonrows_step end = read_all(cases[i].text, piece, rows, sizeof rows);
            if (end != cases[i].end || strcmp(rows, cases[i].rows) != 0)
                fail_msg("%s in pieces of %zu: %d %s", cases[i].text, piece, (int)end,
                         rows);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_same_in_pieces_of_any_size),
    };
    return cmocka_run_group_tests_name("jsonrows", tests, NULL, NULL);
}
