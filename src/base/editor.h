/* editor.h -- the line that a person edits at a terminal, by libedit. The editor is a
 * state machine: it is fed with what the terminal sends when the loop says that something
 * is there, and never waits. It knows nothing of what the line means. A TAB only ends the
 * feeding, and the code that reads the line completes it. */

#ifndef TARN_EDITOR_H
#define TARN_EDITOR_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct editor;

enum editor_event {
    EDITOR_WAITING,  /* more keys are needed */
    EDITOR_LINE,     /* Enter: editor_text is the line, and the next one is empty */
    EDITOR_END,      /* Ctrl-D on an empty line, or the terminal has gone */
    EDITOR_COMPLETE, /* TAB: the line stays as it is */
    EDITOR_SEARCH,   /* Ctrl-R: likewise */
    EDITOR_FAILED
};

/* Make an editor for standard input and output, which must be one terminal. NULL with
 * `*f` set if that terminal does not allow editing. ~/.editrc is not read. */
struct editor *editor_new(struct fault *f);

/* Restore the terminal and free the editor. Harmless for NULL. */
void editor_free(struct editor *e);

/* Show the prompt with the line behind it, and take keys one by one. Text between two
 * `\1` in the prompt takes no room, such as a colour. Harmless if the line is shown.
 * False if memory runs out. */
bool editor_show(struct editor *e, const char *prompt);

/* Take the line off the screen, so that what is printed takes its place. Keys are still
 * taken one by one. Harmless if the line is not shown. */
void editor_hide(struct editor *e);

/* Hide the line if it is still edited, and restore the terminal: it echoes and gives
 * whole lines. */
void editor_stop(struct editor *e);

/* Use what the terminal has sent, up to the first event. */
enum editor_event editor_feed(struct editor *e, struct fault *f);

/* Read one key without editing a line. EDITOR_LINE if there is one; then editor_text is
 * the bytes that the terminal sent for it. */
enum editor_event editor_key(struct editor *e, struct fault *f);

/* The line, its length, and the byte that the cursor is on. Valid until the next call. */
const char *editor_text(struct editor *e, size_t *size, size_t *cursor);

/* Change the line, with the cursor on the byte `cursor`. False if memory runs out. */
bool editor_set(struct editor *e, const char *text, size_t cursor);

/* Handle Ctrl-C: show ^C behind the line, leave it, and forget what was typed ahead. */
void editor_abandon(struct editor *e);

/* Forget what has come and is not used yet, such as the rest of a pasted text. True if
 * there was something to forget. */
bool editor_discard(struct editor *e);

/* If the terminal has another size than before, show the line anew. */
void editor_resized(struct editor *e);

/* Add a line to the history. False if memory runs out. */
bool editor_remember(struct editor *e, const char *line);

void editor_beep(struct editor *e);

#endif
