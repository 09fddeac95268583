/* Random valid networks for property tests: every operator, small shapes, image, series
 * and vector inputs, branches that join again. */
#ifndef NASMITH_TESTS_RANDOM_GRAPH_H
#define NASMITH_TESTS_RANDOM_GRAPH_H

#include "nasmith/graph.h"
#include "nasmith/rng.h"

#include <assert.h>
#include <stddef.h>

typedef enum nas_test_input {
    NAS_TEST_INPUT_ANY,
    NAS_TEST_INPUT_IMAGE,
    NAS_TEST_INPUT_SERIES,
    NAS_TEST_INPUT_VECTOR
} nas_test_input;

typedef struct nas_test_graph_options {
    nas_test_input input;
    int steps;       /* random operators before the head; 0 = 3 to 14 */
    int64_t outputs; /* of the dense head; 0 = 2 to 6 */
    int front;       /* standardise: 1 always, 0 sometimes, -1 never */
    int encode;      /* 1: rows of a table, encoded; input is a vector; 0 never */
    int softmax;     /* at the output: 1 always, 0 sometimes, -1 never */
    int dropout;     /* 0 = may occur, -1 never */
    bool spectrum;   /* begins with one, on a series */
} nas_test_graph_options;

enum { NAS_TEST_MAX_STEPS = 64 };

/* The tensors to choose from while a network grows. */
typedef struct nas_test_pool {
    nas_graph_builder *builder;
    nas_rng *rng;
    int tensor[2 * NAS_TEST_MAX_STEPS + 2];
    int used[2 * NAS_TEST_MAX_STEPS + 2];
    int n;
} nas_test_pool;

static int nas_test_pick(nas_test_pool *pool, int n)
{
    return (int)nas_rng_below(pool->rng, (uint64_t)n);
}

static int nas_test_yes(nas_test_pool *pool, int choice)
{
    return choice == 0 ? nas_test_pick(pool, 2) : choice > 0;
}

static nas_shape nas_test_shape(const nas_test_pool *pool, int at)
{
    return nas_graph_builder_shape(pool->builder, pool->tensor[at]);
}

static void nas_test_push(nas_test_pool *pool, int node)
{
    assert(node >= 0);
    pool->tensor[pool->n] = node;
    pool->used[pool->n++] = 0;
}

static int64_t nas_test_up_to(nas_test_pool *pool, int64_t most, int64_t extent)
{
    int64_t n = most < extent ? most : extent;
    return 1 + (int64_t)nas_rng_below(pool->rng, (uint64_t)n);
}

/* Window attributes that fit the shape whatever the padding. */
static void nas_test_window(nas_test_pool *pool, nas_shape in, nas_value *attr)
{
    attr[NAS_ATTR_KERNEL_H].i = nas_test_up_to(pool, 3, in.h);
    attr[NAS_ATTR_KERNEL_W].i = nas_test_up_to(pool, 5, in.w);
    attr[NAS_ATTR_STRIDE_H].i = nas_test_up_to(pool, 2, in.h);
    attr[NAS_ATTR_STRIDE_W].i = nas_test_up_to(pool, 3, in.w);
    attr[NAS_ATTR_PAD].i = nas_test_pick(pool, 2) ? NAS_PAD_VALID : NAS_PAD_SAME;
}

static void nas_test_dilate(nas_test_pool *pool, nas_value *attr)
{
    bool same = attr[NAS_ATTR_PAD].i == NAS_PAD_SAME;
    attr[NAS_ATTR_DILATION_H].i = same ? 1 + nas_test_pick(pool, 2) : 1;
    attr[NAS_ATTR_DILATION_W].i = same ? 1 + nas_test_pick(pool, 3) : 1;
    attr[NAS_ATTR_WINDOW_BIAS].i = nas_test_pick(pool, 2);
}

