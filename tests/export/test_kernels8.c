/* covers: kernels8.c, quant_reference.c */
/* The shipped int8 kernels on the planner's arena give the bits of the reference. */
#include "fixture.h"

#include "export/kernels8.h"

enum { ROWS = 4, CALIBRATION = 16, GUARD = 16 };

/* Run all rows in an arena full of rubbish with guards around it. */
static void run_poisoned(const nas_quant *quant, const float *rows, int8_t *out)
{
    nas_err err = {0};
    nas_arena *memory = nas_arena_new();
    nas_calls *calls = NULL;
    check_ok(nas_calls_build_int8(quant, memory, &calls, &err), err);
    const size_t bytes = (size_t)calls->program->arena_bytes;
    const int64_t outputs = quant->model->n_outputs;
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(quant->model->graph));
    int8_t *arena = nas_heap_alloc(bytes + 2 * GUARD, 1);
    int8_t *in = nas_heap_alloc((size_t)inputs, 1);
    for (int64_t row = 0; row < ROWS; row++) {
        memset(arena, 0x5a, bytes + 2 * GUARD);
        nas_quant_input(quant, rows + row * inputs, in);
        for (int i = 0; i < calls->n; i++)
            nas_kernel8_run(calls, &calls->list[i], arena + GUARD, in,
                            out + row * outputs);
        for (size_t i = 0; i < GUARD; i++) {
            assert_int_equal(arena[i], 0x5a);
            assert_int_equal(arena[GUARD + bytes + i], 0x5a);
        }
    }
    nas_heap_free(in);
    nas_heap_free(arena);
    nas_arena_free(memory);
}

static void equals_reference_on_random_networks(void **state)
{
    (void)state;
    int compared = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        nas_err err = {0};
        nas_quant *quant = NULL;
        nas_model *model = fixture_random_int8(seed);
        float *rows = fixture_rows(model, CALIBRATION, seed);
        const nas_quant_options options = {
            .calibration = (nas_range_method)(1 + seed % 3), .bias_correction = seed % 2};
        check_ok(nas_quantise(model, rows, CALIBRATION, &options, &quant, &err), err);
        const size_t outputs = (size_t)(ROWS * model->n_outputs);
        int8_t *expected = nas_heap_alloc(outputs, 1);
        int8_t *found = nas_heap_alloc(outputs, 1);
        check_ok(nas_quant_reference_run(quant, rows, ROWS, expected, &err), err);
        run_poisoned(quant, rows, found);
        for (size_t i = 0; i < outputs; i++, compared++)
            if (found[i] != expected[i])
                fail_msg("network %d, output %zu: %d, expected %d", (int)seed, i,
                         found[i], expected[i]);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_quant_free(quant);
        nas_model_free(model);
    }
    assert_true(compared > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_reference_on_random_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
