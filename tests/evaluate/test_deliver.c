#include "evaluate/deliver.h"

#include "evaluate/toy.h"

#include <math.h>
#include <string.h>

static nas_graph *fitted(const nas_dataset *data)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph *out = NULL;
    float mean[8] = {1, 2, 3};
    float inverse[8] = {0.5F, 0.25F, 2};
    const nas_front front = {.mean = mean, .inverse_deviation = inverse};
    check_ok(nas_baseline_standard(data->shape, data->n_outputs, &graph, &err), err);
    check_ok(nas_graph_with_front(graph, &front, &out, &err), err);
    nas_graph_free(graph);
    return out;
}

static float *weights_of(const nas_graph *graph, nas_arena *arena)
{
    int64_t n = nas_graph_floats(graph);
    float *weights = NAS_NEW(arena, float, n);
    for (int64_t i = 0; i < n; i++)
        weights[i] = (float)i * 0.385F;
    return weights;
}

static void test_classification(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_blobs(40, 3, 4);
    char *features[] = {(char[]){"height"}, (char[]){"width"}, (char[]){"age"}};
    data->feature_names = features;
    nas_graph *graph = fitted(data);
    float *weights = weights_of(graph, data->arena);
    nas_model *model = NULL;
    check_ok(nas_deliver(graph, weights, data, NULL, NULL, &model, &err), err);
    int output = nas_graph_output(model->graph);
    assert_int_equal(nas_graph_node(model->graph, output)->op, NAS_OP_SOFTMAX);
    assert_int_equal(nas_graph_count(model->graph), nas_graph_count(graph) + 1);
    assert_int_equal(nas_graph_floats(model->graph), nas_graph_floats(graph));
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *a = nas_graph_weight(graph, i);
        const nas_weight *b = nas_graph_weight(model->graph, i);
        assert_true(a->offset == b->offset && a->role == b->role && a->node == b->node);
    }
    assert_memory_equal(model->weights, weights,
                        (size_t)nas_graph_floats(graph) * sizeof *weights);
    assert_memory_equal(nas_graph_node(model->graph, 1)->constants,
                        nas_graph_node(graph, 1)->constants, 6 * sizeof(float));
    assert_int_equal(model->n_outputs, 4);
    assert_string_equal(model->labels[3], "name3");
    assert_int_equal(model->n_features, 3);
    assert_string_equal(model->features[1], "width");
    assert_true(isnan(model->score) && model->data_fingerprint == 0x2385);
    assert_null(model->target_mean);
    nas_model *again = NULL; /* a graph that ends in softmax gets no second one */
    check_ok(nas_deliver(model->graph, weights, data, NULL, NULL, &again, &err), err);
    assert_int_equal(nas_graph_count(again->graph), nas_graph_count(model->graph));
    nas_model_free(again);
    nas_model_free(model);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_regression(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_line(40, 3);
    nas_graph *graph = fitted(data);
    float *weights = weights_of(graph, data->arena);
    float mean[] = {2.385F, 7};
    float deviation[] = {0.5F, 3};
    nas_model *model = NULL;
    check_ok(nas_deliver(graph, weights, data, mean, deviation, &model, &err), err);
    assert_int_equal(nas_graph_count(model->graph), nas_graph_count(graph));
    assert_true(model->target_mean[0] == 2.385F && model->target_deviation[1] == 3.0F);
    nas_model_free(model);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_every_allocation_can_fail(void **state)
{
    (void)state;
    nas_dataset *data = toy_line(40, 3);
    nas_graph *graph = fitted(data);
    float *weights = weights_of(graph, data->arena);
    float unit[] = {1, 1};
    int64_t failures = 0;
    for (int64_t nth = 1;; nth++) {
        nas_err err = {0};
        nas_model *model = NULL;
        nas_alloc_fail_nth(nth);
        nas_status status = nas_deliver(graph, weights, data, unit, unit, &model, &err);
        nas_alloc_fail_nth(0);
        if (status == NAS_OK) {
            nas_model_free(model);
            break;
        }
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures >= 6);
    nas_graph_free(graph);
    toy_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classification),
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_every_allocation_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
