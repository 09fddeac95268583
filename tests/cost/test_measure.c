#include "check.h"

#include "nasmith/clock.h"
#include "nasmith/cost.h"
#include "nasmith/export.h"

#include <math.h>

static void test_every_entry_is_measured(void **state)
{
    (void)state;
    nas_latency_table t = {0};
    nas_err err = {0};
    check_ok(nas_latency_measure(&t, &err), err);
    assert_true(t.known);
    assert_true(t.ns_per_step > 0.0 && t.ns_per_step < 1e5);
    for (int kind = 0; kind < NAS_STEP_KINDS; kind++)
        for (int size = 0; size < NAS_LATENCY_CLASSES; size++) {
            double ns = t.ns_per_unit[kind][size];
            if (!(ns > 0.0 && ns < 1e4))
                fail_msg("kind %d class %d: %g ns", kind, size, ns);
        }
}

static nas_graph *network(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 24, 24});
    for (int i = 0; i < 3; i++) {
        x = nas_graph_add_conv(b, x, 16, 3, 1, "");
        x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
        x = nas_graph_add_depthwise(b, x, 3, 1, "");
        x = nas_graph_add_pool(b, NAS_OP_MAX_POOL, x, 2, 2, NAS_PAD_SAME, "");
    }
    x = nas_graph_add_dense(b, x, 10, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static double time_run(nas_runtime *runtime, const float *in)
{
    float out[10];
    double best = (double)INFINITY;
    for (int i = 0; i < 30; i++) {
        double start = nas_clock_cpu_s();
        nas_runtime_run(runtime, in, out);
        best = fmin(best, nas_clock_cpu_s() - start);
    }
    return best * 1e3;
}

/* The table must predict a whole network; a factor of 3 leaves room for a busy machine
 * and sanitizers, and would not pass a table of another order of magnitude. */
static void test_prediction_is_near_the_run(void **state)
{
    (void)state;
    static const float in[3 * 24 * 24] = {2.385f, -1.5f};
    nas_latency_table t = {0};
    nas_err err = {0};
    nas_model model = {.graph = network(), .n_outputs = 10};
    int64_t n = nas_graph_floats(model.graph);
    model.weights = nas_heap_alloc((size_t)n, sizeof(float));
    assert_non_null(model.weights);
    for (int64_t i = 0; i < n; i++)
        model.weights[i] = (float)(i % 7 - 3) * 0.125f;
    nas_runtime *runtime = NULL;
    nas_cost cost;
    check_ok(nas_latency_measure(&t, &err), err);
    check_ok(nas_runtime_new(&model, &runtime, &err), err);
    check_ok(nas_cost_of(model.graph, NAS_FLOAT32, &t, NULL, &cost, &err), err);
    double ms = time_run(runtime, in);
    print_message("predicted %.4f ms, ran in %.4f ms\n", cost.latency_ms, ms);
    assert_true(cost.latency_ms > ms / 3.0 && cost.latency_ms < ms * 3.0);
    nas_runtime_free(runtime);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_entry_is_measured),
        cmocka_unit_test(test_prediction_is_near_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
