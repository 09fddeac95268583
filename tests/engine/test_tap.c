/* Taps: what is read fits together, and changes nothing of what is computed. */
#include "check.h"
#include "nasmith/tap.h"
#include "random_graph.h"

#include <math.h>
#include <string.h>

enum { BATCH = 32, LINE = NAS_LANES };

typedef struct fixture {
    nas_graph *graph;
    nas_workspace *workspace;
    nas_net *net;
    float *inputs;
    int32_t labels[BATCH];
} fixture;

static nas_net *compile(const nas_graph *graph, bool taps, nas_workspace *workspace)
{
    nas_err err = {0};
    nas_net *net = NULL;
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.taps = taps;
    options.input_gradient = true;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    return net;
}

/* One training pass, forward and backward. */
static double pass(nas_net *net, const fixture *f)
{
    nas_rng dropout = nas_rng_new(5, 5);
    nas_net_init(net, nas_rng_new(2, 385));
    nas_net_batch_floats(net, f->inputs, f->labels, NULL, BATCH);
    double loss = nas_net_forward(net, true, &dropout);
    nas_net_backward(net);
    return loss;
}

static void open_fixture(fixture *f, nas_graph *graph, uint64_t seed)
{
    nas_rng rng = nas_rng_new(seed, 3);
    int64_t size = nas_shape_count(nas_graph_input_shape(graph)) * BATCH;
    uint64_t classes = (uint64_t)nas_shape_count(nas_graph_output_shape(graph));
    f->graph = graph;
    f->workspace = nas_workspace_new();
    f->inputs = malloc((size_t)size * sizeof(float));
    for (int64_t i = 0; i < size; i++)
        f->inputs[i] = (float)nas_rng_normal(&rng);
    for (int i = 0; i < BATCH; i++)
        f->labels[i] = (int32_t)nas_rng_below(&rng, classes);
    f->net = compile(graph, true, f->workspace);
}

static void close_fixture(fixture *f)
{
    nas_net_free(f->net);
    nas_workspace_free(f->workspace);
    nas_graph_free(f->graph);
    free(f->inputs);
}

static float *read_tap(nas_net *net, int tap, nas_tap_what what)
{
    const nas_tap t = nas_net_tap(net, tap);
    float *out = malloc((size_t)nas_shape_count(t.shape) * BATCH * sizeof(float));
    nas_net_tap_read(net, tap, what, out);
    return out;
}

/* ---- tests ------------------------------------------------------------------------ */

static void test_same_pass_with_and_without(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        fixture f;
        nas_rng rng = nas_rng_new(seed, 9);
        open_fixture(&f, nas_test_random_graph(&rng, NULL), seed);
        nas_workspace *other = nas_workspace_new();
        nas_net *plain = compile(f.graph, false, other);
        const double loss = pass(f.net, &f), want = pass(plain, &f);
        assert_true(fabs(loss - want) <= 1e-4 * (1 + fabs(want)));
        double square = 0, off = 0;
        for (int64_t i = 0; i < nas_net_params(plain); i++) {
            const double g = (double)nas_net_gradients(plain)[i];
            const double d = (double)nas_net_gradients(f.net)[i] - g;
            square += g * g;
            off += d * d;
        }
        assert_true(sqrt(off) <= 2e-3 * sqrt(square) + 1e-6);
        nas_net_free(plain);
        nas_workspace_free(other);
        close_fixture(&f);
    }
}

/* conv, norm, ReLU, pool, dense; the dense layer's weight gradient is dy x^T. */
static nas_graph *small_graph(void)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    at = nas_graph_add_conv(b, at, 7, 3, 1, "conv");
    at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "norm");
    at = nas_graph_add_unary(b, NAS_OP_RELU, at, "relu");
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "pool");
    at = nas_graph_add_dense(b, at, 4, "head");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static int tap_of(const nas_net *net, const nas_graph *graph, const char *name)
{
    for (int i = 0; i < nas_net_tap_count(net); i++)
        if (strcmp(nas_graph_node(graph, nas_net_tap(net, i).node)->name, name) == 0)
            return i;
    fail_msg("no tap of %s", name);
    return -1;
}

static void test_what_a_tap_is(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, small_graph(), 1);
    const nas_tap conv = nas_net_tap(f.net, tap_of(f.net, f.graph, "conv"));
    assert_true(conv.weighted && conv.normed && conv.activation && conv.alone);
    assert_true(nas_shape_equal(conv.shape, (nas_shape){7, 6, 5}));
    assert_string_equal(nas_graph_node(f.graph, conv.out_node)->name, "relu");
    const nas_tap pool = nas_net_tap(f.net, tap_of(f.net, f.graph, "pool"));
    assert_false(pool.weighted || pool.normed || pool.activation);
    const nas_tap head = nas_net_tap(f.net, tap_of(f.net, f.graph, "head"));
    assert_true(head.weighted && !head.activation && head.alone);
    close_fixture(&f);
}

static void test_weight_gradient_from_taps(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, small_graph(), 2);
    (void)pass(f.net, &f);
    const int head = tap_of(f.net, f.graph, "head");
    float *x = read_tap(f.net, tap_of(f.net, f.graph, "pool"), NAS_TAP_VALUE);
    float *d = read_tap(f.net, head, NAS_TAP_CORE_GRADIENT);
    const nas_weight *kernel =
        nas_graph_weight_of(f.graph, nas_net_tap(f.net, head).node, NAS_WEIGHT_KERNEL);
    for (int o = 0; o < 4; o++)
        for (int i = 0; i < 7; i++) {
            double want = 0;
            for (int n = 0; n < BATCH; n++)
                want += (double)d[(n / LINE * 4 + o) * LINE + n % LINE] *
                        (double)x[(n / LINE * 7 + i) * LINE + n % LINE];
            const float got = nas_net_gradients(f.net)[kernel->offset + o * 7 + i];
            assert_true(fabs((double)got - want) < 1e-6);
        }
    free(x);
    free(d);
    close_fixture(&f);
}

