/* Watches, timers, listeners, HTTP calls and processes in a loop, added, changed, removed and
 * freed by chance, between turns and by whoever is called, turns within turns included. A model
 * says who may be called, and who must have been: anything else fails.
 *
 * MODEL_SEED repeats a run, whose seed is printed; MODEL_ROUNDS makes it longer. */

#define _DEFAULT_SOURCE /* getentropy */
#include "base/process.h"
#include "net/http.h"
#include "server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS       3000
#define LIFE         150 /* rounds that one loop lives */
#define MOST_LIVING  48
#define MOST_RUNNING 3 /* processes at once */
#define MOST_DEPTH   3 /* turns within turns */

enum kind { WATCH, TIMER, LISTENER, CALL, PROCESS };

static const char *const names[] = {"watch", "timer", "listener", "call", "process"};

/* What the model knows of one. It stays until the loop's end, so that a late call is seen. */
struct record {
    enum kind kind;
    struct thing *thing; /* NULL: freed */
    bool may;            /* it may be called */
    bool must, told;     /* it must be called in this turn; it was */
    int bytes;           /* in a watch's pipe */
    bool hung_up;        /* nobody writes to that any more */
    int64_t due;         /* of a timer */
    struct record *next;
};

/* What the loop knows, in memory of its own. */
struct thing {
    struct watch watch;
    struct timer timer;
    struct poked poked;
    int fds[2];
    struct http_call *call;
    struct process *process;
};

static struct {
    struct server server;
    struct loop *loop;
    struct http *http;
    struct record *records; /* all of this loop */
    struct record *living[MOST_LIVING];
    int count, running, depth;
    bool ending; /* nothing is added any more */
    uint64_t state;
    long calls[PROCESS + 1];
} world;

/* ---- chance ---- */

/* xorshift */
static unsigned chance(unsigned n) {
    world.state ^= world.state << 13;
    world.state ^= world.state >> 7;
    world.state ^= world.state << 17;
    return (unsigned)(world.state >> 33) % n;
}

/* ---- the model ---- */

static void wrong(const struct record *r, const char *what) {
    fail_msg("a %s %s", names[r->kind], what);
}

static struct record *new_record(enum kind kind) {
    struct record *r = calloc(1, sizeof *r);
    struct thing *t = calloc(1, sizeof *t);
    assert_non_null(r);
    assert_non_null(t);
    *r = (struct record){.kind = kind, .thing = t, .next = world.records};
    t->fds[0] = t->fds[1] = -1;
    world.records = r;
    world.living[world.count++] = r;
    return r;
}

/* It is out of the loop already. */
static void free_thing(struct record *r) {
    int i = 0;
    while (world.living[i] != r)
        i++;
    world.living[i] = world.living[--world.count];
    for (int k = 0; k < 2; k++)
        if (r->thing->fds[k] != -1)
            close(r->thing->fds[k]);
    world.running -= r->kind == PROCESS;
    free(r->thing);
    r->thing = NULL;
    r->may = r->must = false;
}

static void act(void);

/* Of all that is called. Afterwards it may be gone. */
static void called(struct record *r, enum kind kind) {
    if (r->kind != kind || r->thing == NULL)
        wrong(r, "is called that is gone");
    if (!r->may)
        wrong(r, "is called that waits for nothing");
    r->told = true;
    world.calls[kind]++;
}

static void on_ready(void *ud, short revents) {
    struct record *r = ud;
    char bytes[64];
    called(r, WATCH);
    if (revents == 0 || (r->bytes == 0 && !r->hung_up))
        wrong(r, "is told of what did not happen");
    if (chance(2) == 0)
        while (r->bytes > 0)
            r->bytes -= (int)read(r->thing->fds[0], bytes, sizeof bytes);
    act();
}

static void on_fire(void *ud) {
    struct record *r = ud;
    called(r, TIMER);
    if (loop_now() < r->due)
        wrong(r, "fires too early");
    r->may = false;
    act();
}

static void on_poke(void *ud) {
    called(ud, LISTENER);
    act();
}

static void on_answer(void *ud, struct http_response *response, const struct fault *f) {
    struct record *r = ud;
    called(r, CALL);
    assert_true(f != NULL || response->status == 200);
    free_thing(r);
    act();
}

static void on_end(void *ud, struct process_result *result, const struct fault *f) {
    struct record *r = ud;
    called(r, PROCESS);
    assert_true((result == NULL) == (f != NULL));
    free_thing(r);
    act();
}

/* ---- adding ---- */

