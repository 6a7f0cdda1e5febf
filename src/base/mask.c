#include "base/mask.h"

#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Compare a name with a word of the lists below, in which "_" stands for any
 * separator. */
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
    /* these names hold a word of the second list, but no secret */
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

static size_t run_of(const char *text, bool (*belongs)(char c)) {
    size_t n = 0;
    while (belongs(text[n]))
        n++;
    return n;
}

static bool is_hex(char c) {
    return isxdigit((unsigned char)c) != 0;
}

static bool is_alnum(char c) {
    return isalnum((unsigned char)c) != 0;
}

static bool of_jwt(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Known prefixes of tokens. A token that is known by more than its prefix is so
 * particular that it may follow any other letter. */
static const struct kind {
    const char *start;
    bool (*belongs)(char c); /* the characters by which a token is certain */
    size_t certain;          /* the number of them that is needed */
} KINDS[] = {
    {"dapi", is_hex, 24},   {"dkea", is_hex, 24},   {"dose", is_hex, 24},
    {"dcka", is_hex, 24},   {"eyJ", of_jwt, 16},    {"ghp_", is_alnum, 30},
    {"gho_", is_alnum, 30}, {"ghs_", is_alnum, 30}, {"github_pat_", is_alnum, 20},
};

static const struct kind *kind_at(const char *text) {
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(text, KINDS[i].start, strlen(KINDS[i].start)) == 0)
            return &KINDS[i];
    return NULL;
}

static bool is_certain(const struct kind *k, const char *text) {
    size_t start = strlen(k->start), n = run_of(text + start, k->belongs);
    if (n < k->certain)
        return false;
    return k->belongs != of_jwt || text[start + n] == '.'; /* a JWT has three parts */
}

/* True if a word ends in front of `at`. An escape of JSON (\n, \u0009) or of a URL (%0A)
 * ends a word, although its last character is a letter or a digit. */
static bool begins_word(const char *text, const char *at) {
    size_t before = (size_t)(at - text);
    if (before == 0 || !in_token(at[-1]))
        return true;
    if (before >= 2 && at[-2] == '\\' && strchr("nrtbf", at[-1]) != NULL)
        return true;
    if (before >= 3 && at[-3] == '%' && is_hex(at[-2]) && is_hex(at[-1]))
        return true;
    return before >= 6 && at[-6] == '\\' && at[-5] == 'u' && is_hex(at[-4]) &&
           is_hex(at[-3]) && is_hex(at[-2]) && is_hex(at[-1]);
}

#define TOKEN_AT_LEAST 16

void mask_tokens(char *text) {
    char *out = text;
    /* the unchanged text, since what is in front of a token may be overwritten */
    const char *read = text;
    bool word = true;
    while (*read != '\0') {
        const struct kind *k = kind_at(read);
        size_t size = k == NULL ? 0 : run_of(read, in_token);
        if (k != NULL && ((word && size >= TOKEN_AT_LEAST) || is_certain(k, read))) {
            size_t start = strlen(k->start);
            memmove(out, read, start);
            memcpy(out + start, "***", 3);
            out += start + 3;
            read += size;
            word = true;
        } else {
            *out++ = *read++;
            word = begins_word(text, out);
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

bool mask_link(struct buf *out, const char *url, size_t size) {
    const char *end = url + size, *host = url;
    while (host < end && !(end - host > 2 && strncmp(host, "://", 3) == 0))
        host++;
    host = host < end ? host + 3 : url;
    size_t n = 0;
    while (host + n < end && strchr("/?#", host[n]) == NULL)
        n++;
    return buf_add(out, url, (size_t)(host - url) + n) && buf_str(out, "/***");
}

bool mask_header(struct buf *out, const char *line, size_t size, bool secret_url,
                 const struct secretset *known) {
    const char *colon = memchr(line, ':', size);
    size_t from = out->size, name = colon != NULL ? (size_t)(colon - line) : size;
    bool location =
        name == strlen("Location") && strncasecmp(line, "Location", name) == 0;
    const char *query = memchr(line, '?', size);
    bool ok;
    if (colon != NULL && mask_secret_name(line, name))
        ok = text_clean(out, line, name, false) && buf_str(out, ": ***");
    else if (location && secret_url)
        ok = buf_str(out, "Location: ") &&
             mask_link(out, line + name + 1 + strspn(line + name + 1, " "),
                       size - name - 1 - strspn(line + name + 1, " "));
    else if (location && query != NULL)
        ok = text_clean(out, line, (size_t)(query - line), false) && buf_str(out, "?***");
    else
        ok = text_clean(out, line, size, false);
    if (!ok)
        return false;
    secretset_blank_buf(known, out, from);
    if (out->size > from) {
        mask_tokens(out->bytes + from);
        out->size = from + strlen(out->bytes + from);
    }
    return true;
}

/* The end of the JSON string that begins at `at` (its quote), past the closing quote. */
static const char *past_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && end - at > 1)
            at++;
    return at < end ? at + 1 : end;
}

/* The end of the value at `at`, in JSON that may be malformed. */
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
            continue; /* the number or word goes on */
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

/* Append a string. If it is a link, its query is left out. */
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

bool mask_body(struct buf *out, const char *text, size_t size, size_t most,
               const struct secretset *known) {
    struct buf raw = {0};
    size_t from = out->size;
    const char *first = past_blanks(text, text + size);
    bool json = first < text + size && (*first == '{' || *first == '[' || *first == '"');
    const char *eq = memchr(text, '=', size < 64 ? size : 64);
    bool form = !json && eq != NULL && memchr(text, ' ', (size_t)(eq - text)) == NULL &&
                *first != '<';
    size_t looked_at = size < 4 * most || most > SIZE_MAX / 4 ? size : 4 * most;
    bool ok = json   ? mask_json(&raw, text, text + size, most)
              : form ? mask_pairs(&raw, text, looked_at)
                     : buf_add(&raw, text, looked_at);
    secretset_blank_buf(known, &raw, 0);
    ok = ok && (raw.size == 0 || text_clean(out, raw.bytes, raw.size, false));
    buf_wipe(&raw);
    if (!ok)
        return false;
    if (out->size > from) {
        mask_tokens(out->bytes + from);
        out->size = from + strlen(out->bytes + from);
    }
    if (out->size - from > most) {
        out->size = from + most;
        while (out->size > from && ((unsigned char)out->bytes[out->size] & 0xc0) == 0x80)
            out->size--; /* not in the middle of a character */
        out->bytes[out->size] = '\0';
    }
    return size <= most || buf_fmt(out, " ... (%zu bytes)", size);
}
