#include "nasmith/process.h"

#include "check.h"
#include "nasmith/clock.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool wait_for(pid_t pid, nas_process_end *end)
{
    for (int i = 0; i < 500; i++) {
        if (nas_process_ended(pid, end))
            return true;
        nas_clock_sleep_s(0.01);
    }
    return false;
}

static void test_exit_codes(void **state)
{
    (void)state;
    nas_err err = {0};
    static const char *const SCRIPTS[] = {"exit 0", "exit 3", "kill -9 $$"};
    static const char *const WORDS[] = {"exit code 0", "exit code 3", "signal 9"};
    static const int CODES[] = {0, 3, -1};
    for (int i = 0; i < 3; i++) {
        const char *const argv[] = {"sh", "-c", SCRIPTS[i], NULL};
        pid_t pid = 0;
        nas_process_end end;
        check_ok(nas_process_spawn("/bin/sh", argv, -1, &pid, &err), err);
        assert_true(wait_for(pid, &end));
        assert_int_equal(end.exit_code, CODES[i]);
        assert_non_null(strstr(end.how, WORDS[i]));
    }
}

/* What children say is kept, and the last error of them found. */
static void test_last_said(void **state)
{
    (void)state;
    nas_err err = {0};
    char text[40];
    int said = nas_process_open_said();
    assert_true(said >= 0);
    nas_process_last_said(said, "error: ", text, sizeof text);
    assert_string_equal(text, "");
    const char *const argv[] = {
        "sh", "-c",
        "echo error: first >&2; echo error: the disk is full >&2; echo free >&2", NULL};
    pid_t pid = 0;
    nas_process_end end;
    check_ok(nas_process_spawn("/bin/sh", argv, said, &pid, &err), err);
    assert_true(wait_for(pid, &end));
    nas_process_last_said(said, "error: ", text, sizeof text);
    assert_string_equal(text, "the disk is full");
    nas_process_last_said(-1, "error: ", text, sizeof text);
    assert_string_equal(text, "");
    (void)close(said);
}

static void test_kill(void **state)
{
    (void)state;
    nas_err err = {0};
    const char *const argv[] = {"sleep", "60", NULL};
    pid_t pid = 0;
    check_ok(nas_process_spawn("/bin/sleep", argv, -1, &pid, &err), err);
    assert_int_equal(getpgid(pid), pid); /* a group of its own */
    nas_process_kill(pid);
    assert_int_equal(kill(pid, 0), -1);
}

static void test_no_program(void **state)
{
    (void)state;
    nas_err err = {0};
    const char *const argv[] = {"nothing", NULL};
    pid_t pid = 0;
    assert_int_equal(nas_process_spawn("/no/such/program", argv, -1, &pid, &err),
                     NAS_E_IO);
    assert_non_null(strstr(err.text, "/no/such/program"));
}

/* A process that follows another dies with it. */
static void test_follow(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t self = getpid();
        pid_t child = fork();
        if (child == 0) {
            bool followed = nas_process_follow(self);
            (void)!write(pipes[1], &followed, 1);
            for (;;)
                nas_clock_sleep_s(1.0);
        }
        for (;;)
            nas_clock_sleep_s(1.0);
    }
    (void)close(pipes[1]);
    bool followed = false;
    assert_int_equal(read(pipes[0], &followed, 1), 1);
    assert_true(followed);
    nas_process_kill(parent);
    char byte;
    assert_int_equal(read(pipes[0], &byte, 1), 0); /* the last writer is gone */
    (void)close(pipes[0]);
    assert_false(nas_process_follow(1)); /* not our parent: already gone */
}

static void test_machine(void **state)
{
    (void)state;
    char name[128];
    assert_true(nas_process_cores() >= 1);
    assert_true(nas_process_available_memory() > 1 << 20);
    nas_process_worker_name(7, name, sizeof name);
    assert_non_null(strstr(name, "/7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes), cmocka_unit_test(test_last_said),
        cmocka_unit_test(test_kill),       cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_follow),     cmocka_unit_test(test_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
