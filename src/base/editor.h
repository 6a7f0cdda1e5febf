/* editor.h -- the line that a person edits at a terminal, by libedit. A state machine: it is
 * fed with what the terminal sends when the loop says that something is there, and never
 * waits itself. Knows nothing of what the line means; a TAB only ends the feeding, and
 * whoever reads the line answers it. */

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

/* An editor for standard input and output, which must be one terminal. NULL with `*f` set if
 * that terminal cannot be edited on. Keys of ~/.editrc are not read. */
struct editor *editor_new(struct fault *f);

/* The terminal is as it was. Harmless for NULL. */
void editor_free(struct editor *e);

/* Show the prompt and the line behind it, and take keys one by one. `\1` in the prompt starts
 * and ends what takes no room, such as a colour. Harmless if shown. False if memory runs out. */
bool editor_show(struct editor *e, const char *prompt);

/* Take the line off the screen: what is printed now stands in its place. Keys are still taken
 * one by one. Harmless if it is not shown. */
void editor_hide(struct editor *e);

/* Hide, if the line is still edited, and give the terminal back: it echoes, and gives lines. */
void editor_stop(struct editor *e);

/* Use what the terminal has sent so far, up to the first event. */
enum editor_event editor_feed(struct editor *e, struct fault *f);

/* One key, as the bytes that the terminal sends for it, without an edited line: EDITOR_LINE
 * if there is one, which editor_text holds then. */
enum editor_event editor_key(struct editor *e, struct fault *f);

/* The line with its length, and the byte that the cursor is on. Valid until the next call. */
const char *editor_text(struct editor *e, size_t *size, size_t *cursor);

/* Change the line, with the cursor on the byte `cursor`. False if memory runs out. */
bool editor_set(struct editor *e, const char *text, size_t cursor);

/* Ctrl-C: the line is left, shown with ^C behind it, and what was typed ahead forgotten. */
void editor_abandon(struct editor *e);

/* Forget what has come and was not used yet, such as the rest of a pasted text. True if there
 * was something. */
bool editor_discard(struct editor *e);

/* If the terminal has another size than before, show the line anew. */
void editor_resized(struct editor *e);

/* A line for the keys that go back. False if memory runs out. */
bool editor_remember(struct editor *e, const char *line);

void editor_beep(struct editor *e);

#endif
