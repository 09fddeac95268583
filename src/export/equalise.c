/* Cross-layer equalisation: Nagel, van Baalen, Blankevoort, Welling, "Data-Free
 * Quantization Through Weight Equalization and Bias Correction", ICCV 2019,
 * doi:10.1109/ICCV.2019.00141, section 4.1.
 *
 * Deviations: weights have one scale per output channel here, so what a channel shares
 * its scale with is the tensor it is written to; r1 is the largest value seen in the
 * channel, not the range of its weights. Pools and flatten may stand between two layers.
 *
 * symbol  identifier  what
 * r1      seen        largest magnitude of the channel between two layers
 * r2      read        largest weight that the second layer reads it with
 * s       factor      sqrt(r1 / r2): the channel is divided, its readers multiplied */
#include "export/equalise.h"

#include "nasmith/graph.h"

#include <math.h>

/* Beyond this ratio a channel is as good as dead, and its scale means nothing. */
static const double MOST_FACTOR = 64.0;

typedef struct equalising {
    const nas_program *program;
    const nas_statistics *statistics;
    float *weights;
    int *only_reader; /* [n_steps]: the step that alone reads this one's result, or -1 */
} equalising;

static const nas_step *step_at(const equalising *e, int index)
{
    return &e->program->steps[index];
}

/* Values of a weight in the flat vector, or NULL. */
static float *values_of(const equalising *e, int node, nas_weight_role role)
{
    const nas_weight *weight = nas_graph_weight_of(e->program->graph, node, role);
    return weight != NULL ? e->weights + weight->offset : NULL;
}

/* ---- which layers ------------------------------------------------------------------ */

static bool is_layer(nas_step_kind kind)
{
    return kind == NAS_STEP_CONV || kind == NAS_STEP_DEPTHWISE ||
           kind == NAS_STEP_DENSE || kind == NAS_STEP_AFFINE;
}

/* A step through which a factor per channel passes. */
static bool passes(nas_step_kind kind)
{
    return kind == NAS_STEP_MAX_POOL || kind == NAS_STEP_AVG_POOL ||
           kind == NAS_STEP_GLOBAL_AVG_POOL || kind == NAS_STEP_GLOBAL_MAX_POOL;
}

/* A clamp at 6 is none at 6 / s. */
static bool can_shrink(const nas_step *step)
{
    return is_layer(step->kind) && step->activation != NAS_ACT_RELU6;
}

static bool can_grow(const equalising *e, const nas_step *step)
{
    const nas_node *node = nas_graph_node(e->program->graph, step->node);
    if (step->kind == NAS_STEP_CONV)
        return node->attr[NAS_ATTR_CONV_GROUPS].i == 1;
    return is_layer(step->kind);
}

/* The layer that reads a layer's result, through pools only; -1: none, or not alone. */
static int next_layer(const equalising *e, int index)
{
    int at = e->only_reader[index];
    while (at >= 0 && passes(step_at(e, at)->kind))
        at = e->only_reader[at];
    return at >= 0 && can_grow(e, step_at(e, at)) ? at : -1;
}

static nas_status find_readers(equalising *e, nas_arena *arena, nas_err *err)
{
    const nas_program *p = e->program;
    int *writer = NAS_NEW(arena, int, p->n_buffers);
    int *readers = NAS_NEW(arena, int, p->n_steps);
    e->only_reader = NAS_NEW(arena, int, p->n_steps);
    if (writer == NULL || readers == NULL || e->only_reader == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int b = 0; b < p->n_buffers; b++)
        writer[b] = -1;
    for (int s = 0; s < p->n_steps; s++) {
        e->only_reader[s] = -1;
        for (int k = 0; k < p->steps[s].n_inputs; k++) {
            const int from = writer[p->steps[s].inputs[k]];
            if (from >= 0)
                e->only_reader[from] = readers[from]++ == 0 ? s : -1;
        }
        writer[p->steps[s].output] = s;
    }
    const int last = writer[p->output_buffer];
    if (last >= 0)
        e->only_reader[last] = -1;
    return NAS_OK;
}

/* ---- factors ----------------------------------------------------------------------- */

/* Weights that a step multiplies one channel of its input with: `n` runs of `length`
 * values, `stride` apart. */
typedef struct column {
    float *first;
    int64_t n, length, stride;
} column;

