#include "nasmith/plan.h"

#include <math.h>
#include <string.h>

static const float *tensor(const nas_program *program, int node, nas_weight_role role,
                           const float *weights)
{
    const nas_weight *w = nas_graph_weight_of(program->graph, node, role);
    return w == NULL ? NULL : weights + w->offset;
}

/* Count of the tensor of a role, 0 when there is none. */
static int64_t size_of(const nas_program *program, int node, nas_weight_role role)
{
    const nas_weight *w = nas_graph_weight_of(program->graph, node, role);
    return w == NULL ? 0 : w->count;
}

void nas_program_weight_sizes(const nas_program *program, const nas_step *step,
                              int64_t *kernel, int64_t *bias)
{
    const int node = step->node;
    switch (step->kind) {
    case NAS_STEP_AFFINE:
    case NAS_STEP_LAYER_NORM:
    case NAS_STEP_GROUP_NORM:
        *kernel = *bias = step->out.c;
        return;
    case NAS_STEP_LSTM:
    case NAS_STEP_GRU:
        *kernel = size_of(program, node, NAS_WEIGHT_KERNEL) +
                  size_of(program, node, NAS_WEIGHT_RECURRENT);
        *bias = size_of(program, node, NAS_WEIGHT_BIAS) +
                size_of(program, node, NAS_WEIGHT_CARRY_BIAS);
        return;
    case NAS_STEP_TOKENS:
        *kernel = *bias = size_of(program, node, NAS_WEIGHT_TABLE);
        return;
    case NAS_STEP_POSITIONS:
        *kernel = nas_shape_count(step->out);
        *bias = 0;
        return;
    default:
        *kernel = size_of(program, node, NAS_WEIGHT_KERNEL);
        *bias = *kernel == 0 ? 0 : step->out.c;
    }
}

/* y = x*scale + shift of a batch norm with its running statistics. */
static void norm_terms(const nas_program *program, int node, const float *weights,
                       int64_t channel, double *scale, double *shift)
{
    double epsilon = nas_graph_node(program->graph, node)->attr[NAS_ATTR_BN_EPSILON].f;
    const float *gamma = tensor(program, node, NAS_WEIGHT_SCALE, weights);
    const float *beta = tensor(program, node, NAS_WEIGHT_SHIFT, weights);
    const float *mean = tensor(program, node, NAS_WEIGHT_MEAN, weights);
    const float *variance = tensor(program, node, NAS_WEIGHT_VARIANCE, weights);
    *scale = (double)gamma[channel] / sqrt((double)variance[channel] + epsilon);
    *shift = (double)beta[channel] - (double)mean[channel] * *scale;
}

static void fold_affine(const nas_program *program, const nas_step *step,
                        const float *weights, float *kernel, float *bias)
{
    for (int64_t c = 0; c < step->out.c; c++) {
        double scale;
        double shift;
        norm_terms(program, step->node, weights, c, &scale, &shift);
        kernel[c] = (float)scale;
        bias[c] = (float)shift;
    }
}

/* Append the tensor of a role. @return the end */
static float *append(const nas_program *program, int node, nas_weight_role role,
                     const float *weights, float *to)
{
    const int64_t n = size_of(program, node, role);
    if (n > 0)
        memcpy(to, tensor(program, node, role, weights), (size_t)n * sizeof *to);
    return to + n;
}

static void fold_recurrent(const nas_program *program, int node, const float *weights,
                           float *kernel, float *bias)
{
    kernel = append(program, node, NAS_WEIGHT_KERNEL, weights, kernel);
    (void)append(program, node, NAS_WEIGHT_RECURRENT, weights, kernel);
    bias = append(program, node, NAS_WEIGHT_BIAS, weights, bias);
    (void)append(program, node, NAS_WEIGHT_CARRY_BIAS, weights, bias);
}

/* The trained table, or the sinusoids. */
static void fold_positions(const nas_program *program, const nas_step *step,
                           const float *weights, float *kernel)
{
    const nas_shape shape = step->out;
    if (size_of(program, step->node, NAS_WEIGHT_TABLE) > 0) {
        (void)append(program, step->node, NAS_WEIGHT_TABLE, weights, kernel);
        return;
    }
    for (int64_t i = 0; i < nas_shape_count(shape); i++)
        kernel[i] = (float)nas_position(i / shape.w, shape.c, i % shape.w);
}

/* Every kernel lays its output channels out first, so one output channel is one run. */
static void fold_weighted(const nas_program *program, const nas_step *step,
                          const float *weights, float *kernel, float *bias)
{
    int64_t n_kernel;
    int64_t n_bias;
    nas_program_weight_sizes(program, step, &n_kernel, &n_bias);
    const float *from = tensor(program, step->node, NAS_WEIGHT_KERNEL, weights);
    const float *from_bias = tensor(program, step->node, NAS_WEIGHT_BIAS, weights);
    int64_t run = n_bias == 0 ? 0 : n_kernel / n_bias;
    for (int64_t c = 0; c < n_bias; c++) {
        double scale = 1.0;
        double shift = 0.0;
        if (step->norm_node >= 0)
            norm_terms(program, step->norm_node, weights, c, &scale, &shift);
        for (int64_t i = c * run; i < (c + 1) * run; i++)
            kernel[i] = (float)((double)from[i] * scale);
        double before = from_bias == NULL ? 0.0 : (double)from_bias[c];
        bias[c] = (float)(before * scale + shift);
    }
}

void nas_program_fold(const nas_program *program, const nas_step *step,
                      const float *weights, float *kernel, float *bias)
{
    switch (step->kind) {
    case NAS_STEP_AFFINE:
        fold_affine(program, step, weights, kernel, bias);
        return;
    case NAS_STEP_LSTM:
    case NAS_STEP_GRU:
        fold_recurrent(program, step->node, weights, kernel, bias);
        return;
    case NAS_STEP_LAYER_NORM:
    case NAS_STEP_GROUP_NORM:
        (void)append(program, step->node, NAS_WEIGHT_SCALE, weights, kernel);
        (void)append(program, step->node, NAS_WEIGHT_SHIFT, weights, bias);
        return;
    case NAS_STEP_TOKENS:
        (void)append(program, step->node, NAS_WEIGHT_TABLE, weights, kernel);
        (void)append(program, step->node, NAS_WEIGHT_BIAS, weights, bias);
        return;
    case NAS_STEP_POSITIONS:
        fold_positions(program, step, weights, kernel);
        return;
    default:
        fold_weighted(program, step, weights, kernel, bias);
    }
}
