/* covers: conv_unit.c, dense_unit.c, merge_unit.c, pool_unit.c, loss.c, pass.c */
/* covers: mul_unit.c, series_unit.c */
/* Outputs, loss and gradients of whole networks against the naive twin, on every
 * instruction set of the machine. */
#include "check.h"
#include "engine/reference.h"
#include "random_graph.h"

/* A network, a batch and the twin that sees the same. */
typedef struct fixture {
    nas_graph *graph;
    nas_workspace *workspace;
    nas_net *net;
    nas_net_options options;
    float *inputs, *targets;
    int32_t *labels;
    double *weights;
    reference twin;
} fixture;

static void fixture_data(fixture *f, nas_rng *rng)
{
    const int n = f->options.batch;
    const int64_t in = nas_shape_count(nas_graph_input_shape(f->graph));
    const int64_t out = nas_shape_count(nas_graph_output_shape(f->graph));
    f->inputs = malloc((size_t)(n * in) * sizeof(float));
    f->targets = malloc((size_t)(n * out) * sizeof(float));
    f->labels = malloc((size_t)n * sizeof(int32_t));
    for (int64_t i = 0; i < n * in; i++)
        f->inputs[i] = (float)nas_rng_normal(rng);
    for (int64_t i = 0; i < n * out; i++)
        f->targets[i] = (float)(1.5 * nas_rng_normal(rng));
    for (int i = 0; i < n; i++)
        f->labels[i] = (int32_t)nas_rng_below(rng, (uint64_t)out);
}

/* Initialised, then moved off the special values 0 and 1. */
static void fixture_weights(fixture *f, nas_rng *rng)
{
    float *w = nas_net_weights(f->net);
    const int64_t n = nas_net_floats(f->net);
    nas_net_init(f->net, *rng);
    f->weights = malloc((size_t)n * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        w[i] += (float)(0.1 * nas_rng_normal(rng));
        if (i >= nas_net_params(f->net))
            w[i] = fabsf(w[i]) + 0.1f;
        f->weights[i] = (double)w[i];
    }
}

static void fixture_open(fixture *f, nas_graph *graph, nas_net_options options,
                         uint64_t seed)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 77);
    f->graph = graph;
    f->options = options;
    f->workspace = nas_workspace_new();
    check_ok(nas_net_compile(graph, &options, f->workspace, &f->net, &err), err);
    assert_true(nas_net_memory_bytes(graph, &options) <=
                nas_workspace_bytes(f->workspace));
    fixture_data(f, &rng);
    fixture_weights(f, &rng);
    f->twin = (reference){.graph = graph,
                          .n = options.batch,
                          .inputs = f->inputs,
                          .labels = f->labels,
                          .targets = f->targets,
                          .weights = f->weights,
                          .options = options,
                          .training = true};
    nas_net_batch_floats(f->net, f->inputs, f->labels, f->targets, options.batch);
}

static void fixture_close(fixture *f)
{
    nas_net_free(f->net);
    nas_workspace_free(f->workspace);
    nas_graph_free(f->graph);
    free(f->inputs);
    free(f->targets);
    free(f->labels);
    free(f->weights);
}

static void check_outputs(fixture *f)
{
    const int64_t k = nas_shape_count(nas_graph_output_shape(f->graph));
    const int n = f->twin.n;
    float *out = malloc((size_t)(n * k) * sizeof(float));
    double *expected = malloc((size_t)(n * k) * sizeof(double));
    (void)reference_loss(&f->twin, expected);
    nas_net_outputs(f->net, false, out);
    for (int64_t i = 0; i < n * k; i++) {
        if (fabs((double)out[i] - expected[i]) > 2e-4 * fmax(1, fabs(expected[i])))
            fail_msg("output %d of sample %d is %g, expected %g", (int)(i % k),
                     (int)(i / k), (double)out[i], expected[i]);
    }
    free(out);
    free(expected);
}

