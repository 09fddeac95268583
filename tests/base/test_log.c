#include "check.h"

#include "nasmith/log.h"

#include <string.h>

typedef struct seen {
    int lines;
    nas_log_level level;
    char text[4096];
} seen;

static void remember(void *context, nas_log_level level, const char *text)
{
    seen *s = context;
    s->lines++;
    s->level = level;
    (void)snprintf(s->text, sizeof s->text, "%s", text);
}

static void test_lines_reach_the_sink(void **state)
{
    (void)state;
    seen s = {0};
    nas_log log = {remember, &s};
    nas_logf(&log, NAS_LOG_WARNING, "%d files skipped in %s", 3, "digits");
    assert_int_equal(s.lines, 1);
    assert_int_equal(s.level, NAS_LOG_WARNING);
    assert_string_equal(s.text, "3 files skipped in digits");
    nas_logf(&log, NAS_LOG_INFO, "%3000d", 1);
    assert_int_equal(s.lines, 2);
    assert_int_equal(strlen(s.text), 2047);
}

static void test_without_sink_nothing_happens(void **state)
{
    (void)state;
    nas_log silent = {0};
    nas_logf(&silent, NAS_LOG_INFO, "%s", "lost");
    nas_logf(NULL, NAS_LOG_INFO, "%s", "lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_reach_the_sink),
        cmocka_unit_test(test_without_sink_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
