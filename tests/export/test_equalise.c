#include "fixture.h"

#include "export/equalise.h"

enum { ROWS = 32 };

/* The network's weights with equalised channels; Ownership: caller, nas_heap_free */
static float *equalised(const nas_model *model, const float *rows, int64_t *channels)
{
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    nas_statistics *statistics = NULL;
    nas_err err = {0};
    const size_t n = (size_t)nas_graph_floats(model->graph);
    float *weights = nas_heap_alloc(n + 1, sizeof *weights);
    memcpy(weights, model->weights, n * sizeof *weights);
    check_ok(nas_program_build(model->graph, &options, arena, &program, &err), err);
    check_ok(nas_statistics_collect(model, rows, ROWS, arena, &statistics, &err), err);
    check_ok(nas_equalise(program, statistics, weights, channels, &err), err);
    nas_arena_free(arena);
    return weights;
}

static void outputs_stay(void **state)
{
    (void)state;
    int64_t scaled = 0;
    for (uint64_t seed = 0; seed < 120; seed++) {
        int64_t channels = 0;
        nas_model *model = fixture_random(seed);
        float *rows = fixture_rows(model, ROWS, seed);
        float *before = fixture_expected(model, rows, ROWS);
        float *weights = equalised(model, rows, &channels), *old = model->weights;
        model->weights = weights;
        float *after = fixture_expected(model, rows, ROWS);
        model->weights = old;
        fixture_equal(after, before, ROWS * model->n_outputs, "equalised");
        scaled += channels;
        nas_heap_free(after);
        nas_heap_free(weights);
        nas_heap_free(before);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    assert_true(scaled > 100);
}

/* Channels of a first layer differ by up to 2^9, as the second takes back. */
static nas_model *uneven(void)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 8, 8});
    x = nas_graph_add_conv(b, x, 8, 3, 1, "");
    const int first = x;
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_pool(b, NAS_OP_MAX_POOL, x, 2, 2, NAS_PAD_SAME, "");
    x = nas_graph_add_conv(b, x, 6, 3, 1, "");
    const int second = x;
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    x = nas_graph_add_dense(b, x, 4, "");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_model *model = fixture_model(graph, NAS_TASK_REGRESSION, 5);
    const nas_weight *w = nas_graph_weight_of(graph, first, NAS_WEIGHT_KERNEL);
    const nas_weight *v = nas_graph_weight_of(graph, second, NAS_WEIGHT_KERNEL);
    for (int64_t i = 0; i < w->count; i++)
        model->weights[w->offset + i] *= ldexpf(1.0f, (int)(i / 18) - 4);
    for (int64_t i = 0; i < v->count; i++)
        model->weights[v->offset + i] *= ldexpf(1.0f, 4 - (int)(i / 9 % 8));
    return model;
}

static double squared_error(const nas_model *model, const float *rows, bool equalise,
                            bool *did)
{
    nas_err err = {0};
    nas_quant *quant = NULL;
    nas_runtime *runtime = NULL;
    const nas_quant_options options = {.calibration = NAS_RANGE_MIN_MAX,
                                       .equalise = equalise};
    float *expected = fixture_expected(model, rows, ROWS);
    double error = 0;
    check_ok(nas_quantise(model, rows, ROWS, &options, &quant, &err), err);
    check_ok(nas_runtime_new_int8(quant, &runtime, &err), err);
    *did = nas_quant_equalised(quant);
    for (int i = 0; i < ROWS; i++) {
        float out[4];
        nas_runtime_run(runtime, rows + i * 128, out);
        for (int k = 0; k < 4; k++)
            error += pow((double)out[k] - (double)expected[i * 4 + k], 2);
    }
    nas_runtime_free(runtime);
    nas_quant_free(quant);
    nas_heap_free(expected);
    return error;
}

static void uneven_channels_lose_less(void **state)
{
    (void)state;
    bool did = true;
    nas_model *model = uneven();
    float *rows = fixture_rows(model, ROWS, 8);
    const double plain = squared_error(model, rows, false, &did);
    assert_false(did);
    const double even = squared_error(model, rows, true, &did);
    assert_true(did);
    if (!(even < plain / 4))
        fail_msg("squared error %g, with equal channels %g", plain, even);
    nas_heap_free(rows);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_stay),
        cmocka_unit_test(uneven_channels_lose_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
