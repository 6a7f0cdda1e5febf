#include "dbx/signin_page.h"

#include <string.h>

static bool put_escaped(struct buf *out, const char *text) {
    bool ok = true;
    for (; ok && *text != '\0'; text++) {
        switch (*text) {
        case '&':
            ok = buf_str(out, "&amp;");
            break;
        case '<':
            ok = buf_str(out, "&lt;");
            break;
        case '>':
            ok = buf_str(out, "&gt;");
            break;
        case '"':
            ok = buf_str(out, "&quot;");
            break;
        default:
            ok = buf_add(out, text, 1);
        }
    }
    return ok;
}

static bool put_paragraph(struct buf *out, const char *start, const char *text) {
    return text[0] == '\0' ||
           (buf_str(out, start) && put_escaped(out, text) && buf_str(out, "</p>\n"));
}

bool signin_page(struct buf *out, bool good, const char *title, const char *text,
                 const char *more) {
    return buf_str(out,
                   "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\">\n<title>") &&
           put_escaped(out, title) &&
           buf_str(out,
                   " - Tarn</title>\n<style>\n"
                   ":root { color-scheme: light dark; font: 16px/1.5 system-ui, "
                   "sans-serif; }\n"
                   "main { max-width: 32rem; margin: 20vh auto 0; padding: 0 1rem; }\n"
                   "h1 { font-size: 1.4rem; overflow-wrap: anywhere; }\n"
                   "p { overflow-wrap: anywhere; }\n"
                   "</style></head>\n<body><main>\n<h1>") &&
           put_escaped(out, title) && buf_str(out, "</h1>\n") &&
           put_paragraph(out, good ? "<p role=\"status\">" : "<p role=\"alert\">",
                         text) &&
           put_paragraph(out, "<p>", more) && buf_str(out, "</main></body>\n</html>\n");
}
