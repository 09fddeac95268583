/* The reference interpreter: one function per operator, all nodes kept, one row at a
 * time. */
#include "nasmith/export.h"

#include "export/head.h"
#include "export/naive.h"

#include <string.h>

/* One node being computed. */
typedef struct ref_node {
    const nas_model *model;
    const nas_node *node;
    int index;
    nas_shape in;          /* shape of the first input */
    const double **inputs; /* [n_inputs] */
    double *out;
    double *work; /* of a recurrent node, of attention or of a spectrum */
} ref_node;

static const float *weight(const ref_node *n, nas_weight_role role)
{
    const nas_weight *w = nas_graph_weight_of(n->model->graph, n->index, role);
    return w == NULL ? NULL : n->model->weights + w->offset;
}

static nas_naive_window window(const ref_node *n, bool dilated)
{
    const nas_value *a = n->node->attr;
    nas_naive_window w = {
        .in = n->in,
        .out = n->node->shape,
        .kernel = {a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_KERNEL_W].i},
        .stride = {a[NAS_ATTR_STRIDE_H].i, a[NAS_ATTR_STRIDE_W].i},
        .dilation = {1, 1},
        .groups = 1,
    };
    if (dilated) {
        w.dilation[0] = a[NAS_ATTR_DILATION_H].i;
        w.dilation[1] = a[NAS_ATTR_DILATION_W].i;
    }
    for (int d = 0; d < 2; d++)
        w.pad[d] =
            nas_window_pad_before(w.kernel[d], w.dilation[d], (int)a[NAS_ATTR_PAD].i);
    return w;
}

static void copy(const ref_node *n)
{
    memcpy(n->out, n->inputs[0],
           (size_t)nas_shape_count(n->node->shape) * sizeof *n->out);
}

/* The input is filled in by the caller. */
static void run_input(const ref_node *n)
{
    (void)n;
}

static void run_encode(const ref_node *n)
{
    for (int64_t i = 0; i < n->node->shape.c; i++) {
        const float *column = n->node->constants + i * NAS_ENCODE_FIELDS;
        n->out[i] =
            nas_naive_encode(column, n->inputs[0][(int64_t)column[NAS_ENCODE_SOURCE]]);
    }
}

static void run_standardise(const ref_node *n)
{
    const float *mean = n->node->constants, *inverse = mean + n->in.c;
    for (int64_t i = 0; i < nas_shape_count(n->in); i++) {
        int64_t c = i / (n->in.h * n->in.w);
        n->out[i] = (n->inputs[0][i] - (double)mean[c]) * (double)inverse[c];
    }
}

static void run_spectrum(const ref_node *n)
{
    nas_naive_spectrum(n->node, n->in, n->inputs[0], n->work, n->out);
}

static void run_conv(const ref_node *n)
{
    nas_naive_window w = window(n, true);
    w.groups = n->node->attr[NAS_ATTR_CONV_GROUPS].i;
    nas_naive_conv(&w, weight(n, NAS_WEIGHT_KERNEL), weight(n, NAS_WEIGHT_BIAS),
                   n->inputs[0], n->out);
}

static void run_depthwise(const ref_node *n)
{
    nas_naive_window w = window(n, true);
    w.groups = n->in.c;
    nas_naive_conv(&w, weight(n, NAS_WEIGHT_KERNEL), weight(n, NAS_WEIGHT_BIAS),
                   n->inputs[0], n->out);
}

static void run_dense(const ref_node *n)
{
    nas_naive_dense(nas_shape_count(n->in), n->node->shape.c,
                    weight(n, NAS_WEIGHT_KERNEL), weight(n, NAS_WEIGHT_BIAS),
                    n->inputs[0], n->out);
}

static void run_max_pool(const ref_node *n)
{
    nas_naive_window w = window(n, false);
    nas_naive_max_pool(&w, n->inputs[0], n->out);
}

static void run_avg_pool(const ref_node *n)
{
    nas_naive_window w = window(n, false);
    nas_naive_avg_pool(&w, n->inputs[0], n->out);
}

static void run_global_avg_pool(const ref_node *n)
{
    nas_naive_global_avg_pool(n->in, n->inputs[0], n->out);
}

static void run_batch_norm(const ref_node *n)
{
    const float *statistics[4] = {weight(n, NAS_WEIGHT_SCALE),
                                  weight(n, NAS_WEIGHT_SHIFT), weight(n, NAS_WEIGHT_MEAN),
                                  weight(n, NAS_WEIGHT_VARIANCE)};
    nas_naive_batch_norm(n->in, statistics, n->node->attr[NAS_ATTR_BN_EPSILON].f,
                         n->inputs[0], n->out);
}

