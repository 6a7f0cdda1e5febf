#include "dbx/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

static void times_are_read_in_every_dialect(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        bool ok;
        int64_t ms;
    } cases[] = {
        {"the epoch", "1970-01-01T00:00:00Z", true, 0},
        {"UTC", "2023-11-14T22:13:20Z", true, NOW},
        {"lower case", "2023-11-14t22:13:20z", true, NOW},
        {"an offset east", "2023-11-14T23:13:20+01:00", true, NOW},
        {"an offset west, with minutes", "2023-11-14T18:43:20-03:30", true, NOW},
        {"nine decimals and an offset", "2023-11-14T23:13:20.123456789+01:00", true,
         NOW + 123},
        {"one decimal", "2023-11-14T22:13:20.5Z", true, NOW + 500},
        {"a leap day", "2024-02-29T00:00:00Z", true, INT64_C(1709164800000)},
        {"after a leap day", "2024-03-01T00:00:00Z", true, INT64_C(1709251200000)},
        {"a year of a century", "2100-03-01T00:00:00Z", true, INT64_C(4107542400000)},
        {"local time (UTC here)", "2023-11-14 22:13:20.000000", true, NOW},
        {"local time without decimals", "2023-11-14 22:13:20", true, NOW},
        {"a point without decimals", "2023-11-14T22:13:20.Z", false, 0},
        {"no seconds", "2023-11-14T22:13Z", false, 0},
        {"month 13", "2023-13-14T22:13:20Z", false, 0},
        {"hour 24", "2023-11-14T24:13:20Z", false, 0},
        {"half an offset", "2023-11-14T22:13:20+01", false, 0},
        {"text behind", "2023-11-14T22:13:20Z!", false, 0},
        {"words", "tomorrow", false, 0},
        {"nothing", "", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 0;
        bool ok = token_time(cases[i].text, &ms);
        if (ok != cases[i].ok || (ok && ms != cases[i].ms))
            fail_msg("%s: got %d %lld", cases[i].why, ok, (long long)ms);
    }
}

static void answers_are_read_in_every_dialect(void **state) {
    (void)state;
    static const struct {
        const char *why, *text;
        const char *token; /* NULL: refused */
        int64_t lifetime_ms;
        const char *message;
    } cases[] = {
        {"OAuth",
         "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":3600}", "t",
         3600000, NULL},
        {"a number in a string", "{\"access_token\":\"t\",\"expires_in\":\"3599\"}", "t",
         3599000, NULL},
        {"Azure says it twice",
         "{\"access_token\":\"t\",\"expires_in\":\"60\",\"expires_on\":\"1\"}", "t",
         60000, NULL},
        {"a moment", "{\"access_token\":\"t\",\"expires_on\":1700000100}", "t", 100000,
         NULL},
        {"a moment in a string", "{\"access_token\":\"t\",\"expires_on\":\"1700000100\"}",
         "t", 100000, NULL},
        {"the Databricks CLI",
         "{\"access_token\":\"t\",\"token_type\":\"Bearer\","
         "\"expiry\":\"2023-11-14T23:15:00.000000001+01:00\"}",
         "t", 100000, NULL},
        {"az, old",
         "{\"accessToken\":\"t\",\"tokenType\":\"Bearer\","
         "\"expiresOn\":\"2023-11-14 22:15:00.000000\"}",
         "t", 100000, NULL},
        {"az, new: the number wins",
         "{\"accessToken\":\"t\",\"expiresOn\":\"2001-01-01 00:00:00\","
         "\"expires_on\":1700000100}",
         "t", 100000, NULL},
        {"no end", "{\"access_token\":\"t\"}", "t", INT64_MAX, NULL},
        {"blanks around", " {\"access_token\":\"t\"}\n", "t", INT64_MAX, NULL},
        {"not JSON", "<html>", NULL, 0, "not a JSON object"},
        {"nothing", "", NULL, 0, "not a JSON object"},
        {"a list", "[]", NULL, 0, "not a JSON object"},
        {"cut", "{\"access_token\":\"t\"", NULL, 0, "not a JSON object"},
        {"no token", "{\"expires_in\":1}", NULL, 0, "no access token"},
        {"null", "{\"access_token\":null}", NULL, 0, "no access token"},
        {"a number", "{\"access_token\":1}", NULL, 0, "no access token"},
        {"an empty one", "{\"access_token\":\"\"}", NULL, 0, "odd characters"},
        {"a line end in it", "{\"access_token\":\"t\\r\\nX: y\"}", NULL, 0,
         "odd characters"},
        {"a zero byte in it", "{\"access_token\":\"t\\u0000\"}", NULL, 0,
         "odd characters"},
        {"a blank in it", "{\"access_token\":\"a b\"}", NULL, 0, "odd characters"},
        {"an end that is a word", "{\"access_token\":\"t\",\"expires_in\":\"soon\"}",
         NULL, 0, "expires_in is not"},
        {"a negative end", "{\"access_token\":\"t\",\"expires_in\":-1}", NULL, 0,
         "expires_in is not"},
        {"an end beyond measure",
         "{\"access_token\":\"t\",\"expires_in\":9223372036854775807}", NULL, 0,
         "expires_in is not"},
        {"an expiry that is a word", "{\"access_token\":\"t\",\"expiry\":\"soon\"}", NULL,
         0, "expiry is not a time"},
        {"already over", "{\"access_token\":\"t\",\"expires_in\":0}", NULL, 0,
         "has expired already"},
        {"long over", "{\"access_token\":\"t\",\"expiry\":\"2001-01-01T00:00:00Z\"}",
         NULL, 0, "has expired already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token t;
        struct fault f;
        bool ok = token_read(cases[i].text, strlen(cases[i].text), NOW, &t, &f);
        if (ok != (cases[i].token != NULL))
            fail_msg("%s: %s", cases[i].why, ok ? "was read" : f.message);
        if (ok && (strcmp(t.text, cases[i].token) != 0 ||
                   t.lifetime_ms != cases[i].lifetime_ms))
            fail_msg("%s: got %s for %lld ms", cases[i].why, t.text,
                     (long long)t.lifetime_ms);
        const char *want = cases[i].message != NULL ? cases[i].message : "";
        if (!ok && (t.text != NULL || strstr(f.message, want) == NULL))
            fail_msg("%s: got '%s'", cases[i].why, f.message);
        token_free(&t);
    }
}