static int nas_test_add_one(nas_test_pool *pool, nas_op_kind op, int at)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_shape in = nas_test_shape(pool, at);
    nas_param_defaults(nas_op_get(op)->params, attr);
    if (op == NAS_OP_CONV || op == NAS_OP_DEPTHWISE || op == NAS_OP_MAX_POOL ||
        op == NAS_OP_AVG_POOL)
        nas_test_window(pool, in, attr);
    if (op == NAS_OP_CONV || op == NAS_OP_DEPTHWISE)
        nas_test_dilate(pool, attr);
    if (op == NAS_OP_CONV) {
        int64_t groups = in.c % 2 == 0 && nas_test_pick(pool, 3) == 0 ? 2 : 1;
        attr[NAS_ATTR_CONV_GROUPS].i = groups;
        attr[NAS_ATTR_CONV_OUT].i = groups * (1 + nas_test_pick(pool, 5));
    }
    if (op == NAS_OP_DENSE) {
        attr[NAS_ATTR_DENSE_OUT].i = 1 + nas_test_pick(pool, 7);
        attr[NAS_ATTR_DENSE_BIAS].i = nas_test_pick(pool, 2);
    }
    if (op == NAS_OP_LSTM || op == NAS_OP_GRU) {
        attr[NAS_ATTR_RECURRENT_OUT].i = 1 + nas_test_pick(pool, 10);
        attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i = nas_test_pick(pool, 2);
        attr[NAS_ATTR_RECURRENT_SEQUENCE].i = nas_test_pick(pool, 3) > 0;
    }
    if (op == NAS_OP_LAYER_NORM || op == NAS_OP_GROUP_NORM) /* not to blow up rounding */
        attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f = 0.125;
    if (op == NAS_OP_GROUP_NORM)
        attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i = in.c % 2 == 0 ? 2 : 1;
    if (op == NAS_OP_SLICE) {
        attr[NAS_ATTR_SLICE_FROM].i = nas_test_pick(pool, (int)in.c);
        attr[NAS_ATTR_SLICE_COUNT].i =
            nas_test_up_to(pool, in.c, in.c - attr[NAS_ATTR_SLICE_FROM].i);
    }
    if (op == NAS_OP_TOKENS)
        attr[NAS_ATTR_TOKENS_OUT].i = 2 + nas_test_pick(pool, 4);
    if (op == NAS_OP_POSITIONS)
        attr[NAS_ATTR_POSITIONS_KIND].i = nas_test_pick(pool, 2);
    if (op == NAS_OP_DROPOUT)
        attr[NAS_ATTR_DROPOUT_RATE].f = 0.125;
    if (op == NAS_OP_LEAKY_RELU)
        attr[NAS_ATTR_LEAKY_SLOPE].f = 0.25 * (1 + nas_test_pick(pool, 3));
    pool->used[at]++;
    return nas_graph_add(pool->builder, op, attr, &pool->tensor[at], 1, "");
}

/* Queries, keys and values of 1 to 3 heads, and what they give. */
static int nas_test_add_attention(nas_test_pool *pool, int at)
{
    const int64_t heads = 1 + nas_test_pick(pool, 3);
    const int64_t depth = 1 + nas_test_pick(pool, 4);
    nas_value attr[NAS_ATTR_MAX] = {[NAS_ATTR_ATTENTION_HEADS] = {.i = heads}};
    int node =
        nas_graph_add_conv(pool->builder, pool->tensor[at], 3 * heads * depth, 1, 1, "");
    pool->used[at]++;
    return nas_graph_add(pool->builder, NAS_OP_ATTENTION, attr, &node, 1, "");
}

/* An operator of series in place of a convolution. */
static nas_op_kind nas_test_series(nas_test_pool *pool, nas_shape in)
{
    static const nas_op_kind ops[] = {NAS_OP_LSTM, NAS_OP_GRU, NAS_OP_POSITIONS,
                                      NAS_OP_ATTENTION, NAS_OP_TOKENS};
    const nas_op_kind op = ops[nas_test_pick(pool, 5)];
    const bool row = in.h == 1 && in.w == 1 && in.c > 1 && in.c < 20;
    return op == NAS_OP_TOKENS && !row ? NAS_OP_ATTENTION : op;
}

