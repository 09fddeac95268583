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

static void image_sizes_are_parsed(void **state)
{
    static const char *const bad[] = {"",   "x",      "0",   "8x",    "x8",
                                      "-3", "8x5000", "8 8", "8x8x8", "big"};
    int64_t height, width;
    nas_err err = {0};
    (void)state;
    check_ok(nas_image_size_parse("32x48", &height, &width, &err), err);
    assert_true(height == 32 && width == 48);
    check_ok(nas_image_size_parse("7", &height, &width, &err), err);
    assert_true(height == 7 && width == 7);
    check_ok(nas_image_size_parse(NULL, &height, &width, &err), err);
    assert_true(height == 0 && width == 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (nas_image_size_parse(bad[i], &height, &width, &err) != NAS_E_USAGE)
            fail_msg("`%s` is %d, %d", bad[i], (int)height, (int)width);
}

static void series_options_must_agree(void **state)
{
    nas_data_options base = nas_data_options_default();
    nas_data_options options = base;
    (void)state;
    options.step = 3;
    check_bad(options, "a step needs a window");
    options.window = 7;
    options.length = 9;
    check_bad(options, "exclude each other");
    options = base;
    options.window = -1;
    check_bad(options, "window is -1");
    options = base;
    options.sample_rate = INT64_MAX;
    check_bad(options, "sample rate is");
    options = base;
    options.image_fit = "stretch";
    check_bad(options, "image fit `stretch`, expected letterbox or crop");
    options.image_fit = "crop";
    options.image_size = "8,8";
    check_bad(options, "image size `8,8`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_accepted),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(image_sizes_are_parsed),
        cmocka_unit_test(series_options_must_agree),
        cmocka_unit_test(a_wrong_task_gets_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
