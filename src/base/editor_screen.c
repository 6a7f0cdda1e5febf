#define _XOPEN_SOURCE 700 /* wcwidth */
#include "base/editor_screen.h"

#include "base/term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define PASTES_ARE_TOLD   "\33[?2004h"
#define PASTES_ARE_SILENT "\33[?2004l"

locale_t editor_screen_enter(const struct editor *e) {
    return e->utf8 != (locale_t)0 ? uselocale(e->utf8) : (locale_t)0;
}

void editor_screen_leave(locale_t before) {
    if (before != (locale_t)0)
        uselocale(before);
}

/* Move `*column` and `*row` to where the cursor is after `text`. What is between two `\1`
 * takes no room. Widths are counted as libedit counts them. */
static void advance(const char *text, size_t size, int columns, int *column, int *row) {
    bool visible = true;
    while (size > 0) {
        wchar_t c;
        size_t n = term_character(text, size, &c);
        text += n;
        size -= n;
        if (c == L'\1') {
            visible = !visible;
        } else if (c == L'\n') {
            *row += 1;
            *column = 0;
        } else if (visible) {
            int width = c == L'\t' ? 8 - *column % 8 : c < L' ' ? 2 : wcwidth(c);
            width = width < 0 ? 1 : width;
            if (*column + width > columns) {
                *row += 1;
                *column = 0;
            }
            *column += width;
            if (*column >= columns) {
                *row += 1;
                *column = 0;
            }
        }
    }
}

void editor_screen_erase(struct editor *e) {
    int column = 0, row = 0, columns = 80, rows;
    const LineInfo *line = el_line(e->el);
    term_size(&columns, &rows);
    if (e->prompt != NULL)
        advance(e->prompt, strlen(e->prompt), columns, &column, &row);
    advance(line->buffer, (size_t)(line->cursor - line->buffer), columns, &column, &row);
    if (row > 0)
        fprintf(stdout, "\33[%dA", row);
    fputs("\r\33[J", stdout);
    fflush(stdout);
}

void editor_screen_draw(struct editor *e) {
    term_size(&e->columns, &e->rows);
    el_set(e->el, EL_REFRESH);
}

/* Make Ctrl-Z a key, since the terminal must be restored before the program stops. */
static void take_suspend_key(void) {
    struct termios now;
    if (tcgetattr(STDIN_FILENO, &now) != 0)
        return;
    now.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

static void start(struct editor *e) {
    fputs(PASTES_ARE_TOLD, stdout);
    el_set(e->el, EL_UNBUFFERED, 1); /* draws the prompt and an empty line */
    take_suspend_key();
    term_size(&e->columns, &e->rows);
    e->editing = e->shown = true;
}

void editor_screen_stop(struct editor *e) {
    el_set(e->el, EL_UNBUFFERED, 0);
    el_set(e->el, EL_PREP_TERM, 0);
    fputs(PASTES_ARE_SILENT, stdout);
    fflush(stdout);
    e->editing = e->shown = false;
}

bool editor_show(struct editor *e, const char *prompt) {
    if (e->prompt == NULL || strcmp(e->prompt, prompt) != 0) {
        char *copy = strdup(prompt);
        if (copy == NULL)
            return false;
        editor_hide(e);
        free(e->prompt);
        e->prompt = copy;
    }
    if (e->shown)
        return true;
    locale_t before = editor_screen_enter(e);
    if (e->editing)
        editor_screen_draw(e);
    else
        start(e);
    e->shown = true;
    editor_screen_leave(before);
    return true;
}

void editor_hide(struct editor *e) {
    if (!e->shown)
        return;
    locale_t before = editor_screen_enter(e);
    editor_screen_erase(e);
    editor_screen_leave(before);
    e->shown = false;
}

void editor_stop(struct editor *e) {
    if (!e->editing)
        return;
    editor_hide(e);
    locale_t before = editor_screen_enter(e);
    editor_screen_stop(e);
    editor_screen_leave(before);
}

void editor_resized(struct editor *e) {
    int columns = e->columns, rows = e->rows;
    term_size(&columns, &rows);
    if (!e->editing || (columns == e->columns && rows == e->rows))
        return;
    locale_t before = editor_screen_enter(e);
    if (e->shown)
        editor_screen_erase(e);
    el_resize(e->el);
    if (e->shown)
        editor_screen_draw(e);
    editor_screen_leave(before);
}

void editor_beep(struct editor *e) {
    el_beep(e->el);
    fflush(stdout);
}

void editor_screen_suspend(struct editor *e) {
    editor_screen_erase(e);
    el_set(e->el, EL_PREP_TERM, 0);
    fputs(PASTES_ARE_SILENT, stdout);
    fflush(stdout);
    raise(SIGTSTP);
    fputs(PASTES_ARE_TOLD, stdout);
    el_set(e->el, EL_PREP_TERM, 1);
    take_suspend_key();
    editor_screen_draw(e);
}
