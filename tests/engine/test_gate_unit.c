/* Gated additions: paths, mixtures and gradients of gates. */
#include "check.h"
#include "nasmith/net.h"
#include "random_graph.h"

#include <math.h>
#include <string.h>

enum { BATCH = 32, CLASSES = 5, BRANCHES = 4, SUMS = 2, GATES = BRANCHES * SUMS };

/* One sum of alternatives: identity, two convolutions, a pool. Alternatives that are not
 * `chosen` (bits) are left out; a single one needs no addition. Nodes of the kernels go
 * to kernel[0..1], -1 where there is none. */
static int alternatives(nas_graph_builder *b, int x, unsigned chosen, int kernel[2])
{
    int ends[BRANCHES], n = 0;
    kernel[0] = kernel[1] = -1;
    if (chosen & 1U)
        ends[n++] = x;
    for (int k = 0; k < 2; k++) {
        if (!(chosen >> (k + 1) & 1U))
            continue;
        int r = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
        kernel[k] = nas_graph_add_conv(b, r, 6, k == 0 ? 1 : 3, 1, "");
        ends[n++] = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, kernel[k], "");
    }
    if (chosen & 8U)
        ends[n++] = nas_graph_add_pool(b, NAS_OP_AVG_POOL, x, 3, 1, NAS_PAD_SAME, "");
    return n == 1 ? ends[0] : nas_graph_add(b, NAS_OP_ADD, NULL, ends, n, "");
}

typedef struct world {
    nas_graph *graph;
    nas_workspace *workspace;
    nas_net *net;
    bool gated[64];
    int kernels[2 + 2 * SUMS]; /* nodes: stem, head, of the sums; -1 none */
} world;

static void build(world *w, unsigned first, unsigned second)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 7, 6});
    w->kernels[0] = nas_graph_add_conv(b, x, 6, 3, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, w->kernels[0], "");
    int at[SUMS];
    at[0] = x = alternatives(b, x, first, &w->kernels[2]);
    at[1] = x = alternatives(b, x, second, &w->kernels[4]);
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    w->kernels[1] = nas_graph_add_dense(b, x, CLASSES, "");
    check_ok(nas_graph_finish(b, w->kernels[1], &w->graph, &err), err);
    nas_graph_builder_free(b);
    for (int i = 0; i < SUMS; i++)
        w->gated[at[i]] = nas_graph_node(w->graph, at[i])->op == NAS_OP_ADD;
}

static void open_world(world *w, unsigned first, unsigned second, bool gates)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(9, 9);
    *w = (world){.workspace = nas_workspace_new()};
    build(w, first, second);
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.gated = gates ? w->gated : NULL;
    check_ok(nas_net_compile(w->graph, &options, w->workspace, &w->net, &err), err);
    nas_net_init(w->net, rng);
}

static void close_world(world *w)
{
    nas_net_free(w->net);
    nas_workspace_free(w->workspace);
    nas_graph_free(w->graph);
}

static void feed(const world *w)
{
    static float inputs[BATCH * 84];
    int32_t labels[BATCH];
    nas_rng rng = nas_rng_new(2, 3);
    for (int i = 0; i < BATCH * 84; i++)
        inputs[i] = (float)nas_rng_normal(&rng);
    for (int i = 0; i < BATCH; i++)
        labels[i] = (int32_t)nas_rng_below(&rng, CLASSES);
    nas_net_batch_floats(w->net, inputs, labels, NULL, BATCH);
}

/* Weights of `from` into the nodes of `to` that mean the same. */
static void copy_weights(const world *from, const world *to)
{
    static const nas_weight_role ROLES[] = {NAS_WEIGHT_KERNEL, NAS_WEIGHT_BIAS};
    for (int k = 0; k < 2 + 2 * SUMS; k++)
        for (int r = 0; r < 2 && to->kernels[k] >= 0; r++) {
            const nas_weight *a =
                nas_graph_weight_of(from->graph, from->kernels[k], ROLES[r]);
            const nas_weight *b =
                nas_graph_weight_of(to->graph, to->kernels[k], ROLES[r]);
            if (a != NULL)
                memcpy(nas_net_weights(to->net) + b->offset,
                       nas_net_weights(from->net) + a->offset,
                       (size_t)a->count * sizeof(float));
        }
}

static void outputs(const world *w, bool training, float *out)
{
    nas_rng rng = nas_rng_new(1, 1);
    feed(w);
    (void)nas_net_forward(w->net, training, &rng);
    nas_net_outputs(w->net, false, out);
}

