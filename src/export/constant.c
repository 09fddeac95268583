#include "export/constant.h"

#include "export/naive.h"

#include <assert.h>
#include <math.h>

/* Of a sum of floats: relative to its terms, with room for thousands of them. */
static const double ROUNDING = 1e-5;
/* Of an activation by whatever approximation. */
static const double APPROXIMATION = 1e-4;

/* A node while its channels are looked at. */
typedef struct visit {
    const nas_facts *facts;
    int index;
    const nas_node *node;
    nas_shape in;          /* of the first input */
    const nas_channel *of; /* channels of the first input */
    nas_channel *out;
} visit;

static nas_channel known(double value)
{
    return (nas_channel){true, value, value, value};
}

static nas_channel between(double low, double high)
{
    return (nas_channel){false, 0, low, high};
}

static const nas_channel *channels_of(const visit *v, int input)
{
    return v->facts->channel + v->facts->first[v->node->inputs[input]];
}

const float *nas_facts_weights(const nas_facts *facts, int node, nas_weight_role role)
{
    const nas_weight *w = nas_graph_weight_of(facts->model->graph, node, role);
    return w == NULL ? NULL : facts->model->weights + w->offset;
}

static const float *weights(const visit *v, nas_weight_role role)
{
    return nas_facts_weights(v->facts, v->index, role);
}

static const float *kernel_of(const visit *v)
{
    const float *kernel = weights(v, NAS_WEIGHT_KERNEL);
    assert(kernel != NULL);
    return kernel;
}

bool nas_window_is_padded(const nas_node *node)
{
    return node->attr[NAS_ATTR_PAD].i == NAS_PAD_SAME &&
           (node->attr[NAS_ATTR_KERNEL_H].i > 1 || node->attr[NAS_ATTR_KERNEL_W].i > 1);
}

/* ---- sums ------------------------------------------------------------------------- */

typedef struct sum {
    bool known;
    double value, low, high;
    double up, down; /* what terms add above and below 0 at most */
} sum;

static sum sum_new(void)
{
    return (sum){.known = true};
}

/* Add weight * channel. @param padded  the channel may also be a 0 beside the input */
static void sum_add(sum *s, double weight, const nas_channel *c, bool padded)
{
    if (weight == 0)
        return;
    const double low = padded && c->low > 0 ? 0 : c->low;
    const double high = padded && c->high < 0 ? 0 : c->high;
    const double least = weight > 0 ? weight * low : weight * high;
    const double most = weight > 0 ? weight * high : weight * low;
    s->low += least;
    s->high += most;
    s->up += most > 0 ? most : 0;
    s->down += least < 0 ? -least : 0;
    s->known = s->known && c->known && (!padded || c->value == 0);
    s->value += s->known ? weight * c->value : 0;
}

/* Terms of one sign have a sum of that sign whatever the rounding. */
static nas_channel sum_end(const sum *s)
{
    const double room = ROUNDING * (s->up + s->down);
    if (s->known)
        return known(s->value);
    return between(s->down > 0 ? s->low - room : s->low,
                   s->up > 0 ? s->high + room : s->high);
}

static void sum_add_bias(sum *s, const float *bias, int64_t o)
{
    const nas_channel one = known(1);
    if (bias != NULL)
        sum_add(s, (double)bias[o], &one, false);
}

/* ---- operators that weigh ---------------------------------------------------------- */

static void visit_conv(const visit *v)
{
    const int64_t groups = v->node->attr[NAS_ATTR_CONV_GROUPS].i;
    const int64_t taps =
        v->node->attr[NAS_ATTR_KERNEL_H].i * v->node->attr[NAS_ATTR_KERNEL_W].i;
    const int64_t depth = v->in.c / groups, outputs = v->node->shape.c;
    const float *kernel = kernel_of(v);
    const bool padded = nas_window_is_padded(v->node);
    for (int64_t o = 0; o < outputs; o++) {
        const nas_channel *group = v->of + o / (outputs / groups) * depth;
        sum s = sum_new();
        for (int64_t i = 0; i < depth * taps; i++)
            sum_add(&s, (double)*kernel++, &group[i / taps], padded);
        sum_add_bias(&s, weights(v, NAS_WEIGHT_BIAS), o);
        v->out[o] = sum_end(&s);
    }
}

