/* covers: probe.c proxy_size.c proxy_gradient.c proxy_fisher.c proxy_code.c proxy_az.c */
/* covers: proxy_jacobian.c proxy_synflow.c proxy_zen.c proxy_zico.c */
/* Proxies against closed forms on small networks, and what holds for all of them. */
#include "evaluate/probe.h"

#include "random_graph.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 32, MAX = 32 };

static nas_graph *finish(nas_graph_builder *b, int output)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, output, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* Dense layers of these widths; an activation between them, or NAS_OP_INPUT for none. */
static nas_graph *chain(int64_t input, const int64_t *widths, int n, nas_op_kind act)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){input, 1, 1});
    for (int i = 0; i < n; i++) {
        at = nas_graph_add_dense(b, at, widths[i], "");
        if (act != NAS_OP_INPUT && i + 1 < n)
            at = nas_graph_add_unary(b, act, at, "");
    }
    return finish(b, at);
}

static nas_graph *small_cnn(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    for (int i = 0; i < 3; i++) {
        at = nas_graph_add_conv(b, at, 6 + i, 3, i == 1 ? 2 : 1, "");
        at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, at, "");
        at = nas_graph_add_unary(b, NAS_OP_RELU, at, "");
    }
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
    return finish(b, nas_graph_add_dense(b, at, 5, ""));
}

/* ---- fixture: a network, a batch, and a probe on them ------------------------------ */

typedef struct fixture {
    nas_graph *graph;
    nas_workspace *workspace;
    nas_proxy_batch batch;
    nas_probe probe;
    float *inputs;
    int32_t labels[2 * N];
} fixture;

static void open_fixture(fixture *f, nas_graph *graph)
{
    nas_rng rng = nas_rng_new(7, 2385);
    const int64_t size = nas_shape_count(nas_graph_input_shape(graph));
    *f = (fixture){.graph = graph, .workspace = nas_workspace_new()};
    f->inputs = malloc((size_t)(2 * N * size) * sizeof(float));
    f->batch = (nas_proxy_batch){
        .n = N,
        .shape = nas_graph_input_shape(graph),
        .n_outputs = nas_shape_count(nas_graph_output_shape(graph)),
        .inputs = f->inputs,
        .labels = f->labels,
    };
    for (int64_t i = 0; i < 2 * N * size; i++)
        f->inputs[i] = (float)nas_rng_normal(&rng);
    for (int i = 0; i < 2 * N; i++)
        f->labels[i] = (int32_t)nas_rng_below(&rng, (uint64_t)f->batch.n_outputs);
    f->probe = (nas_probe){.graph = graph,
                           .batch = &f->batch,
                           .workspace = f->workspace,
                           .arena = nas_arena_new(),
                           .rng = nas_rng_new(11, 13)};
}

static void close_fixture(fixture *f)
{
    nas_net_free(f->probe.net);
    nas_arena_free(f->probe.arena);
    nas_workspace_free(f->workspace);
    nas_graph_free(f->graph);
    free(f->inputs);
}

static double score(fixture *f, const char *name)
{
    nas_err err = {0};
    double value = (double)NAN;
    check_ok(nas_proxy_find(name)->score(&f->probe, &value, &err), err);
    return value;
}

static void close_to(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * (fabs(want) + 1e-9)))
        fail_msg("%.9g, expected %.9g", got, want);
}

/* ---- weights and gradients --------------------------------------------------------- */

static void test_gradient_proxies(void **state)
{
    fixture f;
    double norm = 0, length = 0, plain = 0, snip = 0;
    nas_err err = {0};
    (void)state;
    open_fixture(&f, small_cnn());
    check_ok(nas_probe_loss(&f.probe, &err), err);
    for (int i = 0; i < nas_graph_weight_count(f.graph); i++) {
        const nas_weight *weight = nas_graph_weight(f.graph, i);
        const float *w = nas_net_weights(f.probe.net) + weight->offset;
        const float *g = nas_net_gradients(f.probe.net) + weight->offset;
        double gg = 0, ww = 0;
        for (int64_t k = 0; k < weight->count && weight->rank > 1; k++) {
            gg += (double)(g[k] * g[k]);
            ww += (double)(w[k] * w[k]);
            plain += (double)w[k] * (double)g[k];
            snip += fabs((double)w[k] * (double)g[k]);
        }
        norm += sqrt(gg);
        length += sqrt(ww);
    }
    close_to(score(&f, "grad_norm"), norm, 1e-5);
    close_to(score(&f, "l2_norm"), length, 1e-5);
    close_to(score(&f, "plain"), plain, 1e-5);
    close_to(score(&f, "snip"), snip, 1e-5);
    close_to(score(&f, "params"), (double)nas_graph_params(f.graph), 0);
    close_to(score(&f, "macs"), (double)nas_graph_macs(f.graph), 0);
    close_fixture(&f);
}

