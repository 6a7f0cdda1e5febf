#include "base/sqlreadonly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool reads;
    const char *why;
} cases[] = {
    {"SELECT 1", true, "the simplest"},
    {"  -- what\n/* and why */ (select 1)", true, "comments and brackets in front"},
    {"WITH a AS (SELECT 1) SELECT * FROM a;", true, "a semicolon at the end"},
    {"SELECT 1; -- done\n ", true, "a comment behind the end"},
    {"SELECT 'DROP TABLE x', \"delete\", `insert` FROM t", true, "words in quotes"},
    {"SELECT update_id, created, replace(a, 'b', 'c') FROM t", true, "parts of words"},
    {"SELECT 'it''s; DROP' AS a", true, "a doubled quote"},
    {"SELECT '\\\\', `a``b` FROM t", true, "a backslash of its own"},
    {"SHOW CREATE TABLE x", true, "SHOW only shows"},
    {"DESCRIBE HISTORY x", true, "a reader"},
    {"EXPLAIN SELECT 1", true, "a reader"},
    {"VALUES (1)", true, "a reader"},
    {"FROM t |> WHERE a > 1", true, "a pipe"},
    {"", false, "nothing"},
    {"-- only a comment", false, "nothing but a comment"},
    {"DROP TABLE x", false, "a writer"},
    {"/* SELECT */ DROP TABLE x", false, "a reader in a comment"},
    {"SELECT 1; DROP TABLE x", false, "a second statement"},
    {"SELECT 1;;", false, "an empty second statement"},
    {"WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", false, "a writer behind WITH"},
    {"FROM a INSERT INTO b SELECT *", false, "a writer behind FROM"},
    {"WITH a AS (SELECT 1)\xc2\xa0INSERT INTO t VALUES (1)", false, "a hard blank"},
    {"SHOW CREATE TABLE x; DROP TABLE x", false, "SHOW and more"},
    {"SHOW -- x\nINSERT INTO t VALUES (1)", false, "SHOW and a word that writes"},
    {"SELECT /* /* */ DROP TABLE x -- */ 1", false, "comments that may nest"},
    {"SELECT /* 1", false, "a comment without end"},
    {"SELECT '1", false, "a string without end"},
    {"SELECT '\\'; DROP TABLE x --'", false, "a backslash that may hide a quote"},
    {"SELECT r'\\'; DROP TABLE x --'", false, "a raw string that ends in one"},
    {"SELECT ${x}", false, "a substitution"},
    {"SELECT '${x}'", false, "a substitution in a string"},
    {"SELECT $$'$$; DROP TABLE x --'", false, "dollar quotes"},
    {"SELECT http_request(conn => 'a', method => 'POST')", false,
     "a function that sends"},
    {"SELECT HTTP_REQUEST /* x */ (conn => 'a')", false, "behind a comment"},
    {"SELECT `http_request`(conn => 'a')", false, "in quotes"},
    {"SELECT \"http_request\"(conn => 'a')", false, "in other quotes"},
    {"SELECT system.builtin.`http_request` (1)", false, "as the last of several names"},
    {"SELECT `a``b`(1)", false, "a quoted name with a quote"},
    {"SELECT IDENTIFIER('http_' || 'request')(1)", false, "a name made from a text"},
    {"SELECT * FROM identifier (:t)", false, "any name"},
    {"SELECT reflect('java.lang.Runtime', 'x')", false, "a function that runs code"},
    {"SELECT try_reflect('a', 'b'), java_method('a', 'b')", false, "another one"},
    {"SELECT * FROM remote_query('c', query => 'DROP')", false, "a query elsewhere"},
    {"SELECT ai_query('m', 'x')", false, "a model"},
    {"SELECT AI_Gen(x) FROM t", false, "any function of models"},
    {"SELECT secret('s', 'k')", false, "a secret"},
    {"SELECT * FROM read_kafka(bootstrapServers => 'h:1')", false, "a server"},
    {"SELECT secret, reflect, identifier, ai_score FROM t", true,
     "columns of those names"},
    {"SELECT `a`, `b` IN (1) FROM `c`.`d` WHERE (`e`) = 1", true, "quoted names"},
    {"SELECT count(*), max(`a`) FROM range(3)", true, "functions that compute"},
    {"EXECUTE IMMEDIATE 'DROP TABLE x'", false, "a text that is run"},
    {"BEGIN DROP TABLE x; END", false, "a script"},
    {"CALL system.drop_all()", false, "a procedure"},
    {"SELECT TRANSFORM (a) USING 'rm' FROM t", false, "a program"},
    {"SET x = 1", false, "a setting"},
    {"REFRESH TABLE x", false, "not a reader"},
};

static void only_what_certainly_reads_is_let_through(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[100] = "";
        bool reads =
            sqlreadonly_check(cases[i].text, strlen(cases[i].text), why, sizeof why);
        if (reads != cases[i].reads)
            fail_msg("%s: %s (%s)", cases[i].why, cases[i].text, why);
        if (!reads)
            assert_true(why[0] != '\0');
    }
}

static void a_zero_byte_is_refused(void **state) {
    char why[100];
    (void)state;
    assert_false(sqlreadonly_check("SELECT 1\0DROP", 13, why, sizeof why));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_certainly_reads_is_let_through),
        cmocka_unit_test(a_zero_byte_is_refused),
    };
    return cmocka_run_group_tests_name("sqlreadonly", tests, NULL, NULL);
}