static void visit_depthwise(const visit *v)
{
    const int64_t taps =
        v->node->attr[NAS_ATTR_KERNEL_H].i * v->node->attr[NAS_ATTR_KERNEL_W].i;
    const float *kernel = kernel_of(v);
    const bool padded = nas_window_is_padded(v->node);
    for (int64_t c = 0; c < v->in.c; c++) {
        sum s = sum_new();
        for (int64_t t = 0; t < taps; t++)
            sum_add(&s, (double)*kernel++, &v->of[c], padded);
        sum_add_bias(&s, weights(v, NAS_WEIGHT_BIAS), c);
        v->out[c] = sum_end(&s);
    }
}

static void visit_dense(const visit *v)
{
    const int64_t pixels = v->in.h * v->in.w;
    const float *kernel = kernel_of(v);
    for (int64_t o = 0; o < v->node->shape.c; o++) {
        sum s = sum_new();
        for (int64_t i = 0; i < v->in.c * pixels; i++)
            sum_add(&s, (double)*kernel++, &v->of[i / pixels], false);
        sum_add_bias(&s, weights(v, NAS_WEIGHT_BIAS), o);
        v->out[o] = sum_end(&s);
    }
}

static void visit_batch_norm(const visit *v)
{
    const float *gamma = weights(v, NAS_WEIGHT_SCALE);
    const float *beta = weights(v, NAS_WEIGHT_SHIFT);
    const float *mean = weights(v, NAS_WEIGHT_MEAN);
    const float *variance = weights(v, NAS_WEIGHT_VARIANCE);
    const nas_channel one = known(1);
    for (int64_t c = 0; c < v->in.c; c++) {
        const double scale =
            (double)gamma[c] /
            sqrt((double)variance[c] + v->node->attr[NAS_ATTR_BN_EPSILON].f);
        sum s = sum_new();
        sum_add(&s, scale, &v->of[c], false);
        sum_add(&s, (double)beta[c] - (double)mean[c] * scale, &one, false);
        v->out[c] = sum_end(&s);
    }
}

/* A norm of one sample tells nothing unless its scale is 0. */
static void visit_sample_norm(const visit *v)
{
    const float *gamma = weights(v, NAS_WEIGHT_SCALE);
    const float *beta = weights(v, NAS_WEIGHT_SHIFT);
    for (int64_t c = 0; c < v->in.c; c++)
        if (gamma[c] == 0)
            v->out[c] = known((double)beta[c]);
}

/* ---- activations ------------------------------------------------------------------- */

static void visit_clamp(const visit *v)
{
    const double top = v->node->op == NAS_OP_RELU6 ? 6 : HUGE_VAL;
    for (int64_t c = 0; c < v->in.c; c++) {
        const double low = fmin(fmax(v->of[c].low, 0), top);
        const double high = fmin(fmax(v->of[c].high, 0), top);
        v->out[c] = low == high ? known(low) : between(low, high);
    }
}

static nas_channel curve_of(const nas_node *node, const nas_channel *in)
{
    const double slope = node->attr[NAS_ATTR_LEAKY_SLOPE].f;
    if (in->known)
        return known(nas_naive_curve(node->op, slope, in->value));
    switch (node->op) {
    case NAS_OP_HARD_SWISH:
        return in->high <= -3 ? known(0) : between(-HUGE_VAL, HUGE_VAL);
    case NAS_OP_HARD_SIGMOID:
        if (in->high <= -3 || in->low >= 3)
            return known(in->low >= 3);
        return between(0, 1 + APPROXIMATION);
    case NAS_OP_SIGMOID:
        return between(0, 1 + APPROXIMATION);
    case NAS_OP_TANH:
        return between(-1 - APPROXIMATION, 1 + APPROXIMATION);
    default:
        return between(-HUGE_VAL, HUGE_VAL);
    }
}

static void visit_curve(const visit *v)
{
    for (int64_t c = 0; c < v->in.c; c++)
        v->out[c] = curve_of(v->node, &v->of[c]);
}

/* ---- operators that pass on ---------------------------------------------------------
 */

static void visit_same(const visit *v)
{
    for (int64_t c = 0; c < v->in.c; c++)
        v->out[c] = v->of[c];
}

static void visit_flatten(const visit *v)
{
    const int64_t pixels = v->in.h * v->in.w;
    for (int64_t i = 0; i < v->node->shape.c; i++)
        v->out[i] = v->of[i / pixels];
}

