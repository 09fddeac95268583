/* Equal tables of weights in generated C. */
#include "fixture.h"

#include "export/calls.h"

enum { ROWS = 3 };

/* Three convolutions of 6 channels to 6; without bias or norm, so their biases are 0. */
static nas_model *make(void)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){6, 5, 5});
    for (int i = 0; i < 3; i++)
        x = nas_graph_add_unary(b, NAS_OP_RELU, nas_graph_add_conv(b, x, 6, 3, 1, ""),
                                "");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    x = nas_graph_add_dense(b, x, 2, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return fixture_model(graph, NAS_TASK_CLASSIFICATION, 7);
}

static float *kernel_of(nas_model *model, int nth)
{
    return model->weights + nas_graph_weight(model->graph, nth)->offset;
}

/* What the shipped kernels give; they must give what the reference gives. */
static int64_t shared_of(nas_model *model, const nas_quant *quant)
{
    nas_err err = {0};
    nas_runtime *runtime = NULL;
    int64_t shared = 0;
    check_ok(nas_c_shared_bytes(model, quant, &shared, &err), err);
    float *rows = fixture_rows(model, ROWS, 3);
    float *expected = fixture_expected(model, rows, ROWS);
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    check_ok(quant == NULL ? nas_runtime_new(model, &runtime, &err)
                           : nas_runtime_new_int8(quant, &runtime, &err),
             err);
    for (int64_t i = 0; i < ROWS; i++) {
        float found[2];
        nas_runtime_run(runtime, rows + i * size, found);
        for (int k = 0; k < 2; k++)
            assert_true(fabs((double)(found[k] - expected[i * 2 + k])) <
                        (quant == NULL ? 1e-5 : 0.05));
    }
    nas_runtime_free(runtime);
    nas_heap_free(rows);
    nas_heap_free(expected);
    return shared;
}

static void equal_tables_are_stored_once(void **state)
{
    (void)state;
    nas_model *model = make();
    const int64_t n = nas_graph_weight(model->graph, 0)->count;
    const int64_t biases = shared_of(model, NULL);
    assert_int_equal(biases, 2 * 6 * 4);
    memcpy(kernel_of(model, 2), kernel_of(model, 0), (size_t)n * sizeof(float));
    assert_int_equal(shared_of(model, NULL), biases + n * 4);
    kernel_of(model, 2)[n - 1] += 0.125F;
    assert_int_equal(shared_of(model, NULL), biases);
    nas_model_free(model);
}

static void int8_tables_too(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_quant *quant = NULL;
    nas_model *model = make();
    const int64_t n = nas_graph_weight(model->graph, 0)->count;
    memcpy(kernel_of(model, 2), kernel_of(model, 1), (size_t)n * sizeof(float));
    float *rows = fixture_rows(model, 64, 1);
    nas_quant_options options = nas_quant_options_default();
    check_ok(nas_quantise(model, rows, 64, &options, &quant, &err), err);
    assert_int_equal(shared_of(model, quant) % 16, 0);
    nas_quant_free(quant);
    nas_heap_free(rows);
    nas_model_free(model);
}

/* Random networks whose kernels of one size are all equal. */
static void random_networks_compute_the_same(void **state)
{
    (void)state;
    int64_t all = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        nas_err err = {0};
        nas_runtime *runtime = NULL;
        int64_t shared = 0;
        nas_model *model = fixture_random(seed);
        const nas_graph *graph = model->graph;
        for (int i = 0; i < nas_graph_weight_count(graph); i++)
            for (int64_t k = 0; k < nas_graph_weight(graph, i)->count; k++)
                model->weights[nas_graph_weight(graph, i)->offset + k] =
                    0.25F + 0.01F * (float)(k % 7);
        float *rows = fixture_drawn(model, 1, seed);
        float *expected = fixture_expected(model, rows, 1);
        float *found = nas_heap_alloc((size_t)model->n_outputs, sizeof *found);
        check_ok(nas_c_shared_bytes(model, NULL, &shared, &err), err);
        check_ok(nas_runtime_new(model, &runtime, &err), err);
        nas_runtime_run(runtime, rows, found);
        fixture_equal(found, expected, model->n_outputs, "shared");
        all += shared;
        nas_runtime_free(runtime);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    assert_true(all > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_tables_are_stored_once),
        cmocka_unit_test(int8_tables_too),
        cmocka_unit_test(random_networks_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
