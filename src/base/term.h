/* term.h -- terminals and the standard streams. Streams are descriptors. */

#ifndef TARN_TERM_H
#define TARN_TERM_H

#include "base/buf.h"
#include "base/fault.h"

#include <locale.h>
#include <termios.h>
#include <wchar.h>

bool term_is_tty(int fd);

/* Get columns and rows of the first standard stream that is a terminal; false if none
 * is. */
bool term_size(int *columns, int *rows);

/* Write all bytes. FAULT_IO, with the errno's name as code, if that fails.
 * `name` is for the message. */
bool term_write(int fd, const char *name, const void *bytes, size_t size,
                struct fault *f);

/* A locale that knows UTF-8, for term_width; (locale_t)0 if there is none. The caller frees
 * it with freelocale. */
locale_t term_locale(void);

/* Decode the first character of a text, which is not empty, in the present locale.
 * Returns its size in bytes. A byte that is no UTF-8 becomes `?`. */
size_t term_character(const char *text, size_t size, wchar_t *c);

/* The number of columns that the text takes on a terminal. A control character takes
 * none, a byte that is no UTF-8 takes one. */
size_t term_width(const char *text, size_t size, locale_t utf8);

/* A line that is being read. All zero but `fd` at the start. */
struct term_line {
    int fd;
    struct buf text; /* wiped by term_line_end */
    bool hidden;     /* the echo is off; `before` is how the terminal was */
    struct termios before;
};

enum term_progress { TERM_WAITING, TERM_LINE, TERM_END, TERM_FAILED };

/* Turn the echo off until term_line_end. Harmless if there is no terminal. */
void term_line_hide(struct term_line *l);

/* Read what has come, but no byte beyond the end of the line. TERM_LINE: `text` is the
 * line without its end. TERM_END: there is nothing more. TERM_WAITING: more will come. */
enum term_progress term_line_read(struct term_line *l, struct fault *f);

/* Turn the echo on again, and forget the text. Harmless when called twice. */
void term_line_end(struct term_line *l);

#endif