static void visit_slice(const visit *v)
{
    for (int64_t c = 0; c < v->node->shape.c; c++)
        v->out[c] = v->of[v->node->attr[NAS_ATTR_SLICE_FROM].i + c];
}

static void visit_concat(const visit *v)
{
    nas_channel *out = v->out;
    for (int k = 0; k < v->node->n_inputs; k++) {
        const nas_channel *in = channels_of(v, k);
        const int64_t n =
            nas_graph_node(v->facts->model->graph, v->node->inputs[k])->shape.c;
        for (int64_t c = 0; c < n; c++)
            *out++ = in[c];
    }
}

static void visit_add(const visit *v)
{
    for (int64_t c = 0; c < v->in.c; c++) {
        sum s = sum_new();
        for (int k = 0; k < v->node->n_inputs; k++)
            sum_add(&s, 1, &channels_of(v, k)[c], false);
        v->out[c] = sum_end(&s);
    }
}

static nas_channel product(const nas_channel *a, const nas_channel *b)
{
    if ((a->known && a->value == 0) || (b->known && b->value == 0))
        return known(0);
    if (a->known && b->known)
        return known(a->value * b->value);
    return between(a->low >= 0 && b->low >= 0 ? 0 : -HUGE_VAL, HUGE_VAL);
}

static void visit_mul(const visit *v)
{
    for (int64_t c = 0; c < v->in.c; c++)
        v->out[c] = product(&v->of[c], &channels_of(v, 1)[c]);
}

/* ---- all ----------------------------------------------------------------------------
 */

/* Of the others nothing is known. */
static void (*const visits[NAS_OP_COUNT])(const visit *v) = {
    [NAS_OP_CONV] = visit_conv,
    [NAS_OP_DEPTHWISE] = visit_depthwise,
    [NAS_OP_DENSE] = visit_dense,
    [NAS_OP_MAX_POOL] = visit_same,
    [NAS_OP_AVG_POOL] = visit_same,
    [NAS_OP_GLOBAL_AVG_POOL] = visit_same,
    [NAS_OP_GLOBAL_MAX_POOL] = visit_same,
    [NAS_OP_BATCH_NORM] = visit_batch_norm,
    [NAS_OP_LAYER_NORM] = visit_sample_norm,
    [NAS_OP_GROUP_NORM] = visit_sample_norm,
    [NAS_OP_RELU] = visit_clamp,
    [NAS_OP_RELU6] = visit_clamp,
#define CURVE_VISIT(upper, lower) [NAS_OP_##upper] = visit_curve,
    NAS_CURVE_LIST(CURVE_VISIT)
#undef CURVE_VISIT
        [NAS_OP_ADD] = visit_add,
    [NAS_OP_MUL] = visit_mul,
    [NAS_OP_CONCAT] = visit_concat,
    [NAS_OP_SLICE] = visit_slice,
    [NAS_OP_DROPOUT] = visit_same,
    [NAS_OP_FLATTEN] = visit_flatten,
};

static void visit_node(const nas_facts *facts, int index)
{
    visit v = {.facts = facts,
               .index = index,
               .node = nas_graph_node(facts->model->graph, index),
               .out = facts->channel + facts->first[index]};
    for (int64_t c = 0; c < v.node->shape.c; c++)
        v.out[c] = between(-HUGE_VAL, HUGE_VAL);
    if (v.node->n_inputs == 0 || visits[v.node->op] == NULL)
        return;
    v.in = nas_graph_node(facts->model->graph, v.node->inputs[0])->shape;
    v.of = channels_of(&v, 0);
    visits[v.node->op](&v);
}

nas_status nas_facts_find(const nas_model *model, nas_arena *arena, nas_facts *out,
                          nas_err *err)
{
    const int n = nas_graph_count(model->graph);
    *out = (nas_facts){.model = model, .first = NAS_NEW(arena, int64_t, n + 1)};
    NAS_TRY_ALLOC(out->first, err);
    for (int i = 0; i < n; i++)
        out->first[i + 1] = out->first[i] + nas_graph_node(model->graph, i)->shape.c;
    out->channel = NAS_NEW(arena, nas_channel, out->first[n]);
    NAS_TRY_ALLOC(out->channel, err);
    for (int i = 0; i < n; i++)
        visit_node(out, i);
    return NAS_OK;
}
