#include "harness.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD                                                                             \
    "local text = require 'native.text'\n"                                               \
    "local function is(want, got)\n"                                                     \
    "  if want ~= got then error(('want %q, got %q'):format(want, got), 2) end\n"        \
    "end\n"

static void letters_change_by_the_rules_of_unicode(void **state) {
    must_run(state, HEAD
             "for from, to in pairs {\n"
             "  ['Plain ASCII_1'] = 'plain ascii_1', [''] = '',\n"
             "  ['ÜBERSICHT'] = 'übersicht', ['ÀÉÎÕÇÑ'] = 'àéîõçñ',\n"
             "  ['İstanbul'] = 'i̇stanbul', ['ISTANBUL'] = 'istanbul',\n"
             "  ['ΣΊΣΥΦΟΣ'] = 'σίσυφος', ['Σ'] = 'σ', ['ΣΣ. ΑΣ'] = 'σς. ας',\n"
             "  ['STRAẞE'] = 'straße', ['ДОМ'] = 'дом', ['Ⱥ'] = 'ⱥ', ['\\u{10400}'] = "
             "'\\u{10428}',\n"
             "  ['日本 x'] = '日本 x', ['\\u{212A}'] = 'k',\n"
             "} do is(to, text.lower(from)) end\n"
             "is('STRASSE ÜBER ΣΊΣΥΦΟΣ', text.upper 'straße über σίσυφος')\n");
}

static void bytes_that_are_no_utf_8_stay(void **state) {
    must_run(
        state, HEAD
        "for _, bytes in ipairs { '\\xff', '\\xc3', '\\xc3(', '\\xe2\\x82', "
        "'\\xc0\\x80', '\\xed\\xa0\\x80', '\\xf5\\x80\\x80\\x80', '\\x80', '\\0' } do\n"
        "  is('a' .. bytes .. 'ü', text.lower('A' .. bytes .. 'Ü'))\n"
        "  is('A' .. bytes .. 'Ü', text.upper('a' .. bytes .. 'ü'))\n"
        "end\n");
}

static void the_most_that_a_text_grows_fits(void **state) {
    must_run(state, HEAD "is(('i̇'):rep(5000), text.lower(('İ'):rep(5000)))\n"
                         "is(('Ɐ'):rep(5000), text.upper(('ɐ'):rep(5000)))\n");
}

static void texts_that_look_the_same_have_one_composed_form(void **state) {
    must_run(state, HEAD "for from, to in pairs {\n"
                         "  ['plain'] = 'plain', [''] = '', [' a '] = ' a ',\n"
                         "  ['e\\u{301}te\\u{301}'] = 'été', ['été'] = 'été',\n"
                         "  ['A\\u{30a}'] = 'Å', ['\\u{212b}'] = 'Å',\n"
                         "  ['\\u{1100}\\u{1161}'] = '가', ['a\\u{a0}b'] = 'a b',\n"
                         "  ['\\xff\\xfe'] = '\\xff\\xfe', ['a\\tb'] = 'a\\tb',\n"
                         "  ['q\\u{323}\\u{307}'] = 'q\\u{323}\\u{307}',\n"
                         "  ['q\\u{307}\\u{323}'] = 'q\\u{323}\\u{307}',\n"
                         "} do is(to, text.composed(from)) end\n");
}

static void nothing_leaks_when_memory_runs_out(void **state) {
    (void)state;
    torture("return require('native.text').lower(('Ü'):rep(2000))");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LUA_TEST(letters_change_by_the_rules_of_unicode),
        LUA_TEST(bytes_that_are_no_utf_8_stay),
        LUA_TEST(texts_that_look_the_same_have_one_composed_form),
        LUA_TEST(the_most_that_a_text_grows_fits),
        cmocka_unit_test(nothing_leaks_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("l_text", tests, NULL, NULL);
}
