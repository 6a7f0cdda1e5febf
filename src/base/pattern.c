#include "base/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define POLL_STEPS 65536 /* how often go_on is asked */

enum kind {
    CHAR, /* one byte that is `c`; these first three may have a quantifier */
    ANY,
    SET,
    BALANCE,  /* %bxy: c, d */
    FRONTIER, /* %f[set] */
    BACK,     /* %1: index */
    OPEN,     /* ( : index */
    CLOSE,
    PLACE, /* () */
    END,   /* $ */
    DONE,
    MISTAKE,
};

struct item {
    unsigned char kind;
    char quantifier; /* 0, '?', '*', '+', '-' */
    unsigned char c, d;
    int index; /* of a set, or of a capture */
};

struct set {
    uint32_t bits[8];
};

/* Where to come back to: item `item` has taken `count` bytes from `from` on. */
struct choice {
    const char *from;
    size_t count;
    int item;
};

/* Behind the header lie items, choices and sets. */
struct pattern {
    int items, sets;
    bool anchored;
    int first; /* the byte that a match begins with, -1: not known */
    size_t choices_at, sets_at;
    char mistake[64];
    struct item item[];
};

static struct choice *choices_of(struct pattern *p) {
    return (struct choice *)((char *)p + p->choices_at);
}

static struct set *sets_of(struct pattern *p) {
    return (struct set *)((char *)p + p->sets_at);
}

/* ---- taking a pattern apart ---- */

struct parser {
    struct pattern *p;
    const char *at, *end;
    int level;
    bool open[PATTERN_CAPTURES];
};

/* Items at most: one for each byte, and the end. */
static size_t most_items(size_t size) {
    return size + 1;
}

static size_t most_sets(const char *text, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '[' || text[i] == '%';
    return n;
}

static size_t choices_offset(size_t size) {
    size_t at = sizeof(struct pattern) + most_items(size) * sizeof(struct item);
    size_t unit = sizeof(void *);
    return (at + unit - 1) / unit * unit;
}

static size_t sets_offset(size_t size) {
    return choices_offset(size) + most_items(size) * sizeof(struct choice);
}

size_t pattern_size(const char *text, size_t size) {
    return sets_offset(size) + most_sets(text, size) * sizeof(struct set);
}

static struct item *add(struct parser *r, enum kind kind) {
    struct item *item = &r->p->item[r->p->items++];
    *item = (struct item){.kind = (unsigned char)kind};
    return item;
}

/* The rest is never looked at: a match that gets here ends. */
static void add_mistake(struct parser *r, const char *what) {
    snprintf(r->p->mistake, sizeof r->p->mistake, "%s", what);
    add(r, MISTAKE);
    r->at = r->end;
}

static bool has(const struct set *set, unsigned char c) {
    return set->bits[c / 32] >> (c % 32) & 1;
}

static void include(struct set *set, unsigned char c) {
    set->bits[c / 32] |= (uint32_t)1 << (c % 32);
}

static bool in_class(int c, int letter) {
    int yes;
    switch (tolower(letter)) {
    case 'a':
        yes = isalpha(c);
        break;
    case 'c':
        yes = iscntrl(c);
        break;
    case 'd':
        yes = isdigit(c);
        break;
    case 'g':
        yes = isgraph(c);
        break;
    case 'l':
        yes = islower(c);
        break;
    case 'p':
        yes = ispunct(c);
        break;
    case 's':
        yes = isspace(c);
        break;
    case 'u':
        yes = isupper(c);
        break;
    case 'w':
        yes = isalnum(c);
        break;
    case 'x':
        yes = isxdigit(c);
        break;
    case 'z': /* from before patterns could hold a zero byte */
        yes = c == 0;
        break;
    default:
        return letter == c;
    }
    return isupper(letter) ? !yes : yes != 0;
}

static void include_class(struct set *set, unsigned char letter) {
    for (int c = 0; c < 256; c++)
        if (in_class(c, letter))
            include(set, (unsigned char)c);
}

static struct set *new_set(struct parser *r, int *index) {
    struct set *set = &sets_of(r->p)[r->p->sets];
    *index = r->p->sets++;
    *set = (struct set){{0}};
    return set;
}

/* The `]` that ends the set whose `[` is at r->at; NULL if there is none. The first byte of a
 * set, and one behind a %, do not end it. */
