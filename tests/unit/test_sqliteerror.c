#include "base/sqliteerror.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_code_has_the_name_of_the_documentation(void **state) {
    static const struct {
        int code;
        const char *name, *why;
    } cases[] = {
        {SQLITE_FULL, "SQLITE_FULL", "a primary code"},
        {SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT", "an extended code"},
        {SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE", "an extended code"},
        {SQLITE_IOERR | 200 << 8, "SQLITE_IOERR", "of a later SQLite: its primary code"},
        {99, "SQLITE_ERROR", "no code at all"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, sqliteerror_name(cases[i].code)) != 0)
            fail_msg("%s: %s", cases[i].why, sqliteerror_name(cases[i].code));
}

static void only_a_lock_that_goes_away_is_worth_another_try(void **state) {
    struct fault f;
    (void)state;
    assert_false(
        sqliteerror_set(&f, SQLITE_BUSY_SNAPSHOT, "/j.db", "database is locked"));
    assert_true(f.retryable && f.kind == FAULT_SQL && f.hint[0] != '\0');
    assert_string_equal("SQLITE_BUSY_SNAPSHOT", f.code);
    assert_string_equal("database is locked", f.message);
    assert_false(sqliteerror_set(&f, SQLITE_ERROR, "/j.db", "near \"x\"\nsyntax"));
    assert_false(f.retryable);
    assert_string_equal("near \"x\" syntax", f.message);
    assert_string_equal("", f.hint);
}

static void what_went_wrong_with_the_file_names_it(void **state) {
    static const int codes[] = {SQLITE_FULL,     SQLITE_IOERR_WRITE,
                                SQLITE_CORRUPT,  SQLITE_NOTADB,
                                SQLITE_CANTOPEN, SQLITE_READONLY_DIRECTORY};
    struct fault f;
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        sqliteerror_set(&f, codes[i], "/j.db", "no");
        assert_string_equal("/j.db: no", f.message);
        assert_string_not_equal("", f.hint);
        sqliteerror_set(&f, codes[i], "", "no"); /* one in memory */
        assert_string_equal("no", f.message);
        sqliteerror_set(&f, codes[i], NULL, "no");
        assert_string_equal("no", f.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_the_name_of_the_documentation),
        cmocka_unit_test(only_a_lock_that_goes_away_is_worth_another_try),
        cmocka_unit_test(what_went_wrong_with_the_file_names_it),
    };
    return cmocka_run_group_tests_name("sqliteerror", tests, NULL, NULL);
}
