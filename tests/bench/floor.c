/* floor.c -- what the work costs with the same libraries and nothing around them: raw libcurl
 * and bare lua-cjson. Each mode does the calls of one command of tarn's.
 *
 *   floor version                 make a Lua state, initialise libcurl
 *   floor list URL                all pipelines, page by page
 *   floor dashboard URL           the same, and the newest events of each that runs
 *   floor events URL              all of them, each with its spec and a page of its events
 *   floor newest URL              all of them, each with its newest 100 events
 *   floor log URL ID              all events of one, a line of JSON for each
 *   floor load URL/path N CONNS   N GETs over CONNS connections; prints requests a second
 *   floor memory PROGRAM ARG...   run it, and print its peak memory in KiB on stderr's last line:
 *                                 a child of python would be charged with python's own
 *
 * The bearer token is demo-token, the embedded workspace's, or $FLOOR_TOKEN; with
 * $FLOOR_PLAIN no answer is compressed. */

#define _DEFAULT_SOURCE /* wait4 */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 32
#define ROOM   4096

int luaopen_cjson(lua_State *L);

struct body {
    char *bytes;
    size_t size, room;
};

struct floor {
    lua_State *L;
    CURLM *multi;
    struct curl_slist *headers;
    const char *base;
    char **urls; /* waiting to be fetched */
    size_t count, next, room;
    bool decode, expand;
    bool only_running; /* ask only for the events of pipelines that run */
    bool specs;        /* and for the spec of each */
    int events;        /* in a page of events */
    const char *log;   /* the pipeline whose events are printed */
    size_t calls;
};

static void die(const char *what) {
    fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

static size_t take(char *bytes, size_t size, size_t n, void *ud) {
    struct body *b = ud;
    n *= size;
    if (b->size + n + 1 > b->room) {
        b->room = (b->size + n + 1) * 2;
        b->bytes = realloc(b->bytes, b->room);
        if (b->bytes == NULL)
            die("out of memory");
    }
    memcpy(b->bytes + b->size, bytes, n);
    b->size += n;
    return n;
}

static void add_url(struct floor *f, const char *url) {
    if (f->count == f->room) {
        f->room = f->room == 0 ? 1024 : f->room * 2;
        f->urls = realloc(f->urls, f->room * sizeof *f->urls);
        if (f->urls == NULL)
            die("out of memory");
    }
    f->urls[f->count++] = strdup(url);
}

static void free_urls(struct floor *f) {
    for (size_t i = 0; i < f->count; i++)
        free(f->urls[i]);
    free(f->urls);
}

/* [-0, +1] */
static void decode(struct floor *f, const struct body *b) {
    lua_getglobal(f->L, "decode");
    lua_pushlstring(f->L, b->bytes, b->size);
    lua_call(f->L, 1, 1);
}

static void add_events_of(struct floor *f) {
    lua_State *L = f->L; /* row */
    char url[ROOM];
    lua_getfield(L, -1, "state");
    bool running = strcmp(luaL_optstring(L, -1, ""), "RUNNING") == 0;
    lua_getfield(L, -2, "pipeline_id");
    if (f->specs) {
        snprintf(url, sizeof url, "%s/api/2.0/pipelines/%s", f->base,
                 lua_tostring(L, -1));
        add_url(f, url);
    }
    if (running || !f->only_running) {
        snprintf(url, sizeof url, "%s/api/2.0/pipelines/%s/events?max_results=%d",
                 f->base, lua_tostring(L, -1), f->events);
        add_url(f, url);
    }
    lua_pop(L, 2);
}

/* A page of the list: its next page first, then what the mode asks of each row. */
static void list_page(struct floor *f, const struct body *b) {
    lua_State *L = f->L;
    char url[ROOM];
    decode(f, b); /* page */
    lua_getfield(L, -1, "next_page_token");
    if (lua_isstring(L, -1) && lua_tostring(L, -1)[0] != '\0') {
        char *token = curl_easy_escape(NULL, lua_tostring(L, -1), 0);
        snprintf(url, sizeof url, "%s/api/2.0/pipelines?max_results=100&page_token=%s",
                 f->base, token);
        curl_free(token);
        add_url(f, url);
    }
    lua_getfield(L, -2, "statuses"); /* page, token, statuses */
    lua_Integer rows = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    for (lua_Integer i = 1; f->expand && i <= rows; i++) {
        lua_rawgeti(L, -1, i);
        add_events_of(f);
        lua_pop(L, 1);
    }
    lua_pop(L, 3);
}

static void add_log_page(struct floor *f, const char *token) {
    char url[ROOM];
    char *escaped = curl_easy_escape(NULL, token, 0);
    snprintf(url, sizeof url, "%s/api/2.0/pipelines/%s/events?max_results=%d%s%s",
             f->base, f->log, f->events, *token == '\0' ? "" : "&page_token=", escaped);
    curl_free(escaped);
    add_url(f, url);
}

/* A page of the log: its next page first, then a line for each event. */
static void log_page(struct floor *f, const struct body *b) {
    lua_State *L = f->L;
    decode(f, b); /* page */
    lua_getfield(L, -1, "next_page_token");
    if (lua_isstring(L, -1) && lua_tostring(L, -1)[0] != '\0')
        add_log_page(f, lua_tostring(L, -1));
    lua_getfield(L, -2, "events"); /* page, token, events */
    lua_Integer rows = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    for (lua_Integer i = 1; i <= rows; i++) {
        size_t size;
        lua_getglobal(L, "encode");
        lua_rawgeti(L, -2, i);
        lua_call(L, 1, 1);
        const char *line = lua_tolstring(L, -1, &size);
        fwrite(line, 1, size, stdout);
        putchar('\n');
        lua_pop(L, 1);
    }
    lua_pop(L, 3);
}

static void start(struct floor *f, CURL *easy) {
    const char *url = f->urls[f->next++];
    struct body *b;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&b);
    b->size = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_multi_add_handle(f->multi, easy);
    f->calls++;
}

