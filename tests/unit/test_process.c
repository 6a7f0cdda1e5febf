#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;

static int open_loop(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    return loop != NULL ? 0 : -1;
}

static int close_loop(void **state) {
    (void)state;
    loop_free(loop);
    return 0;
}

struct seen {
    bool done, failed;
    int status;
    char out[4096], err[1024];
    size_t out_size;
    struct fault f;
    int64_t took;
};

static void keep(void *ud, struct process_result *r, const struct fault *f) {
    struct seen *seen = ud;
    assert_false(seen->done);
    seen->done = true;
    seen->failed = f != NULL;
    if (f != NULL) {
        assert_null(r);
        seen->f = *f;
        return;
    }
    seen->status = r->status;
    seen->out_size = r->out.size;
    snprintf(seen->out, sizeof seen->out, "%s", r->out.bytes ? r->out.bytes : "");
    snprintf(seen->err, sizeof seen->err, "%s", r->err.bytes ? r->err.bytes : "");
}

/* The number the next descriptor will get: it grows if one leaks. */
static int next_fd(void) {
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

static struct seen run(const struct process_request *r) {
    struct seen seen = {0};
    struct fault f = {0};
    int fd = next_fd();
    int64_t start = loop_now();
    struct process *p = process_start(loop, r, keep, &seen, &f);
    if (p == NULL) {
        seen.failed = true;
        seen.f = f;
    }
    for (int turns = 0; p != NULL && !seen.done && turns < 100000; turns++)
        loop_turn(loop, 10000);
    seen.took = loop_now() - start;
    assert_true(seen.done || p == NULL);
    assert_int_equal(fd, next_fd());
    assert_true(loop_idle(loop));
    return seen;
}

static struct seen shell(const char *script) {
    const char *argv[] = {"sh", "-c", script, NULL};
    return run(&(struct process_request){.argv = argv, .timeout_ms = 5000});
}

static void what_a_program_says_and_how_it_ends(void **state) {
    (void)state;
    static const struct {
        const char *why, *script;
        int status;
        const char *out, *err;
    } cases[] = {
        {"nothing", "exit 0", 0, "", ""},
        {"both streams", "echo out; echo err >&2", 0, "out\n", "err\n"},
        {"a status", "echo x; exit 7", 7, "x\n", ""},
        {"a signal", "kill -TERM $$", 128 + SIGTERM, "", ""},
        {"stdin is empty", "cat; echo end", 0, "end\n", ""},
        {"streams closed early", "exec >&- 2>&-; sleep 0.05; exit 3", 3, "", ""},
        {"a standard signal mask", "grep -c 'SigBlk:.0000000000000000' /proc/self/status",
         0, "1\n", ""},
        {"SIGPIPE is not ignored", "grep -c 'SigIgn:.0000000000000000' /proc/self/status",
         0, "1\n", ""},
        {"no descriptor of ours", "echo /proc/self/fd/*", 0,
         "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2", ""},
    };
    int extra = fcntl(STDIN_FILENO, F_DUPFD, 20); /* without FD_CLOEXEC */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen s = shell(cases[i].script);
        if (s.failed || s.status != cases[i].status ||
            strncmp(s.out, cases[i].out, strlen(cases[i].out)) != 0 ||
            strcmp(s.err, cases[i].err) != 0)
            fail_msg("%s: status %d, out '%s', err '%s', %s", cases[i].why, s.status,
                     s.out, s.err, s.f.message);
    }
    struct seen s = shell("ls /proc/$$/fd | grep -c '^20$'");
    assert_string_equal("0\n", s.out);
    close(extra);
}

static void arguments_travel_as_they_are(void **state) {
    (void)state;
    const char *argv[] = {"printf", "[%s]", "a b", "$HOME;ls", "", "\xc3\xa9\n", NULL};
    struct seen s = run(&(struct process_request){.argv = argv});
    assert_false(s.failed);
    assert_string_equal("[a b][$HOME;ls][][\xc3\xa9\n]", s.out);
}

