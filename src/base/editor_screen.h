/* editor_screen.h -- the editor's line on the screen, with editor_show,
 * editor_hide, editor_stop, editor_resized and editor_beep. Shares the editor with
 * editor.c, and is for nobody else. */

#ifndef TARN_EDITOR_SCREEN_H
#define TARN_EDITOR_SCREEN_H

#include "base/buf.h"
#include "base/editor.h"

#include <histedit.h>
#include <locale.h>

struct editor {
    EditLine *el;
    History *history;
    locale_t utf8; /* set while libedit works, which asks the C library for widths */
    char *prompt;
    struct buf come; /* what the terminal sent; it is used up to `used` */
    size_t used;
    const char *key; /* the key that libedit is given now */
    size_t key_size;
    struct buf text;   /* the line that has ended, or the key */
    int columns, rows; /* when the line was last drawn */
    bool ended;        /* the line has ended, and is in `text` */
    bool editing;      /* keys come one by one */
    bool shown;
    bool pasting;
    bool gone; /* the terminal has gone */
};

/* Set and restore the locale. libedit, and the functions below, work in between. */
locale_t editor_screen_enter(const struct editor *e);
void editor_screen_leave(locale_t before);

/* Take the prompt and the line off the screen, and draw them. */
void editor_screen_erase(struct editor *e);
void editor_screen_draw(struct editor *e);

/* Restore the terminal. */
void editor_screen_stop(struct editor *e);

/* Stop the program as if the terminal had done it; it goes on with `fg`. */
void editor_screen_suspend(struct editor *e);

#endif