/* Join tensors that fit `at`; with none, `at` and its ReLU. */
static int nas_test_add_join(nas_test_pool *pool, nas_op_kind op, int at)
{
    nas_shape in = nas_test_shape(pool, at);
    int inputs[4] = {pool->tensor[at]};
    int n = 1;
    for (int k = 0; k < pool->n && n < 4; k++) {
        nas_shape other = nas_test_shape(pool, k);
        bool fits = other.h == in.h && other.w == in.w &&
                    (op == NAS_OP_CONCAT || other.c == in.c);
        if (k == at || !fits || nas_test_pick(pool, 3) == 0)
            continue;
        inputs[n++] = pool->tensor[k];
        pool->used[k]++;
    }
    if (n == 1)
        inputs[n++] = nas_graph_add_unary(pool->builder, NAS_OP_RELU, inputs[0], "");
    pool->used[at]++;
    return nas_graph_add(pool->builder, op, NULL, inputs, n, "");
}

/* ReLU half of the time. */
static nas_op_kind nas_test_activation(nas_test_pool *pool)
{
    static const nas_op_kind curves[] = {
#define NAS_TEST_CURVE(upper, lower) NAS_OP_##upper,
        NAS_CURVE_LIST(NAS_TEST_CURVE)
#undef NAS_TEST_CURVE
    };
    const int n = (int)(sizeof curves / sizeof curves[0]),
              pick = nas_test_pick(pool, 2 * n);
    return pick < n ? curves[pick] : NAS_OP_RELU;
}

/* A tensor times another of its shape, or times a gate made from it. */
static int nas_test_add_mul(nas_test_pool *pool, int at)
{
    static const nas_op_kind gates[] = {NAS_OP_GLOBAL_AVG_POOL, NAS_OP_GLOBAL_MAX_POOL,
                                        NAS_OP_SIGMOID, NAS_OP_TANH};
    int inputs[2] = {pool->tensor[at], -1};
    for (int k = 0; k < pool->n; k++) {
        nas_shape other = nas_test_shape(pool, k), in = nas_test_shape(pool, at);
        bool gate = other.c == in.c && other.h == 1 && other.w == 1;
        if (k == at || !(gate || nas_shape_equal(other, in)) || nas_test_pick(pool, 2))
            continue;
        inputs[1] = pool->tensor[k];
        pool->used[k]++;
        break;
    }
    if (inputs[1] < 0)
        inputs[1] = nas_graph_add_unary(pool->builder, gates[nas_test_pick(pool, 4)],
                                        inputs[0], "");
    pool->used[at]++;
    int product = nas_graph_add(pool->builder, NAS_OP_MUL, NULL, inputs, 2, "");
    /* A product of products of products grows without bound. */
    return nas_graph_add_unary(pool->builder, NAS_OP_TANH, product, "");
}

static void nas_test_grow(nas_test_pool *pool, const nas_test_graph_options *options)
{
    static const nas_op_kind ops[] = {
        NAS_OP_CONV,       NAS_OP_CONV,       NAS_OP_DEPTHWISE, NAS_OP_DENSE,
        NAS_OP_MAX_POOL,   NAS_OP_AVG_POOL,   NAS_OP_RELU,      NAS_OP_RELU6,
        NAS_OP_BATCH_NORM, NAS_OP_BATCH_NORM, NAS_OP_ADD,       NAS_OP_ADD,
        NAS_OP_CONCAT,     NAS_OP_CONCAT,     NAS_OP_DROPOUT,   NAS_OP_GLOBAL_AVG_POOL,
        NAS_OP_FLATTEN,    NAS_OP_RELU,       NAS_OP_MUL,       NAS_OP_GLOBAL_MAX_POOL,
    };
    nas_op_kind op = ops[nas_test_pick(pool, (int)(sizeof ops / sizeof ops[0]))];
    if (op == NAS_OP_RELU)
        op = nas_test_activation(pool);
    int at = nas_test_pick(pool, 3) > 0 ? pool->n - 1 : nas_test_pick(pool, pool->n);
    bool ends = op == NAS_OP_DENSE || op == NAS_OP_GLOBAL_AVG_POOL ||
                op == NAS_OP_FLATTEN || op == NAS_OP_GLOBAL_MAX_POOL;
    bool spatial = nas_test_shape(pool, at).w > 1;
    if ((op == NAS_OP_DROPOUT && options->dropout < 0) ||
        (ends && spatial && nas_test_pick(pool, 3) > 0))
        op = NAS_OP_CONV;
    if (op == NAS_OP_CONV && nas_test_shape(pool, at).h == 1 &&
        nas_test_pick(pool, 3) == 0)
        op = nas_test_series(pool, nas_test_shape(pool, at));
    /* One value, normalised, is always 0: behind it all is rounding. */
    if (op == NAS_OP_BATCH_NORM && nas_test_pick(pool, 2) == 0 &&
        nas_test_shape(pool, at).c > 3)
        op = nas_test_pick(pool, 2) ? NAS_OP_LAYER_NORM : NAS_OP_GROUP_NORM;
    bool join = op == NAS_OP_ADD || op == NAS_OP_CONCAT;
    if (op == NAS_OP_FLATTEN && nas_test_pick(pool, 3) == 0)
        op = NAS_OP_SLICE;
    if (op == NAS_OP_CONCAT && nas_test_shape(pool, at).c > 24)
        join = false, op = NAS_OP_DEPTHWISE;
    int node = op == NAS_OP_MUL         ? nas_test_add_mul(pool, at)
               : op == NAS_OP_ATTENTION ? nas_test_add_attention(pool, at)
               : join                   ? nas_test_add_join(pool, op, at)
                                        : nas_test_add_one(pool, op, at);
    nas_test_push(pool, node);
}