static void run_relu(const ref_node *n)
{
    for (int64_t i = 0; i < nas_shape_count(n->in); i++)
        n->out[i] = n->inputs[0][i] > 0 ? n->inputs[0][i] : 0;
}

static void run_relu6(const ref_node *n)
{
    run_relu(n);
    for (int64_t i = 0; i < nas_shape_count(n->in); i++)
        n->out[i] = n->out[i] < 6 ? n->out[i] : 6;
}

static void run_curve(const ref_node *n)
{
    const bool leaky = n->node->op == NAS_OP_LEAKY_RELU;
    const double slope = leaky ? n->node->attr[NAS_ATTR_LEAKY_SLOPE].f : 0;
    for (int64_t i = 0; i < nas_shape_count(n->in); i++)
        n->out[i] = nas_naive_curve(n->node->op, slope, n->inputs[0][i]);
}

#define CURVE_RUN(upper, lower)                                                          \
    static void run_##lower(const ref_node *n)                                           \
    {                                                                                    \
        run_curve(n);                                                                    \
    }
NAS_CURVE_LIST(CURVE_RUN)
#undef CURVE_RUN

static void run_recurrent(const ref_node *n)
{
    const nas_value *a = n->node->attr;
    const int64_t units = a[NAS_ATTR_RECURRENT_OUT].i;
    const int64_t rows = (n->node->op == NAS_OP_LSTM ? 4 : 3) * units;
    nas_naive_recurrent r = {
        .op = n->node->op,
        .steps = n->in.w,
        .inputs = n->in.c,
        .units = units,
        .sequence = a[NAS_ATTR_RECURRENT_SEQUENCE].i != 0,
        .kernel = weight(n, NAS_WEIGHT_KERNEL),
        .recurrent = weight(n, NAS_WEIGHT_RECURRENT),
        .bias = weight(n, NAS_WEIGHT_BIAS),
        .carry_bias = weight(n, NAS_WEIGHT_CARRY_BIAS),
    };
    nas_naive_recurrent_run(&r, n->inputs[0], n->work, n->out);
    if (!a[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i)
        return;
    r.reverse = true;
    r.kernel += rows * r.inputs;
    r.recurrent += rows * units;
    r.bias += rows;
    if (r.carry_bias != NULL)
        r.carry_bias += units;
    nas_naive_recurrent_run(&r, n->inputs[0], n->work, n->out + units * n->node->shape.w);
}

static void run_lstm(const ref_node *n)
{
    run_recurrent(n);
}

static void run_gru(const ref_node *n)
{
    run_recurrent(n);
}

static void sample_norm(const ref_node *n, int64_t groups)
{
    const float *const affine[2] = {weight(n, NAS_WEIGHT_SCALE),
                                    weight(n, NAS_WEIGHT_SHIFT)};
    nas_naive_sample_norm(n->in, groups, affine,
                          n->node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f, n->inputs[0],
                          n->out);
}

static void run_layer_norm(const ref_node *n)
{
    sample_norm(n, 0);
}

static void run_group_norm(const ref_node *n)
{
    sample_norm(n, n->node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i);
}

static void run_tokens(const ref_node *n)
{
    const float *table = weight(n, NAS_WEIGHT_TABLE), *bias = weight(n, NAS_WEIGHT_BIAS);
    const int64_t channels = n->node->shape.c, columns = n->in.c;
    for (int64_t i = 0; i < channels * columns; i++) {
        const int64_t column = i / channels, c = i % channels;
        n->out[c * columns + column] =
            n->inputs[0][column] * (double)table[i] + (double)bias[i];
    }
}

static void run_positions(const ref_node *n)
{
    const float *table = weight(n, NAS_WEIGHT_TABLE);
    for (int64_t i = 0; i < nas_shape_count(n->in); i++)
        n->out[i] = n->inputs[0][i] +
                    (table != NULL ? (double)table[i]
                                   : nas_position(i / n->in.w, n->in.c, i % n->in.w));
}

static void run_attention(const ref_node *n)
{
    nas_naive_attention(n->node->shape.c, n->node->attr[NAS_ATTR_ATTENTION_HEADS].i,
                        n->in.w, n->inputs[0], n->work, n->out);
}

static void run_mul(const ref_node *n)
{
    const nas_shape b = nas_graph_node(n->model->graph, n->node->inputs[1])->shape;
    const int64_t share = nas_shape_count(n->in) / nas_shape_count(b);
    for (int64_t i = 0; i < nas_shape_count(n->in); i++)
        n->out[i] = n->inputs[0][i] * n->inputs[1][i / share];
}

static void run_global_max_pool(const ref_node *n)
{
    nas_naive_global_max_pool(n->in, n->inputs[0], n->out);
}

static void run_add(const ref_node *n)
{
    copy(n);
    for (int k = 1; k < n->node->n_inputs; k++)
        for (int64_t i = 0; i < nas_shape_count(n->in); i++)
            n->out[i] += n->inputs[k][i];
}

static void run_concat(const ref_node *n)
{
    double *out = n->out;
    for (int k = 0; k < n->node->n_inputs; k++) {
        const nas_node *input = nas_graph_node(n->model->graph, n->node->inputs[k]);
        int64_t count = nas_shape_count(input->shape);
        memcpy(out, n->inputs[k], (size_t)count * sizeof *out);
        out += count;
    }
}

static void run_slice(const ref_node *n)
{
    const int64_t plane = n->in.h * n->in.w;
    memcpy(n->out, n->inputs[0] + n->node->attr[NAS_ATTR_SLICE_FROM].i * plane,
           (size_t)nas_shape_count(n->node->shape) * sizeof *n->out);
}

static void run_dropout(const ref_node *n)
{
    copy(n);
}

static void run_flatten(const ref_node *n)
{
    copy(n);
}

static void run_softmax(const ref_node *n)
{
    nas_naive_softmax(n->in.c, n->inputs[0], n->out);
}

typedef void (*ref_function)(const ref_node *n);

static const ref_function functions[NAS_OP_COUNT] = {
#define REF_ENTRY(upper, lower) [NAS_OP_##upper] = run_##lower,
    NAS_OP_LIST(REF_ENTRY)
#undef REF_ENTRY
};

static int64_t work_of(const ref_node *n)
{
    if (n->node->op == NAS_OP_SPECTRUM)
        return nas_naive_spectrum_work(n->node, n->in);
    return 3 * n->node->shape.c + n->node->shape.w;
}

/* Memory and pointers of all nodes, made once for all rows. */
static ref_node *prepare(const nas_model *model, nas_arena *arena)
{
    const int count = nas_graph_count(model->graph);
    ref_node *nodes = NAS_NEW(arena, ref_node, count);
    if (nodes == NULL)
        return NULL;
    for (int i = 0; i < count; i++) {
        ref_node *n = &nodes[i];
        n->model = model;
        n->node = nas_graph_node(model->graph, i);
        n->index = i;
        n->inputs = NAS_NEW(arena, const double *, n->node->n_inputs);
        n->out = NAS_NEW(arena, double, nas_shape_count(n->node->shape));
        if (n->inputs == NULL || n->out == NULL)
            return NULL;
        for (int k = 0; k < n->node->n_inputs; k++)
            n->inputs[k] = nodes[n->node->inputs[k]].out;
        if (n->node->n_inputs > 0)
            n->in = nodes[n->node->inputs[0]].node->shape;
        n->work = NAS_NEW(arena, double, work_of(n));
        if (n->work == NULL)
            return NULL;
    }
    return nodes;
}

static void run_row(const nas_model *model, const ref_node *nodes, const float *in,
                    float *out)
{
    for (int64_t i = 0; i < nas_shape_count(nas_graph_input_shape(model->graph)); i++)
        nodes[0].out[i] = (double)in[i];
    for (int i = 0; i < nas_graph_count(model->graph); i++)
        functions[nodes[i].node->op](&nodes[i]);
    double *last = nodes[nas_graph_output(model->graph)].out;
    if (nas_head_has_softmax(model))
        nas_naive_softmax(model->n_outputs, last, last);
    for (int64_t i = 0; i < model->n_outputs; i++) {
        double y = last[i];
        if (nas_head_has_scale(model))
            y = y * (double)model->target_deviation[i] + (double)model->target_mean[i];
        out[i] = (float)y;
    }
}

nas_status nas_reference_run(const nas_model *model, const float *inputs, int64_t n,
                             float *outputs, nas_err *err)
{
    NAS_TRY(nas_head_check(model, err));
    const int64_t row = nas_shape_count(nas_graph_input_shape(model->graph));
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    const ref_node *nodes = prepare(model, arena);
    for (int64_t i = 0; nodes != NULL && i < n; i++)
        run_row(model, nodes, inputs + i * row, outputs + i * model->n_outputs);
    nas_arena_free(arena);
    NAS_TRY_ALLOC(nodes, err);
    return NAS_OK;
}