/* Derivative of the twin's loss along a direction of one tensor. */
static double slope(fixture *f, const nas_weight *tensor, const double *direction)
{
    const double step = 1e-6;
    double *w = f->weights + tensor->offset, loss[2];
    for (int side = 0; side < 2; side++) {
        for (int64_t i = 0; i < tensor->count; i++)
            w[i] += (side == 0 ? step : -2 * step) * direction[i];
        loss[side] = reference_loss(&f->twin, NULL);
    }
    for (int64_t i = 0; i < tensor->count; i++)
        w[i] += step * direction[i];
    return (loss[0] - loss[1]) / (2 * step);
}

/* Along a random direction of every tensor: the twin's slope is gradient . direction. */
static void check_gradients(fixture *f, nas_rng *rng, double tolerance)
{
    const float *gradients = nas_net_gradients(f->net);
    double largest = 0;
    for (int64_t i = 0; i < nas_net_params(f->net); i++)
        largest = fmax(largest, fabs((double)gradients[i]));
    for (int t = 0; t < nas_graph_weight_count(f->graph); t++) {
        const nas_weight *tensor = nas_graph_weight(f->graph, t);
        if (!tensor->trained)
            continue;
        double *direction = malloc((size_t)tensor->count * sizeof(double));
        double dot = 0, norm = 0;
        for (int64_t i = 0; i < tensor->count; i++) {
            direction[i] = nas_rng_normal(rng);
            double g = (double)gradients[tensor->offset + i];
            dot += g * direction[i];
            norm += g * g;
        }
        double expected = slope(f, tensor, direction);
        /* 1 - y of a saturated softmax is rounded: behind it gradients of 1e-6 are left,
         * with the error of a float near 1. */
        if (fabs(dot - expected) > tolerance * (sqrt(norm) + largest) + 1e-7)
            fail_msg("tensor %d (node %d %s, role %d): slope %.7g, expected %.7g", t,
                     tensor->node,
                     nas_op_get(nas_graph_node(f->graph, tensor->node)->op)->name,
                     (int)tensor->role, dot, expected);
        free(direction);
    }
}

/* Along random directions of the whole batch's inputs; steps are floats, so the ones that
 * were taken count. */
static void check_input_gradient(fixture *f, nas_rng *rng)
{
    const int64_t n = f->options.batch * nas_shape_count(nas_graph_input_shape(f->graph));
    float *gradient = malloc((size_t)n * sizeof(float));
    float *plain = malloc((size_t)n * sizeof(float));
    nas_net_input_gradient(f->net, gradient);
    memcpy(plain, f->inputs, (size_t)n * sizeof(float));
    for (int round = 0; round < 3; round++) {
        nas_rng start = *rng;
        double loss[2], dot = 0, norm = 0;
        for (int side = 0; side < 2; side++) {
            *rng = start;
            for (int64_t i = 0; i < n; i++) {
                double step = 3e-4 * nas_rng_normal(rng) * (side == 0 ? 1 : -1);
                f->inputs[i] = plain[i] + (float)step;
                double moved = (double)f->inputs[i] - (double)plain[i];
                dot += (side == 0 ? 1 : -1) * moved * (double)gradient[i];
                norm += moved * moved * (double)gradient[i] * (double)gradient[i];
            }
            loss[side] = reference_loss(&f->twin, NULL);
        }
        if (fabs(dot - (loss[0] - loss[1])) > 0.05 * sqrt(norm) + 5e-6)
            fail_msg("input slope %.7g, expected %.7g", dot, loss[0] - loss[1]);
    }
    memcpy(f->inputs, plain, (size_t)n * sizeof(float));
    free(gradient);
    free(plain);
}

