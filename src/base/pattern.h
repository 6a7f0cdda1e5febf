/* pattern.h -- Lua's patterns, matched with a bound on the work. Pure.
 *
 * A pattern is first split into items. An item is never inside another, so each needs at
 * most one place to come back to. A match is therefore a loop over a small stack, no
 * recursion, and can be given up at any step. Lua's own matcher cannot be interrupted, so
 * that a pattern that backtracks for ever would hold the whole program.
 *
 * What matches, which patterns are malformed, and when that is noticed, is as in Lua 5.4
 * (tests/api/patterns.lua compares the two), but no pattern is "too complex". Classes
 * such as %a are those of the locale in which the pattern was split. */

#ifndef TARN_PATTERN_H
#define TARN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_CAPTURES   32
#define PATTERN_POSITION   (-2) /* length of a capture `()` */
#define PATTERN_UNFINISHED (-1)

struct pattern; /* one block of memory, which may be moved and freed as such */

/* The size of the block for a pattern, and the function that fills it. With `anchors`, a
 * `^` in front means the beginning of the subject (not so in gmatch). Filling never
 * fails: a mistake in a pattern is reported when a match gets there. */
size_t pattern_size(const char *text, size_t size);
void pattern_compile(struct pattern *p, const char *text, size_t size, bool anchors);
bool pattern_is_anchored(const struct pattern *p);

struct pattern_capture {
    const char *start;
    ptrdiff_t size; /* or PATTERN_POSITION, PATTERN_UNFINISHED */
};

/* One search through one subject, which may be several matches. */
struct pattern_run {
    const char *subject, *end; /* filled by the caller, as the next three are */
    size_t steps;              /* how many more may be made */
    bool (*go_on)(void *ud);   /* called now and then; false: stop; may be NULL */
    void *ud;

    struct pattern_capture captures[PATTERN_CAPTURES];
    int level;         /* how many captures there are */
    const char *start; /* where the match begins and ends */
    const char *stop;
    const char *wrong; /* what is wrong with the pattern */
};

enum pattern_result {
    PATTERN_MATCH,
    PATTERN_NO_MATCH,
    PATTERN_WRONG,   /* run->wrong says why */
    PATTERN_TOO_FAR, /* no steps are left */
    PATTERN_STOPPED, /* go_on returned false */
};

/* Look for the first match that begins at `from` or later; with `here`, only at
 * `from`. */
enum pattern_result pattern_search(struct pattern *p, struct pattern_run *run,
                                   const char *from, bool here);

#endif