/* -W (H g) is the mixed second difference of the loss along W and g. */
static void test_grasp(void **state)
{
    fixture f;
    nas_err err = {0};
    const int64_t widths[] = {12, 9, 4};
    (void)state;
    open_fixture(&f, chain(6, widths, 3, NAS_OP_TANH));
    const double got = score(&f, "grasp");
    f.probe.state = PROBE_EMPTY;
    check_ok(nas_probe_loss(&f.probe, &err), err);
    const int64_t n = nas_net_params(f.probe.net);
    float *w = nas_net_weights(f.probe.net);
    double *start = malloc((size_t)n * sizeof *start), *g = calloc((size_t)n, sizeof *g);
    double ww = 0, gg = 0, loss[4];
    for (int64_t k = 0; k < n; k++)
        start[k] = (double)w[k];
    for (int i = 0; i < nas_graph_weight_count(f.graph); i++) {
        const nas_weight *weight = nas_graph_weight(f.graph, i);
        for (int64_t k = 0; k < weight->count && weight->rank > 1; k++)
            g[weight->offset + k] =
                (double)nas_net_gradients(f.probe.net)[weight->offset + k];
    }
    for (int64_t k = 0; k < n; k++) {
        ww += start[k] * start[k];
        gg += g[k] * g[k];
    }
    const double a = 0.05, b = 0.05 * sqrt(ww / gg);
    for (int i = 0; i < 4; i++) {
        const double s = i < 2 ? a : -a, t = i % 2 == 0 ? b : -b;
        nas_rng dropout = nas_rng_new(0, 0);
        for (int64_t k = 0; k < n; k++)
            w[k] = (float)(start[k] * (1 + s) + t * g[k]);
        nas_net_batch_floats(f.probe.net, f.inputs, f.labels, NULL, N);
        loss[i] = nas_net_forward(f.probe.net, true, &dropout);
    }
    close_to(got, -(loss[0] - loss[1] - loss[2] + loss[3]) / (4 * a * b), 0.08);
    free(start);
    free(g);
    close_fixture(&f);
}

/* One dense layer: a are the logits, dL/da = (p - y) / n. */
static void test_fisher(void **state)
{
    fixture f;
    nas_err err = {0};
    const int64_t widths[] = {4};
    float logits[N * 4], p[N * 4];
    double want = 0;
    (void)state;
    open_fixture(&f, chain(6, widths, 1, NAS_OP_INPUT));
    check_ok(nas_probe_loss(&f.probe, &err), err);
    nas_net_outputs(f.probe.net, false, logits);
    nas_net_outputs(f.probe.net, true, p);
    for (int i = 0; i < N * 4; i++) {
        const double d = ((double)p[i] - (i % 4 == f.labels[i / 4])) / N;
        want += 0.5 * pow((double)logits[i] * d, 2) / N;
    }
    close_to(score(&f, "fisher"), want, 1e-4);
    close_fixture(&f);
}

/* The same batch twice: gradients do not differ. */
static void test_zico(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f, small_cnn());
    const double different = score(&f, "zico");
    assert_true(different > 0);
    const size_t half = (size_t)N * 3 * 64;
    memcpy(f.inputs + half, f.inputs, half * sizeof(float));
    memcpy(f.labels + N, f.labels, N * sizeof *f.labels);
    assert_true(score(&f, "zico") == 0);
    close_fixture(&f);
}

/* ---- synflow ----------------------------------------------------------------------- */

