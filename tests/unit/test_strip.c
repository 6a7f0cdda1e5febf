#include "net/strip.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct {
    const char *text, *cut, *found, *why;
} bodies[] = {
    {"{\"t\":\"secret\",\"a\":1}", "{\"t\":\"***\"   ,\"a\":1}", "secret", "a member"},
    {"{\"t\":\"\"}", "{\"t\":\"\"}", "", "an empty one stays as long as it is"},
    {"{\"t\":\"abc\"}", "{\"t\":\"***\"}", "abc", "three characters"},
    {"{\"a\":{\"t\":\"secret\"}}", "{\"a\":{\"t\":\"***\"   }}", NULL,
     "cut, but not ours"},
    {"[{\"t\":\"secret\"}]", "[{\"t\":\"***\"   }]", NULL, "in a list"},
    {"{\"\\u0074\":\"secret\"}", "{\"\\u0074\":\"***\"   }", "secret", "an escaped name"},
    {"{\"t\":\"one\",\"t\":\"second\"}", "{\"t\":\"***\",\"t\":\"***\"   }", "second",
     "the last of two"},
    {"{\"t\":{\"t\":\"secret\"}}", "{\"t\":null          }", NULL, "an object"},
    {"{\"t\":[\"secret\"]}", "{\"t\":null      }", NULL, "a list"},
    {"{\"t\":123456}", "{\"t\":null  }", NULL, "a number"},
    {"{\"tt\":\"other\"}", "{\"tt\":\"other\"}", NULL, "another name"},
    {"\"t\"", "\"t\"", NULL, "no object"},
    {"{\"a\":\"\\\"t\\\":1\"}", "{\"a\":\"\\\"t\\\":1\"}", NULL,
     "a value that looks like one"},
    {"{\"a\":[\"t\",\"t\"],\"t\" :\t\"secret\"}",
     "{\"a\":[\"t\",\"t\"],\"t\" :\t\"***\"   }", "secret", "a value of that name"},
    {"{\"t\":[{\"x\":\"]}\\\\\"},1] ,\"u\":2}", "{\"t\":null             ,\"u\":2}", NULL,
     "brackets in strings"},
    {"{\"t\":null,\"a\":true}", "{\"t\":null,\"a\":true}", NULL, "a word"},
};

static void members_of_a_name_are_cut_and_the_outermost_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char text[128], found[64] = "";
        snprintf(text, sizeof text, "%s", bodies[i].text);
        struct json root = json_root(text, strlen(text));
        struct json value = strip_find(root, "t");
        if ((value.text != NULL) != (bodies[i].found != NULL))
            fail_msg("%s: found or not", bodies[i].why);
        if (value.text != NULL)
            assert_true(json_text(value, found, sizeof found));
        if (bodies[i].found != NULL && strcmp(found, bodies[i].found) != 0)
            fail_msg("%s: found %s", bodies[i].why, found);
        strip_members(text, root, (const char *const[]){"t", "nothing", NULL});
        if (strcmp(text, bodies[i].cut) != 0)
            fail_msg("%s: %s", bodies[i].why, text);
        assert_non_null(json_root(text, strlen(text)).text);
    }
}

static const struct {
    const char *query, *cut;
} queries[] = {
    {"", ""},
    {"a=1", "a=1"},
    {"token=secret", "token=***"},
    {"a=1&token=secret&b=2", "a=1&token=***&b=2"},
    {"token=ab", "token=**"},
    {"token=", "token="},
    {"token", "token"},
    {"%74oken=secret", "%74oken=***"},
    {"tok%65%6E=secret", "tok%65%6E=***"},
    {"token=a&token=secret", "token=*&token=***"},
    {"tokens=plain&atoken=plain", "tokens=plain&atoken=plain"},
    {"%7=x&token=secret&%", "%7=x&token=***&%"},
    {"&&token=secret&", "&&token=***&"},
};

static void parameters_of_a_name_are_cut_however_it_is_written(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char query[128];
        snprintf(query, sizeof query, "%s", queries[i].query);
        strip_query(query, "token");
        assert_string_equal(query, queries[i].cut);
    }
}

static void depth_is_counted_outside_of_strings(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t depth;
    } cases[] = {
        {"", 0},
        {"1", 0},
        {"{}", 1},
        {"[[],[[]]]", 3},
        {"{\"[[[\":\"{{\\\"[[\"}", 1},
        {"[\"\\\\\",[]]", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        assert_false(strip_is_deeper(text, strlen(text), cases[i].depth));
        if (cases[i].depth > 0)
            assert_true(strip_is_deeper(text, strlen(text), cases[i].depth - 1));
    }
}

#define SIZE ((size_t)1 << 20)

/* {"a":{"a": ... }}: so deep, and blanks in the innermost up to SIZE. */
static void write_nested(struct buf *text, size_t depth) {
    text->size = 0;
    for (size_t i = 0; i < depth; i++)
        buf_str(text, "{\"a\":");
    buf_str(text, "1");
    while (text->size < SIZE - depth)
        buf_str(text, " ");
    for (size_t i = 0; i < depth; i++)
        buf_str(text, "}");
}

static clock_t time_of(struct buf *text, size_t depth) {
    static const char *const names[] = {"t", "other", NULL};
    write_nested(text, depth);
    struct json root = json_root(text->bytes, text->size);
    assert_non_null(root.text);
    clock_t least = 0;
    for (int i = 0; i < 5; i++) {
        clock_t begin = clock();
        strip_members(text->bytes, root, names);
        clock_t took = clock() - begin;
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

static void a_body_costs_no_more_for_its_depth(void **state) {
    struct buf text = {0};
    (void)state;
    clock_t flat = time_of(&text, 1), deep = time_of(&text, 500);
    buf_free(&text);
    if (deep > 5 * flat + CLOCKS_PER_SEC / 100)
        fail_msg("%ld ticks, and %ld for 500 levels", (long)flat, (long)deep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_a_name_are_cut_and_the_outermost_is_found),
        cmocka_unit_test(parameters_of_a_name_are_cut_however_it_is_written),
        cmocka_unit_test(depth_is_counted_outside_of_strings),
        cmocka_unit_test(a_body_costs_no_more_for_its_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
