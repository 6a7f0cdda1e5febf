#include "net/strip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
        strip_members(text, root, "t");
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

int main(void) {
    const struct CMUnitTest strip[] = {
        cmocka_unit_test(members_of_a_name_are_cut_and_the_outermost_is_found),
        cmocka_unit_test(parameters_of_a_name_are_cut_however_it_is_written),
    };
    return cmocka_run_group_tests(strip, NULL, NULL);
}