static void input_and_output_may_be_large(void **state) {
    (void)state;
    size_t size = 1 << 20;
    char *bytes = malloc(size);
    const char *argv[] = {"cat", NULL};
    memset(bytes, 'x', size);
    struct seen s = run(&(struct process_request){
        .argv = argv, .stdin_bytes = bytes, .stdin_size = size, .secret_output = true});
    assert_false(s.failed);
    assert_int_equal(size, s.out_size);
    free(bytes);
}

static void a_program_that_does_not_read_is_no_error(void **state) {
    (void)state;
    size_t size = 1 << 20;
    char *bytes = calloc(1, size);
    const char *argv[] = {"sh", "-c", "exec <&-; sleep 0.05; echo done", NULL};
    struct seen s = run(&(struct process_request){
        .argv = argv, .stdin_bytes = bytes, .stdin_size = size});
    assert_false(s.failed);
    assert_string_equal("done\n", s.out);
    free(bytes);
}

static void the_environment_is_ours_with_changes(void **state) {
    (void)state;
    setenv("TARN_A", "1", 1);
    setenv("TARN_B", "2", 1);
    setenv("TARN_AB", "3", 1);
    const char *argv[] = {"sh", "-c", "echo $TARN_A-$TARN_B-$TARN_AB-$TARN_C", NULL};
    const char *env[] = {"TARN_A", "TARN_B=x=y", "TARN_C=new", "TARN_NONE", NULL};
    struct seen s = run(&(struct process_request){.argv = argv, .env = env, .cwd = "/"});
    assert_string_equal("-x=y-3-new\n", s.out);
}

static void a_program_is_found_in_the_path_of_the_child(void **state) {
    (void)state;
    char dir[] = "/tmp/tarn-process-XXXXXX", path[64], line[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/tarn-tool", dir);
    snprintf(line, sizeof line, "PATH=/nowhere:%s", dir);
    FILE *out = fopen(path, "w");
    fputs("#!/bin/sh\necho found\n", out);
    fclose(out);
    const char *argv[] = {"tarn-tool", NULL}, *env[] = {line, NULL};
    const struct process_request r = {.argv = argv, .env = env};

    struct seen s = run(&r); /* not executable yet */
    assert_true(s.failed);
    assert_string_equal("cannot run tarn-tool: Permission denied", s.f.message);
    chmod(path, 0700);
    s = run(&r);
    assert_string_equal("found\n", s.out);

    out = fopen(path, "w"); /* no program, and no shell is asked to try */
    fputs("echo found\n", out);
    fclose(out);
    s = run(&r);
    assert_true(s.failed);
    assert_string_equal("cannot run tarn-tool: Exec format error", s.f.message);
    unlink(path);
    rmdir(dir);
}

static void what_cannot_be_started_says_why(void **state) {
    (void)state;
    const char *missing[] = {"tarn-no-such-program", NULL};
    struct seen s = run(&(struct process_request){.argv = missing});
    assert_true(s.failed);
    assert_int_equal(FAULT_IO, s.f.kind);
    assert_string_equal("cannot run tarn-no-such-program: No such file or directory",
                        s.f.message);
    const char *argv[] = {"true", NULL};
    s = run(&(struct process_request){.argv = argv, .cwd = "/nowhere"});
    assert_true(s.failed);
    assert_string_equal("cannot run true in /nowhere: No such file or directory",
                        s.f.message);
}

static void one_that_takes_too_long_is_killed_with_its_children(void **state) {
    (void)state;
    char dir[] = "/tmp/tarn-process-XXXXXX", script[128], mark[64];
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(mark, sizeof mark, "%s/alive", dir);
    snprintf(script, sizeof script, "(sleep 0.4; : >%s) & sleep 10", mark);
    const char *argv[] = {"sh", "-c", script, NULL};
    struct seen s = run(&(struct process_request){.argv = argv, .timeout_ms = 100});
    assert_true(s.failed);
    assert_int_equal(FAULT_TIMEOUT, s.f.kind);
    assert_string_equal("sh did not end within 100 ms and was stopped", s.f.message);
    assert_in_range(s.took, 100, 2000);
    poll(NULL, 0, 500);
    assert_int_equal(-1, stat(mark, &st));
    rmdir(dir);
}

static void one_that_says_too_much_is_killed(void **state) {
    (void)state;
    const char *argv[] = {"cat", "/dev/zero", NULL};
    struct seen s = run(&(struct process_request){.argv = argv, .max_output = 100000});
    assert_true(s.failed);
    assert_int_equal(FAULT_IO, s.f.kind);
    assert_string_equal("cat wrote more than 100000 bytes and was stopped", s.f.message);
}

static void a_grandchild_that_holds_the_streams_is_not_waited_for(void **state) {
    (void)state;
    struct seen s = shell("echo early; sleep 3 & exit 5");
    assert_false(s.failed);
    assert_int_equal(5, s.status);
    assert_string_equal("early\n", s.out);
    assert_in_range(s.took, 0, 2000);
}

static void a_cancelled_one_is_gone_and_calls_nobody(void **state) {
    (void)state;
    const char *argv[] = {"sleep", "10", NULL};
    struct seen seen = {0};
    struct fault f;
    int fd = next_fd();
    struct process *p =
        process_start(loop, &(struct process_request){.argv = argv}, keep, &seen, &f);
    assert_non_null(p);
    loop_turn(loop, 0);
    process_cancel(p);
    assert_true(loop_idle(loop));
    assert_false(seen.done);
    assert_int_equal(fd, next_fd());
    process_cancel(NULL);
}

static void an_ignored_sigchld_does_not_lose_the_status(void **state) {
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    struct seen s = shell("exit 4");
    assert_int_equal(4, s.status);
    signal(SIGCHLD, SIG_DFL);
}

static void closed_streams_of_ours_are_no_trouble(void **state) {
    (void)state;
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO);
    const char *argv[] = {"cat", NULL};
    struct seen seen = {0};
    struct fault f;
    struct process *p = process_start(
        loop,
        &(struct process_request){.argv = argv, .stdin_bytes = "hi", .stdin_size = 2},
        keep, &seen, &f);
    while (p != NULL && !seen.done)
        loop_turn(loop, 5000);
    dup2(saved, STDIN_FILENO);
    close(saved);
    assert_non_null(p);
    assert_string_equal("hi", seen.out);
}

