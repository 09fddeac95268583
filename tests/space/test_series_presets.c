/* covers: build_op.c, build_series.c, build_table.c */
/* Networks drawn from the presets for series, and Transformers over tables, have costs
 * and learn 32 samples by heart. */
#include "check.h"

#include "nasmith/cost.h"
#include "nasmith/net.h"
#include "nasmith/space.h"

#include <math.h>

enum { N = 32, CHANNELS = 3, STEPS = 20, CLASSES = 3 };

static const nas_shape SERIES = {CHANNELS, 1, STEPS};

/* Noise in which the class is the frequency of a wave. */
static void toy_series(float *inputs, int32_t *labels)
{
    nas_rng rng = nas_rng_new(2385, 4);
    for (int s = 0; s < N; s++) {
        labels[s] = s % CLASSES;
        const double phase = 6 * nas_rng_uniform(&rng);
        for (int i = 0; i < CHANNELS * STEPS; i++) {
            double wave = sin(phase + 0.5 * (1 + labels[s]) * (i % STEPS));
            inputs[s * CHANNELS * STEPS + i] = (float)(wave + 0.2 * nas_rng_normal(&rng));
        }
    }
}

static void check_priced(const nas_graph *graph)
{
    nas_err err = {0};
    nas_cost cost;
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &cost, &err), err);
    assert_int_equal(cost.params, nas_graph_params(graph));
    assert_true(cost.macs > 0 && cost.ram_bytes > 0);
    assert_true(cost.flash_bytes >= (int64_t)sizeof(float) * cost.params);
}

/* @return loss after training, without dropout */
static double loss_after(nas_net *net, int steps)
{
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    optimizer.clip_norm = 5;
    for (int step = 0; step < steps; step++) {
        nas_rng rng = nas_rng_new(3, (uint64_t)step);
        (void)nas_net_forward(net, true, &rng);
        nas_net_backward(net);
        assert_true(nas_net_update(net, &optimizer, 0.01f, step));
    }
    return nas_net_forward(net, false, NULL);
}

static void check_overfits(const nas_graph *graph)
{
    static float inputs[N * CHANNELS * STEPS];
    static int32_t labels[N];
    nas_err err = {0};
    nas_net *net;
    nas_net_options options = nas_net_options_default();
    nas_workspace *workspace = nas_workspace_new();
    options.batch = N;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    nas_net_init(net, nas_rng_new(1, 2));
    toy_series(inputs, labels);
    nas_net_batch_floats(net, inputs, labels, NULL, N);
    const double loss = loss_after(net, 120);
    if (!(loss < 0.2))
        fail_msg("loss is %g after 120 steps, expected less than 0.2", loss);
    nas_net_free(net);
    nas_workspace_free(workspace);
}

/* @param input  of CHANNELS * STEPS values */
static void check_preset(const char *preset, nas_shape input)
{
    nas_space_context context = {
        .input = input, .n_outputs = CLASSES, .task = NAS_TASK_CLASSIFICATION};
    if (input.w == 1) {
        context.n_categories = 2;
        context.categories[0] = (nas_space_category){3, 7};
        context.categories[1] = (nas_space_category){30, 4};
    }
    nas_err err = {0};
    nas_space *space;
    check_ok(nas_space_load(preset, &context, &space, &err), err);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(5, 6);
    for (int i = 0; i < 12; i++) {
        nas_graph *graph;
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        check_ok(nas_space_decode(space, candidate, &graph, &err), err);
        check_priced(graph);
        if (nas_graph_macs(graph) < 500000 && i % 3 == 0)
            check_overfits(graph);
        nas_graph_free(graph);
    }
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_tcn(void **state)
{
    (void)state;
    check_preset("tcn", SERIES);
}

static void test_rnn(void **state)
{
    (void)state;
    check_preset("rnn", SERIES);
}

static void test_cnn_rnn(void **state)
{
    (void)state;
    check_preset("cnn-rnn", SERIES);
}

static void test_transformer(void **state)
{
    (void)state;
    check_preset("transformer", SERIES);
}

static void test_table_transformer(void **state)
{
    (void)state;
    check_preset("table-transformer", (nas_shape){CHANNELS * STEPS, 1, 1});
}

static void test_table_embeddings(void **state)
{
    (void)state;
    check_preset("table-embeddings", (nas_shape){CHANNELS * STEPS, 1, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcn),
        cmocka_unit_test(test_rnn),
        cmocka_unit_test(test_cnn_rnn),
        cmocka_unit_test(test_transformer),
        cmocka_unit_test(test_table_transformer),
        cmocka_unit_test(test_table_embeddings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
