/* replay.c -- calls that somebody else made, made again with raw libcurl and nothing around it.
 *
 *   replay URL FILE WINDOW   make the calls of FILE, at most WINDOW at once for each token
 *
 * FILE holds one call after the other: a line "METHOD TOKEN RATE SIZE CONTENT-TYPE PATH" and
 * SIZE bytes of body. At most RATE calls of the same method, token and rate begin in a second
 * (0: no limit); a call that has to wait lets the others pass. */

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM   8192
#define PACES  16
#define WINDOW 256
#define TOKENS 2 /* that may be under way: one for each workspace */

struct pace {
    char key[ROOM];
    int rate;
    size_t begun;
    double *starts; /* of the last `rate` calls */
};

struct call {
    char method[16], path[ROOM], type[256], token[128];
    struct pace *pace; /* NULL: none */
    size_t *flying;    /* calls of the same token that are under way */
    char *body;
    size_t size;
    bool begun;
    struct curl_slist *headers;
};

struct replay {
    CURLM *multi;
    const char *base;
    struct call *calls;
    size_t count, room, first; /* all calls before `first` have begun */
    struct pace paces[PACES];
    size_t pace_count;
    size_t refused;
    char tokens[TOKENS][128];
    size_t flying[TOKENS], window;
};

static void die(const char *what) {
    fprintf(stderr, "replay: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t swallow(char *bytes, size_t size, size_t n, void *ud) {
    (void)bytes;
    (void)ud;
    return size * n;
}

static struct pace *pace_of(struct replay *r, const struct call *call, int rate) {
    char key[ROOM];
    if (rate == 0)
        return NULL;
    snprintf(key, sizeof key, "%s %s %d", call->method, call->token, rate);
    for (size_t i = 0; i < r->pace_count; i++)
        if (strcmp(r->paces[i].key, key) == 0)
            return &r->paces[i];
    if (r->pace_count == PACES)
        die("too many paces");
    struct pace *pace = &r->paces[r->pace_count++];
    memcpy(pace->key, key, sizeof key);
    pace->rate = rate;
    pace->starts = calloc((size_t)rate, sizeof *pace->starts);
    if (pace->starts == NULL)
        die("out of memory");
    return pace;
}

static size_t *flying_of(struct replay *r, const char *token) {
    for (size_t i = 0; i < TOKENS; i++) {
        if (r->tokens[i][0] == '\0')
            snprintf(r->tokens[i], sizeof r->tokens[i], "%s", token);
        if (strcmp(r->tokens[i], token) == 0)
            return &r->flying[i];
    }
    die("too many tokens");
    return NULL;
}

/* When the next call of that pace may begin. */
static double due(const struct pace *pace) {
    if (pace == NULL || pace->begun < (size_t)pace->rate)
        return 0;
    return pace->starts[pace->begun % (size_t)pace->rate] + 1;
}

static void note(struct pace *pace) {
    if (pace != NULL)
        pace->starts[pace->begun++ % (size_t)pace->rate] = now();
}

static void read_calls(struct replay *r, FILE *file) {
    struct call call = {0};
    int rate;
    while (fscanf(file, "%15s %127s %d %zu %255s %8191[^\n]%*1[\n]", call.method,
                  call.token, &rate, &call.size, call.type, call.path) == 6) {
        call.body = malloc(call.size + 1);
        if (call.body == NULL || fread(call.body, 1, call.size, file) != call.size)
            die("a body is cut off");
        call.pace = pace_of(r, &call, rate);
        call.flying = flying_of(r, call.token);
        if (r->count == r->room) {
            r->room = r->room == 0 ? 256 : r->room * 2;
            r->calls = realloc(r->calls, r->room * sizeof *r->calls);
            if (r->calls == NULL)
                die("out of memory");
        }
        r->calls[r->count++] = call;
    }
    if (!feof(file))
        die("the file is not understood");
}

/* The next call that may begin, or NULL; `wait` says how many seconds to look again in. */
static struct call *next(struct replay *r, double *wait) {
    double at = now();
    while (r->first < r->count && r->calls[r->first].begun)
        r->first++;
    for (size_t i = r->first; i < r->count; i++) {
        struct call *call = &r->calls[i];
        if (call->begun || *call->flying >= r->window)
            continue;
        double left = due(call->pace) - at;
        if (left <= 0)
            return call;
        if (left < *wait)
            *wait = left;
    }
    return NULL;
}

static void start(struct replay *r, CURL *easy, struct call *call) {
    char text[ROOM * 2];
    struct curl_slist *headers;
    snprintf(text, sizeof text, "Authorization: Bearer %s", call->token);
    headers = curl_slist_append(NULL, text);
    snprintf(text, sizeof text, "Content-Type: %s", call->type);
    headers = curl_slist_append(headers, text);
    headers = curl_slist_append(headers, "Expect:");
    call->headers = headers;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)call);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    snprintf(text, sizeof text, "%s%s", r->base, call->path);
    curl_easy_setopt(easy, CURLOPT_URL, text);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    if (call->size > 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->size);
    }
    call->begun = true;
    (*call->flying)++;
    note(call->pace);
    curl_multi_add_handle(r->multi, easy);
}

static CURL *new_easy(void) {
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        die("out of memory");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    return easy;
}

static void run(struct replay *r) {
    CURL *idle[WINDOW * TOKENS];
    size_t window = r->window * TOKENS;
    size_t free_ones = window;
    int running, left;
    for (size_t i = 0; i < window; i++)
        idle[i] = new_easy();
    for (;;) {
        double wait = 1;
        struct call *call = NULL;
        while (free_ones > 0 && (call = next(r, &wait)) != NULL)
            start(r, idle[--free_ones], call);
        if (free_ones == window && r->first == r->count)
            return;
        curl_multi_perform(r->multi, &running);
        CURLMsg *msg;
        bool any = false;
        while ((msg = curl_multi_info_read(r->multi, &left)) != NULL) {
            CURL *easy = msg->easy_handle;
            if (msg->data.result != CURLE_OK)
                die(curl_easy_strerror(msg->data.result));
            long status = 0;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            r->refused += status >= 400;
            curl_multi_remove_handle(r->multi, easy);
            struct call *done;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&done);
            curl_slist_free_all(done->headers);
            (*done->flying)--;
            idle[free_ones++] = easy;
            any = true;
        }
        if (!any)
            curl_multi_poll(r->multi, NULL, 0, (int)(wait * 1000) + 1, NULL);
    }
}

int main(int argc, char **argv) {
    struct replay r = {0};
    if (argc != 4)
        die("usage: replay URL FILE WINDOW");
    r.window = (size_t)strtoul(argv[3], NULL, 10);
    if (r.window == 0 || r.window > WINDOW)
        die("no such window");
    FILE *file = fopen(argv[2], "rb");
    if (file == NULL)
        die("cannot read the file");
    read_calls(&r, file);
    fclose(file);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    r.base = argv[1];
    r.multi = curl_multi_init();
    run(&r);
    printf("%zu calls, %zu refused\n", r.count, r.refused);
    return 0;
}