static const char *find_set_end(const struct parser *r) {
    const char *at = r->at + 1;
    if (at < r->end && *at == '^')
        at++;
    do {
        if (at >= r->end)
            return NULL;
        if (*at++ == '%' && at < r->end)
            at++;
    } while (at >= r->end || *at != ']');
    return at;
}

/* Take a set, from its `[` at r->at; its index, or -1 and a mistake. */
static int take_set(struct parser *r) {
    int index;
    const char *last = find_set_end(r), *at = r->at + 1;
    if (last == NULL) {
        add_mistake(r, "malformed pattern (missing ']')");
        return -1;
    }
    struct set *set = new_set(r, &index);
    bool negated = *at == '^';
    at += negated;
    for (; at < last; at++) {
        if (*at == '%' && at + 1 < last) {
            include_class(set, (unsigned char)*++at);
        } else if (at + 2 < last && at[1] == '-') {
            for (int c = (unsigned char)at[0]; c <= (unsigned char)at[2]; c++)
                include(set, (unsigned char)c);
            at += 2;
        } else {
            include(set, (unsigned char)*at);
        }
    }
    for (int i = 0; negated && i < 8; i++)
        set->bits[i] = ~set->bits[i];
    r->at = last + 1;
    return index;
}

/* A quantifier behind a single byte. */
static void take_quantifier(struct parser *r, struct item *item) {
    if (r->at < r->end && *r->at != '\0' && strchr("?*+-", *r->at) != NULL)
        item->quantifier = *r->at++;
}

static void take_single(struct parser *r) {
    struct item *item;
    int index = -1;
    char c = *r->at;
    if (c == '[') {
        index = take_set(r);
        if (index < 0)
            return;
        item = add(r, SET);
        item->index = index;
    } else if (c == '%') {
        if (r->at + 1 >= r->end) {
            add_mistake(r, "malformed pattern (ends with '%')");
            return;
        }
        unsigned char letter = (unsigned char)r->at[1];
        if (isalpha(letter) && strchr("acdglpsuwxz", tolower(letter)) != NULL) {
            struct set *set = new_set(r, &index);
            include_class(set, letter);
            item = add(r, SET);
            item->index = index;
        } else {
            item = add(r, CHAR);
            item->c = letter;
        }
        r->at += 2;
    } else {
        item = add(r, c == '.' ? ANY : CHAR);
        item->c = (unsigned char)c;
        r->at++;
    }
    take_quantifier(r, item);
}

static void take_open(struct parser *r) {
    bool place = r->at + 1 < r->end && r->at[1] == ')';
    if (r->level >= PATTERN_CAPTURES) {
        add_mistake(r, "too many captures");
        return;
    }
    r->open[r->level] = !place;
    add(r, place ? PLACE : OPEN)->index = r->level++;
    r->at += place ? 2 : 1;
}

static void take_close(struct parser *r) {
    int i = r->level - 1;
    while (i >= 0 && !r->open[i])
        i--;
    if (i < 0) {
        add_mistake(r, "invalid pattern capture");
        return;
    }
    r->open[i] = false;
    add(r, CLOSE)->index = i;
    r->at++;
}

static void take_back(struct parser *r) {
    int i = r->at[1] - '1';
    if (i < 0 || i >= r->level || r->open[i]) {
        char what[64];
        snprintf(what, sizeof what, "invalid capture index %%%d", i + 1);
        add_mistake(r, what);
        return;
    }
    add(r, BACK)->index = i;
    r->at += 2;
}

static void take_balance(struct parser *r) {
    if (r->end - r->at < 4) {
        add_mistake(r, "malformed pattern (missing arguments to '%b')");
        return;
    }
    struct item *item = add(r, BALANCE);
    item->c = (unsigned char)r->at[2];
    item->d = (unsigned char)r->at[3];
    r->at += 4;
}

static void take_frontier(struct parser *r) {
    r->at += 2;
    if (r->at >= r->end || *r->at != '[') {
        add_mistake(r, "missing '[' after '%f' in pattern");
        return;
    }
    int index = take_set(r);
    if (index >= 0)
        add(r, FRONTIER)->index = index;
}