static void a_token_is_renewed_in_time(void **state) {
    (void)state;
    static const struct {
        const char *why;
        int64_t lifetime, stale, dead; /* seconds */
    } cases[] = {
        {"an hour: the last 20 minutes", 3600, 2400, 3560},
        {"a quarter of an hour: the second half", 900, 450, 860},
        {"little more than the margin", 42, 2, 2},
        {"less than the margin: for a moment", 30, 5, 5},
        {"nearly over", 4, 2, 2},
        {"a day", 86400, 85200, 86360},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t stale, dead;
        token_schedule(cases[i].lifetime * 1000, &stale, &dead);
        if (stale != cases[i].stale * 1000 || dead != cases[i].dead * 1000)
            fail_msg("%s: got %lld and %lld ms", cases[i].why, (long long)stale,
                     (long long)dead);
    }
    int64_t stale, dead;
    token_schedule(INT64_MAX, &stale, &dead);
    assert_true(stale == INT64_MAX && dead == INT64_MAX);
}

static void a_refusal_is_told_in_the_words_of_the_giver(void **state) {
    (void)state;
    static const struct {
        const char *why;
        int status;
        const char *body, *message, *code;
        enum fault_kind kind;
    } cases[] = {
        {"OAuth", 401, "{\"error\":\"invalid_client\",\"error_description\":\"no such\"}",
         "who: invalid_client: no such (HTTP 401)", "invalid_client", FAULT_AUTH},
        {"the other shape", 400, "{\"errorCode\":\"E1\",\"errorSummary\":\"no\"}",
         "who: E1: no (HTTP 400)", "E1", FAULT_AUTH},
        {"Databricks' own", 403,
         "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"no\"}",
         "who: PERMISSION_DENIED: no (HTTP 403)", "PERMISSION_DENIED", FAULT_AUTH},
        {"several lines", 400,
         "{\"error\":\"x\",\"error_description\":\"AADSTS7: a\\r\\nTrace ID: b\"}",
         "who: x: AADSTS7: a  Trace ID: b (HTTP 400)", "x", FAULT_AUTH},
        {"HTML", 503, "<html>", "who: refused (HTTP 503)", "", FAULT_HTTP},
        {"nothing", 429, "", "who: refused (HTTP 429)", "", FAULT_HTTP},
        {"a token is not repeated", 400,
         "{\"error\":\"x\",\"error_description\":\"bad "
         "dapi0123456789abcdef0123456789abcdef\"}",
         "who: x: bad dapi***", "x", FAULT_AUTH},
        {"a code of several lines", 400, "{\"error\":\"a\\r\\n\\u001b[1mb\"}",
         "who: a  [1mb (HTTP 400)", "a  [1mb", FAULT_AUTH},
        {"nor as a code", 400, "{\"error\":\"dapi0123456789abcdef0123456789abcdef\"}",
         "who: dapi*** (HTTP 400)", "dapi***", FAULT_AUTH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f;
        token_refusal("who", cases[i].status, cases[i].body, strlen(cases[i].body), &f);
        if (strncmp(f.message, cases[i].message, strlen(cases[i].message)) != 0 ||
            strcmp(f.code, cases[i].code) != 0 || f.kind != cases[i].kind)
            fail_msg("%s: got '%s', '%s'", cases[i].why, f.message, f.code);
        assert_int_equal(cases[i].status, f.status);
    }
}

int main(void) {
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_in_every_dialect),
        cmocka_unit_test(answers_are_read_in_every_dialect),
        cmocka_unit_test(a_token_is_renewed_in_time),
        cmocka_unit_test(a_refusal_is_told_in_the_words_of_the_giver),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
