/* The shipped kernels on the planner's arena, against the reference interpreter. */
#include "fixture.h"

#include "export/kernels.h"

enum { ROWS = 3, GUARD = 16 };

/* Run all rows in an arena full of NaN with guards around it. */
static void run_poisoned(const nas_model *model, const float *rows, float *out)
{
    nas_err err = {0};
    nas_arena *memory = nas_arena_new();
    nas_calls *calls = NULL;
    check_ok(nas_calls_build(model, memory, &calls, &err), err);
    const int64_t floats = calls->program->arena_bytes / (int64_t)sizeof(float);
    float *arena = nas_heap_alloc((size_t)floats + 2 * GUARD, sizeof *arena);
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(model->graph));
    for (int64_t row = 0; row < ROWS; row++) {
        for (int64_t i = 0; i < floats + 2 * GUARD; i++)
            arena[i] = i < GUARD || i >= floats + GUARD ? 2.385f : NAN;
        for (int i = 0; i < calls->n; i++)
            nas_kernel_run(calls, &calls->list[i], arena + GUARD, rows + row * inputs,
                           out + row * model->n_outputs);
        for (int i = 0; i < GUARD; i++) {
            assert_true(arena[i] == 2.385f);
            assert_true(arena[floats + GUARD + i] == 2.385f);
        }
    }
    nas_heap_free(arena);
    nas_arena_free(memory);
}

static void equals_reference_on_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        char what[32];
        (void)snprintf(what, sizeof what, "network %d", (int)seed);
        nas_model *model = fixture_random(seed);
        float *rows = fixture_rows(model, ROWS, seed);
        float *expected = fixture_expected(model, rows, ROWS);
        float *found = nas_heap_alloc((size_t)(ROWS * model->n_outputs), sizeof *found);
        run_poisoned(model, rows, found);
        fixture_equal(found, expected, ROWS * model->n_outputs, what);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_reference_on_random_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