static CURL *new_easy(struct floor *f) {
    CURL *easy = curl_easy_init();
    struct body *b = calloc(1, sizeof *b);
    if (easy == NULL || b == NULL)
        die("out of memory");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, b);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)b);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
                     getenv("FLOOR_PLAIN") != NULL ? NULL : "");
    return easy;
}

static void finished(struct floor *f, CURL *easy) {
    struct body *b;
    const char *url;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&b);
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    if (!f->decode)
        return;
    if (f->log != NULL) {
        log_page(f, b);
    } else if (strstr(url, "/pipelines?") != NULL) {
        list_page(f, b);
    } else {
        decode(f, b);
        lua_pop(f->L, 1);
    }
}

static void run(struct floor *f, int window) {
    CURL **idle = calloc((size_t)window, sizeof *idle);
    int free_ones = window, running, left;
    for (int i = 0; i < window; i++)
        idle[i] = new_easy(f);
    while (f->next < f->count || free_ones < window) {
        while (f->next < f->count && free_ones > 0)
            start(f, idle[--free_ones]);
        curl_multi_perform(f->multi, &running);
        CURLMsg *msg;
        bool any = false;
        while ((msg = curl_multi_info_read(f->multi, &left)) != NULL) {
            CURL *easy = msg->easy_handle;
            long status = 0;
            if (msg->data.result != CURLE_OK)
                die(curl_easy_strerror(msg->data.result));
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (status != 200)
                die("an answer is not 200");
            curl_multi_remove_handle(f->multi, easy);
            finished(f, easy);
            idle[free_ones++] = easy;
            any = true;
        }
        if (!any)
            curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
    }
    free(idle);
}

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int memory_of(char **argv) {
    struct rusage usage;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid == -1 || wait4(pid, &status, 0, &usage) != pid)
        die("cannot run the program");
    fprintf(stderr, "%ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "memory") == 0)
        return memory_of(argv + 2);
    struct floor f = {.L = luaL_newstate(), .decode = true};
    const char *mode = argc > 1 ? argv[1] : "";
    luaL_openlibs(f.L);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (strcmp(mode, "version") == 0) {
        printf("floor (%s, %s)\n", LUA_RELEASE, curl_version());
        return 0;
    }
    if (argc < 3)
        die("which URL?");
    luaL_requiref(f.L, "cjson", luaopen_cjson, 0);
    lua_getfield(f.L, -1, "decode");
    lua_setglobal(f.L, "decode");
    lua_getfield(f.L, -1, "encode");
    lua_setglobal(f.L, "encode");
    f.multi = curl_multi_init();
    const char *token = getenv("FLOOR_TOKEN");
    char header[200];
    snprintf(header, sizeof header, "Authorization: Bearer %s",
             token != NULL ? token : "demo-token");
    f.headers = curl_slist_append(NULL, header);
    f.base = argv[2];
    if (strcmp(mode, "load") == 0 && argc == 5) {
        f.decode = false;
        for (int i = (int)strtol(argv[3], NULL, 10); i > 0; i--)
            add_url(&f, argv[2]);
        double begin = now();
        run(&f, (int)strtol(argv[4], NULL, 10));
        printf("%.0f\n", (double)f.calls / (now() - begin));
        free_urls(&f);
        return 0;
    }
    f.only_running = strcmp(mode, "dashboard") == 0;
    f.specs = strcmp(mode, "events") == 0;
    f.expand = strcmp(mode, "list") != 0;
    f.events = f.only_running ? 20 : strcmp(mode, "newest") == 0 ? 100 : 250;
    if (strcmp(mode, "log") == 0 && argc == 4) {
        f.log = argv[3];
        add_log_page(&f, "");
        run(&f, 1);
        free_urls(&f);
        return 0;
    }
    char url[ROOM];
    snprintf(url, sizeof url, "%s/api/2.0/pipelines?max_results=100", f.base);
    add_url(&f, url);
    run(&f, WINDOW);
    printf("%zu calls\n", f.calls);
    free_urls(&f);
    return 0;
}
