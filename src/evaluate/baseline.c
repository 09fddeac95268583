#include "evaluate/forward.h"
#include "evaluate/sample.h"

#include <assert.h>

/* ---- majority and mean ------------------------------------------------- */

/* Class frequencies, or target means, over rows. */
static void constant_output(const nas_dataset *data, const int64_t *rows, int64_t n,
                            double *out)
{
    int64_t outputs = data->n_outputs;
    for (int64_t k = 0; k < outputs; k++)
        out[k] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (data->labels != NULL)
            out[data->labels[rows[i]]] += 1.0;
        else
            for (int64_t k = 0; k < outputs; k++)
                out[k] += (double)data->targets[rows[i] * outputs + k];
    }
    for (int64_t k = 0; k < outputs; k++)
        out[k] /= (double)n;
}

static nas_status score_constant(const nas_dataset *data, const int64_t *train, int64_t n,
                                 nas_predictions *predictions, float *outputs,
                                 nas_arena *arena)
{
    int64_t k = data->n_outputs;
    double *constant = NAS_NEW(arena, double, k);
    NAS_TRY_ALLOC(constant, NULL);
    constant_output(data, train, n, constant);
    for (int64_t i = 0; i < predictions->n * k; i++)
        outputs[i] = (float)constant[i % k];
    return NAS_OK;
}

/* Anomalies are far in units of what varies among normal rows.
 * @return false when memory is out */
static bool fit_units(const nas_dataset *data, const int64_t *train, int64_t n,
                      nas_arena *arena, nas_predictions *predictions)
{
    if (data->anomalies == NULL)
        return true;
    float *mean = NAS_NEW(arena, float, data->n_outputs);
    float *deviation = NAS_NEW(arena, float, data->n_outputs);
    if (mean == NULL || deviation == NULL)
        return false;
    nas_sample_targets(data, train, n, mean, deviation);
    predictions->deviation = deviation;
    return true;
}

nas_score nas_baseline_constant(const nas_dataset *data, const int64_t *train, int64_t n,
                                const nas_dataset *on, const int64_t *rows, int64_t m,
                                const nas_metric *metric)
{
    assert(n >= 1 && data->n_outputs == on->n_outputs && data->task == on->task);
    nas_score score = nas_score_none(m);
    nas_arena *arena = nas_arena_new();
    nas_predictions predictions;
    float *outputs;
    if (arena != NULL &&
        nas_predictions_new(on, rows, m, arena, &predictions, &outputs, NULL) == NAS_OK &&
        score_constant(data, train, n, &predictions, outputs, arena) == NAS_OK &&
        fit_units(data, train, n, arena, &predictions))
        score = metric->score(&predictions, nas_rng_new(data->fingerprint, 1));
    nas_arena_free(arena);
    return score;
}

/* ---- trained baselines ------------------------------------------------- */

static nas_status finish(nas_graph_builder *builder, int output, nas_graph **out,
                         nas_err *err)
{
    nas_status status = nas_graph_finish(builder, output, out, err);
    nas_graph_builder_free(builder);
    return status;
}

nas_status nas_baseline_linear(nas_shape input, int64_t n_outputs, nas_graph **out,
                               nas_err *err)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    int node = nas_graph_add_input(builder, input);
    node = nas_graph_add_dense(builder, node, n_outputs, "linear");
    return finish(builder, node, out, err);
}

static int normalise(nas_graph_builder *builder, int node)
{
    node = nas_graph_add_unary(builder, NAS_OP_BATCH_NORM, node, "norm");
    return nas_graph_add_unary(builder, NAS_OP_RELU, node, "relu");
}

/* Halve while there is something to halve. */
static int halve(nas_graph_builder *builder, int node)
{
    nas_shape shape = nas_graph_builder_shape(builder, node);
    if (shape.w < 4 || (shape.h > 1 && shape.h < 4))
        return node;
    return nas_graph_add_pool(builder, NAS_OP_MAX_POOL, node, 2, 2, NAS_PAD_VALID,
                              "pool");
}

/* Three convolutions with pools between: about 29 k parameters for images (3x3 kernels),
 * about 32 k for series (kernels of 5). */
static int standard_features(nas_graph_builder *builder, int node, bool image)
{
    static const int64_t IMAGE[] = {16, 32, 80};
    static const int64_t SERIES[] = {32, 64, 64};
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            node = halve(builder, node);
        node = nas_graph_add_conv(builder, node, image ? IMAGE[i] : SERIES[i],
                                  image ? 3 : 5, 1, "conv");
        node = normalise(builder, node);
    }
    return nas_graph_add_unary(builder, NAS_OP_GLOBAL_AVG_POOL, node, "mean");
}

/* Two hidden layers, as wide as 30 k parameters allow. */
static int standard_hidden(nas_graph_builder *builder, int node, int64_t n_outputs)
{
    int64_t inputs = nas_graph_builder_shape(builder, node).c;
    int64_t width = 16;
    while (width < 256 && (width + 8) * (inputs + width + 8 + n_outputs) <= 30000)
        width += 8;
    for (int i = 0; i < 2; i++) {
        node = nas_graph_add_dense(builder, node, width, "hidden");
        node = normalise(builder, node);
    }
    return node;
}

nas_status nas_baseline_standard(nas_shape input, int64_t n_outputs, nas_graph **out,
                                 nas_err *err)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    int node = nas_graph_add_input(builder, input);
    if (input.h == 1 && input.w == 1)
        node = standard_hidden(builder, node, n_outputs);
    else
        node = standard_features(builder, node, input.h > 1);
    node = nas_graph_add_dense(builder, node, n_outputs, "head");
    return finish(builder, node, out, err);
}