/* Train-mode outputs and gradients, then the running statistics in evaluation. */
static void check_network(nas_graph *graph, nas_net_options options, uint64_t seed)
{
    fixture f;
    nas_rng rng = nas_rng_new(seed, 5);
    fixture_open(&f, graph, options, seed);
    double loss = nas_net_forward(f.net, true, &rng);
    double expected = reference_loss(&f.twin, NULL);
    if (!(fabs(loss - expected) <= 1e-4 * fmax(1, fabs(expected))))
        fail_msg("loss is %.7g, expected %.7g", loss, expected);
    check_outputs(&f);
    nas_net_backward(f.net);
    check_gradients(&f, &rng, 2e-3);
    if (options.input_gradient)
        check_input_gradient(&f, &rng);
    for (int64_t i = 0; i < nas_net_floats(f.net); i++)
        f.weights[i] = (double)nas_net_weights(f.net)[i];
    f.twin.training = false;
    f.twin.n = options.batch - 5;
    nas_net_batch_floats(f.net, f.inputs, f.labels, f.targets, f.twin.n);
    (void)nas_net_forward(f.net, false, NULL);
    check_outputs(&f);
    fixture_close(&f);
}

static void test_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 48; seed++) {
        nas_rng rng = nas_rng_new(seed, 3);
        nas_test_graph_options shape = {.dropout = -1};
        nas_net_options options = nas_net_options_default();
        options.batch = seed % 3 == 0 ? 48 : 16;
        options.isa = (nas_isa)(seed % (uint64_t)(nas_isa_best() + 1));
        options.loss = (nas_loss_kind)(seed / 3 % 4);
        options.label_smoothing = seed % 2 ? 0.07f : 0.0f;
        options.focal = seed % 5 == 1 ? 2.0f : seed % 5 == 3 ? 0.7f : 0.0f;
        options.input_gradient = seed % 4 > 1;
        shape.front = options.input_gradient ? -1 : 0;
        print_message("network %d\n", (int)seed);
        check_network(nas_test_random_graph(&rng, &shape), options, seed);
    }
}

/* Planes so large that z and dy are staged a block, and of the depthwise unit a few
 * channels, at a time. */
static void test_large_planes_in_pieces(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){1, 28, 28});
    at = nas_graph_add_conv(b, at, 9, 3, 1, "");
    at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "");
    at = nas_graph_add_unary(b, NAS_OP_RELU, at, "");
    at = nas_graph_add_depthwise(b, at, 3, 1, "");
    at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "");
    at = nas_graph_add_unary(b, NAS_OP_RELU6, at, "");
    at = nas_graph_add_conv(b, at, 5, 1, 1, "");
    at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "");
    at = nas_graph_add_conv(b, at, 4, 3, 2, "");
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
    at = nas_graph_add_dense(b, at, 3, "");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_net_options options = nas_net_options_default();
    options.batch = 32;
    options.input_gradient = true;
    check_network(graph, options, 7);
}

/* Long series: weight gradients in pieces of steps, dy of the norm in pieces of blocks.
 */
static void test_recurrent_networks(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        nas_err err = {0};
        nas_graph *graph = NULL;
        nas_graph_builder *b = nas_graph_builder_new();
        nas_value attr[NAS_ATTR_MAX];
        const nas_op_kind op = k % 2 ? NAS_OP_GRU : NAS_OP_LSTM;
        nas_param_defaults(nas_op_get(op)->params, attr);
        attr[NAS_ATTR_RECURRENT_OUT].i = k < 4 ? 17 : 5;
        attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i = k / 2 % 2;
        int at = nas_graph_add_input(b, (nas_shape){3, 1, k < 4 ? 70 : 1});
        at = nas_graph_add(b, op, attr, &at, 1, "");
        at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "");
        attr[NAS_ATTR_RECURRENT_OUT].i = 6;
        attr[NAS_ATTR_RECURRENT_SEQUENCE].i = 0;
        at = nas_graph_add(b, op, attr, &at, 1, "");
        at = nas_graph_add_unary(b, NAS_OP_RELU, at, "");
        at = nas_graph_add_dense(b, at, 3, "");
        check_ok(nas_graph_finish(b, at, &graph, &err), err);
        nas_graph_builder_free(b);
        nas_net_options options = nas_net_options_default();
        options.batch = 48;
        options.input_gradient = true;
        options.isa = (nas_isa)(k % (int)(nas_isa_best() + 1));
        check_network(graph, options, 100 + (uint64_t)k);
    }
}

/* An encoder layer on more steps than a strip of queries has, with a norm of each kind,
 * and a row of columns as tokens. The image that is normalised is in pieces of blocks. */