/* Bring what nobody has read yet to one vector. @return node before the head */
static int nas_test_gather(nas_test_pool *pool)
{
    int ends[NAS_TEST_MAX_STEPS + 2];
    int n = 0;
    for (int k = 0; k < pool->n; k++) {
        if (pool->used[k] > 0 || (k + 1 < pool->n && nas_test_pick(pool, 4) == 0))
            continue;
        bool flat = nas_test_pick(pool, 3) == 0;
        ends[n++] = nas_graph_add_unary(pool->builder,
                                        flat ? NAS_OP_FLATTEN : NAS_OP_GLOBAL_AVG_POOL,
                                        pool->tensor[k], "");
    }
    return n == 1 ? ends[0]
                  : nas_graph_add(pool->builder, NAS_OP_CONCAT, NULL, ends, n, "");
}

static nas_shape nas_test_input_shape(nas_test_pool *pool, nas_test_input input)
{
    if (input == NAS_TEST_INPUT_ANY)
        input = (nas_test_input)(1 + nas_test_pick(pool, 3));
    int64_t c = 1 + nas_test_pick(pool, 4);
    if (input == NAS_TEST_INPUT_IMAGE)
        return (nas_shape){c, 4 + nas_test_pick(pool, 6), 4 + nas_test_pick(pool, 6)};
    if (input == NAS_TEST_INPUT_SERIES)
        return (nas_shape){c, 1, 7 + nas_test_pick(pool, 18)};
    return (nas_shape){2 + nas_test_pick(pool, 9), 1, 1};
}

/* Every kind of column on some of `raw` values: [n][NAS_ENCODE_FIELDS]. */
static void nas_test_columns(nas_rng *rng, int64_t raw, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++, out += NAS_ENCODE_FIELDS) {
        const int kind = (int)(i % NAS_ENCODE_KINDS);
        const double width = 1 + (double)nas_rng_below(rng, 4);
        out[NAS_ENCODE_SOURCE] = (float)nas_rng_below(rng, (uint64_t)raw);
        out[NAS_ENCODE_KIND] = (float)kind;
        out[NAS_ENCODE_CENTRE] =
            (float)(kind < NAS_ENCODE_INSIDE ? 2.385 * nas_rng_normal(rng)
                                             : width / 2 - 0.5);
        out[NAS_ENCODE_SCALE] =
            (float)(kind < NAS_ENCODE_INSIDE ? 0.25 + nas_rng_uniform(rng) : width / 2);
    }
}

static int nas_test_encode(nas_test_pool *pool, int64_t n)
{
    float columns[16 * NAS_ENCODE_FIELDS];
    const int64_t raw = 2 + nas_test_pick(pool, 5);
    assert(n <= 16);
    nas_test_columns(pool->rng, raw, n, columns);
    int input = nas_graph_add_input(pool->builder, (nas_shape){raw, 1, 1});
    return nas_graph_add_encode(pool->builder, input, columns, n);
}

