#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FFFD "\xef\xbf\xbd"

static void what_commands_a_terminal_is_taken_out(void **state) {
    (void)state;
    static const struct {
        const char *why, *text, *clean, *lines; /* lines NULL: as clean */
    } cases[] = {
        {"empty", "", "", NULL},
        {"plain", "plain text", "plain text", NULL},
        {"UTF-8 stays", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82", NULL},
        {"ESC", "a\x1b[31mb", "a [31mb", NULL},
        {"OSC and BEL", "a\x1b]0;t\x07z", "a ]0;t z", NULL},
        {"DEL",
         "a\x7f"
         "b",
         "a b", NULL},
        {"C1 as UTF-8",
         "a\xc2\x9b"
         "31m",
         "a 31m", NULL},
        {"C1 as a raw byte",
         "a\x9b"
         "31m",
         "a" FFFD "31m", NULL},
        {"a tab", "a\tb", "a    b", NULL},
        {"line ends", "a\nb\r\nc", "a b c", "a\nb\nc"},
        {"a lone return", "a\rb", "a b", NULL},
        {"the separators of Unicode",
         "a\xe2\x80\xa8"
         "b\xe2\x80\xa9"
         "c",
         "a b c", NULL},
        {"right-to-left override",
         "a\xe2\x80\xae"
         "b",
         "a" FFFD "b", NULL},
        {"an isolate",
         "a\xe2\x81\xa6"
         "b\xe2\x81\xa9",
         "a" FFFD "b" FFFD, NULL},
        {"marks of direction", "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", FFFD FFFD FFFD, NULL},
        {"a byte that is no UTF-8",
         "a\xff"
         "b",
         "a" FFFD "b", NULL},
        {"cut in a character", "a\xe2\x82", "a" FFFD FFFD, NULL},
        {"too long a form", "\xc0\xaf", FFFD FFFD, NULL},
        {"a surrogate", "\xed\xa0\x80", FFFD FFFD FFFD, NULL},
        {"beyond Unicode", "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        char *text = malloc(size + 1); /* so that a sanitizer sees reads beyond it */
        for (int lines = 0; lines < 2; lines++) {
            const char *want =
                lines && cases[i].lines != NULL ? cases[i].lines : cases[i].clean;
            struct buf b = {0};
            memcpy(text, cases[i].text, size);
            assert_true(buf_str(&b, "") && text_clean(&b, text, size, lines));
            if (strcmp(b.bytes, want) != 0)
                fail_msg("%s: got '%s'", cases[i].why, b.bytes);
            assert_int_equal(text_is_clean(text, size, lines),
                             strcmp(cases[i].text, want) == 0);
            assert_true(text_is_clean(b.bytes, b.size, lines));
            buf_free(&b);
        }
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_commands_a_terminal_is_taken_out),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
