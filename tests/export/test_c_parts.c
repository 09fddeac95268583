/* Counting what generated C consists of, without weights, against lowering with them. */
#include "fixture.h"

#include "export/c_parts.h"

enum { NETWORKS = 80 };

/* @return bytes of tables */
static int64_t compare(const nas_calls *built, nas_dtype dtype, const nas_graph *graph)
{
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    nas_c_size size;
    nas_c_parts parts;
    nas_err err = {0};
    int calls = 0;
    options.dtype = dtype;
    check_ok(nas_program_build(graph, &options, arena, &program, &err), err);
    check_ok(nas_c_count(program, arena, &size, &err), err);
    nas_c_parts_of(built, &parts);
    assert_int_equal(size.table_bytes,
                     nas_calls_table_bytes(built) + built->shared_bytes);
    assert_int_equal(size.table_bytes % 16, 0);
    assert_int_equal(size.n_parts, parts.n);
    assert_int_equal(size.helpers, parts.helpers);
    for (int i = 0; i < parts.n; i++)
        assert_string_equal(size.parts[i], parts.names[i]);
    for (int i = 0; i <= NAS_C_MOST_ARGUMENTS; i++)
        calls += size.calls[i];
    assert_int_equal(calls, built->n);
    assert_true(size.parameter_bytes >= 20 * built->n);
    nas_arena_free(arena);
    return size.table_bytes;
}

static void floats_are_counted_as_built(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        nas_model *model = fixture_random(seed);
        nas_arena *arena = nas_arena_new();
        nas_calls *calls = NULL;
        nas_err err = {0};
        model->task = NAS_TASK_CLASSIFICATION;
        check_ok(nas_calls_build(model, arena, &calls, &err), err);
        (void)compare(calls, NAS_FLOAT32, model->graph);
        nas_arena_free(arena);
        nas_model_free(model);
    }
}

static void integers_are_counted_as_built(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < NETWORKS; seed++) {
        nas_model *model = fixture_random_int8(seed);
        float *rows = fixture_rows(model, 4, seed);
        nas_arena *arena = nas_arena_new();
        nas_quant *quant = NULL;
        nas_calls *calls = NULL;
        nas_err err = {0};
        model->task = NAS_TASK_CLASSIFICATION;
        check_ok(nas_quantise(model, rows, 4, NULL, &quant, &err), err);
        check_ok(nas_calls_build_int8(quant, arena, &calls, &err), err);
        (void)compare(calls, NAS_INT8, model->graph);
        nas_arena_free(arena);
        nas_quant_free(quant);
        nas_heap_free(rows);
        nas_model_free(model);
    }
}

/* Every kernel's text is found, with the helpers it calls: a network that has them all
 * would compile. */
static void parts_hold_what_kernels_call(void **state)
{
    (void)state;
    nas_call call = {.kernel = NAS_KERNEL_GRU};
    nas_calls calls = {.list = &call, .n = 1};
    nas_c_parts parts;
    nas_c_parts_of(&calls, &parts);
    assert_string_equal(parts.names[parts.n - 1], "gru");
    assert_int_equal(parts.helpers, parts.n - 1);
    bool exp = false, dot = false;
    for (int i = 0; i < parts.n; i++) {
        exp = exp || strcmp(parts.names[i], "exp") == 0;
        dot = dot || strcmp(parts.names[i], "dot") == 0;
    }
    assert_true(exp && dot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_counted_as_built),
        cmocka_unit_test(integers_are_counted_as_built),
        cmocka_unit_test(parts_hold_what_kernels_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