/* Dense layers without branches: every layer's share is R. */
static double flow_of_chain(fixture *f, int layers)
{
    nas_err err = {0};
    double x[64], y[64], sum = 0;
    nas_graph *graph = f->graph;
    nas_probe_compile(&f->probe, graph, 16, &err);
    nas_net_init(f->probe.net, nas_probe_stream(&f->probe, PROBE_USE_SYNFLOW));
    for (int i = 0; i < 64; i++)
        x[i] = 1;
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight_of(graph, i, NAS_WEIGHT_KERNEL);
        if (weight == NULL)
            continue;
        const float *w = nas_net_weights(f->probe.net) + weight->offset;
        sum = 0;
        for (int64_t o = 0; o < weight->dim[0]; o++) {
            y[o] = 0;
            for (int64_t k = 0; k < weight->dim[1]; k++)
                y[o] += fabs((double)w[o * weight->dim[1] + k]) * x[k];
            sum += y[o];
        }
        memcpy(x, y, sizeof x);
    }
    return log(layers * sum);
}

static void test_synflow_of_chains(void **state)
{
    fixture f;
    int64_t widths[60];
    (void)state;
    for (int i = 0; i < 60; i++)
        widths[i] = 64;
    open_fixture(&f, chain(64, widths, 3, NAS_OP_RELU));
    close_to(score(&f, "synflow"), flow_of_chain(&f, 3), 1e-5);
    close_fixture(&f);
    open_fixture(&f, chain(64, widths, 60, NAS_OP_RELU)); /* about 1e57 */
    const double deep = score(&f, "synflow");
    assert_true(deep > 100);
    close_to(deep, flow_of_chain(&f, 60), 1e-5);
    close_fixture(&f);
}

/* x + (a deep chain of x): what flows past the chain is lost in rounding, and the layers
 * of the chain carry nearly everything. */
static void test_synflow_of_a_residual(void **state)
{
    fixture f;
    (void)state;
    for (int layers = 1; layers < 50; layers += 24) {
        nas_graph_builder *b = nas_graph_builder_new();
        int start = nas_graph_add_input(b, (nas_shape){16, 1, 1}), at = start;
        for (int i = 0; i < layers; i++)
            at = nas_graph_add_dense(b, at, 16, "");
        int ends[] = {start, at};
        at = nas_graph_add(b, NAS_OP_ADD, NULL, ends, 2, "");
        open_fixture(&f, finish(b, at));
        /* R = 16 + flow of the chain; each layer carries the chain's part */
        const double chain_part = flow_of_chain(&f, layers);
        close_to(score(&f, "synflow"), chain_part, 1e-5);
        close_fixture(&f);
    }
}

static void test_synflow_needs_a_linear_network(void **state)
{
    fixture f;
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){3, 1, 12});
    at = nas_graph_add(b, NAS_OP_LSTM,
                       (nas_value[NAS_ATTR_MAX]){{.i = 5}, {.i = 0}, {.i = 0}}, &at, 1,
                       "");
    open_fixture(&f, finish(b, nas_graph_add_dense(b, at, 2, "")));
    assert_true(isnan(score(&f, "synflow")));
    assert_true(isfinite(score(&f, "jacov")));
    close_fixture(&f);
}

/* ---- Jacobians and codes ----------------------------------------------------------- */

/* A linear network depends on all samples alike: all correlations are 1. */
static void test_jacobian_of_a_linear_network(void **state)
{
    const double k = 1e-5;
    const int64_t widths[] = {8, 3};
    double epe = 0;
    fixture f;
    (void)state;
    open_fixture(&f, chain(6, widths, 2, NAS_OP_INPUT));
    close_to(score(&f, "jacov"), -(log(N + k) + 1 / (N + k) + (N - 1) * (log(k) + 1 / k)),
             1e-3);
    for (int c = 0; c < 3; c++) {
        int n = 0;
        for (int i = 0; i < N; i++)
            n += f.labels[i] == c;
        epe += n > 1 ? n * n * log(1 + k) : 0;
    }
    close_to(score(&f, "epe_nas"), epe, 1e-2);
    close_fixture(&f);
}

static void test_naswot(void **state)
{
    const int64_t widths[] = {40, 40, 3};
    fixture f;
    (void)state;
    open_fixture(&f, chain(6, widths, 3, NAS_OP_RELU));
    const double before = score(&f, "naswot");
    assert_true(isfinite(before));
    for (int i = 0; i < 2 * N * 6; i++)
        f.inputs[i] *= 4; /* biases are 0: no sign changes */
    f.probe.state = PROBE_EMPTY;
    close_to(score(&f, "naswot"), before, 1e-12);
    for (int i = 0; i < N * 6; i++)
        f.inputs[i] = f.inputs[i % 6];
    f.probe.state = PROBE_EMPTY;
    assert_true(isinf(score(&f, "naswot")));
    close_fixture(&f);
}

