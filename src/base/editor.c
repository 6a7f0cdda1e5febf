#include "base/editor.h"

#include "base/editor_screen.h"
#include "base/key.h"
#include "base/oserror.h"
#include "base/term.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define REMEMBERED  2000 /* lines */
#define PASTED_TAB  "    "
#define PASTE_BEGIN "\33[200~"
#define PASTE_END   "\33[201~"

static struct editor *editor_of(EditLine *el) {
    void *e = NULL;
    el_get(el, EL_CLIENTDATA, &e);
    return e;
}

/* ---- what libedit calls ---- */

static char *give_prompt(EditLine *el) {
    static char none[] = "";
    struct editor *e = editor_of(el);
    return e->prompt != NULL ? e->prompt : none;
}

/* Give the next character of the key that is being used. The key is always whole, so
 * nothing waits here. If libedit wants more, it hears that there is no more. */
static int give_character(EditLine *el, wchar_t *c) {
    struct editor *e = editor_of(el);
    if (e->key_size == 0)
        return 0;
    size_t n = term_character(e->key, e->key_size, c);
    e->key += n;
    e->key_size -= n;
    return 1;
}

/* ---- making ---- */

static void bind_keys(EditLine *el) {
    for (int i = 0; key_bound[i].bytes != NULL; i++)
        el_set(el, EL_BIND, key_bound[i].bytes, key_bound[i].command, NULL);
    el_set(el, EL_BIND, "^W", "ed-delete-prev-word", NULL);
}

static bool set_up(struct editor *e) {
    HistEvent event;
    e->utf8 = term_locale();
    locale_t before = editor_screen_enter(e);
    e->history = history_init();
    e->el = el_init("tarn", stdin, stdout, stderr);
    if (e->el != NULL && e->history != NULL) {
        history(e->history, &event, H_SETSIZE, REMEMBERED);
        history(e->history, &event, H_SETUNIQUE, 1);
        el_set(e->el, EL_CLIENTDATA, e);
        el_set(e->el, EL_SIGNAL, 0);
        el_set(e->el, EL_EDITOR, "emacs");
        el_set(e->el, EL_HIST, history, e->history);
        el_set(e->el, EL_PROMPT_ESC, give_prompt, '\1');
        el_set(e->el, EL_GETCFN, give_character);
        bind_keys(e->el);
    }
    editor_screen_leave(before);
    return e->el != NULL && e->history != NULL;
}

struct editor *editor_new(struct fault *f) {
    if (!term_is_tty(STDIN_FILENO) || !term_is_tty(STDOUT_FILENO)) {
        fault_set(f, FAULT_IO, "standard input and output are not a terminal");
        return NULL;
    }
    struct editor *e = calloc(1, sizeof *e);
    if (e != NULL && set_up(e))
        return e;
    editor_free(e);
    oserror_set(f, ENOMEM, "terminal");
    return NULL;
}

void editor_free(struct editor *e) {
    if (e == NULL)
        return;
    editor_stop(e);
    locale_t before = editor_screen_enter(e);
    if (e->el != NULL)
        el_end(e->el);
    if (e->history != NULL)
        history_end(e->history);
    editor_screen_leave(before);
    if (e->utf8 != (locale_t)0)
        freelocale(e->utf8);
    free(e->prompt);
    buf_wipe(&e->come);
    buf_wipe(&e->text);
    free(e);
}

/* ---- keys ---- */

/* Read what is there, without waiting. */
static bool take(struct editor *e, struct fault *f) {
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char some[4096];
    if (e->used == e->come.size)
        e->used = e->come.size = 0;
    while (!e->gone && poll(&p, 1, 0) > 0) {
        ssize_t n = read(STDIN_FILENO, some, sizeof some);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            e->gone = true; /* what has come before is still used */
        else if (!buf_add(&e->come, some, (size_t)n))
            return oserror_set(f, ENOMEM, "terminal");
        else if ((size_t)n < sizeof some)
            break;
    }
    return true;
}

static bool keep_line(struct editor *e, const char *text, size_t size, struct fault *f) {
    e->text.size = 0;
    e->ended = true;
    return buf_add(&e->text, text, size) || oserror_set(f, ENOMEM, "terminal");
}

/* Give one key to libedit. */
static enum editor_event use(struct editor *e, const char *key, size_t size,
                             struct fault *f) {
    e->key = key;
    e->key_size = size;
    while (e->key_size > 0) {
        int n = 0;
        size_t left = e->key_size;
        const char *text = el_gets(e->el, &n);
        if (text != NULL && n > 0 && text[n - 1] == '\n') {
            e->key_size = 0;
            return keep_line(e, text, (size_t)n - 1, f) ? EDITOR_LINE : EDITOR_FAILED;
        }
        if (key[0] == KEY_ESC || e->key_size == left)
            e->key_size = 0; /* drop the rest of a key that is not bound: it is no text */
    }
    return EDITOR_WAITING;
}

static bool is_empty(struct editor *e) {
    const LineInfo *line = el_line(e->el);
    return line->lastchar == line->buffer;
}