/* z = max(0, scale y + shift) for batch statistics; the gradient before the norm sums to
 * nothing per channel and is orthogonal to y. */
static void test_core_and_value(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, small_graph(), 3);
    (void)pass(f.net, &f);
    const int conv = tap_of(f.net, f.graph, "conv");
    float *y = read_tap(f.net, conv, NAS_TAP_CORE);
    float *z = read_tap(f.net, conv, NAS_TAP_VALUE);
    float *d = read_tap(f.net, conv, NAS_TAP_CORE_GRADIENT);
    double variance[7];
    nas_net_tap_variance(f.net, conv, variance);
    for (int c = 0; c < 7; c++) {
        double sum = 0, square = 0, gradient = 0, product = 0, size = 0;
        for (int b = 0; b < BATCH / LINE; b++)
            for (int i = 0; i < 30 * LINE; i++) {
                const int at = (b * 7 + c) * 30 * LINE + i;
                sum += (double)y[at];
                square += (double)y[at] * (double)y[at];
                gradient += (double)d[at];
                product += (double)d[at] * (double)y[at];
                size += fabs((double)d[at]);
            }
        const double n = 30 * BATCH, mean = sum / n;
        assert_true(fabs(square / n - mean * mean - variance[c]) < 1e-4);
        assert_true(size > 0 && fabs(gradient) < 1e-3 * size);
        assert_true(fabs(product) < 1e-3 * size);
        const int at = c * 30 * LINE + 5;
        const double want = fmax(0, ((double)y[at] - mean) / sqrt(variance[c] + 1e-5));
        assert_true(fabs((double)z[at] - want) < 1e-3);
    }
    free(y);
    free(z);
    free(d);
    close_fixture(&f);
}

static void test_signs_are_those_of_values(void **state)
{
    fixture f;
    int seen = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        nas_rng rng = nas_rng_new(seed, 10);
        open_fixture(&f, nas_test_random_graph(&rng, NULL), seed);
        (void)pass(f.net, &f);
        for (int t = 0; t < nas_net_tap_count(f.net); t++) {
            const nas_tap tap = nas_net_tap(f.net, t);
            const int64_t size = nas_shape_count(tap.shape);
            if (!tap.activation)
                continue;
            float *z = read_tap(f.net, t, NAS_TAP_VALUE);
            uint16_t *signs = malloc((size_t)size * (BATCH / LINE) * sizeof *signs);
            nas_net_tap_signs(f.net, t, signs);
            for (int64_t i = 0; i < size * BATCH; i++)
                assert_int_equal(signs[i / LINE] >> (i % LINE) & 1, z[i] > tap.middle);
            seen++;
            free(z);
            free(signs);
        }
        close_fixture(&f);
    }
    assert_true(seen > 10);
}

/* A backward pass between two taps gives what the whole pass left there; and may be
 * repeated. */
static void test_backward_between(void **state)
{
    int compared = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        fixture f;
        nas_rng rng = nas_rng_new(seed, 11);
        open_fixture(&f, nas_test_random_graph(&rng, NULL), seed);
        (void)pass(f.net, &f);
        int from = nas_net_tap_count(f.net) - 1, to = from - 1;
        while (from > 0 && !nas_net_tap(f.net, from).alone)
            from--;
        for (to = from - 1; to > 0 && !nas_net_tap(f.net, to).alone;)
            to--;
        if (to >= 0 && from > 0 && nas_net_tap(f.net, to).gradient) {
            const size_t bytes =
                (size_t)nas_shape_count(nas_net_tap(f.net, to).shape) * BATCH * 4;
            float *start = read_tap(f.net, from, NAS_TAP_VALUE_GRADIENT);
            float *want = read_tap(f.net, to, NAS_TAP_VALUE_GRADIENT);
            for (int repeat = 0; repeat < 2; repeat++) {
                nas_net_backward_between(f.net, from, start, to);
                float *got = read_tap(f.net, to, NAS_TAP_VALUE_GRADIENT);
                assert_memory_equal(got, want, bytes);
                free(got);
            }
            compared++;
            free(start);
            free(want);
        }
        close_fixture(&f);
    }
    assert_true(compared > 10);
}

/* Of a linear network the gradient of the outputs' sum is that of the weights. */
static void test_backward_from(void **state)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    fixture f;
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){5, 1, 1});
    at = nas_graph_add_dense(b, at, 3, "head");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    open_fixture(&f, graph, 4);
    (void)pass(f.net, &f);
    float ones[BATCH * 3], got[BATCH * 5];
    for (int i = 0; i < BATCH * 3; i++)
        ones[i] = 1;
    nas_net_backward_from(f.net, ones);
    nas_net_input_gradient(f.net, got);
    const float *w =
        nas_net_weights(f.net) + nas_graph_weight_of(graph, 1, NAS_WEIGHT_KERNEL)->offset;
    for (int n = 0; n < BATCH; n++)
        for (int i = 0; i < 5; i++) {
            const float want = w[i] + w[5 + i] + w[10 + i];
            assert_true(fabsf(got[n * 5 + i] - want) < 1e-5f);
        }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_pass_with_and_without),
        cmocka_unit_test(test_what_a_tap_is),
        cmocka_unit_test(test_weight_gradient_from_taps),
        cmocka_unit_test(test_core_and_value),
        cmocka_unit_test(test_signs_are_those_of_values),
        cmocka_unit_test(test_backward_between),
        cmocka_unit_test(test_backward_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