static void take(struct parser *r) {
    char next = '\0';
    if (r->at + 1 < r->end)
        next = r->at[1];
    if (*r->at == '(')
        take_open(r);
    else if (*r->at == ')')
        take_close(r);
    else if (*r->at == '$' && r->at + 1 == r->end) {
        add(r, END);
        r->at++;
    } else if (*r->at == '%' && next == 'b')
        take_balance(r);
    else if (*r->at == '%' && next == 'f')
        take_frontier(r);
    else if (*r->at == '%' && isdigit((unsigned char)next))
        take_back(r);
    else
        take_single(r);
}

/* The byte that each match begins with. */
static int first_byte(const struct pattern *p) {
    const struct item *item = p->item;
    while (item->kind == OPEN || item->kind == PLACE)
        item++;
    bool must = item->quantifier == '\0' || item->quantifier == '+';
    return item->kind == CHAR && must ? item->c : -1;
}

void pattern_compile(struct pattern *p, const char *text, size_t size, bool anchors) {
    bool anchored = anchors && size > 0 && text[0] == '^';
    struct parser r = {.p = p, .at = text + anchored, .end = text + size};
    *p = (struct pattern){.anchored = anchored,
                          .choices_at = choices_offset(size),
                          .sets_at = sets_offset(size)};
    while (r.at < r.end)
        take(&r);
    if (p->items == 0 || p->item[p->items - 1].kind != MISTAKE)
        add(&r, DONE);
    p->first = first_byte(p);
}

bool pattern_is_anchored(const struct pattern *p) {
    return p->anchored;
}

/* ---- matching ---- */

static bool fits(struct pattern *p, const struct item *item,
                 const struct pattern_run *run, const char *s) {
    if (s >= run->end)
        return false;
    unsigned char c = (unsigned char)*s;
    return item->kind == ANY ||
           (item->kind == CHAR ? c == item->c : has(&sets_of(p)[item->index], c));
}

/* How many bytes from `s` on fit. */
static size_t run_length(struct pattern *p, const struct item *item,
                         const struct pattern_run *run, const char *s) {
    const char *at = s;
    if (item->kind == ANY)
        return (size_t)(run->end - s);
    if (item->kind == CHAR) {
        while (at < run->end && (unsigned char)*at == item->c)
            at++;
    } else {
        const struct set *set = &sets_of(p)[item->index];
        while (at < run->end && has(set, (unsigned char)*at))
            at++;
    }
    return (size_t)(at - s);
}

/* The end of what %bxy matches at `s`, or NULL. */
static const char *balanced(const struct item *item, const struct pattern_run *run,
                            const char *s, size_t *cost) {
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

static bool at_frontier(struct pattern *p, const struct item *item,
                        const struct pattern_run *run, const char *s) {
    const struct set *set = &sets_of(p)[item->index];
    unsigned char before = s == run->subject ? 0 : (unsigned char)s[-1];
    unsigned char here = s == run->end ? 0 : (unsigned char)*s;
    return !has(set, before) && has(set, here);
}

/* One item that is no single byte. Where to go on, or NULL if it does not match. */
static const char *pass(struct pattern *p, const struct item *item,
                        struct pattern_run *run, const char *s, size_t *cost) {
    struct pattern_capture *capture =
        item->kind == FRONTIER ? NULL : &run->captures[item->index];
    switch ((enum kind)item->kind) {
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
        break; /* not for this function */
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

/* Go back to the newest choice that leaves something else to try. False if there is none. */
static bool try_else(struct pattern *p, struct pattern_run *run, int *top, int *at,
                     const char **s) {
    struct choice *choices = choices_of(p);
    while (*top > 0) {
        struct choice *c = &choices[*top - 1];
        const struct item *item = &p->item[c->item];
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

/* A single byte with its quantifier. Where to go on, or NULL. */
static const char *take_bytes(struct pattern *p, int at, struct pattern_run *run,
                              const char *s, int *top, size_t *cost) {
    const struct item *item = &p->item[at];
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
        choices_of(p)[(*top)++] = (struct choice){.from = s, .count = count, .item = at};
    return s + count;
}

static enum pattern_result match_here(struct pattern *p, struct pattern_run *run,
                                      const char *s) {
    enum pattern_result result = PATTERN_NO_MATCH;
    int at = 0, top = 0;
    run->start = s;
    run->level = 0;
    for (;;) {
        const struct item *item = &p->item[at];
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
        if (first >= 0 && !here) { /* most places need no look */
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