/* Use a key of a pasted text: text and ends of lines as they are, and a TAB as blanks. */
static enum editor_event use_pasted(struct editor *e, const char *key, size_t size,
                                    struct fault *f) {
    if (key[0] == '\t')
        return use(e, PASTED_TAB, strlen(PASTED_TAB), f);
    if (key[0] == '\n' || key[0] == '\r' || (unsigned char)key[0] >= ' ')
        return use(e, key, size, f);
    return EDITOR_WAITING;
}

static enum editor_event use_key(struct editor *e, const char *key, size_t size,
                                 struct fault *f) {
    if (key_is(key, size, PASTE_BEGIN) || key_is(key, size, PASTE_END)) {
        e->pasting = key[4] == '0';
        return EDITOR_WAITING;
    }
    if (e->pasting)
        return use_pasted(e, key, size, f);
    switch (key[0]) {
    case '\t':
        return EDITOR_COMPLETE;
    case KEY_CONTROL('R'):
        return EDITOR_SEARCH;
    case KEY_CONTROL('Z'):
        editor_screen_suspend(e);
        return EDITOR_WAITING;
    case KEY_CONTROL('D'):
        return is_empty(e) ? EDITOR_END : use(e, KEY_DELETE, strlen(KEY_DELETE), f);
    default:
        return key_is_known(key, size) ? use(e, key, size, f) : EDITOR_WAITING;
    }
}

enum editor_event editor_feed(struct editor *e, struct fault *f) {
    enum editor_event event = EDITOR_WAITING;
    if (!take(e, f))
        return EDITOR_FAILED;
    locale_t before = editor_screen_enter(e);
    e->ended = false;
    while (event == EDITOR_WAITING) {
        const char *key = e->come.bytes + e->used;
        size_t size = key_size(key, e->come.size - e->used);
        if (size == 0)
            break;
        if (e->pasting && key[0] == KEY_ESC && !key_is(key, size, PASTE_END))
            size = 1; /* in a pasted text KEY_ESC begins no key */
        e->used += size;
        event = use_key(e, key, size, f);
    }
    if (event == EDITOR_WAITING && e->gone)
        event = EDITOR_END;
    if (event == EDITOR_LINE)
        e->shown = false; /* the line stays on the screen, and the cursor is below it */
    editor_screen_leave(before);
    return event;
}

enum editor_event editor_key(struct editor *e, struct fault *f) {
    if (!e->editing) {
        el_set(e->el, EL_PREP_TERM, 1);
        e->editing = true;
    }
    if (!take(e, f))
        return EDITOR_FAILED;
    size_t left = e->come.size - e->used;
    if (left == 0)
        return e->gone ? EDITOR_END : EDITOR_WAITING;
    const char *key = e->come.bytes + e->used;
    size_t size = key_size(key, left);
    size = size == 0 ? 1 : size; /* KEY_ESC alone */
    e->used += size;
    return keep_line(e, key, size, f) ? EDITOR_LINE : EDITOR_FAILED;
}

bool editor_discard(struct editor *e) {
    bool some = e->used < e->come.size;
    e->used = e->come.size = 0;
    e->pasting = false;
    return some;
}

/* ---- the line ---- */

const char *editor_text(struct editor *e, size_t *size, size_t *cursor) {
    if (e->ended) {
        *size = *cursor = e->text.size;
        return e->text.size > 0 ? e->text.bytes : "";
    }
    locale_t before = editor_screen_enter(e);
    const LineInfo *line = el_line(e->el);
    editor_screen_leave(before);
    *size = (size_t)(line->lastchar - line->buffer);
    *cursor = (size_t)(line->cursor - line->buffer);
    return line->buffer;
}

/* The number of characters in the first `size` bytes. */
static int characters(const char *text, size_t size) {
    int n = 0;
    for (size_t i = 0; i < size && text[i] != '\0'; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

bool editor_set(struct editor *e, const char *text, size_t cursor) {
    bool shown = e->shown;
    locale_t before = editor_screen_enter(e);
    if (shown)
        editor_screen_erase(e);
    const LineInfo *line = el_line(e->el);
    int behind = characters(line->cursor, (size_t)(line->lastchar - line->cursor));
    el_cursor(e->el, behind);
    line = el_line(e->el);
    el_deletestr(e->el,
                 characters(line->buffer, (size_t)(line->lastchar - line->buffer)));
    bool ok = text[0] == '\0' || el_insertstr(e->el, text) == 0;
    if (ok && cursor < strlen(text))
        el_cursor(e->el, -characters(text + cursor, strlen(text) - cursor));
    if (shown)
        editor_screen_draw(e);
    editor_screen_leave(before);
    return ok;
}

void editor_abandon(struct editor *e) {
    editor_discard(e);
    if (!e->editing)
        return;
    locale_t before = editor_screen_enter(e);
    if (e->shown) {
        const LineInfo *line = el_line(e->el);
        editor_screen_erase(e);
        el_cursor(e->el,
                  characters(line->cursor, (size_t)(line->lastchar - line->cursor)));
        editor_screen_draw(e);
        fputs("^C\n", stdout);
    }
    editor_screen_stop(e);
    editor_screen_leave(before);
}

bool editor_remember(struct editor *e, const char *line) {
    HistEvent event;
    locale_t before = editor_screen_enter(e);
    int status = history(e->history, &event, H_ENTER, line);
    editor_screen_leave(before);
    return status != -1;
}