static void add_watch(void) {
    struct record *r = new_record(WATCH);
    struct thing *t = r->thing;
    assert_int_equal(pipe(t->fds), 0);
    fcntl(t->fds[1], F_SETFL, O_NONBLOCK);
    t->watch =
        (struct watch){.fd = t->fds[0], .events = POLLIN, .ready = on_ready, .ud = r};
    loop_watch(world.loop, &t->watch);
    r->may = true;
}

static void set_timer(struct record *r) {
    r->due = loop_now() + chance(4) - 1;
    r->may = true;
    r->must = false;
    assert_true(loop_set_timer(world.loop, &r->thing->timer, r->due));
}

static void add_timer(void) {
    struct record *r = new_record(TIMER);
    r->thing->timer = (struct timer){.fire = on_fire, .ud = r};
    set_timer(r);
}

static void add_listener(void) {
    struct record *r = new_record(LISTENER);
    r->thing->poked = (struct poked){.fire = on_poke, .ud = r};
    loop_listen(world.loop, &r->thing->poked);
    r->may = true;
}

static void add_call(void) {
    static const char *const paths[] = {"/",      "/?ms=3", "/slow",
                                        "/reset", "/cut",   "/drip"};
    struct record *r = new_record(CALL);
    struct fault f;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", world.server.port,
             paths[chance(sizeof paths / sizeof *paths)]);
    const struct http_request q = {.method = "GET",
                                   .url = url,
                                   .first_byte_ms = 1 + (int)chance(30),
                                   .total_ms = 2 + (int)chance(100)};
    r->may = true;
    r->thing->call = http_start(world.http, &q, on_answer, r, &f);
    if (r->thing->call == NULL)
        fail_msg("%s", f.message);
}

static void add_process(void) {
    static const char *const commands[][4] = {
        {"true"},
        {"cat"},
        {"sleep", "5"},
        {"sh", "-c", "echo one; echo two >&2; sleep 0.005; exit 3"},
        {"sh", "-c", "sleep 0.01 & yes | head -c 100000"},
    };
    struct record *r;
    struct fault f;
    const struct process_request q = {
        .argv = commands[chance(sizeof commands / sizeof *commands)],
        .stdin_bytes = "some bytes",
        .stdin_size = (size_t)chance(2) * 10,
        .timeout_ms = 5 + (int)chance(100),
        .max_output = 50000};
    if (world.running == MOST_RUNNING)
        return;
    r = new_record(PROCESS);
    world.running++;
    r->may = true;
    r->thing->process = process_start(world.loop, &q, on_end, r, &f);
    if (r->thing->process == NULL)
        fail_msg("%s", f.message);
}

static void add(void) {
    unsigned n = chance(100);
    if (world.ending || world.count == MOST_LIVING)
        return;
    if (n < 30)
        add_watch();
    else if (n < 60)
        add_timer();
    else if (n < 72)
        add_listener();
    else if (n < 97)
        add_call();
    else
        add_process();
}

/* ---- changing and removing ---- */

static void take_out(struct record *r) {
    struct thing *t = r->thing;
    loop_unwatch(world.loop, &t->watch);
    loop_clear_timer(world.loop, &t->timer);
    loop_unlisten(&t->poked);
    if (t->call != NULL)
        http_cancel(t->call);
    process_cancel(t->process);
    free_thing(r);
}

static void change_watch(struct record *r) {
    struct thing *t = r->thing;
    switch (chance(4)) {
    case 0:
        loop_unwatch(world.loop, &t->watch);
        r->may = r->must = false;
        break;
    case 1:
        loop_watch(world.loop, &t->watch);
        r->may = true;
        break;
    case 2:
        if (t->fds[1] != -1)
            close(t->fds[1]);
        t->fds[1] = -1;
        r->hung_up = true;
        break;
    default:
        if (t->fds[1] != -1)
            r->bytes += write(t->fds[1], "x", 1) == 1;
    }
}

static void change(struct record *r) {
    struct thing *t = r->thing;
    if (r->kind == WATCH) {
        change_watch(r);
    } else if (r->kind == TIMER && chance(3) == 0) {
        loop_clear_timer(world.loop, &t->timer);
        r->may = r->must = false;
    } else if (r->kind == TIMER) {
        set_timer(r);
    } else if (r->kind == LISTENER && r->may) {
        loop_unlisten(&t->poked);
        r->may = r->must = false;
    } else if (r->kind == LISTENER) {
        loop_listen(world.loop, &t->poked);
        r->may = true;
    }
}

/* ---- turns ---- */

