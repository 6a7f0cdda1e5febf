#include "base/pattern.h"

#include "base/pattern_item.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct parser {
    struct pattern *p;
    const char *at, *end;
    int level;
    bool open[PATTERN_CAPTURES];
};

/* The most items that a pattern has: one for each byte, and the end. */
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
    size_t at = sizeof(struct pattern) + most_items(size) * sizeof(struct pattern_item);
    size_t unit = sizeof(void *);
    return (at + unit - 1) / unit * unit;
}

static size_t sets_offset(size_t size) {
    return choices_offset(size) + most_items(size) * sizeof(struct pattern_choice);
}

size_t pattern_size(const char *text, size_t size) {
    return sets_offset(size) + most_sets(text, size) * sizeof(struct pattern_set);
}

static struct pattern_item *add(struct parser *r, enum pattern_kind kind) {
    struct pattern_item *item = &r->p->item[r->p->items++];
    *item = (struct pattern_item){.kind = (unsigned char)kind};
    return item;
}

/* Add a mistake. A match that gets here ends, so what follows is never looked at. */
static void add_mistake(struct parser *r, const char *what) {
    snprintf(r->p->mistake, sizeof r->p->mistake, "%s", what);
    add(r, MISTAKE);
    r->at = r->end;
}

static void include(struct pattern_set *set, unsigned char c) {
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
    case 'z': /* deprecated, but still a class: the zero byte */
        yes = c == 0;
        break;
    default:
        return letter == c;
    }
    return isupper(letter) ? !yes : yes != 0;
}

static void include_class(struct pattern_set *set, unsigned char letter) {
    for (int c = 0; c < 256; c++)
        if (in_class(c, letter))
            include(set, (unsigned char)c);
}

static struct pattern_set *new_set(struct parser *r, int *index) {
    struct pattern_set *set = &pattern_sets(r->p)[r->p->sets];
    *index = r->p->sets++;
    *set = (struct pattern_set){{0}};
    return set;
}

/* The `]` that ends the set whose `[` is at r->at, or NULL. Neither the first byte of a
 * set nor a byte behind a % ends the set. */
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

/* Take the set whose `[` is at r->at. Returns its index, or adds a mistake and returns
 * -1. */
static int take_set(struct parser *r) {
    int index;
    const char *last = find_set_end(r), *at = r->at + 1;
    if (last == NULL) {
        add_mistake(r, "malformed pattern (missing ']')");
        return -1;
    }
    struct pattern_set *set = new_set(r, &index);
    bool negated = *at == '^';
    at += negated;
    for (; at < last; at++) {
        if (*at ==
            '%') { /* at the end, behind a range up to a %, it is the ] that it means */
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

/* Take a quantifier, if one is behind a single byte. */
static void take_quantifier(struct parser *r, struct pattern_item *item) {
    if (r->at < r->end && *r->at != '\0' && strchr("?*+-", *r->at) != NULL)
        item->quantifier = *r->at++;
}

static void take_single(struct parser *r) {
    struct pattern_item *item;
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
            struct pattern_set *set = new_set(r, &index);
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
    struct pattern_item *item = add(r, BALANCE);
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

/* The byte that every match begins with, or -1. */
static int first_byte(const struct pattern *p) {
    const struct pattern_item *item = p->item;
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
