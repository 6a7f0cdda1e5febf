/* pattern.h -- Lua's patterns, matched with a bound on the work. Pure.
 *
 * A pattern is first taken apart into items, once. An item never stands inside another, so
 * that each has at most one place to come back to: a match is a loop over a small stack and
 * not a recursion, and can be given up at any step. Lua's own matcher cannot: one that
 * backtracks for ever holds the whole program. What matches, and what is wrong with a pattern
 * and when that is found out, is as in Lua 5.4 (tests/api/patterns.lua compares the two);
 * only that there is no pattern that is "too complex". Classes such as %a are those of the
 * locale in which the pattern was taken apart. */

#ifndef TARN_PATTERN_H
#define TARN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_CAPTURES   32
#define PATTERN_POSITION   (-2) /* length of a capture `()` */
#define PATTERN_UNFINISHED (-1)

struct pattern; /* one block of memory, which may be moved and freed as such */

/* How big the block for a pattern must be, and how to fill it. `anchors`: a `^` in front means
 * the beginning of the subject (not so in gmatch). Never fails: what is wrong in a pattern is
 * wrong when a match gets there. */
size_t pattern_size(const char *text, size_t size);
void pattern_compile(struct pattern *p, const char *text, size_t size, bool anchors);
bool pattern_is_anchored(const struct pattern *p);

struct pattern_capture {
    const char *start;
    ptrdiff_t size; /* or PATTERN_POSITION, PATTERN_UNFINISHED */
};

/* One search through one subject, which may be several matches. */
struct pattern_run {
    const char *subject, *end; /* filled by the caller, as are the next three */
    size_t steps;              /* how many more may be made */
    bool (*go_on)(void *ud);   /* asked now and then; may be NULL */
    void *ud;

    struct pattern_capture captures[PATTERN_CAPTURES];
    int level;         /* how many captures there are */
    const char *start; /* where the match begins, and where it ends */
    const char *stop;
    const char *wrong; /* what is wrong with the pattern */
};

enum pattern_result {
    PATTERN_MATCH,
    PATTERN_NO_MATCH,
    PATTERN_WRONG,   /* run->wrong says why */
    PATTERN_TOO_FAR, /* no steps are left */
    PATTERN_STOPPED, /* go_on said no */
};

/* Look for the first match that begins at `from` or behind; with `here` only at `from`. */
enum pattern_result pattern_search(struct pattern *p, struct pattern_run *run,
                                   const char *from, bool here);

#endif