static int nas_test_front(nas_test_pool *pool, int input)
{
    enum { MOST = 256 };
    float mean[MOST];
    float inverse[MOST];
    int64_t channels = nas_graph_builder_shape(pool->builder, input).c;
    assert(channels <= MOST);
    for (int64_t c = 0; c < channels; c++) {
        mean[c] = (float)nas_rng_normal(pool->rng);
        inverse[c] = (float)(0.5 + 2.0 * nas_rng_uniform(pool->rng));
    }
    return nas_graph_add_standardise(pool->builder, input, mean, inverse, channels);
}

/* A spectrum of 16 to 40 steps: frequencies, bands or coefficients, as rows or channels.
 */
static int nas_test_spectrum(nas_test_pool *pool)
{
    nas_value attr[NAS_ATTR_MAX];
    const int64_t steps = 16 + nas_test_pick(pool, 25);
    const nas_shape shape = {1 + nas_test_pick(pool, 3), 1, steps};
    const int start = nas_graph_add_input(pool->builder, shape);
    const int kind = nas_test_pick(pool, 3);
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i = 8 + nas_test_pick(pool, 9);
    attr[NAS_ATTR_SPECTRUM_HOP].i = 1 + nas_test_pick(pool, 9);
    attr[NAS_ATTR_SPECTRUM_RELATIVE].i = nas_test_pick(pool, 2);
    attr[NAS_ATTR_SPECTRUM_SERIES].i = nas_test_pick(pool, 2);
    if (kind > 0) {
        attr[NAS_ATTR_SPECTRUM_BANDS].i = 3 + nas_test_pick(pool, 3);
        attr[NAS_ATTR_SPECTRUM_RATE].f = 100;
        attr[NAS_ATTR_SPECTRUM_LOW_HZ].f = nas_test_pick(pool, 5);
    }
    if (kind > 1)
        attr[NAS_ATTR_SPECTRUM_COEFFICIENTS].i = 1 + nas_test_pick(pool, 3);
    return nas_graph_add(pool->builder, NAS_OP_SPECTRUM, attr, &start, 1, "");
}

/* The input as it is, or encoded. */
static int nas_test_start(nas_test_pool *pool, const nas_test_graph_options *options)
{
    const nas_shape shape = nas_test_input_shape(
        pool, options->encode > 0 ? NAS_TEST_INPUT_VECTOR : options->input);
    return options->encode > 0 ? nas_test_encode(pool, shape.c)
                               : nas_graph_add_input(pool->builder, shape);
}

/* @return a network; the same one for the same stream. Ownership: caller,
 *         nas_graph_free */
__attribute__((unused)) static nas_graph *
nas_test_random_graph(nas_rng *rng, const nas_test_graph_options *options)
{
    nas_test_graph_options defaults = {0};
    if (options == NULL)
        options = &defaults;
    nas_test_pool pool = {.builder = nas_graph_builder_new(), .rng = rng};
    int start =
        options->spectrum ? nas_test_spectrum(&pool) : nas_test_start(&pool, options);
    if (nas_test_yes(&pool, options->front))
        start = nas_test_front(&pool, start);
    nas_test_push(&pool, start);
    int steps = options->steps > 0 ? options->steps : 3 + nas_test_pick(&pool, 12);
    for (int i = 0; i < steps && i < NAS_TEST_MAX_STEPS; i++)
        nas_test_grow(&pool, options);
    int64_t outputs =
        options->outputs > 0 ? options->outputs : 2 + nas_test_pick(&pool, 5);
    int output =
        nas_graph_add_dense(pool.builder, nas_test_gather(&pool), outputs, "head");
    if (nas_test_yes(&pool, options->softmax))
        output = nas_graph_add_unary(pool.builder, NAS_OP_SOFTMAX, output, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    nas_status status = nas_graph_finish(pool.builder, output, &graph, &err);
    assert(status == NAS_OK);
    (void)status;
    nas_graph_builder_free(pool.builder);
    return graph;
}

#endif
