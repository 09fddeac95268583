/* The latency table of this machine: for each kind of step and class of size, one network
 * around such a step, run by the shipped kernels. */
#include "cost/latency.h"

#include "nasmith/clock.h"
#include "nasmith/export.h"

#include <math.h>

/* A network that holds the step: one operator on an input. */
typedef struct sample {
    nas_step_kind kind;
    nas_op_kind op;
    nas_shape in;
    int64_t out; /* conv, dense, lstm, gru; heads of attention; window of spectrum */
    int64_t kernel_h, kernel_w; /* windows */
} sample;

/* One sample per class, in order of classes. */
static const sample samples[] = {
    {NAS_STEP_CONV, NAS_OP_CONV, {8, 12, 12}, 2, 3, 3},
    {NAS_STEP_CONV, NAS_OP_CONV, {8, 12, 12}, 4, 3, 3},
    {NAS_STEP_CONV, NAS_OP_CONV, {4, 12, 12}, 16, 3, 3},
    {NAS_STEP_CONV, NAS_OP_CONV, {16, 12, 12}, 16, 3, 3},
    {NAS_STEP_DEPTHWISE, NAS_OP_DEPTHWISE, {3, 16, 16}, 0, 3, 3},
    {NAS_STEP_DEPTHWISE, NAS_OP_DEPTHWISE, {16, 16, 16}, 0, 1, 5},
    {NAS_STEP_DEPTHWISE, NAS_OP_DEPTHWISE, {16, 16, 16}, 0, 3, 3},
    {NAS_STEP_DEPTHWISE, NAS_OP_DEPTHWISE, {16, 16, 16}, 0, 5, 5},
    {NAS_STEP_DENSE, NAS_OP_DENSE, {256, 1, 1}, 3, 0, 0},
    {NAS_STEP_DENSE, NAS_OP_DENSE, {256, 1, 1}, 4, 0, 0},
    {NAS_STEP_DENSE, NAS_OP_DENSE, {16, 1, 1}, 64, 0, 0},
    {NAS_STEP_DENSE, NAS_OP_DENSE, {512, 1, 1}, 32, 0, 0},
    {NAS_STEP_SPECTRUM, NAS_OP_SPECTRUM, {1, 1, 256}, 64, 0, 0},
    {NAS_STEP_SPECTRUM, NAS_OP_SPECTRUM, {1, 1, 1024}, 256, 0, 0},
    {NAS_STEP_SPECTRUM, NAS_OP_SPECTRUM, {1, 1, 2048}, 512, 0, 0},
    {NAS_STEP_SPECTRUM, NAS_OP_SPECTRUM, {1, 1, 4096}, 2048, 0, 0},
    {NAS_STEP_LSTM, NAS_OP_LSTM, {8, 1, 16}, 6, 0, 0},
    {NAS_STEP_LSTM, NAS_OP_LSTM, {8, 1, 16}, 12, 0, 0},
    {NAS_STEP_LSTM, NAS_OP_LSTM, {16, 1, 16}, 32, 0, 0},
    {NAS_STEP_LSTM, NAS_OP_LSTM, {32, 1, 8}, 64, 0, 0},
    {NAS_STEP_GRU, NAS_OP_GRU, {8, 1, 16}, 6, 0, 0},
    {NAS_STEP_GRU, NAS_OP_GRU, {8, 1, 16}, 12, 0, 0},
    {NAS_STEP_GRU, NAS_OP_GRU, {16, 1, 16}, 32, 0, 0},
    {NAS_STEP_GRU, NAS_OP_GRU, {32, 1, 8}, 64, 0, 0},
    {NAS_STEP_ATTENTION, NAS_OP_ATTENTION, {48, 1, 24}, 4, 0, 0},
    {NAS_STEP_ATTENTION, NAS_OP_ATTENTION, {48, 1, 24}, 2, 0, 0},
    {NAS_STEP_ATTENTION, NAS_OP_ATTENTION, {96, 1, 24}, 2, 0, 0},
    {NAS_STEP_ATTENTION, NAS_OP_ATTENTION, {192, 1, 24}, 2, 0, 0},
    {NAS_STEP_MAX_POOL, NAS_OP_MAX_POOL, {16, 16, 16}, 0, 2, 2},
    {NAS_STEP_MAX_POOL, NAS_OP_MAX_POOL, {16, 16, 16}, 0, 3, 3},
    {NAS_STEP_MAX_POOL, NAS_OP_MAX_POOL, {16, 16, 16}, 0, 4, 4},
    {NAS_STEP_MAX_POOL, NAS_OP_MAX_POOL, {16, 16, 16}, 0, 5, 5},
    {NAS_STEP_AVG_POOL, NAS_OP_AVG_POOL, {16, 16, 16}, 0, 2, 2},
    {NAS_STEP_AVG_POOL, NAS_OP_AVG_POOL, {16, 16, 16}, 0, 3, 3},
    {NAS_STEP_AVG_POOL, NAS_OP_AVG_POOL, {16, 16, 16}, 0, 4, 4},
    {NAS_STEP_AVG_POOL, NAS_OP_AVG_POOL, {16, 16, 16}, 0, 5, 5},
};