static void test_swap(void **state)
{
    const int64_t widths[] = {40, 50, 3};
    fixture f;
    (void)state;
    open_fixture(&f, chain(6, widths, 3, NAS_OP_RELU));
    const double many = score(&f, "swap");
    assert_true(many > 45 && many <= 90); /* elements of both activations */
    for (int i = 0; i < N * 6; i++)
        f.inputs[i] = f.inputs[i % 6];
    assert_true(score(&f, "swap") == 2); /* on or off, for all samples */
    close_fixture(&f);
}

/* ---- random weights ---------------------------------------------------------------- */

/* f = W x: the change is 0.01 W e, normal with deviation 0.01 sqrt(fan in). */
static void test_zen(void **state)
{
    fixture f;
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int at = nas_graph_add_input(b, (nas_shape){8, 5, 5});
    at = nas_graph_add_conv(b, at, 30, 1, 1, "");
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
    open_fixture(&f, finish(b, nas_graph_add_dense(b, at, 4, "")));
    const double change = 0.01 * sqrt(8) * sqrt(2 / 3.14159265358979);
    close_to(score(&f, "zen"), log(change * 30 * 25), 0.05);
    close_fixture(&f);
}

static void test_az(void **state)
{
    fixture f;
    const int64_t widths[] = {3};
    (void)state;
    open_fixture(&f, small_cnn());
    const double entropy = score(&f, "az_expressivity");
    assert_true(entropy > 2 && entropy < log(6) + log(7) + log(8));
    const double growth = score(&f, "az_progressivity");
    assert_true(fabs(growth) < log(8));
    const double balance = score(&f, "az_trainability");
    assert_true(isfinite(balance) && balance < 0); /* 2 - s - 1/s */
    close_fixture(&f);
    open_fixture(&f, chain(6, widths, 1, NAS_OP_INPUT)); /* one block */
    assert_true(score(&f, "az_expressivity") > 0);
    assert_true(!isfinite(score(&f, "az_progressivity")));
    assert_true(!isfinite(score(&f, "az_trainability")));
    close_fixture(&f);
}

/* ---- all of them ------------------------------------------------------------------- */

static int all_proxies(const nas_proxy **out)
{
    int n = 0;
    while (nas_proxy_at(n) != NULL && n < MAX) {
        out[n] = nas_proxy_at(n);
        n++;
    }
    return n;
}

/* Scores depend neither on which proxies are asked for nor on their order; repeats are
 * averaged; other seeds give other scores where weights are drawn. */
static void test_scores_are_functions(void **state)
{
    const nas_proxy *all[MAX], *backwards[MAX];
    double got[MAX], twice[MAX], other[MAX], alone;
    nas_proxy_options options = {.repeats = 1, .seed = 1};
    fixture f;
    nas_err err = {0};
    (void)state;
    const int n = all_proxies(all);
    for (int p = 0; p < n; p++)
        backwards[p] = all[n - 1 - p];
    open_fixture(&f, small_cnn());
    nas_workspace *w = f.workspace;
    check_ok(nas_proxy_score(f.graph, &f.batch, &options, all, n, w, got, &err), err);
    check_ok(nas_proxy_score(f.graph, &f.batch, &options, backwards, n, w, twice, &err),
             err);
    options.seed = 2;
    check_ok(nas_proxy_score(f.graph, &f.batch, &options, all, n, w, other, &err), err);
    options.seed = 1;
    for (int p = 0; p < n; p++) {
        assert_true(isfinite(got[p]));
        check_ok(
            nas_proxy_score(f.graph, &f.batch, &options, all + p, 1, w, &alone, &err),
            err);
        assert_true(alone == got[p] && twice[n - 1 - p] == got[p]);
        if ((other[p] != got[p]) != all[p]->drawn)
            fail_msg("%s: %g, and %g with another seed", all[p]->name, got[p], other[p]);
    }
    options.repeats = 3;
    check_ok(nas_proxy_score(f.graph, &f.batch, &options, all, n, w, other, &err), err);
    for (int p = 0; p < n; p++)
        if ((other[p] != got[p]) != all[p]->drawn)
            fail_msg("%s: %.17g, mean of three %.17g", all[p]->name, got[p], other[p]);
    close_fixture(&f);
}