static column column_of(const equalising *e, const nas_step *step, int64_t channels,
                        int64_t c)
{
    float *kernel = values_of(e, step->node, NAS_WEIGHT_KERNEL);
    if (step->kind == NAS_STEP_AFFINE)
        return (column){values_of(e, step->node, NAS_WEIGHT_SCALE) + c, 1, 1, 1};
    const int64_t inputs =
        step->kind == NAS_STEP_DENSE ? nas_shape_count(step->in) : step->in.c;
    int64_t taps = inputs / channels; /* of a flattened image */
    if (step->kind != NAS_STEP_DENSE) {
        const nas_value *a = nas_graph_node(e->program->graph, step->node)->attr;
        taps = a[NAS_ATTR_KERNEL_H].i * a[NAS_ATTR_KERNEL_W].i;
    }
    if (step->kind == NAS_STEP_DEPTHWISE)
        return (column){kernel + c * taps, 1, taps, taps};
    return (column){kernel + c * taps, step->out.c, taps, channels * taps};
}

static double largest_of(const column *w)
{
    double most = 0.0;
    for (int64_t run = 0; w->first != NULL && run < w->n; run++)
        for (int64_t i = 0; i < w->length; i++)
            most = fmax(most, fabs((double)w->first[run * w->stride + i]));
    return most;
}

static void scale(float *values, int64_t n, double factor)
{
    for (int64_t i = 0; values != NULL && i < n; i++)
        values[i] = (float)((double)values[i] * factor);
}

/* Divide a layer's output channel. */
static void shrink(const equalising *e, const nas_step *step, int64_t c, double factor)
{
    const bool norm = step->kind == NAS_STEP_AFFINE || step->norm_node >= 0;
    const int node = step->norm_node >= 0 ? step->norm_node : step->node;
    const double by = 1.0 / factor;
    if (norm) {
        scale(values_of(e, node, NAS_WEIGHT_SCALE) + c, 1, by);
        scale(values_of(e, node, NAS_WEIGHT_SHIFT) + c, 1, by);
        return;
    }
    const nas_weight *kernel =
        nas_graph_weight_of(e->program->graph, node, NAS_WEIGHT_KERNEL);
    float *bias = values_of(e, node, NAS_WEIGHT_BIAS);
    const int64_t row = kernel->count / step->out.c;
    scale(e->weights + kernel->offset + c * row, row, by);
    scale(bias == NULL ? NULL : bias + c, 1, by);
}

/* Multiply what a layer reads a channel with. */
static void grow(const equalising *e, const nas_step *step, const column *w, int64_t c,
                 double factor)
{
    for (int64_t i = 0; i < w->n; i++)
        scale(w->first + i * w->stride, w->length, factor);
    if (step->kind == NAS_STEP_AFFINE)
        scale(values_of(e, step->node, NAS_WEIGHT_MEAN) + c, 1, 1.0 / factor);
}

/* Equalise the channels between two layers. @return how many were scaled */
static int64_t equalise_pair(const equalising *e, const nas_step *first,
                             const nas_step *second)
{
    const int64_t channels = first->out.c;
    const nas_statistics *s = &e->statistics[first->node];
    int64_t scaled = 0;
    if (second->kind != NAS_STEP_DENSE && second->in.c != channels)
        return 0; /* a flatten in between */
    for (int64_t c = 0; c < channels; c++) {
        const column w = column_of(e, second, channels, c);
        const double seen = s->most[c], read = largest_of(&w);
        if (!(seen > 0.0) || !(read > 0.0))
            continue;
        const double factor = sqrt(seen / read);
        if (factor > MOST_FACTOR || factor < 1.0 / MOST_FACTOR)
            continue;
        shrink(e, first, c, factor);
        grow(e, second, &w, c, factor);
        scaled++;
    }
    return scaled;
}

nas_status nas_equalise(const nas_program *program, const nas_statistics *statistics,
                        float *weights, int64_t *channels, nas_err *err)
{
    equalising e = {.program = program, .statistics = statistics};
    e.weights = weights;
    *channels = 0;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = find_readers(&e, arena, err);
    for (int s = 0; status == NAS_OK && s < program->n_steps; s++) {
        const int next = can_shrink(step_at(&e, s)) ? next_layer(&e, s) : -1;
        if (next >= 0)
            *channels += equalise_pair(&e, step_at(&e, s), step_at(&e, next));
    }
    nas_arena_free(arena);
    return status;
}
