#define _XOPEN_SOURCE 700 /* wcwidth */
#include "base/term.h"

#include "base/oserror.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The longest line that is read. */
#define LINE_MAX_BYTES (1 << 20)

bool term_is_tty(int fd) {
    return isatty(fd) == 1;
}

bool term_size(int *columns, int *rows) {
    static const int fds[] = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        struct winsize size;
        if (ioctl(fds[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            *columns = size.ws_col;
            *rows = size.ws_row;
            return true;
        }
    }
    return false;
}

bool term_write(int fd, const char *name, const void *bytes, size_t size,
                struct fault *f) {
    const char *p = bytes;
    while (size > 0) {
        ssize_t n = write(fd, p, size);
        if (n == -1 &&
            errno == EAGAIN) { /* another process has made the stream non-blocking */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return oserror_set(f, errno, name);
        p += n;
        size -= (size_t)n;
    }
    return true;
}

/* ---- width ---- */

locale_t term_locale(void) {
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
    return utf8;
}

static bool is_plain(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' ||
            text[i] > '~') /* a byte beyond ASCII is negative, or above '~' */
            return false;
    return true;
}

size_t term_character(const char *text, size_t size, wchar_t *c) {
    mbstate_t state = {0};
    size_t n = mbrtowc(c, text, size, &state);
    if (n == (size_t)-1 || n == (size_t)-2) {
        *c = L'?';
        return 1;
    }
    return n == 0 ? 1 : n; /* 0 means a 0 byte */
}

static size_t width_of(const char *text, size_t size) {
    size_t width = 0;
    while (size > 0) {
        wchar_t c;
        size_t n = term_character(text, size, &c);
        int columns = wcwidth(c);
        width += columns > 0 ? (size_t)columns : 0;
        text += n;
        size -= n;
    }
    return width;
}

size_t term_width(const char *text, size_t size, locale_t utf8) {
    if (is_plain(text, size))
        return size;
    locale_t old = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    size_t width = width_of(text, size);
    if (old != (locale_t)0)
        uselocale(old);
    return width;
}

/* ---- a line ---- */

void term_line_hide(struct term_line *l) {
    if (l->hidden || tcgetattr(l->fd, &l->before) != 0)
        return;
    struct termios silent = l->before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ECHONL; /* echo the end of the line, which is no secret */
    l->hidden = tcsetattr(l->fd, TCSAFLUSH, &silent) == 0;
}

/* True if a read would return at once, even if only with an error. */
static bool is_ready(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

static enum term_progress failed(struct fault *f, int error) {
    oserror_set(f, error, "standard input");
    return TERM_FAILED;
}

/* Reads byte by byte, because what follows the line may be for another program. */
enum term_progress term_line_read(struct term_line *l, struct fault *f) {
    while (is_ready(l->fd)) {
        char c;
        ssize_t n = read(l->fd, &c, 1);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n == -1 && errno != EIO) /* EIO: the terminal has gone */
            return failed(f, errno);
        if (n <= 0)
            return l->text.size > 0 ? TERM_LINE : TERM_END;
        if (c == '\n') {
            if (l->text.size > 0 && l->text.bytes[l->text.size - 1] == '\r')
                l->text.size--;
            return TERM_LINE;
        }
        if (l->text.size == LINE_MAX_BYTES)
            return failed(f, EFBIG);
        if (!buf_add(&l->text, &c, 1))
            return failed(f, ENOMEM);
    }
    return TERM_WAITING;
}

void term_line_end(struct term_line *l) {
    if (l->hidden)
        tcsetattr(l->fd, TCSAFLUSH, &l->before);
    l->hidden = false;
    buf_wipe(&l->text);
}