/* Every single path through the mixture has the bits of the network that stands alone. */
static void paths_equal_networks(void **state)
{
    (void)state;
    float a[BATCH * CLASSES], b[BATCH * CLASSES];
    world all;
    open_world(&all, 15, 15, true);
    assert_int_equal(nas_net_gate_count(all.net), GATES);
    for (int path = 0; path < BRANCHES * BRANCHES; path++) {
        float gates[GATES] = {0};
        world one;
        gates[path % BRANCHES] = gates[BRANCHES + path / BRANCHES] = 1.0f;
        open_world(&one, 1U << path % BRANCHES, 1U << path / BRANCHES, false);
        copy_weights(&all, &one);
        nas_net_set_gates(all.net, gates);
        for (int training = 1; training >= 0; training--) {
            outputs(&all, training != 0, a);
            outputs(&one, training != 0, b);
            if (training)
                assert_memory_equal(a, b, sizeof a);
        }
        close_world(&one);
    }
    close_world(&all);
}

/* Open gates are plain additions. */
static void open_gates_change_nothing(void **state)
{
    (void)state;
    float a[BATCH * CLASSES], b[BATCH * CLASSES];
    world gated, plain;
    open_world(&gated, 15, 11, true);
    open_world(&plain, 15, 11, false);
    assert_int_equal(nas_net_gate_count(plain.net), 0);
    outputs(&gated, true, a);
    outputs(&plain, true, b);
    assert_memory_equal(a, b, sizeof a);
    nas_net_backward(gated.net);
    nas_net_backward(plain.net);
    for (int64_t i = 0; i < nas_net_params(plain.net); i++)
        assert_true(nas_net_gradients(gated.net)[i] == nas_net_gradients(plain.net)[i]);
    close_world(&gated);
    close_world(&plain);
}

static double loss_with(const world *w, const float *gates)
{
    nas_rng rng = nas_rng_new(1, 1);
    nas_net_set_gates(w->net, gates);
    return nas_net_forward(w->net, true, &rng);
}

/* Gradients of gates against central differences of the loss, with all branches and with
 * some closed; those of closed gates are 0. */
static void gate_gradients_are_slopes(void **state)
{
    (void)state;
    world w;
    open_world(&w, 15, 15, true);
    feed(&w);
    for (int round = 0; round < 12; round++) {
        float gates[GATES];
        double gradient[GATES];
        nas_rng rng = nas_rng_new((uint64_t)round, 5);
        for (int i = 0; i < GATES; i++)
            gates[i] = round > 3 && nas_rng_below(&rng, 3) == 0
                           ? 0.0f
                           : (float)(0.2 + nas_rng_uniform(&rng));
        (void)loss_with(&w, gates);
        nas_net_backward(w.net);
        nas_net_gate_gradients(w.net, gradient);
        double largest = 0;
        for (int i = 0; i < GATES; i++)
            largest = fmax(largest, fabs(gradient[i]));
        for (int i = 0; i < GATES; i++) {
            const float h = 1e-3f, at = gates[i];
            if (at == 0.0f) {
                assert_true(gradient[i] == 0.0);
                continue;
            }
            gates[i] = at + h;
            double up = loss_with(&w, gates);
            gates[i] = at - h;
            double down = loss_with(&w, gates);
            gates[i] = at;
            double slope = (up - down) / (2.0 * (double)h);
            if (fabs(slope - gradient[i]) > 0.02 * largest + 2e-4)
                fail_msg("round %d, gate %d: %.6g, slope %.6g", round, i, gradient[i],
                         slope);
        }
    }
    close_world(&w);
}

