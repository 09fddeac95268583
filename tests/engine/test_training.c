/* covers: batch.c, net.c, optimizer.c, workspace.c */
/* Whole trainings: learning, determinism, state, partial batches, divergence. */
#include "check.h"
#include "engine/workspace.h"
#include "nasmith/net.h"

#include <math.h>
#include <string.h>

enum { BATCH = 32, CLASSES = 4 };

/* A small residual network with every kind of fusion. */
static nas_graph *network(double dropout)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 9, 7});
    int stem = nas_graph_add_unary(b, NAS_OP_BATCH_NORM,
                                   nas_graph_add_conv(b, x, 6, 3, 1, ""), "");
    stem = nas_graph_add_unary(b, NAS_OP_RELU, stem, "");
    int inner = nas_graph_add_depthwise(b, stem, 3, 1, "");
    inner = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, inner, "");
    inner = nas_graph_add_unary(b, NAS_OP_RELU6, inner, "");
    inner = nas_graph_add_conv(b, inner, 6, 1, 1, "");
    inner = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, inner, "");
    int both[2] = {stem, inner};
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, both, 2, "");
    int next = nas_graph_add_conv(b, sum, 8, 3, 2, "");
    next = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, next, "");
    next = nas_graph_add_unary(b, NAS_OP_RELU, next, "");
    next = nas_graph_add_pool(b, NAS_OP_MAX_POOL, next, 2, 2, NAS_PAD_VALID, "");
    nas_value rate[NAS_ATTR_MAX] = {{0}};
    rate[NAS_ATTR_DROPOUT_RATE].f = dropout;
    next = nas_graph_add(b, NAS_OP_DROPOUT, rate, &next, 1, "");
    int head = nas_graph_add_dense(b, next, CLASSES, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, head, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static nas_net *compile(const nas_graph *graph, nas_workspace *workspace, nas_isa isa)
{
    nas_err err = {0};
    nas_net *net = NULL;
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.isa = isa;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    nas_net_init(net, nas_rng_new(5, 6));
    return net;
}

/* Bytes whose class shows in the mean of a corner. */
static nas_dataset toy_data(uint8_t *inputs, int32_t *labels, int rows)
{
    nas_rng rng = nas_rng_new(8, 9);
    const nas_shape shape = {2, 9, 7};
    const int64_t count = nas_shape_count(shape);
    for (int r = 0; r < rows; r++) {
        labels[r] = (int32_t)nas_rng_below(&rng, CLASSES);
        for (int64_t i = 0; i < count; i++) {
            uint64_t noise = nas_rng_below(&rng, 100);
            inputs[r * count + i] =
                (uint8_t)(noise + (i % CLASSES == labels[r] ? 60 : 0));
        }
    }
    return (nas_dataset){.shape = shape,
                         .element = NAS_ELEMENT_U8,
                         .n_rows = rows,
                         .inputs = inputs,
                         .labels = labels,
                         .n_outputs = CLASSES};
}

enum { ROWS = 128 };
static uint8_t toy_inputs[ROWS * 126];
static int32_t toy_labels[ROWS];

/* @return loss of the last step */
static double train(nas_net *net, int first, int last, float ema)
{
    nas_dataset data = toy_data(toy_inputs, toy_labels, ROWS);
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    optimizer.ema = ema;
    optimizer.clip_norm = 5;
    double loss = 0;
    for (int step = first; step < last; step++) {
        nas_rng rng = nas_rng_new(11, (uint64_t)step);
        nas_augment augment = {.shift = step % 2, .flip = step % 3 == 0};
        int64_t rows[BATCH];
        for (int i = 0; i < BATCH; i++)
            rows[i] = (step * BATCH + i * 3) % ROWS;
        nas_net_batch(net, &data, rows, BATCH, &augment, &rng);
        loss = nas_net_forward(net, true, &rng);
        nas_net_backward(net);
        assert_true(nas_net_update(net, &optimizer, 0.01f, step));
    }
    return loss;
}

static double evaluate(nas_net *net, int n, float *outputs)
{
    nas_dataset data = toy_data(toy_inputs, toy_labels, ROWS);
    int64_t rows[BATCH];
    for (int i = 0; i < n; i++)
        rows[i] = i;
    nas_net_batch(net, &data, rows, n, NULL, NULL);
    double loss = nas_net_forward(net, false, NULL);
    if (outputs != NULL)
        nas_net_outputs(net, true, outputs);
    return loss;
}

static void test_overfits(void **state)
{
    (void)state;
    for (int isa = 0; isa <= (int)nas_isa_best(); isa++) {
        nas_graph *graph = network(0.1);
        nas_workspace *workspace = nas_workspace_new();
        nas_net *net = compile(graph, workspace, (nas_isa)isa);
        float outputs[BATCH * CLASSES];
        int right = 0;
        (void)train(net, 0, 240, 0);
        assert_true(evaluate(net, BATCH, outputs) < 0.3);
        for (int i = 0; i < BATCH; i++) {
            const float *row = outputs + i * CLASSES;
            double sum = 0;
            for (int k = 0; k < CLASSES; k++)
                sum += (double)row[k];
            assert_true(fabs(sum - 1) < 1e-5);
            right += row[toy_labels[i]] > 0.5f;
        }
        assert_true(right >= 29);
        nas_net_free(net);
        nas_workspace_free(workspace);
        nas_graph_free(graph);
    }
}

/* Two trainings, the second in a workspace full of what another network left. */
static void test_same_bits_whatever_the_workspace_held(void **state)
{
    (void)state;
    nas_graph *graph = network(0.25);
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = compile(graph, workspace, nas_isa_best());
    const size_t bytes = nas_net_state_bytes(net);
    char *first = malloc(bytes), *second = malloc(bytes);
    (void)train(net, 0, 7, 0.9f);
    nas_net_state_save(net, first);
    nas_net_free(net);
    void *block = NULL;
    nas_err err = {0};
    const int64_t held = nas_workspace_bytes(workspace);
    check_ok(nas_workspace_reserve(workspace, held, &block, &err), err);
    memset(block, 0xff, (size_t)held); /* NaN everywhere */
    net = compile(graph, workspace, nas_isa_best());
    (void)train(net, 0, 7, 0.9f);
    nas_net_state_save(net, second);
    assert_memory_equal(first, second, bytes);
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
    free(first);
    free(second);
}

static void test_state_continues_byte_equal(void **state)
{
    (void)state;
    nas_graph *graph = network(0.25);
    nas_workspace *one = nas_workspace_new(), *two = nas_workspace_new();
    nas_net *net = compile(graph, one, nas_isa_best());
    nas_net *other = compile(graph, two, nas_isa_best());
    const size_t bytes = nas_net_state_bytes(net);
    char *at = malloc(bytes), *end = malloc(bytes);
    (void)train(net, 0, 5, 0.9f);
    nas_net_state_save(net, at);
    (void)train(net, 5, 9, 0.9f);
    nas_net_state_save(net, end);
    nas_net_state_load(other, at);
    (void)train(other, 5, 9, 0.9f);
    nas_net_state_save(other, at);
    assert_memory_equal(at, end, bytes);
    nas_net_use_average(net);
    nas_net_use_average(other);
    assert_memory_equal(nas_net_weights(net), nas_net_weights(other),
                        (size_t)nas_net_params(net) * sizeof(float));
    nas_net_free(net);
    nas_net_free(other);
    nas_workspace_free(one);
    nas_workspace_free(two);
    nas_graph_free(graph);
    free(at);
    free(end);
}

/* A sample's output does not depend on how many others are in the batch. */
static void test_partial_batches_give_the_same_outputs(void **state)
{
    (void)state;
    nas_graph *graph = network(0.1);
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = compile(graph, workspace, nas_isa_best());
    float whole[BATCH * CLASSES], part[BATCH * CLASSES];
    (void)train(net, 0, 5, 0);
    (void)evaluate(net, BATCH, whole);
    for (int n = 1; n <= BATCH; n += 6) {
        (void)evaluate(net, n, part);
        assert_memory_equal(part, whole, (size_t)(n * CLASSES) * sizeof(float));
    }
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

static void test_divergence_is_seen(void **state)
{
    (void)state;
    nas_graph *graph = network(0);
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = compile(graph, workspace, nas_isa_best());
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_SGD);
    (void)train(net, 0, 1, 0);
    nas_net_gradients(net)[3] = NAN;
    assert_false(nas_net_update(net, &optimizer, 0.01f, 1));
    nas_net_weights(net)[0] = NAN;
    assert_true(isnan(evaluate(net, BATCH, NULL)));
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

/* An average over equal weights is those weights; decay spares biases and norms. */
static void test_optimizer_spares_biases_and_norms(void **state)
{
    (void)state;
    nas_graph *graph = network(0);
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = compile(graph, workspace, nas_isa_best());
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    optimizer.weight_decay = 0.5f;
    float *w = nas_net_weights(net);
    for (int64_t i = 0; i < nas_net_params(net); i++)
        w[i] = 2.385f;
    memset(nas_net_gradients(net), 0, (size_t)nas_net_params(net) * sizeof(float));
    assert_true(nas_net_update(net, &optimizer, 0.1f, 0));
    for (int t = 0; t < nas_graph_weight_count(graph); t++) {
        const nas_weight *tensor = nas_graph_weight(graph, t);
        if (!tensor->trained)
            continue;
        double expected = tensor->role == NAS_WEIGHT_KERNEL ? 2.385 * 0.95 : 2.385;
        assert_true(fabs((double)w[tensor->offset] - expected) < 1e-5);
    }
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

/* Every allocation of a compilation may fail: an error, no leak, and the next one works.
 */
static void test_failed_allocations_are_reported(void **state)
{
    (void)state;
    nas_graph *graph = network(0.1);
    nas_workspace *workspace = nas_workspace_new();
    nas_net_options options = nas_net_options_default();
    nas_status status = NAS_E_NOMEM;
    int failures = 0;
    for (int64_t nth = 1; status != NAS_OK; nth++) {
        nas_net *net = NULL;
        nas_err err = {0};
        nas_alloc_fail_nth(nth);
        status = nas_net_compile(graph, &options, workspace, &net, &err);
        nas_alloc_fail_nth(0);
        assert_true(status == NAS_OK || (status == NAS_E_NOMEM && net == NULL));
        failures += status != NAS_OK;
        nas_net_free(net);
    }
    assert_true(failures > 10);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overfits),
        cmocka_unit_test(test_same_bits_whatever_the_workspace_held),
        cmocka_unit_test(test_state_continues_byte_equal),
        cmocka_unit_test(test_partial_batches_give_the_same_outputs),
        cmocka_unit_test(test_divergence_is_seen),
        cmocka_unit_test(test_optimizer_spares_biases_and_norms),
        cmocka_unit_test(test_failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
