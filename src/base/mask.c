#include "base/mask.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* In the words below "_" stands for any of the joints that names are made with. */
static bool same(const char *name, const char *word, size_t size) {
    for (size_t i = 0; i < size; i++) {
        int c = tolower((unsigned char)name[i]);
        if (word[i] == '_' ? c != '_' && c != '-' && c != '.' : c != word[i])
            return false;
    }
    return true;
}

static bool has(const char *name, size_t size, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= size; i++)
        if (same(name + i, word, n))
            return true;
    return false;
}

static bool among(const char *name, size_t size, const char *const words[]) {
    for (; *words != NULL; words++)
        if (strlen(*words) == size && same(name, *words, size))
            return true;
    return false;
}

bool mask_secret_name(const char *name, size_t size) {
    /* these hold a word of the second list and no secret */
    static const char *const harmless[] = {"page_token",
                                           "next_page_token",
                                           "prev_page_token",
                                           "token_type",
                                           "subject_token_type",
                                           "token_endpoint",
                                           "authorization_endpoint",
                                           "token_env",
                                           "token_file",
                                           "secret_scope",
                                           "secret_name",
                                           NULL};
    static const char *const words[] = {
        "token",       "secret",      "password",  "passwd",     "authorization",
        "assertion",   "api_key",     "apikey",    "access_key", "accesskey",
        "account_key", "private_key", "signature", "cookie",     "x_amz_",
        "x_goog_",     NULL};
    static const char *const exactly[] = {"sig",  "pwd",          "auth",        "key",
                                          "code", "string_value", "bytes_value", NULL};
    if (among(name, size, harmless))
        return false;
    for (size_t i = 0; words[i] != NULL; i++)
        if (has(name, size, words[i]))
            return true;
    return among(name, size, exactly);
}

static bool in_token(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* The length of the known beginning of a token at `text`, or 0. */
static size_t token_start(const char *text) {
    static const char *const starts[] = {"dapi", "dkea", "dose", "dcka", "eyJ", "ghp_"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return strlen(starts[i]);
    return 0;
}

#define TOKEN_AT_LEAST 16

void mask_tokens(char *text) {
    char *out = text;
    for (const char *at = text; *at != '\0';) {
        bool inside = at > text && in_token(at[-1]);
        size_t start = inside ? 0 : token_start(at), size = 0;
        while (start > 0 && in_token(at[size]))
            size++;
        if (size >= TOKEN_AT_LEAST) {
            memmove(out, at, start);
            memcpy(out + start, "***", 3);
            out += start + 3;
            at += size;
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
}

/* "a=1&token=x" -> "a=1&token=***" */
static bool mask_pairs(struct buf *out, const char *text, size_t size) {
    const char *end = text + size;
    while (text < end) {
        const char *amp = memchr(text, '&', (size_t)(end - text));
        const char *stop = amp != NULL ? amp : end;
        const char *eq = memchr(text, '=', (size_t)(stop - text));
        bool secret = eq != NULL && mask_secret_name(text, (size_t)(eq - text));
        if (!buf_add(out, text, (size_t)((secret ? eq + 1 : stop) - text)) ||
            (secret && !buf_str(out, "***")) || (amp != NULL && !buf_str(out, "&")))
            return false;
        text = amp != NULL ? amp + 1 : end;
    }
    return true;
}

bool mask_url(struct buf *out, const char *url, bool whole_query) {
    const char *host = strstr(url, "://");
    host = host != NULL ? host + 3 : url;
    size_t authority = strcspn(host, "/?#");
    const char *user = NULL;
    for (size_t i = 0; i < authority; i++)
        if (host[i] == '@')
            user = host + i + 1;
    if (!buf_add(out, url, (size_t)(host - url)))
        return false;
    const char *rest = user != NULL ? user : host;
    size_t plain = strcspn(rest, "?#");
    if (!buf_add(out, rest, plain))
        return false;
    if (rest[plain] != '?')
        return true;
    const char *query = rest + plain + 1;
    if (whole_query)
        return buf_str(out, "?***");
    return buf_str(out, "?") && mask_pairs(out, query, strcspn(query, "#"));
}

bool mask_header(struct buf *out, const char *line, size_t size) {
    const char *colon = memchr(line, ':', size);
    if (colon == NULL)
        return buf_add(out, line, size);
    size_t name = (size_t)(colon - line);
    if (mask_secret_name(line, name))
        return buf_add(out, line, name) && buf_str(out, ": ***");
    const char *query = memchr(line, '?', size);
    if (name == strlen("Location") && strncasecmp(line, "Location", name) == 0 &&
        query != NULL)
        return buf_add(out, line, (size_t)(query - line)) && buf_str(out, "?***");
    return buf_add(out, line, size);
}

/* The end of the JSON string that begins at `at` (its quote), past the closing quote. */
static const char *past_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && end - at > 1)
            at++;
    return at < end ? at + 1 : end;
}

/* The end of the value at `at`, whatever it is, in JSON that may be broken. */
static const char *past_value(const char *at, const char *end) {
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = past_string(at, end);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0)
                return at;
            depth--;
            at++;
        } else if (depth == 0 && *at == ',') {
            return at;
        } else {
            at++;
            continue; /* a number or word goes on */
        }
        if (depth == 0)
            return at;
    }
    return at;
}