/* Weights behind closed gates get gradient 0, the others that of the loss. */
static void closed_branches_get_no_gradient(void **state)
{
    (void)state;
    world w;
    open_world(&w, 15, 15, true);
    feed(&w);
    const float gates[GATES] = {0.5f, 0.0f, 0.75f, 0.25f, 0.0f, 1.0f, 0.0f, 0.5f};
    static const bool OPEN[2 + 2 * SUMS] = {true, true, false, true, true, false};
    float *g = nas_net_gradients(w.net);
    for (int64_t i = 0; i < nas_net_params(w.net); i++)
        g[i] = 2.385f; /* of an earlier path */
    (void)loss_with(&w, gates);
    nas_net_backward(w.net);
    for (int k = 0; k < 2 + 2 * SUMS; k++) {
        const nas_weight *weight =
            nas_graph_weight_of(w.graph, w.kernels[k], NAS_WEIGHT_KERNEL);
        float *kernel = nas_net_weights(w.net) + weight->offset;
        double norm = 0;
        for (int64_t i = 0; i < weight->count; i++)
            norm += (double)g[weight->offset + i] * (double)g[weight->offset + i];
        assert_true((norm > 0) == OPEN[k]);
        if (!OPEN[k])
            continue;
        /* Along the gradient itself the slope is its norm. */
        float *before = malloc((size_t)weight->count * sizeof *before);
        float *direction = malloc((size_t)weight->count * sizeof *direction);
        memcpy(before, kernel, (size_t)weight->count * sizeof *before);
        memcpy(direction, g + weight->offset, (size_t)weight->count * sizeof *direction);
        double loss[2], h = 2e-3;
        for (int side = 0; side < 2; side++) {
            for (int64_t i = 0; i < weight->count; i++)
                kernel[i] = before[i] + (float)((side == 0 ? h : -h) *
                                                (double)direction[i] / sqrt(norm));
            loss[side] = loss_with(&w, gates);
        }
        memcpy(kernel, before, (size_t)weight->count * sizeof *before);
        double slope = (loss[0] - loss[1]) / (2 * h);
        if (fabs(slope - sqrt(norm)) > 0.03 * sqrt(norm) + 3e-4)
            fail_msg("kernel %d: %.6g, slope %.6g", k, sqrt(norm), slope);
        free(before);
        free(direction);
    }
    close_world(&w);
}

/* No branch at all: the sum is zero, the head learns its bias. */
static void a_closed_sum_is_zero(void **state)
{
    (void)state;
    world w;
    float a[BATCH * CLASSES];
    open_world(&w, 15, 15, true);
    const float gates[GATES] = {1.0f, 1.0f, 1.0f, 1.0f};
    nas_net_set_gates(w.net, gates);
    outputs(&w, true, a);
    const nas_weight *bias = nas_graph_weight_of(w.graph, w.kernels[1], NAS_WEIGHT_BIAS);
    for (int i = 0; i < BATCH * CLASSES; i++)
        assert_true(a[i] == nas_net_weights(w.net)[bias->offset + i % CLASSES]);
    nas_net_backward(w.net);
    double gradient[GATES];
    nas_net_gate_gradients(w.net, gradient);
    for (int i = 0; i < GATES; i++)
        assert_true(gradient[i] == 0.0);
    close_world(&w);
}

/* Random networks with all their additions gated and open have the same bits. */
static void random_networks_with_open_gates(void **state)
{
    (void)state;
    int gates = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        nas_err err = {0};
        nas_rng rng = nas_rng_new(seed, 3);
        nas_test_graph_options shape = {.dropout = -1};
        nas_graph *graph = nas_test_random_graph(&rng, &shape);
        nas_workspace *workspace = nas_workspace_new();
        nas_net_options options = nas_net_options_default();
        options.batch = 16;
        bool gated[512] = {false};
        for (int i = 0; i < nas_graph_count(graph); i++)
            gated[i] = nas_graph_node(graph, i)->op == NAS_OP_ADD;
        int64_t in = 16 * nas_shape_count(nas_graph_input_shape(graph));
        float *inputs = malloc((size_t)in * sizeof *inputs);
        for (int64_t i = 0; i < in; i++)
            inputs[i] = (float)nas_rng_normal(&rng);
        int32_t labels[16] = {0};
        float *gradients[2];
        for (int with = 0; with < 2; with++) {
            nas_net *net = NULL;
            options.gated = with ? gated : NULL;
            check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
            nas_net_init(net, nas_rng_new(seed, 8));
            nas_net_batch_floats(net, inputs, labels, NULL, 16);
            (void)nas_net_forward(net, true, &rng);
            nas_net_backward(net);
            size_t bytes = (size_t)nas_net_params(net) * sizeof(float);
            gradients[with] = malloc(bytes);
            memcpy(gradients[with], nas_net_gradients(net), bytes);
            gates += nas_net_gate_count(net);
            if (with)
                assert_memory_equal(gradients[0], gradients[1], bytes);
            nas_net_free(net);
        }
        free(gradients[0]);
        free(gradients[1]);
        free(inputs);
        nas_workspace_free(workspace);
        nas_graph_free(graph);
    }
    assert_true(gates > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_equal_networks),
        cmocka_unit_test(open_gates_change_nothing),
        cmocka_unit_test(gate_gradients_are_slopes),
        cmocka_unit_test(closed_branches_get_no_gradient),
        cmocka_unit_test(a_closed_sum_is_zero),
        cmocka_unit_test(random_networks_with_open_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
