#include "check.h"

#include "search/answers.h"

#include <string.h>

static nas_study *new_study(void)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_settings s = {.data_path = "d",
                            .space_name = "s",
                            .space_text = "",
                            .metric = "accuracy",
                            .strategy = "random",
                            .strategy_json = "{}",
                            .scheduler = "none",
                            .scheduler_json = "{}",
                            .recipe_json = "{}",
                            .ladder = {.rung = {{1, 4, 0}}, .n = 1},
                            .version = "0",
                            .cpu = "test"};
    check_ok(nas_study_create(":memory:", &s, &study, &err), err);
    return study;
}

static void answers_come_back(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = new_study();
    nas_arena *arena = nas_arena_new();
    const float outputs[] = {0.25f, 0.75f, 0.5f, 0.5f, 1.0f, 0.0f};
    const int32_t labels[] = {1, 0, 1};
    nas_predictions in = {.n = 3, .n_outputs = 2, .outputs = outputs, .labels = labels};
    nas_predictions out = {0};
    bool found = true;
    check_ok(nas_answers_load(study, 7, arena, &out, &found, &err), err);
    assert_false(found);
    check_ok(nas_answers_keep(study, 7, &in, &err), err);
    check_ok(nas_answers_load(study, 7, arena, &out, &found, &err), err);
    assert_true(found);
    assert_int_equal(out.n, 3);
    assert_memory_equal(out.outputs, outputs, sizeof outputs);
    assert_memory_equal(out.labels, labels, sizeof labels);
    assert_null(out.targets);

    const float targets[] = {1.5f, -2.25f, 3, 4, 5, 6};
    nas_predictions errors = {.task = NAS_TASK_REGRESSION,
                              .n = 3,
                              .n_outputs = 2,
                              .outputs = outputs,
                              .targets = targets};
    check_ok(nas_answers_keep(study, 7, &errors, &err), err);
    check_ok(nas_answers_load(study, 7, arena, &out, &found, &err), err);
    assert_true(found);
    assert_null(out.labels);
    assert_memory_equal(out.targets, targets, sizeof targets);
    nas_arena_free(arena);
    nas_study_close(study);
}

static void damage_is_absence(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = new_study();
    nas_arena *arena = nas_arena_new();
    const float outputs[] = {0.25f, 0.75f};
    const int32_t labels[] = {2}; /* no such class */
    nas_predictions in = {.n = 1, .n_outputs = 2, .outputs = outputs, .labels = labels};
    nas_predictions out = {0};
    bool found = true;
    check_ok(nas_answers_keep(study, 1, &in, &err), err);
    check_ok(nas_answers_load(study, 1, arena, &out, &found, &err), err);
    assert_false(found);

    check_ok(nas_study_put_blob(study, "answers-2.bin", "NASANSW1", 8, &err), err);
    check_ok(nas_answers_load(study, 2, arena, &out, &found, &err), err);
    assert_false(found);
    char big[32];
    int64_t extents[] = {0, INT64_MAX / 2, INT64_MAX / 2};
    memcpy(big, "NASANSW1", 8);
    memcpy(big + 8, extents, sizeof extents);
    check_ok(nas_study_put_blob(study, "answers-3.bin", big, sizeof big, &err), err);
    check_ok(nas_answers_load(study, 3, arena, &out, &found, &err), err);
    assert_false(found);
    nas_arena_free(arena);
    nas_study_close(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_back),
        cmocka_unit_test(damage_is_absence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
