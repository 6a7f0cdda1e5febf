/* term.h -- terminals and the standard streams. Streams are descriptors. */

#ifndef TARN_TERM_H
#define TARN_TERM_H

#include "base/buf.h"
#include "base/fault.h"

#include <locale.h>
#include <termios.h>
#include <wchar.h>

bool term_is_tty(int fd);

/* Columns and rows of the first of the standard streams that is a terminal. */
bool term_size(int *columns, int *rows);

/* Write all; FAULT_IO with the errno's name as code if that cannot be. `name` is for the
 * message. */
bool term_write(int fd, const char *name, const void *bytes, size_t size,
                struct fault *f);

/* A locale that knows UTF-8, for term_width; (locale_t)0 if there is none. The caller frees
 * it with freelocale. */
locale_t term_locale(void);

/* The first character of a text that is not empty, in the locale that is in force: returns its
 * bytes. A byte that is no UTF-8 is shown as `?`. */
size_t term_character(const char *text, size_t size, wchar_t *c);

/* Columns that the text takes on a terminal. Control characters take none, bytes that are
 * no UTF-8 one each. */
size_t term_width(const char *text, size_t size, locale_t utf8);

/* A line that is being read. All zero but `fd` at the start. */
struct term_line {
    int fd;
    struct buf text; /* wiped by term_line_end */
    bool hidden;     /* the echo is off, and `before` is how it was */
    struct termios before;
};

enum term_progress { TERM_WAITING, TERM_LINE, TERM_END, TERM_FAILED };

/* Turn the echo off until term_line_end; harmless where there is none. */
void term_line_hide(struct term_line *l);

/* Read what has come, not a byte beyond the end of the line. TERM_LINE: `text` is the line,
 * less its end; TERM_END: there is nothing more; TERM_WAITING: more will come. */
enum term_progress term_line_read(struct term_line *l, struct fault *f);

/* Turn the echo on again, forget the text. Harmless when done twice. */
void term_line_end(struct term_line *l);

#endif
