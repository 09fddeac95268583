#include "check.h"

#include "nasmith/clock.h"
#include "nasmith/file.h"
#include "nasmith/process.h"

#include <string.h>

static nas_process_result run(const char *script, const char *out, double timeout)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const nas_process process = {argv, out, timeout};
    nas_process_result result;
    nas_err err = {0};
    check_ok(nas_process_run(&process, &result, &err), err);
    return result;
}

static void reports_how_it_ended(void **state)
{
    (void)state;
    assert_int_equal(run("exit 7", NULL, 20).exit_code, 7);
    assert_int_equal(run("kill -9 $$", NULL, 20).exit_code, 128 + 9);
    const char *const argv[] = {"no-such-program-2385", NULL};
    const nas_process process = {argv, NULL, 1};
    nas_process_result result;
    nas_err err = {0};
    check_ok(nas_process_run(&process, &result, &err), err);
    assert_false(result.found);
}

static void keeps_both_outputs(void **state)
{
    (void)state;
    char folder[64], path[96];
    char *text = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/log", folder);
    (void)run("echo one; echo two >&2", path, 20);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    assert_string_equal(text, "one\ntwo\n");
    nas_heap_free(text);
    check_ok(nas_file_remove(folder, &err), err);
}

static void kills_what_takes_too_long(void **state)
{
    (void)state;
    const double start = nas_clock_monotonic_s();
    const nas_process_result result = run("sleep 60; exit 0", NULL, 0.2);
    assert_true(result.timed_out);
    assert_int_equal(result.exit_code, 128 + 9);
    assert_true(nas_clock_monotonic_s() - start < 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_how_it_ended),
        cmocka_unit_test(keeps_both_outputs),
        cmocka_unit_test(kills_what_takes_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
