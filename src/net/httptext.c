#include "net/httptext.h"

#include <string.h>
#include <strings.h>

/* Letters, digits, and the hyphen, which is the most frequent sign. */
static bool is_plain(char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
           c == '-';
}

/* strchr alone would also find the 0 at the end. */
static bool is_one_of(char c, const char *signs) {
    return c != '\0' && strchr(signs, c) != NULL;
}

bool httptext_is_token(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (!is_plain(text[i]) && !is_one_of(text[i], "!#$%&'*+.^_`|~"))
            return false;
    return size > 0;
}

bool httptext_is_host(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (!is_plain(text[i]) && !is_one_of(text[i], "._~%!$&'()*+;=:[]"))
            return false;
    return true;
}

bool httptext_is_value(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

bool httptext_equal(const char *text, size_t size, const char *word) {
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

bool httptext_lists(const char *text, size_t size, const char *word) {
    const char *end = text + size;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma != NULL ? comma : end;
        const char *next = comma != NULL ? comma + 1 : end;
        while (text < stop && (*text == ' ' || *text == '\t'))
            text++;
        while (stop > text && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        if (httptext_equal(text, (size_t)(stop - text), word))
            return true;
        text = next;
    }
    return false;
}