/* Every operator in random places: a value or none, never a failure. */
static void test_random_networks(void **state)
{
    const nas_proxy *all[MAX];
    double scores[MAX];
    int values = 0;
    nas_proxy_options options = {.repeats = 1};
    nas_err err = {0};
    (void)state;
    const int n = all_proxies(all);
    for (uint64_t seed = 0; seed < 25; seed++) {
        fixture f;
        nas_rng rng = nas_rng_new(seed, 4);
        open_fixture(&f, nas_test_random_graph(&rng, NULL));
        check_ok(nas_proxy_score(f.graph, &f.batch, &options, all, n, f.workspace, scores,
                                 &err),
                 err);
        for (int p = 0; p < n; p++)
            values += isfinite(scores[p]);
        close_fixture(&f);
    }
    assert_true(values > 25 * n / 2);
}

static void test_regression_batch(void **state)
{
    const nas_proxy *all[MAX];
    double scores[MAX], sum = 0, squares = 0;
    const int64_t widths[] = {90, 2};
    nas_proxy_options options = {.repeats = 1};
    nas_proxy_batch batch;
    nas_err err = {0};
    (void)state;
    nas_dataset *data = toy_line(50, 5); /* fewer rows than two batches need */
    nas_graph *graph = chain(5, widths, 2, NAS_OP_RELU);
    nas_workspace *workspace = nas_workspace_new();
    check_ok(nas_proxy_batch_read(data, N, data->arena, &batch, &err), err);
    assert_null(batch.labels);
    for (int i = 0; i < 2 * N; i++) {
        sum += (double)batch.targets[2 * i];
        squares += (double)batch.targets[2 * i] * (double)batch.targets[2 * i];
    }
    assert_true(fabs(sum) < 1e-3 && fabs(squares / (2 * N) - 1) < 1e-3);
    const int n = all_proxies(all);
    check_ok(nas_proxy_score(graph, &batch, &options, all, n, workspace, scores, &err),
             err);
    for (int p = 0; p < n; p++)
        if (!isfinite(scores[p]))
            fail_msg("%s has no value", all[p]->name);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_log_rank(void **state)
{
    /* ranks 1 2.5 2.5 4 and, with NaN below all, 2 1 4 3 */
    const double scores[] = {-8, 0, 5, (double)NAN, 5, 9, 7, 3};
    double out[4];
    (void)state;
    assert_true(nas_proxy_log_rank(scores, 4, 2, out));
    close_to(out[0], log(1.0 / 4) + log(2.0 / 4), 1e-12);
    close_to(out[1], log(2.5 / 4) + log(1.0 / 4), 1e-12);
    close_to(out[2], log(2.5 / 4) + log(4.0 / 4), 1e-12);
    close_to(out[3], log(4.0 / 4) + log(3.0 / 4), 1e-12);
    assert_true(nas_proxy_log_rank(scores, 0, 2, out));
}

static void test_registry(void **state)
{
    (void)state;
    assert_null(nas_proxy_find("nwott"));
    assert_null(nas_proxy_at(-1));
    for (int i = 0; nas_proxy_at(i) != NULL; i++) {
        assert_ptr_equal(nas_proxy_find(nas_proxy_at(i)->name), nas_proxy_at(i));
        assert_non_null(nas_proxy_at(i)->summary);
        assert_non_null(nas_proxy_at(i)->cite);
    }
    for (int i = 0; i < NAS_PROXY_DEFAULTS; i++)
        assert_non_null(nas_proxy_find(nas_proxy_defaults[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_proxies),
        cmocka_unit_test(test_grasp),
        cmocka_unit_test(test_fisher),
        cmocka_unit_test(test_zico),
        cmocka_unit_test(test_synflow_of_chains),
        cmocka_unit_test(test_synflow_of_a_residual),
        cmocka_unit_test(test_synflow_needs_a_linear_network),
        cmocka_unit_test(test_jacobian_of_a_linear_network),
        cmocka_unit_test(test_naswot),
        cmocka_unit_test(test_swap),
        cmocka_unit_test(test_zen),
        cmocka_unit_test(test_az),
        cmocka_unit_test(test_scores_are_functions),
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_regression_batch),
        cmocka_unit_test(test_log_rank),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
