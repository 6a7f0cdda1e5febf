#include "dbx/apierror.h"

#include "base/json.h"
#include "base/mask.h"
#include "base/retry.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- small things ---- */

static const char *reason(int status) {
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {400, "bad request"},
        {401, "not authenticated"},
        {403, "permission denied"},
        {404, "not found"},
        {405, "method not allowed"},
        {408, "request timed out"},
        {409, "conflict"},
        {410, "gone"},
        {413, "request too large"},
        {414, "URL too long"},
        {415, "wrong content type"},
        {422, "unprocessable request"},
        {429, "too many requests"},
        {499, "cancelled"},
        {500, "internal error"},
        {501, "not implemented"},
        {502, "bad gateway"},
        {503, "temporarily unavailable"},
        {504, "the server ran out of time"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "unexpected status";
}

/* The value of a JSON field as text, cut to fit as above; false if it is not there. */
static bool field(struct json root, const char *path, char *out, size_t room) {
    struct json j = json_at(root, path);
    size_t size;
    char *text = json_type(j) == '"' ? json_string(j, &size) : NULL;
    if (text != NULL) {
        text_copy(out, room, text, size);
        free(text);
        return *out != '\0';
    }
    return json_type(j) == '0' && json_text(j, out, room);
}

static bool is_html(const struct http_response *r) {
    char type[64];
    if (response_header(r, "Content-Type", type, sizeof type))
        return strncasecmp(type, "text/html", 9) == 0;
    const char *at = r->body.bytes;
    if (at == NULL)
        return false;
    at += strspn(at, " \t\r\n");
    return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0;
}

/* ---- the shapes of G.1 ---- */

/* Find one of the error's details by its type: {"@type":
 * "...google.rpc.RequestInfo", "request_id": ...}. */
static struct json detail(struct json root, const char *type) {
    struct json it = {0}, list = json_at(root, "details"), d;
    if (json_type(list) != '[')
        return (struct json){0};
    while ((d = json_next(list, &it)).text != NULL) {
        char name[96];
        if (json_text(json_at(d, "@type"), name, sizeof name) &&
            strlen(name) >= strlen(type) &&
            strcmp(name + strlen(name) - strlen(type), type) == 0)
            return d;
    }
    return (struct json){0};
}

/* An error without a message may still say in its details what is wrong. */
static bool violation(struct json root, char *message, size_t room) {
    static const char *const types[][2] = {{"BadRequest", "field_violations.0"},
                                           {"QuotaFailure", "violations.0"},
                                           {"PreconditionFailure", "violations.0"},
                                           {"ErrorInfo", ""}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct json d = detail(root, types[i][0]);
        if (*types[i][1] != '\0')
            d = json_at(d, types[i][1]);
        if (field(d, "description", message, room) || field(d, "reason", message, room))
            return true;
    }
    return false;
}

static bool read_scim(struct json root, struct fault *f) {
    char status[16];
    if (!field(root, "detail", f->message, sizeof f->message))
        return false;
    if (!field(root, "status", status, sizeof status))
        snprintf(status, sizeof status, "%d", f->status);
    snprintf(f->code, sizeof f->code, "SCIM_%.10s", status);
    return true;
}

/* Read {"error": "..."}: alone (API 1.2), with a description (OAuth), or as an object
 * (Azure). */
static bool read_error_field(struct json root, struct fault *f) {
    if (field(root, "error.message", f->message, sizeof f->message)) {
        field(root, "error.code", f->code, sizeof f->code);
        return true;
    }
    if (field(root, "error_description", f->message, sizeof f->message) ||
        field(root, "errorSummary", f->message, sizeof f->message)) {
        if (!field(root, "error", f->code, sizeof f->code))
            field(root, "errorCode", f->code, sizeof f->code);
        return true;
    }
    return field(root, "error", f->message, sizeof f->message);
}

static bool read_json(struct json root, struct fault *f) {
    if (json_type(root) != '{')
        return false;
    struct json info = detail(root, "RequestInfo");
    field(info, "request_id", f->request_id, sizeof f->request_id);
    bool code = field(root, "error_code", f->code, sizeof f->code);
    if (field(root, "message", f->message, sizeof f->message) ||
        violation(root, f->message, sizeof f->message))
        return true;
    return read_scim(root, f) || read_error_field(root, f) || code;
}

/* Copy the text between two marks, such as <pre> and </pre>. */
static bool between(const char *text, const char *from, const char *to, char *out,
                    size_t room) {
    for (const char *at = text; *at != '\0'; at++) {
        if (strncasecmp(at, from, strlen(from)) != 0)
            continue;
        at += strlen(from);
        for (const char *end = at; *end != '\0'; end++) {
            if (strncasecmp(end, to, strlen(to)) == 0) {
                text_copy(out, room, at, (size_t)(end - at));
                return *out != '\0';
            }
        }
        return false;
    }
    return false;
}

static bool read_markup(const char *text, struct fault *f) {
    text += strspn(text, " \t\r\n");
    if (*text != '<')
        return false;
    if (between(text, "<Message>", "</Message>", f->message, sizeof f->message)) {
        between(text, "<Code>", "</Code>", f->code, sizeof f->code); /* cloud storage */
        return true;
    }
    if (between(text, "<pre>", "</pre>", f->message, sizeof f->message))
        return true;
    if (!between(text, "<title>", "</title>", f->message, sizeof f->message))
        text_copy(f->message, sizeof f->message, reason(f->status),
                  strlen(reason(f->status)));
    return true;
}

/* Read "RESOURCE_DOES_NOT_EXIST: no such thing". */
static bool read_coded_text(const char *text, size_t size, struct fault *f) {
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    if (n == 0 || n >= sizeof f->code || size < n + 2 || strncmp(text + n, ": ", 2) != 0)
        return false;
    text_copy(f->code, sizeof f->code, text, n);
    text_copy(f->message, sizeof f->message, text + n + 2, size - n - 2);
    return true;
}

static void read_text(const char *text, size_t size, struct fault *f) {
    if (read_json(json_root(text, size), f) || read_markup(text, f) ||
        read_coded_text(text, size, f))
        return;
    text_copy(f->message, sizeof f->message, text, size);
    if (*f->message != '\0')
        text_copy(f->code, sizeof f->code, "UNKNOWN", 7);
}

/* Secrets are blanked before anything is cut to fit: half a token is one, too. */
static void read_body(const struct http_response *r, struct fault *f) {
    struct buf text = {0};
    if (r->body.size > 0 && buf_add(&text, r->body.bytes, r->body.size)) {
        secretset_blank_buf(r->known, &text, 0);
        mask_tokens(text.bytes);
        read_text(text.bytes, strlen(text.bytes), f);
    }
    buf_wipe(&text);
}

/* ---- what it means ---- */

static bool one_of(const char *code, const char *const codes[]) {
    for (; *codes != NULL; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

/* The class of an error: that of its code, or else that of its status. */
static int class_of(const struct fault *f) {
    static const struct {
        int class;
        const char *const codes[6];
    } classes[] = {
        {400, {"INVALID_STATE", "INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST", NULL}},
        {401, {"UNAUTHENTICATED", "invalid_client", NULL}},
        {403, {"PERMISSION_DENIED", NULL}},
        {404, {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", NULL}},
        {405, {"ENDPOINT_NOT_FOUND", NULL}},
        {409,
         {"ABORTED", "ALREADY_EXISTS", "RESOURCE_ALREADY_EXISTS", "RESOURCE_CONFLICT",
          NULL}},
        {429, {"RESOURCE_EXHAUSTED", "REQUEST_LIMIT_EXCEEDED", NULL}},
        {500, {"UNKNOWN_ERROR", "DATA_LOSS", "INTERNAL_ERROR", NULL}},
        {501, {"FEATURE_DISABLED", NULL}},
        {503, {"TEMPORARILY_UNAVAILABLE", NULL}},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (one_of(f->code, classes[i].codes))
            return classes[i].class;
    return f->status;
}

/* Some workspaces refuse a token with 403, which only the message shows. */
static bool bad_token(const struct fault *f) {
    static const char *const texts[] = {"nvalid access token", "nvalid token",
                                        "oken expired", "oken is expired",
                                        "expired access token"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strstr(f->message, texts[i]) != NULL)
            return true;
    return false;
}

static void advise(struct fault *f, bool external) {
    int class = class_of(f);
    if (external) {
        if (class == 401 || class == 403)
            fault_hint(f, "the link may have expired: ask for a new one");
        return;
    }
    if (class == 401 || (class == 403 && bad_token(f))) {
        f->kind = FAULT_AUTH;
        fault_hint(f,
                   "the credentials were refused; `tarn auth describe` shows which were "
                   "used: renew them, or choose another profile");
    } else if (class == 403) {
        f->kind = FAULT_AUTH;
        fault_hint(f,
                   "the credentials are good, but lack a permission: ask the owner or a "
                   "workspace admin, or use another profile");
    } else if (class == 404) {
        fault_hint(f, "check the id or name and the profile; it may have been deleted");
    } else if (class == 405) {
        fault_hint(f, "this host does not know that API: is it a workspace's URL?");
    } else if (class == 429) {
        fault_hint(f, "the workspace limits calls: lower --jobs or --rate, or try later");
    } else if (strcmp(f->code, "FEATURE_DISABLED") == 0) {
        fault_hint(f, "a workspace or account admin can enable it");
    } else if (class >= 500 && class != 501) {
        fault_hint(f, "the workspace has a problem of its own: try again later");
    }
}

static void read_request_id(const struct http_response *r, struct fault *f) {
    static const char *const names[] = {"X-Request-Id", "X-Databricks-Request-Id"};
    char id[sizeof f->request_id];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (*f->request_id == '\0' && response_header(r, names[i], id, sizeof id))
            text_copy(f->request_id, sizeof f->request_id, id, strlen(id));
}

/* A redirect means that the API is not at this address. */
static void redirected(const struct http_response *r, const char *host, struct fault *f) {
    char to[1024];
    int status = f->status;
    response_header(r, "Location", to, sizeof to);
    if (strstr(to, "private-link-validation-error") != NULL) {
        fault_set(f, FAULT_AUTH, "%s only takes connections through its private link",
                  host);
        fault_hint(f, "connect from a network that its private endpoint serves (VPN)");
    } else if (strstr(to, "login") != NULL || strstr(to, "signin") != NULL) {
        fault_set(f, FAULT_HTTP, "%s redirects to a log-in page", host);
        fault_hint(f,
                   "check the host: it must be a workspace's own URL; a proxy may stand "
                   "in between");
    } else {
        to[strcspn(to, "?#")] = '\0';
        fault_set(f, FAULT_HTTP, "%s redirects to %.300s", host,
                  *to != '\0' ? to : "nowhere");
        fault_hint(f, "redirects are not followed: use that host if it is the right one");
    }
    f->status = status;
}

static void web_page(const char *host, struct fault *f) {
    int status = f->status;
    fault_set(f, FAULT_HTTP, "%s answered with a web page, not with data", host);
    f->status = status;
    fault_hint(f, "check the host: it must be a workspace's own URL; a proxy or log-in "
                  "page may stand in between");
}

static void read_refusal(const struct http_response *r, struct fault *f) {
    read_body(r, f);
    if (*f->message == '\0')
        text_copy(f->message, sizeof f->message, reason(r->status),
                  strlen(reason(r->status)));
    read_request_id(r, f);
}

/* Whoever answers may repeat what was sent, and anywhere. */
static void blank(const struct http_response *r, struct fault *f) {
    secretset_blank(r->known, f->message);
    secretset_blank(r->known, f->code);
    secretset_blank(r->known, f->request_id);
    mask_tokens(f->message);
    mask_tokens(f->code);
    mask_tokens(f->request_id);
}

bool apierror_check(const struct http_response *r, const char *host, bool external,
                    struct fault *f) {
    bool good = r->status >= 200 && r->status < 300;
    if (good && (external || !is_html(r)))
        return true;
    *f = (struct fault){.kind = FAULT_HTTP, .status = r->status};
    read_request_id(r, f);
    if (good) {
        web_page(host, f);
    } else if (r->status >= 300 && r->status < 400) {
        redirected(r, host, f);
    } else {
        read_refusal(r, f);
        advise(f, external);
        const struct retry_outcome seen = {.status = r->status,
                                           .idempotent = true,
                                           .code = f->code,
                                           .message = f->message};
        f->retryable = retry_worthwhile(&seen);
    }
    blank(r, f);
    return false;
}

int apierror_after_ms(const struct http_response *r, int64_t now) {
    char value[64];
    if (response_header(r, "Retry-After", value, sizeof value))
        return retry_after_ms(value, now);
    if (r->status < 400 || r->body.size == 0)
        return -1;
    struct json root = json_root(r->body.bytes, r->body.size);
    if (json_type(root) != '{' ||
        !json_text(json_at(detail(root, "RetryInfo"), "retry_delay"), value,
                   sizeof value))
        return -1;
    char *s = strchr(value, 's'); /* "3s" */
    if (s != NULL)
        *s = '\0';
    return retry_after_ms(value, now);
}
