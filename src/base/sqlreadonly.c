#include "base/sqlreadonly.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LONGEST_WORD 32 /* longer than any word of the lists below */

struct reader {
    const char *at, *end;
    char *why;
    size_t room;
};

static bool refuse(struct reader *r, const char *why) {
    snprintf(r->why, r->room, "%s", why);
    return false;
}

static bool refuse_word(struct reader *r, const char *what, const char *word) {
    snprintf(r->why, r->room, what, word);
    return false;
}

/* A byte above 0x7f is no letter here. It may be part of a blank, and a `WITH ... INSERT`
 * behind such a blank must be seen. */
static bool word_byte(char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
           c == '_';
}

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool next_is(const struct reader *r, const char *text) {
    size_t size = strlen(text);
    return (size_t)(r->end - r->at) >= size && memcmp(r->at, text, size) == 0;
}

/* Skip a block comment. Whether block comments nest depends on the server, so one inside
 * another is refused: it is not known where it ends. */
static bool skip_block(struct reader *r) {
    for (r->at += 2; r->at < r->end; r->at++) {
        if (next_is(r, "*/")) {
            r->at += 2;
            return true;
        }
        if (next_is(r, "/*"))
            return refuse(r, "a comment inside a comment");
    }
    return refuse(r, "a comment without its end");
}

static void skip_line(struct reader *r) {
    while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
        r->at++;
}

/* A string or a quoted name; a doubled quote reads as two that follow each other. Whether a
 * backslash hides a quote depends on a setting of the server. */
static bool skip_quoted(struct reader *r) {
    char quote = *r->at++;
    for (; r->at < r->end; r->at++) {
        if (*r->at == quote) {
            r->at++;
            return true;
        }
        if (*r->at == '\\' && quote != '`' && r->end - r->at > 1) {
            if (r->at[1] == quote)
                return refuse(r, "a backslash before a quote");
            r->at++;
        }
    }
    return refuse(r, "a quote without its end");
}

/* Blanks and comments. */
static bool skip_nothing(struct reader *r) {
    while (r->at < r->end) {
        if (next_is(r, "--"))
            skip_line(r);
        else if (next_is(r, "/*")) {
            if (!skip_block(r))
                return false;
        } else if (blank(*r->at))
            r->at++;
        else
            break;
    }
    return true;
}

/* The next word, cut to fit; "" if there is none here. */
static void take_word(struct reader *r, char word[LONGEST_WORD]) {
    size_t n = 0;
    for (; r->at < r->end && word_byte(*r->at); r->at++)
        if (n < LONGEST_WORD - 1)
            word[n++] = *r->at;
    word[n] = '\0';
}

static bool among(const char *const *list, const char *word) {
    while (*list != NULL && strcasecmp(*list, word) != 0)
        list++;
    return *list != NULL;
}

/* Functions that do more than compute: they call somebody, run code, or give a secret away.
 * Source: the list of built-in functions in the reference of Databricks SQL. */
static bool acts(const char *function) {
    static const char *const names[] =
        {
            "HTTP_REQUEST", /* sends what it is told to anybody */
            "REMOTE_QUERY", /* runs a query elsewhere */
            "REFLECT",         "TRY_REFLECT", "JAVA_METHOD",
            "SECRET",          "TRY_SECRET",  "LIST_SECRETS",
            "VECTOR_SEARCH",   "READ_KAFKA", /* these connect to the server that they are told */
            "READ_KINESIS",    "READ_PUBSUB", "READ_PULSAR",
            "READ_STATESTORE", NULL};
    return among(names, function) || strncasecmp(function, "AI_", 3) == 0 ||
           strcasecmp(function, "IDENTIFIER") == 0; /* any name, made from a text */
}

/* Does a call follow: a bracket, behind blanks and comments? */
static bool is_called(struct reader *r, bool *called) {
    if (!skip_nothing(r))
        return false;
    *called = r->at < r->end && *r->at == '(';
    return true;
}

/* Up to the end: no word that writes, no function that acts, and no second statement. */
static bool check_rest(struct reader *r) {
    /* REPLACE is missing because it is also a function; where it writes, CREATE or INSERT
     * is before it. */
    static const char *const writers[] = {
        "INSERT", "MERGE",     "UPDATE",  "DELETE", "CREATE",    "DROP",
        "ALTER",  "TRUNCATE",  "COPY",    "GRANT",  "REVOKE",    "OVERWRITE",
        "CALL",   "EXECUTE",   "RESTORE", "UNDROP", "VACUUM",    "OPTIMIZE",
        "BEGIN",  "IMMEDIATE", "PUT",     "REMOVE", "TRANSFORM", /* runs a program */
        NULL};
    char word[LONGEST_WORD];
    bool called;
    for (;;) {
        if (!skip_nothing(r))
            return false;
        if (r->at == r->end)
            return true;
        char c = *r->at;
        if (word_byte(c)) {
            take_word(r, word);
            if (among(writers, word))
                return refuse_word(r, "the word %s", word);
            if (!is_called(r, &called))
                return false;
            if (called && acts(word))
                return refuse_word(r, "the function %s", word);
        } else if (c == '\'') {
            if (!skip_quoted(r))
                return false;
        } else if (c == '"' || c == '`') {
            if (!skip_quoted(r) || !is_called(r, &called))
                return false;
            if (called)
                return refuse(r, "a name in quotes that is called");
        } else if (c == ';') {
            r->at++;
            if (!skip_nothing(r))
                return false;
            return r->at == r->end || refuse(r, "more than one statement");
        } else if (next_is(r, "$$")) {
            return refuse(r, "a text between dollar signs");
        } else {
            r->at++;
        }
    }
}

/* True if the text holds `${name}`, which is replaced, by a text not known here, before
 * the statement is parsed. */
static bool has_substitution(const char *text, size_t size) {
    for (size_t i = 0; i + 1 < size; i++)
        if (text[i] == '$' && text[i + 1] == '{')
            return true;
    return false;
}

bool sqlreadonly_check(const char *text, size_t size, char *why, size_t room) {
    static const char *const readers[] = {"SELECT", "WITH",    "SHOW",   "DESCRIBE",
                                          "DESC",   "EXPLAIN", "VALUES", "TABLE",
                                          "FROM",   "LIST",    NULL};
    struct reader r = {text, text + size, why, room};
    char word[LONGEST_WORD];
    if (memchr(text, '\0', size) != NULL || has_substitution(text, size))
        return refuse(&r, "a zero byte or ${...}");
    do {
        if (!skip_nothing(&r))
            return false;
    } while (r.at < r.end && *r.at == '(' && r.at++);
    take_word(&r, word);
    if (!among(readers, word))
        return word[0] == '\0' ? refuse(&r, "no word at its beginning")
                               : refuse_word(&r, "it begins with %s", word);
    if (strcasecmp(word, "SHOW") == 0) { /* SHOW CREATE TABLE only shows */
        if (!skip_nothing(&r))
            return false;
        const char *before = r.at;
        take_word(&r, word);
        if (strcasecmp(word, "CREATE") != 0)
            r.at = before;
    }
    return check_rest(&r);
}