/* Kinds whose classes are by size alone: the same four shapes for all. */
static const struct {
    nas_step_kind kind;
    nas_op_kind op;
} by_size[] = {
    {NAS_STEP_ENCODE, NAS_OP_ENCODE},
    {NAS_STEP_STANDARDISE, NAS_OP_STANDARDISE},
    {NAS_STEP_GLOBAL_AVG_POOL, NAS_OP_GLOBAL_AVG_POOL},
    {NAS_STEP_AFFINE, NAS_OP_BATCH_NORM},
    {NAS_STEP_ACTIVATION, NAS_OP_RELU},
    {NAS_STEP_GLOBAL_MAX_POOL, NAS_OP_GLOBAL_MAX_POOL},
    {NAS_STEP_ADD, NAS_OP_ADD},
    {NAS_STEP_MUL, NAS_OP_MUL},
    {NAS_STEP_LAYER_NORM, NAS_OP_LAYER_NORM},
    {NAS_STEP_GROUP_NORM, NAS_OP_GROUP_NORM},
    {NAS_STEP_TOKENS, NAS_OP_TOKENS},
    {NAS_STEP_POSITIONS, NAS_OP_POSITIONS},
    {NAS_STEP_CONCAT, NAS_OP_CONCAT},
    {NAS_STEP_SLICE, NAS_OP_SLICE},
#define CURVE_ROW(upper, lower) {NAS_STEP_##upper, NAS_OP_##upper},
    NAS_CURVE_LIST(CURVE_ROW)
#undef CURVE_ROW
        {NAS_STEP_SOFTMAX, NAS_OP_SOFTMAX},
};

static const nas_shape sizes[NAS_LATENCY_CLASSES] = {
    {8, 4, 4}, {8, 8, 8}, {8, 16, 16}, {16, 32, 32}};

/* All kinds of columns in turn. */
static int add_encode(nas_graph_builder *builder, int input, int64_t n)
{
    float *columns = nas_heap_alloc((size_t)n, NAS_ENCODE_FIELDS * sizeof *columns);
    for (int64_t i = 0; columns != NULL && i < n; i++) {
        float *column = columns + i * NAS_ENCODE_FIELDS;
        column[NAS_ENCODE_SOURCE] = (float)i;
        column[NAS_ENCODE_KIND] = (float)(i % NAS_ENCODE_KINDS);
        column[NAS_ENCODE_SCALE] = 1.0f;
    }
    int node = columns == NULL ? -1 : nas_graph_add_encode(builder, input, columns, n);
    nas_heap_free(columns);
    return nas_graph_add_unary(builder, NAS_OP_RELU, node, "");
}

static int add_operator(nas_graph_builder *builder, const sample *s, int input)
{
    static const float mean[16] = {0.25f};
    static const float inverse[16] = {0.5f};
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(s->op)->params, attr);
    if (s->op == NAS_OP_ENCODE)
        return add_encode(builder, input, s->in.c);
    if (s->op == NAS_OP_STANDARDISE)
        return nas_graph_add_unary(
            builder, NAS_OP_RELU,
            nas_graph_add_standardise(builder, input, mean, inverse, s->in.c), "");
    if (s->op == NAS_OP_SPECTRUM) {
        attr[NAS_ATTR_SPECTRUM_WINDOW].i = s->out;
        attr[NAS_ATTR_SPECTRUM_HOP].i = s->out / 2;
        attr[NAS_ATTR_SPECTRUM_BANDS].i = 32;
        return nas_graph_add_unary(
            builder, NAS_OP_RELU, nas_graph_add(builder, s->op, attr, &input, 1, ""), "");
    }
    if (s->op == NAS_OP_DENSE)
        attr[NAS_ATTR_DENSE_OUT].i = s->out;
    if (s->op == NAS_OP_LSTM || s->op == NAS_OP_GRU)
        attr[NAS_ATTR_RECURRENT_OUT].i = s->out;
    if (s->op == NAS_OP_ATTENTION)
        attr[NAS_ATTR_ATTENTION_HEADS].i = s->out;
    if (s->op == NAS_OP_SLICE)
        attr[NAS_ATTR_SLICE_COUNT].i = s->in.c / 2;
    if (s->op == NAS_OP_TOKENS)
        attr[NAS_ATTR_TOKENS_OUT].i = 4;
    if (s->kernel_h > 0) {
        attr[NAS_ATTR_KERNEL_H].i = s->kernel_h;
        attr[NAS_ATTR_KERNEL_W].i = s->kernel_w;
    }
    if (s->op == NAS_OP_CONV)
        attr[NAS_ATTR_CONV_OUT].i = s->out;
    int n = nas_op_get(s->op)->min_inputs;
    return nas_graph_add(builder, s->op, attr, (int[]){input, input}, n, "");
}

