#include "nasmith/recipe.h"

#include "check.h"

#include <math.h>
#include <string.h>

static void test_defaults(void **state)
{
    (void)state;
    nas_recipe recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    assert_int_equal(recipe.optimizer, NAS_OPTIMIZER_ADAMW);
    assert_true(recipe.learning_rate == 0.02 && recipe.weight_decay == 0.02);
    assert_int_equal(recipe.batch, 64);
    assert_int_equal(recipe.loss, NAS_LOSS_CROSS_ENTROPY);
    assert_false(recipe.flip);
    recipe = nas_recipe_default(NAS_TASK_REGRESSION);
    assert_int_equal(recipe.loss, NAS_LOSS_MSE);
}

static void test_set(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_recipe recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    check_ok(nas_recipe_set(&recipe, "learning-rate", "0.0117", &err), err);
    check_ok(nas_recipe_set(&recipe, "optimizer", "sgd", &err), err);
    check_ok(nas_recipe_set(&recipe, "flip", "true", &err), err);
    check_ok(nas_recipe_set(&recipe, "batch", "48", &err), err);
    assert_true(recipe.learning_rate == 0.0117);
    assert_int_equal(recipe.optimizer, NAS_OPTIMIZER_SGD);
    assert_true(recipe.flip);
    assert_int_equal(recipe.batch, 48);
}

static void expect_bad(const char *name, const char *text, const char *part,
                       const char *hint)
{
    nas_err err = {0};
    nas_recipe recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    uint64_t before = nas_recipe_hash(&recipe);
    assert_int_equal(nas_recipe_set(&recipe, name, text, &err), NAS_E_CONFIG);
    assert_int_equal(err.code, NAS_E_CONFIG);
    if (strstr(err.text, part) == NULL)
        fail_msg("`%s` lacks `%s`", err.text, part);
    if (strstr(err.hint, hint) == NULL)
        fail_msg("`%s` lacks `%s`", err.hint, hint);
    assert_true(nas_recipe_hash(&recipe) == before);
}

static void test_set_errors(void **state)
{
    (void)state;
    expect_bad("learnin_rate", "0.1", "unknown setting `learnin_rate`", "learning_rate");
    expect_bad("learning_rate", "0", "learning_rate", "");
    expect_bad("learning_rate", "fast", "fast", "");
    expect_bad("batch", "40", "multiple of 16", "");
    expect_bad("optimizer", "adam", "adam", "");
}

static char *write_recipe(const nas_recipe *recipe, nas_text *text)
{
    nas_json json = nas_json_writer(text, 0);
    nas_json_object_begin(&json);
    nas_recipe_write_json(recipe, &json);
    nas_json_object_end(&json);
    return text->data;
}

static void test_json_round_trip(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_recipe recipe = {.optimizer = NAS_OPTIMIZER_SGD,
                         .learning_rate = 0.1 / 3,
                         .weight_decay = 5e-4,
                         .batch = 128,
                         .warmup_frac = 0.07,
                         .label_smoothing = 0.11,
                         .class_weights = true,
                         .ema = 0.998,
                         .clip_norm = 2.385,
                         .shift = 3,
                         .flip = true,
                         .loss = NAS_LOSS_HUBER,
                         .focal = 1.5};
    nas_text text = {0};
    write_recipe(&recipe, &text);
    json_t *object = NULL;
    check_ok(nas_json_parse(text.data, text.length, "recipe", &object, &err), err);
    nas_recipe back = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    check_ok(nas_recipe_read_json(object, &back, &err), err);
    assert_true(nas_recipe_hash(&back) == nas_recipe_hash(&recipe));
    nas_text again = {0};
    assert_string_equal(write_recipe(&back, &again), text.data);
    json_decref(object);
    nas_text_free(&again);
    nas_text_free(&text);
}

static void test_json_partial_and_bad(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_recipe recipe = nas_recipe_default(NAS_TASK_REGRESSION);
    json_t *object = json_pack("{s:f}", "weight_decay", 0.3);
    check_ok(nas_recipe_read_json(object, &recipe, &err), err);
    assert_true(recipe.weight_decay == 0.3);
    assert_int_equal(recipe.loss, NAS_LOSS_MSE);
    json_decref(object);
    object = json_pack("{s:i}", "batch", 17);
    assert_int_equal(nas_recipe_read_json(object, &recipe, &err), NAS_E_CONFIG);
    assert_int_equal(recipe.batch, 64);
    json_decref(object);
    object = json_pack("{s:f}", "momentum", 0.9);
    assert_int_equal(nas_recipe_read_json(object, &recipe, &err), NAS_E_CONFIG);
    json_decref(object);
}

static void test_hash_sees_every_entry(void **state)
{
    (void)state;
    static const char *const CHANGES[][2] = {
        {"optimizer", "sgd"},   {"learning_rate", "0.021"},
        {"weight_decay", "0"},  {"batch", "32"},
        {"warmup_frac", "0.1"}, {"label_smoothing", "0"},
        {"class_weights", "1"}, {"ema", "0.99"},
        {"clip_norm", "1"},     {"shift", "1"},
        {"flip", "1"},          {"loss", "mse"},
        {"noise", "0.1"},       {"time_warp", "0.1"},
        {"mask_time", "4"},     {"mask_bands", "4"},
        {"rotate", "10"},       {"erase", "0.2"},
        {"mixup", "0.2"},       {"cutmix", "0.2"},
        {"focal", "2"}};
    enum { N = sizeof CHANGES / sizeof CHANGES[0] };
    assert_int_equal(N, nas_param_count(nas_recipe_params));
    uint64_t hashes[N + 1];
    nas_recipe base = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    hashes[N] = nas_recipe_hash(&base);
    for (int i = 0; i < N; i++) {
        nas_err err = {0};
        nas_recipe recipe = base;
        check_ok(nas_recipe_set(&recipe, CHANGES[i][0], CHANGES[i][1], &err), err);
        hashes[i] = nas_recipe_hash(&recipe);
    }
    for (int i = 0; i <= N; i++)
        for (int k = 0; k < i; k++)
            assert_true(hashes[i] != hashes[k]);
}

static void test_learning_rate(void **state)
{
    (void)state;
    nas_recipe recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    assert_true(fabs(nas_recipe_learning_rate(&recipe, 0, 100) - 0.001) < 1e-12);
    assert_true(fabs(nas_recipe_learning_rate(&recipe, 19, 100) - 0.02) < 1e-12);
    assert_true(fabs(nas_recipe_learning_rate(&recipe, 20, 100) - 0.02) < 1e-12);
    assert_true(fabs(nas_recipe_learning_rate(&recipe, 60, 100) - 0.01) < 1e-12);
    assert_true(nas_recipe_learning_rate(&recipe, 99, 100) < 2e-5);
    for (int64_t total = 1; total < 12; total++)
        for (int64_t step = 0; step < total; step++) {
            double rate = nas_recipe_learning_rate(&recipe, step, total);
            assert_true(rate > 0.0 && rate <= 0.02);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_errors),
        cmocka_unit_test(test_json_round_trip),
        cmocka_unit_test(test_json_partial_and_bad),
        cmocka_unit_test(test_hash_sees_every_entry),
        cmocka_unit_test(test_learning_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
