#include "base/sqliteerror.h"

#include <sqlite3.h>
#include <stdio.h>

struct name {
    int code;
    const char *text;
};

#define NAME(code)                                                                       \
    { code, #code }
static const struct name names[] = {
    NAME(SQLITE_OK),
    NAME(SQLITE_ERROR),
    NAME(SQLITE_INTERNAL),
    NAME(SQLITE_PERM),
    NAME(SQLITE_ABORT),
    NAME(SQLITE_BUSY),
    NAME(SQLITE_LOCKED),
    NAME(SQLITE_NOMEM),
    NAME(SQLITE_READONLY),
    NAME(SQLITE_INTERRUPT),
    NAME(SQLITE_IOERR),
    NAME(SQLITE_CORRUPT),
    NAME(SQLITE_NOTFOUND),
    NAME(SQLITE_FULL),
    NAME(SQLITE_CANTOPEN),
    NAME(SQLITE_PROTOCOL),
    NAME(SQLITE_SCHEMA),
    NAME(SQLITE_TOOBIG),
    NAME(SQLITE_CONSTRAINT),
    NAME(SQLITE_MISMATCH),
    NAME(SQLITE_MISUSE),
    NAME(SQLITE_NOLFS),
    NAME(SQLITE_AUTH),
    NAME(SQLITE_FORMAT),
    NAME(SQLITE_RANGE),
    NAME(SQLITE_NOTADB),
    NAME(SQLITE_ERROR_MISSING_COLLSEQ),
    NAME(SQLITE_ERROR_RETRY),
    NAME(SQLITE_ERROR_SNAPSHOT),
    NAME(SQLITE_IOERR_READ),
    NAME(SQLITE_IOERR_SHORT_READ),
    NAME(SQLITE_IOERR_WRITE),
    NAME(SQLITE_IOERR_FSYNC),
    NAME(SQLITE_IOERR_DIR_FSYNC),
    NAME(SQLITE_IOERR_TRUNCATE),
    NAME(SQLITE_IOERR_FSTAT),
    NAME(SQLITE_IOERR_UNLOCK),
    NAME(SQLITE_IOERR_RDLOCK),
    NAME(SQLITE_IOERR_DELETE),
    NAME(SQLITE_IOERR_NOMEM),
    NAME(SQLITE_IOERR_ACCESS),
    NAME(SQLITE_IOERR_CHECKRESERVEDLOCK),
    NAME(SQLITE_IOERR_LOCK),
    NAME(SQLITE_IOERR_CLOSE),
    NAME(SQLITE_IOERR_SHMOPEN),
    NAME(SQLITE_IOERR_SHMSIZE),
    NAME(SQLITE_IOERR_SHMLOCK),
    NAME(SQLITE_IOERR_SHMMAP),
    NAME(SQLITE_IOERR_SEEK),
    NAME(SQLITE_IOERR_DELETE_NOENT),
    NAME(SQLITE_IOERR_MMAP),
    NAME(SQLITE_IOERR_GETTEMPPATH),
    NAME(SQLITE_IOERR_CONVPATH),
    NAME(SQLITE_IOERR_DATA),
    NAME(SQLITE_IOERR_CORRUPTFS),
    NAME(SQLITE_LOCKED_SHAREDCACHE),
    NAME(SQLITE_LOCKED_VTAB),
    NAME(SQLITE_BUSY_RECOVERY),
    NAME(SQLITE_BUSY_SNAPSHOT),
    NAME(SQLITE_BUSY_TIMEOUT),
    NAME(SQLITE_CANTOPEN_NOTEMPDIR),
    NAME(SQLITE_CANTOPEN_ISDIR),
    NAME(SQLITE_CANTOPEN_FULLPATH),
    NAME(SQLITE_CANTOPEN_CONVPATH),
    NAME(SQLITE_CANTOPEN_SYMLINK),
    NAME(SQLITE_CORRUPT_VTAB),
    NAME(SQLITE_CORRUPT_SEQUENCE),
    NAME(SQLITE_CORRUPT_INDEX),
    NAME(SQLITE_READONLY_RECOVERY),
    NAME(SQLITE_READONLY_CANTLOCK),
    NAME(SQLITE_READONLY_ROLLBACK),
    NAME(SQLITE_READONLY_DBMOVED),
    NAME(SQLITE_READONLY_CANTINIT),
    NAME(SQLITE_READONLY_DIRECTORY),
    NAME(SQLITE_ABORT_ROLLBACK),
    NAME(SQLITE_CONSTRAINT_CHECK),
    NAME(SQLITE_CONSTRAINT_COMMITHOOK),
    NAME(SQLITE_CONSTRAINT_FOREIGNKEY),
    NAME(SQLITE_CONSTRAINT_FUNCTION),
    NAME(SQLITE_CONSTRAINT_NOTNULL),
    NAME(SQLITE_CONSTRAINT_PRIMARYKEY),
    NAME(SQLITE_CONSTRAINT_TRIGGER),
    NAME(SQLITE_CONSTRAINT_UNIQUE),
    NAME(SQLITE_CONSTRAINT_VTAB),
    NAME(SQLITE_CONSTRAINT_ROWID),
    NAME(SQLITE_CONSTRAINT_PINNED),
    NAME(SQLITE_CONSTRAINT_DATATYPE),
    NAME(SQLITE_AUTH_USER),
};

static const char *find_name(int code) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].text;
    return NULL;
}

const char *sqliteerror_name(int code) {
    const char *name = find_name(code);
    if (name == NULL)
        name = find_name(code & 0xff);
    return name != NULL ? name : "SQLITE_ERROR";
}

static const char *hint(int primary) {
    switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another connection holds the database; try again when it has ended";
    case SQLITE_FULL:
        return "free some space on the disk";
    case SQLITE_IOERR:
        return "the disk or its file system failed, or the place is not one to write to";
    case SQLITE_CANTOPEN:
        return "check that the folder exists and may be written to";
    case SQLITE_READONLY:
        return "check the permissions of the file and of its folder";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the file is damaged or not a database; move it out of the way";
    default:
        return "";
    }
}

/* What went wrong lies in the file and not in the statement. */
static bool is_of_file(int primary) {
    switch (primary) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_NOTADB:
        return true;
    default:
        return false;
    }
}

bool sqliteerror_set(struct fault *f, int code, const char *path, const char *message) {
    int primary = code & 0xff;
    bool named = path != NULL && path[0] != '\0' && is_of_file(primary);
    fault_set(f, FAULT_SQL, "%s%s%s", named ? path : "", named ? ": " : "", message);
    fault_code(f, sqliteerror_name(code));
    f->retryable = primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
    return fault_hint(f, "%s", hint(primary));
}