static nas_status build(const sample *s, nas_graph **out, nas_err *err)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    int input = nas_graph_add_input(builder, s->in);
    nas_status status =
        nas_graph_finish(builder, add_operator(builder, s, input), out, err);
    nas_graph_builder_free(builder);
    return status;
}

/* Nanoseconds of one run: the fastest of several rounds, each long against the clock. */
static double time_step(nas_runtime *runtime, int step)
{
    enum { ROUNDS = 5 };
    const double long_enough = 60e-6;
    double best = (double)INFINITY;
    int64_t repeats = 1;
    for (int round = 0; round < ROUNDS;) {
        double start = nas_clock_cpu_s();
        for (int64_t i = 0; i < repeats; i++)
            nas_runtime_step(runtime, step);
        double seconds = nas_clock_cpu_s() - start;
        if (seconds < long_enough && repeats < INT64_C(1) << 24) {
            repeats *= 2;
            continue;
        }
        best = fmin(best, seconds / (double)repeats);
        round++;
    }
    return best * 1e9;
}

/* Nanoseconds of the sample's step, and its units. */
static nas_status time_model(const nas_model *model, nas_step_kind kind, double *ns,
                             int64_t *units, nas_err *err)
{
    nas_runtime *runtime = NULL;
    NAS_TRY(nas_runtime_new(model, &runtime, err));
    const nas_program *program = nas_runtime_program(runtime);
    for (int s = 0; s < program->n_steps; s++) {
        if (program->steps[s].kind != kind)
            continue;
        *ns = time_step(runtime, s);
        (void)nas_latency_class(model->graph, &program->steps[s], units);
    }
    nas_runtime_free(runtime);
    return NAS_OK;
}

static nas_status measure(const sample *s, double *ns, int64_t *units, nas_err *err)
{
    nas_model model = {.task = NAS_TASK_CLASSIFICATION};
    NAS_TRY(build(s, &model.graph, err));
    int64_t n = nas_graph_floats(model.graph);
    model.n_outputs = nas_shape_count(nas_graph_output_shape(model.graph));
    model.weights = nas_heap_alloc((size_t)n + 1, sizeof(float));
    for (int64_t i = 0; model.weights != NULL && i < n; i++)
        model.weights[i] = 0.5f;
    nas_status status = model.weights == NULL
                            ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                            : time_model(&model, s->kind, ns, units, err);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
    return status;
}

static nas_status measure_class(const sample *s, int size, nas_latency_table *table,
                                nas_err *err)
{
    double ns = 0.0;
    int64_t units = 1;
    NAS_TRY(measure(s, &ns, &units, err));
    table->ns_per_unit[s->kind][size] =
        fmax(ns - table->ns_per_step, 0.0) / (double)units;
    return NAS_OK;
}

/* A shape of as many elements as this operator reads, or writes. */
static nas_shape shape_for(nas_op_kind op, nas_shape in)
{
    if (op == NAS_OP_SOFTMAX || op == NAS_OP_ENCODE)
        return (nas_shape){nas_shape_count(in), 1, 1};
    if (op == NAS_OP_TOKENS)
        return (nas_shape){nas_shape_count(in) / 4, 1, 1};
    if (op == NAS_OP_SLICE)
        return (nas_shape){2 * in.c, in.h, in.w};
    if (op == NAS_OP_POSITIONS)
        return (nas_shape){in.c, 1, in.h * in.w};
    return in;
}

nas_status nas_latency_measure(nas_latency_table *out, nas_err *err)
{
    static const sample tiny = {NAS_STEP_ACTIVATION, NAS_OP_RELU, {1, 1, 1}, 0, 0, 0};
    int64_t units = 0;
    *out = (nas_latency_table){0};
    NAS_TRY(measure(&tiny, &out->ns_per_step, &units, err));
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        NAS_TRY(measure_class(&samples[i], (int)(i % NAS_LATENCY_CLASSES), out, err));
    for (size_t k = 0; k < sizeof by_size / sizeof by_size[0]; k++) {
        for (int size = 0; size < NAS_LATENCY_CLASSES; size++) {
            sample s = {.kind = by_size[k].kind, .op = by_size[k].op, .in = sizes[size]};
            if (s.op == NAS_OP_CONCAT)
                s.in.c /= 2;
            s.in = shape_for(s.op, s.in);
            NAS_TRY(measure_class(&s, size, out, err));
        }
    }
    out->known = true;
    return NAS_OK;
}
