/* editor_screen.h -- the editor's line on the screen, with editor_show, editor_hide, editor_stop,
 * editor_resized and editor_beep. For editor.c alone, with which it shares the editor. */

#ifndef TARN_EDITOR_SCREEN_H
#define TARN_EDITOR_SCREEN_H

#include "base/buf.h"
#include "base/editor.h"

#include <histedit.h>
#include <locale.h>

struct editor {
    EditLine *el;
    History *history;
    locale_t utf8; /* in force while libedit works: it asks the C library for widths */
    char *prompt;
    struct buf come; /* what the terminal sent, from `used` on not used yet */
    size_t used;
    const char *key; /* what libedit is given now */
    size_t key_size;
    struct buf text;   /* of the line that has ended, or the key */
    int columns, rows; /* when the line was last drawn */
    bool ended;        /* the line has; `text` holds it */
    bool editing;      /* keys come one by one */
    bool shown;
    bool pasting;
    bool gone; /* the terminal has */
};

/* Begin and end what libedit does in UTF-8; all that follows happens in between. */
locale_t editor_screen_enter(const struct editor *e);
void editor_screen_leave(locale_t before);

/* Take what is drawn off the screen, from the prompt on; and draw it. */
void editor_screen_erase(struct editor *e);
void editor_screen_draw(struct editor *e);

/* Give the terminal back. */
void editor_screen_stop(struct editor *e);

/* Stop the program as if the terminal had done it; it goes on with `fg`. */
void editor_screen_suspend(struct editor *e);

#endif