static void test_transformer_networks(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        nas_err err = {0};
        nas_graph *graph = NULL;
        nas_graph_builder *b = nas_graph_builder_new();
        nas_value attr[NAS_ATTR_MAX] = {{.i = k % 2 ? 3 : 12}};
        int at, residual;
        if (k < 4) {
            at = nas_graph_add_input(b, (nas_shape){3, 1, k < 2 ? 21 : 1});
            at = nas_graph_add_conv(b, at, 12, 1, 1, "");
        } else {
            at = nas_graph_add_input(b, (nas_shape){11, 1, 1});
            at = nas_graph_add(b, NAS_OP_TOKENS, (nas_value[]){{.i = 12}}, &at, 1, "");
        }
        at = nas_graph_add(b, NAS_OP_POSITIONS, (nas_value[]){{.i = k / 2 % 2}}, &at, 1,
                           "");
        residual = at;
        at = nas_graph_add_unary(b, k == 3 ? NAS_OP_GROUP_NORM : NAS_OP_LAYER_NORM, at,
                                 "");
        at = nas_graph_add_conv(b, at, 36, 1, 1, "");
        at = nas_graph_add(b, NAS_OP_ATTENTION, attr, &at, 1, "");
        at = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){at, residual}, 2, "");
        at = nas_graph_add_unary(b, NAS_OP_LAYER_NORM, at, "");
        at = nas_graph_add_unary(b, NAS_OP_GELU, at, "");
        at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
        at = nas_graph_add_dense(b, at, 3, "");
        check_ok(nas_graph_finish(b, at, &graph, &err), err);
        nas_graph_builder_free(b);
        nas_net_options options = nas_net_options_default();
        options.batch = 48;
        options.input_gradient = true;
        print_message("network %d\n", k);
        options.isa = (nas_isa)(k % (int)(nas_isa_best() + 1));
        check_network(graph, options, 200 + (uint64_t)k);
    }
}

static void test_large_group_norm(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value attr[NAS_ATTR_MAX] = {[NAS_ATTR_SAMPLE_NORM_EPSILON] = {.f = 1e-3},
                                    [NAS_ATTR_SAMPLE_NORM_GROUPS] = {.i = 3}};
    int at = nas_graph_add_input(b, (nas_shape){1, 28, 28});
    at = nas_graph_add_conv(b, at, 9, 3, 1, "");
    at = nas_graph_add(b, NAS_OP_GROUP_NORM, attr, &at, 1, "");
    at = nas_graph_add_unary(b, NAS_OP_RELU, at, "");
    at = nas_graph_add_conv(b, at, 4, 3, 2, "");
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
    at = nas_graph_add_dense(b, at, 3, "");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_net_options options = nas_net_options_default();
    options.batch = 32;
    check_network(graph, options, 8);
}

/* The forget gates of an LSTM begin open, the other biases at 0. */
static void test_forget_gates_begin_open(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value attr[NAS_ATTR_MAX] = {{.i = 3}, {.i = 1}, {.i = 0}};
    int at = nas_graph_add_input(b, (nas_shape){2, 1, 4});
    at = nas_graph_add(b, NAS_OP_LSTM, attr, &at, 1, "");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    fixture f = {.workspace = nas_workspace_new(), .graph = graph};
    const nas_net_options options = nas_net_options_default();
    check_ok(nas_net_compile(graph, &options, f.workspace, &f.net, &err), err);
    nas_net_init(f.net, nas_rng_new(1, 2));
    const nas_weight *bias = nas_graph_weight_of(graph, 1, NAS_WEIGHT_BIAS);
    assert_int_equal(bias->count, 24);
    for (int64_t i = 0; i < bias->count; i++)
        assert_true(nas_net_weights(f.net)[bias->offset + i] ==
                    (i % 12 / 3 == 2 ? 1.0f : 0.0f));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_large_planes_in_pieces),
        cmocka_unit_test(test_recurrent_networks),
        cmocka_unit_test(test_transformer_networks),
        cmocka_unit_test(test_large_group_norm),
        cmocka_unit_test(test_forget_gates_begin_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