static const char *past_blanks(const char *at, const char *end) {
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

/* A string that is a link keeps only what stands before its query. */
static bool add_string(struct buf *out, const char *from, const char *to) {
    size_t size = (size_t)(to - from);
    if (size > 5 && strncasecmp(from, "\"http", 5) == 0) {
        const char *query = memchr(from, '?', size);
        if (query != NULL)
            return buf_add(out, from, (size_t)(query - from)) && buf_str(out, "?***\"");
    }
    return buf_add(out, from, size);
}

static bool mask_json(struct buf *out, const char *at, const char *end, size_t most) {
    while (at < end && out->size < most) {
        if (*at != '"') {
            if (!buf_add(out, at++, 1))
                return false;
            continue;
        }
        const char *past = past_string(at, end), *next = past_blanks(past, end);
        bool name = next < end && *next == ':';
        bool secret = name && past - at >= 2 &&
                      mask_secret_name(at + 1, (size_t)(past - at) - 2) &&
                      !(past - at == 6 && strncmp(at, "\"code\"", 6) == 0) &&
                      !(past - at == 5 && strncmp(at, "\"key\"", 5) == 0);
        if (!(name ? buf_add(out, at, (size_t)(past - at)) : add_string(out, at, past)))
            return false;
        at = past;
        if (secret) {
            at = past_value(past_blanks(next + 1, end), end);
            if (!buf_str(out, ":\"***\""))
                return false;
        }
    }
    return true;
}

/* Replace all of `secret` in the buffer from `from` on. */
static void overwrite(struct buf *b, size_t from, const char *secret) {
    size_t n = strlen(secret);
    for (size_t i = from; n >= 4 && i + n <= b->size; i++)
        if (memcmp(b->bytes + i, secret, n) == 0)
            memset(b->bytes + i, '*', n);
}

bool mask_body(struct buf *out, const char *text, size_t size, size_t most,
               const char *echo) {
    size_t from = out->size;
    const char *first = past_blanks(text, text + size);
    bool json = first < text + size && (*first == '{' || *first == '[' || *first == '"');
    const char *eq = memchr(text, '=', size < 64 ? size : 64);
    bool form = !json && eq != NULL && memchr(text, ' ', (size_t)(eq - text)) == NULL &&
                *first != '<';
    size_t looked_at = size < 4 * most ? size : 4 * most;
    bool ok = json   ? mask_json(out, text, text + size, from + most)
              : form ? mask_pairs(out, text, looked_at)
                     : buf_add(out, text, looked_at);
    if (!ok)
        return false;
    for (size_t i = from; i < out->size; i++)
        if ((unsigned char)out->bytes[i] < ' ' || out->bytes[i] == 0x7f)
            out->bytes[i] = ' ';
    if (echo != NULL)
        overwrite(out, from, echo);
    if (out->size > from) {
        mask_tokens(out->bytes + from);
        out->size = from + strlen(out->bytes + from);
    }
    if (out->size - from > most) {
        out->size = from + most;
        out->bytes[out->size] = '\0';
    }
    return size <= most || buf_fmt(out, " ... (%zu bytes)", size);
}