static void many_run_at_once(void **state) {
    (void)state;
    enum { MANY = 30 };
    static struct seen seen[MANY];
    const char *argv[] = {"sh", "-c", "sleep 0.1; echo x", NULL};
    struct fault f;
    int left = MANY;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < MANY; i++)
        assert_non_null(process_start(loop, &(struct process_request){.argv = argv}, keep,
                                      &seen[i], &f));
    while (left > 0) {
        loop_turn(loop, 5000);
        left = 0;
        for (int i = 0; i < MANY; i++)
            left += !seen[i].done;
    }
    for (int i = 0; i < MANY; i++)
        assert_string_equal("x\n", seen[i].out);
    assert_true(loop_idle(loop));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_program_says_and_how_it_ends),
        cmocka_unit_test(arguments_travel_as_they_are),
        cmocka_unit_test(input_and_output_may_be_large),
        cmocka_unit_test(a_program_that_does_not_read_is_no_error),
        cmocka_unit_test(the_environment_is_ours_with_changes),
        cmocka_unit_test(a_program_is_found_in_the_path_of_the_child),
        cmocka_unit_test(what_cannot_be_started_says_why),
        cmocka_unit_test(one_that_takes_too_long_is_killed_with_its_children),
        cmocka_unit_test(one_that_says_too_much_is_killed),
        cmocka_unit_test(a_grandchild_that_holds_the_streams_is_not_waited_for),
        cmocka_unit_test(a_cancelled_one_is_gone_and_calls_nobody),
        cmocka_unit_test(an_ignored_sigchld_does_not_lose_the_status),
        cmocka_unit_test(closed_streams_of_ours_are_no_trouble),
        cmocka_unit_test(many_run_at_once),
    };
    return cmocka_run_group_tests_name("process", tests, open_loop, close_loop);
}
