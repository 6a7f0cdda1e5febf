/* main.c -- the program: signals, one engine, and the module main of the bundle, which reads
 * the command line. */

#include "api/open.h"
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define EXIT_BUG         70
#define EXIT_INTERRUPTED 130

#define IGNORED_INTERRUPTS 10

static struct engine engine;

/* Show the cursor, which a picture drawn in place may have hidden, and end. */
static void end_at_once(void) {
    static const char show_cursor[] = "\033[?25h";
    if (isatty(STDERR_FILENO) == 1)
        (void)!write(STDERR_FILENO, show_cursor, sizeof show_cursor - 1);
    _exit(EXIT_INTERRUPTED);
}

/* A second Ctrl-C ends a program that does not react to the first one. A program that
 * survives Ctrl-C, such as the REPL, ends when it has not reacted to many. */
static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (engine.interrupts >= (engine.survives ? IGNORED_INTERRUPTS : 1))
        end_at_once();
    engine_interrupt(&engine);
}

static void on_end(int signal_number) {
    (void)signal_number;
    if (engine.ending > 0)
        end_at_once();
    engine_end(&engine);
}

/* Code that draws on the terminal asks for its size again after each poke. */
static void on_resize(int signal_number) {
    (void)signal_number;
    if (engine.loop != NULL)
        loop_poke(engine.loop);
}

static void on_cpu_tick(int signal_number) {
    static const char words[] =
        "tarn: what computes cannot be told to end, and was ended; "
        "--cpu-limit SECONDS allows more\n";
    (void)signal_number;
    if (!engine_alarm(&engine)) {
        (void)!write(STDERR_FILENO, words, sizeof words - 1);
        _exit(EXIT_BUG);
    }
}

static void handle(int signal_number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* If a standard stream is closed, the next descriptor would take its number, and what is
 * printed would end up in a socket. So /dev/null takes the number, opened in the mode in
 * which the stream cannot be used. */
static void open_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* Ticks count the CPU time of this process, so that they come while a script computes and
 * never while it waits. */
static void handle_signals(void) {
    const struct itimerval tick = {{0, 100000}, {0, 100000}};
    handle(SIGPIPE, SIG_IGN);
    handle(SIGXFSZ, SIG_IGN); /* the error EFBIG is reported instead */
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, on_end);
    handle(SIGWINCH, on_resize);
    handle(SIGVTALRM, on_cpu_tick);
    setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

/* Push the function that the module `main` returns. */
static int load_main(lua_State *L) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "main");
    lua_call(L, 1, 1);
    return 1;
}

static int run_main(lua_State *L, int argc, char **argv) {
    lua_pushcfunction(L, load_main);
    if (lua_pcall(L, 0, 1, 0) == LUA_OK) {
        luaL_checkstack(L, argc + 1, "arguments");
        for (int i = 1; i < argc; i++)
            lua_pushstring(L, argv[i]);
        if (engine_run(&engine, argc > 1 ? argc - 1 : 0) == LUA_OK)
            return (int)lua_tointeger(L, -1);
    }
    fprintf(stderr, "tarn: %s\n", luaL_tolstring(L, -1, NULL));
    return EXIT_BUG;
}

/* True if the environment variable is set, and neither empty nor "0". */
static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' && strcmp(value, "0") != 0;
}

int main(int argc, char **argv) {
    open_standard_streams();
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("tarn %s (%s, %s)\n", TARN_VERSION, LUA_RELEASE, curl_version());
        return EXIT_SUCCESS;
    }
    if (!engine_open(&engine, api_open, NULL, NULL)) {
        fprintf(stderr, "tarn: not enough memory\n");
        return EXIT_BUG;
    }
    if (is_set("TARN_READ_ONLY") && !engine_set_read_only(&engine)) {
        fprintf(stderr, "tarn: not enough memory\n");
        return EXIT_BUG;
    }
    handle_signals();
    int status = run_main(engine.L, argc, argv);
    engine_close(&engine);
    return status;
}
