#include "check.h"

#include "data/options.h"

#include <string.h>

static void defaults_are_accepted(void **state)
{
    nas_err err = {0};
    nas_data_options options = nas_data_options_default();
    (void)state;
    check_ok(nas_data_options_check(&options, &err), err);
    assert_true(options.validation == 0.15);
    assert_true(options.test == 0.15);
    assert_null(options.test_path);
}

static void check_bad(nas_data_options options, const char *words)
{
    nas_err err = {0};
    assert_int_equal(nas_data_options_check(&options, &err), NAS_E_USAGE);
    assert_non_null(strstr(err.text, words));
}

static void bad_values_are_named(void **state)
{
    nas_data_options base = nas_data_options_default();
    nas_data_options options = base;
    (void)state;
    options.validation = 0.0;
    check_bad(options, "validation fraction is 0");
    options.validation = 2.385;
    check_bad(options, "2.385");
    options = base;
    options.test = -0.25;
    check_bad(options, "test fraction is -0.25");
    options.test = 0.9;
    check_bad(options, "leave nothing to train on");
    options = base;
    options.test = (double)__builtin_nanf("");
    check_bad(options, "test fraction");
}

static void a_wrong_task_gets_a_suggestion(void **state)
{
    nas_err err = {0};
    nas_data_options options = nas_data_options_default();
    (void)state;
    options.task = "regresion";
    assert_int_equal(nas_data_options_check(&options, &err), NAS_E_USAGE);
    assert_non_null(strstr(err.hint, "regression"));
    options.task = "regression";
    check_ok(nas_data_options_check(&options, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_accepted),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(a_wrong_task_gets_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
