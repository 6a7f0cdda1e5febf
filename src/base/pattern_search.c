#include "base/pattern.h"
#include "base/pattern_item.h"

#include <string.h>

#define POLL_STEPS 65536 /* how often go_on is asked */

static bool fits(struct pattern *p, const struct pattern_item *item,
                 const struct pattern_run *run, const char *s) {
    if (s >= run->end)
        return false;
    unsigned char c = (unsigned char)*s;
    return item->kind == ANY ||
           (item->kind == CHAR ? c == item->c
                               : pattern_set_has(&pattern_sets(p)[item->index], c));
}

/* How many bytes from `s` on match the item. */
static size_t run_length(struct pattern *p, const struct pattern_item *item,
                         const struct pattern_run *run, const char *s) {
    const char *at = s;
    if (item->kind == ANY)
        return (size_t)(run->end - s);
    if (item->kind == CHAR) {
        while (at < run->end && (unsigned char)*at == item->c)
            at++;
    } else {
        const struct pattern_set *set = &pattern_sets(p)[item->index];
        while (at < run->end && pattern_set_has(set, (unsigned char)*at))
            at++;
    }
    return (size_t)(at - s);
}

/* The end of what the item, %bxy, matches at `s`, or NULL. */
static const char *balanced(const struct pattern_item *item,
                            const struct pattern_run *run, const char *s, size_t *cost) {
    size_t depth = 1;
    if (s >= run->end || (unsigned char)*s != item->c)
        return NULL;
    while (++s < run->end) {
        ++*cost;
        if ((unsigned char)*s == item->d) {
            if (--depth == 0)
                return s + 1;
        } else if ((unsigned char)*s == item->c) {
            depth++;
        }
    }
    return NULL;
}

static bool at_frontier(struct pattern *p, const struct pattern_item *item,
                        const struct pattern_run *run, const char *s) {
    const struct pattern_set *set = &pattern_sets(p)[item->index];
    unsigned char before = s == run->subject ? 0 : (unsigned char)s[-1];
    unsigned char here = s == run->end ? 0 : (unsigned char)*s;
    return !pattern_set_has(set, before) && pattern_set_has(set, here);
}

/* Match one item that is no single byte. Returns where to go on, or NULL if it does not
 * match. */
static const char *pass(struct pattern *p, const struct pattern_item *item,
                        struct pattern_run *run, const char *s, size_t *cost) {
    struct pattern_capture *capture =
        item->kind == FRONTIER ? NULL : &run->captures[item->index];
    switch ((enum pattern_kind)item->kind) {
    case OPEN:
    case PLACE:
        capture->start = s;
        capture->size = item->kind == OPEN ? PATTERN_UNFINISHED : PATTERN_POSITION;
        run->level = item->index + 1;
        return s;
    case CLOSE:
        capture->size = s - capture->start;
        return s;
    case BACK:
        if (capture->size < 0 || run->end - s < capture->size ||
            memcmp(capture->start, s, (size_t)capture->size) != 0)
            return NULL;
        *cost += (size_t)capture->size / 8;
        return s + capture->size;
    case BALANCE:
        return balanced(item, run, s, cost);
    case FRONTIER:
        return at_frontier(p, item, run, s) ? s : NULL;
    case END:
        return s == run->end ? s : NULL;
    case CHAR:
    case ANY:
    case SET:
    case DONE:
    case MISTAKE:
        break; /* handled by the caller */
    }
    return NULL;
}

/* Take `n` steps. False, with `*result` set, if they cannot be taken. */
static bool step(struct pattern_run *run, size_t n, enum pattern_result *result) {
    size_t before = run->steps / POLL_STEPS;
    if (run->steps < n) {
        *result = PATTERN_TOO_FAR;
        return false;
    }
    run->steps -= n;
    if (run->steps / POLL_STEPS != before && run->go_on != NULL && !run->go_on(run->ud)) {
        *result = PATTERN_STOPPED;
        return false;
    }
    return true;
}

/* Go back to the newest choice that has another way to try. False if there is none. */
static bool try_else(struct pattern *p, struct pattern_run *run, int *top, int *at,
                     const char **s) {
    struct pattern_choice *choices = pattern_choices(p);
    while (*top > 0) {
        struct pattern_choice *c = &choices[*top - 1];
        const struct pattern_item *item = &p->item[c->item];
        if (item->quantifier == '-') {
            if (fits(p, item, run, c->from + c->count)) {
                c->count++;
                break;
            }
        } else if (c->count > (item->quantifier == '+' ? 1u : 0u)) {
            c->count--;
            break;
        }
        --*top;
    }
    if (*top == 0)
        return false;
    *at = choices[*top - 1].item + 1;
    *s = choices[*top - 1].from + choices[*top - 1].count;
    return true;
}

/* Match a single byte with its quantifier. Returns where to go on, or NULL. */
static const char *take_bytes(struct pattern *p, int at, struct pattern_run *run,
                              const char *s, int *top, size_t *cost) {
    const struct pattern_item *item = &p->item[at];
    size_t count;
    switch (item->quantifier) {
    case '\0':
        return fits(p, item, run, s) ? s + 1 : NULL;
    case '?':
        count = fits(p, item, run, s);
        break;
    case '-':
        count = 0;
        break;
    default:
        count = run_length(p, item, run, s);
        if (item->kind != ANY)
            *cost += count / 4;
        if (count == 0 && item->quantifier == '+')
            return NULL;
    }
    if (count > 0 || item->quantifier == '-')
        pattern_choices(p)[(*top)++] =
            (struct pattern_choice){.from = s, .count = count, .item = at};
    return s + count;
}

static enum pattern_result match_here(struct pattern *p, struct pattern_run *run,
                                      const char *s) {
    enum pattern_result result = PATTERN_NO_MATCH;
    int at = 0, top = 0;
    run->start = s;
    run->level = 0;
    for (;;) {
        const struct pattern_item *item = &p->item[at];
        size_t cost = 1;
        if (item->kind == DONE) {
            run->stop = s;
            return PATTERN_MATCH;
        }
        if (item->kind == MISTAKE) {
            run->wrong = p->mistake;
            return PATTERN_WRONG;
        }
        s = item->kind <= SET ? take_bytes(p, at, run, s, &top, &cost)
                              : pass(p, item, run, s, &cost);
        if (!step(run, cost, &result))
            return result;
        at++;
        if (s == NULL && !try_else(p, run, &top, &at, &s))
            return PATTERN_NO_MATCH;
    }
}

enum pattern_result pattern_search(struct pattern *p, struct pattern_run *run,
                                   const char *from, bool here) {
    const int first = p->first;
    for (const char *s = from;; s++) {
        if (first >= 0 && !here) { /* most places cannot begin a match */
            if (s >= run->end)
                return PATTERN_NO_MATCH;
            s = memchr(s, first, (size_t)(run->end - s));
            if (s == NULL)
                return PATTERN_NO_MATCH;
        }
        enum pattern_result result = match_here(p, run, s);
        if (result != PATTERN_NO_MATCH || here || s >= run->end)
            return result;
    }
}