/* What has happened by now must be told in the turn, unless somebody comes in between. */
static void expect(void) {
    int64_t now = loop_now();
    for (int i = 0; i < world.count; i++) {
        struct record *r = world.living[i];
        r->told = false;
        r->must = (r->kind == WATCH && r->may && (r->bytes > 0 || r->hung_up)) ||
                  (r->kind == TIMER && r->may && r->due <= now);
    }
}

static void turn(void) {
    bool outer = world.depth == 0;
    if (world.depth == MOST_DEPTH)
        return;
    world.depth++;
    if (outer)
        expect();
    loop_turn(world.loop, outer ? (int64_t)chance(3) : 0);
    for (int i = 0; outer && i < world.count; i++)
        if (world.living[i]->must && !world.living[i]->told)
            wrong(world.living[i], "was forgotten");
    world.depth--;
}

static void act(void) {
    for (unsigned n = chance(4); n > 0; n--) {
        struct record *any =
            world.count > 0 ? world.living[chance((unsigned)world.count)] : NULL;
        unsigned what = chance(20);
        if (what < 7)
            add();
        else if (what < 12 && any != NULL)
            take_out(any);
        else if (what < 18 && any != NULL)
            change(any);
        else if (what == 18)
            loop_poke(world.loop);
        else if (what == 19)
            turn();
    }
}

/* ---- a loop from its begin to its end ---- */

static void begin_life(void) {
    world.loop = loop_new();
    assert_non_null(world.loop);
    world.http = http_new(world.loop);
    assert_non_null(world.http);
    world.ending = false;
}

/* Of the calls that are left nobody hears any more. */
static void end_client(void) {
    http_free(world.http);
    for (int i = world.count; i-- > 0;)
        if (world.living[i]->kind == CALL)
            free_thing(world.living[i]);
}

static void end_all(void) {
    while (world.count > 0)
        take_out(world.living[chance((unsigned)world.count)]);
}

/* Calls and processes have limits of time: they end. */
static void wait_for_ends(void) {
    int64_t give_up = loop_now() + 10000;
    bool any = true;
    while (any) {
        any = false;
        for (int i = 0; i < world.count; i++)
            any =
                any || world.living[i]->kind == CALL || world.living[i]->kind == PROCESS;
        turn();
        if (loop_now() > give_up)
            fail_msg("a call or a process does not end");
    }
}

static void end_life(void) {
    world.ending = true;
    unsigned how = chance(4);
    if (how == 0)
        wait_for_ends();
    if (how < 2)
        end_all();
    end_client();
    if (how == 2)
        end_all();
    loop_free(world.loop);
    end_all();
    while (world.records != NULL) {
        struct record *r = world.records;
        world.records = r->next;
        free(r);
    }
}

static void whatever_the_order_nobody_is_called_who_is_gone(void **state) {
    const char *said = getenv("MODEL_ROUNDS");
    long rounds = said != NULL ? strtol(said, NULL, 10) : ROUNDS;
    (void)state;
    for (long round = 0; round < rounds; round++) {
        if (round % LIFE == 0)
            begin_life();
        act();
        turn();
        if (round % LIFE == LIFE - 1 || round == rounds - 1)
            end_life();
    }
    for (int kind = WATCH; kind <= PROCESS; kind++) {
        print_message("calls of a %s: %ld\n", names[kind], world.calls[kind]);
        assert_true(world.calls[kind] > 0 || rounds < ROUNDS);
    }
}

/* ---- the server ---- */

static void handle(struct server_request *r) {
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    if (strcmp(r->path, "/reset") == 0) {
        server_reset(r);
    } else if (strcmp(r->path, "/cut") == 0) {
        server_send(r, half, sizeof half - 1);
        r->close = true;
    } else if (strcmp(r->path, "/drip") == 0) {
        server_send(r, half, sizeof half - 1);
        for (int i = 0; i < 96 && !r->close; i++) {
            server_send(r, "x", 1);
            server_sleep(1);
        }
    } else {
        server_sleep(strcmp(r->path, "/slow") == 0 ? 200 : server_number(r, "ms", 0));
        server_reply(r, 200, "", "{}");
    }
}

static int begin_world(void **state) {
    const char *said = getenv("MODEL_SEED");
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (said != NULL)
        world.state = strtoull(said, NULL, 10);
    else if (getentropy(&world.state, sizeof world.state) != 0)
        return -1;
    world.state += world.state == 0; /* else it would stay 0 */
    print_message("MODEL_SEED=%" PRIu64 "\n", world.state);
    server_start(&world.server, handle);
    return 0;
}

static int end_world(void **state) {
    (void)state;
    server_stop(&world.server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_order_nobody_is_called_who_is_gone),
    };
    return cmocka_run_group_tests_name("loop_model", tests, begin_world, end_world);
}
