/* Trainings shared by threads give the bits of a training on one thread. */
#include "check.h"
#include "nasmith/net.h"

#include <string.h>

enum { BATCH = 48, STEPS = 3, OUTPUTS = 5 };

static int norm_relu(nas_graph_builder *b, int at)
{
    return nas_graph_add_unary(b, NAS_OP_RELU,
                               nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, ""), "");
}

static nas_graph *finish(nas_graph_builder *b, int at)
{
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, nas_graph_add_dense(b, at, OUTPUTS, ""), &graph, &err),
             err);
    nas_graph_builder_free(b);
    return graph;
}

/* Large enough for every kind of job to be shared; odd channels, so that parts differ. */
static nas_graph *images(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 24, 22});
    int stem = norm_relu(b, nas_graph_add_conv(b, x, 13, 3, 1, ""));
    int wide = nas_graph_add_unary(b, NAS_OP_SILU,
                                   nas_graph_add_depthwise(b, stem, 3, 1, ""), "");
    wide = nas_graph_add_conv(b, wide, 13, 1, 1, "");
    int both[2] = {stem, wide};
    int sum = nas_graph_add_unary(b, NAS_OP_BATCH_NORM,
                                  nas_graph_add(b, NAS_OP_ADD, NULL, both, 2, ""), "");
    int most = nas_graph_add_pool(b, NAS_OP_MAX_POOL, sum, 3, 1, NAS_PAD_SAME, "");
    int mean = nas_graph_add_pool(b, NAS_OP_AVG_POOL, sum, 3, 1, NAS_PAD_SAME, "");
    int pools[2] = {most, mean};
    int next = nas_graph_add(b, NAS_OP_CONCAT, NULL, pools, 2, "");
    next = norm_relu(b, nas_graph_add_conv(b, next, 17, 3, 1, ""));
    next = nas_graph_add_pool(b, NAS_OP_MAX_POOL, next, 2, 2, NAS_PAD_VALID, "");
    next = norm_relu(b, nas_graph_add_conv(b, next, 24, 3, 2, ""));
    next = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, next, "");
    next = nas_graph_add_unary(b, NAS_OP_RELU, nas_graph_add_dense(b, next, 64, ""), "");
    return finish(b, next);
}

static nas_graph *series(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){7, 1, 96});
    nas_value attr[NAS_ATTR_MAX] = {{0}};
    attr[NAS_ATTR_RECURRENT_OUT].i = 32;
    x = norm_relu(b, nas_graph_add_conv(b, x, 61, 5, 1, ""));
    x = nas_graph_add(b, NAS_OP_LSTM, attr, &x, 1, "");
    return finish(b, x);
}

/* Weights and gradients after some steps on made-up data; every second step has one
 * thread less. */
static void train(const nas_graph *graph, nas_isa isa, int threads, float *weights,
                  float *gradients)
{
    nas_err err = {0};
    nas_net *net = NULL;
    nas_workspace *workspace = nas_workspace_new();
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.isa = isa;
    options.threads = threads;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    nas_net_init(net, nas_rng_new(1, 2));
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_SGD);
    nas_rng rng = nas_rng_new(3, 4);
    const int64_t size = nas_shape_count(nas_graph_input_shape(graph));
    float *inputs = nas_heap_alloc((size_t)(BATCH * size), sizeof *inputs);
    int32_t labels[BATCH];
    for (int step = 0; step < STEPS; step++) {
        int now = step % 2 == 0 || threads == 1 ? threads : threads - 1;
        check_ok(nas_net_set_threads(net, now, &err), err);
        for (int64_t i = 0; i < BATCH * size; i++)
            inputs[i] = (float)nas_rng_normal(&rng);
        for (int i = 0; i < BATCH; i++)
            labels[i] = (int32_t)nas_rng_below(&rng, OUTPUTS);
        nas_net_batch_floats(net, inputs, labels, NULL, BATCH);
        (void)nas_net_forward(net, true, &rng);
        nas_net_backward(net);
        assert_true(nas_net_update(net, &optimizer, 0.05f, step));
    }
    memcpy(weights, nas_net_weights(net), (size_t)nas_net_floats(net) * sizeof(float));
    memcpy(gradients, nas_net_gradients(net),
           (size_t)nas_net_params(net) * sizeof(float));
    nas_heap_free(inputs);
    nas_net_free(net);
    nas_workspace_free(workspace);
}

static void check_threads(nas_graph *graph)
{
    const size_t floats = (size_t)nas_graph_floats(graph);
    const size_t params = (size_t)nas_graph_params(graph);
    float *one = nas_heap_alloc(2 * floats, sizeof *one);
    float *many = nas_heap_alloc(2 * floats, sizeof *many);
    for (nas_isa isa = NAS_ISA_BASELINE; isa <= nas_isa_best(); isa++) {
        train(graph, isa, 1, one, one + floats);
        for (int threads = 2; threads <= 5; threads += isa == nas_isa_best() ? 1 : 3) {
            train(graph, isa, threads, many, many + floats);
            assert_memory_equal(one, many, floats * sizeof *one);
            assert_memory_equal(one + floats, many + floats, params * sizeof *one);
        }
    }
    nas_heap_free(one);
    nas_heap_free(many);
    nas_graph_free(graph);
}

static void test_images(void **state)
{
    (void)state;
    check_threads(images());
}

static void test_series(void **state)
{
    (void)state;
    check_threads(series());
}

/* A workspace keeps its threads from net to net and changes their number. */
static void test_other_number(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = series();
    nas_workspace *workspace = nas_workspace_new();
    static const int THREADS[] = {2, 2, 1, 3};
    for (int i = 0; i < 4; i++) {
        nas_net *net = NULL;
        nas_net_options options = nas_net_options_default();
        options.threads = THREADS[i];
        check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
        nas_net_free(net);
    }
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_other_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
