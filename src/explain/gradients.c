/* M. Sundararajan, A. Taly, Q. Yan, "Axiomatic Attribution for Deep Networks", ICML 2017.
 *
 *   x0    the channels' means             x    a row
 *   F     log-probability of the answer (regression: the first target)
 *   IG_i  (x_i - x0_i) * mean over steps of dF/dx_i at x0 + a*(x - x0)
 *
 * Steps lie at the middles of equal parts of [0, 1]. */
#include "explain/attribution.h"

#include <math.h>
#include <string.h>

enum { STEPS = 16, BATCH = 16, LEAST_ROWS = 4, MOST_ROWS = 64 };

typedef struct walker {
    const nas_subject *subject;
    nas_net *net;
    float *path;     /* [BATCH][size]: points between mean and row */
    float *gradient; /* [BATCH][size] */
    float *targets;  /* [BATCH][n_outputs] */
    double *row_map; /* [size] */
} walker;

/* dF/dx at all points of the path, for class `answer`. */
static void differentiate(walker *w, int64_t answer)
{
    const nas_subject *s = w->subject;
    const int64_t k = s->n_outputs;
    int32_t labels[BATCH];
    nas_rng rng = nas_rng_new(0, 0); /* nothing is random: dropout is gone */
    for (int i = 0; i < BATCH; i++)
        labels[i] = (int32_t)answer;
    bool classes = s->truth.labels != NULL;
    if (!classes) { /* dL/dy of the first target becomes 1/BATCH, of the others 0 */
        memset(w->targets, 0, (size_t)(BATCH * k) * sizeof *w->targets);
        nas_net_batch_floats(w->net, w->path, NULL, w->targets, BATCH);
        (void)nas_net_forward(w->net, true, &rng);
        nas_net_outputs(w->net, false, w->targets);
        for (int i = 0; i < BATCH; i++)
            w->targets[i * k] -= 0.5f * (float)k;
    }
    nas_net_batch_floats(w->net, w->path, classes ? labels : NULL,
                         classes ? NULL : w->targets, BATCH);
    (void)nas_net_forward(w->net, true, &rng);
    nas_net_backward(w->net);
    nas_net_input_gradient(w->net, w->gradient);
    float unit = classes ? -(float)BATCH : (float)BATCH * s->model->target_deviation[0];
    for (int64_t i = 0; i < BATCH * s->size; i++)
        w->gradient[i] *= unit;
}

/* The net's gradient is for the input behind the front section, which multiplies
 * differences by its factors. */
static void fill_factors(const nas_subject *s, double *factor)
{
    for (int64_t c = 0; c < s->shape.c; c++)
        factor[c] = 1;
    for (int i = 0; i < nas_graph_count(s->model->graph); i++) {
        const nas_node *node = nas_graph_node(s->model->graph, i);
        for (int64_t c = 0; c < s->shape.c && node->op == NAS_OP_STANDARDISE; c++)
            factor[c] *= (double)node->constants[s->shape.c + c];
    }
}

static void walk(walker *w, int64_t row, const double *factor)
{
    const nas_subject *s = w->subject;
    const int64_t plane = s->shape.h * s->shape.w;
    const float *x = s->inputs + row * s->size;
    int64_t answer = nas_answer_of(s->truth.outputs + row * s->n_outputs, s->n_outputs);
    memset(w->row_map, 0, (size_t)s->size * sizeof *w->row_map);
    for (int i = 0; i < STEPS; i++)
        for (int64_t k = 0; k < s->size; k++) {
            float mean = s->mean[k / plane];
            w->path[i * s->size + k] = mean + ((float)i + 0.5f) / STEPS * (x[k] - mean);
        }
    differentiate(w, answer);
    for (int i = 0; i < STEPS; i++)
        for (int64_t k = 0; k < s->size; k++) {
            double difference = (double)x[k] - (double)s->mean[k / plane];
            w->row_map[k] += difference * factor[k / plane] *
                             (double)w->gradient[i * s->size + k] / STEPS;
        }
}

/* F at the row less F at the mean input. */
static double change_of(const nas_subject *s, int64_t row, const float *at_mean)
{
    const float *y = s->truth.outputs + row * s->n_outputs;
    if (s->truth.labels == NULL)
        return (double)y[0] - (double)at_mean[0];
    int64_t answer = nas_answer_of(y, s->n_outputs);
    return log(fmax((double)y[answer], 1e-12)) -
           log(fmax((double)at_mean[answer], 1e-12));
}

static nas_status walk_rows(walker *w, nas_gradients *out, nas_err *err)
{
    const nas_subject *s = w->subject;
    const int64_t plane = s->shape.h * s->shape.w;
    double *factor = NAS_NEW(s->arena, double, s->shape.c);
    float *at_mean = NAS_NEW(s->arena, float, s->n_outputs);
    NAS_TRY_ALLOC(factor, err);
    NAS_TRY_ALLOC(at_mean, err);
    fill_factors(s, factor);
    for (int64_t k = 0; k < s->size; k++)
        w->path[k] = s->mean[k / plane];
    nas_subject_answer(s, w->path, 1, at_mean);
    for (int64_t row = 0; row < out->rows; row++) {
        double sum = 0;
        walk(w, row, factor);
        for (int64_t k = 0; k < s->size; k++) {
            out->map[k % plane] += w->row_map[k] / (double)out->rows;
            sum += w->row_map[k];
        }
        out->gap += fabs(sum - change_of(s, row, at_mean)) / (double)out->rows;
    }
    return NAS_OK;
}

static nas_status compile(walker *w, const nas_graph *graph, const float *weights,
                          nas_workspace *workspace, nas_err *err)
{
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.input_gradient = true;
    options.loss =
        w->subject->truth.labels != NULL ? NAS_LOSS_CROSS_ENTROPY : NAS_LOSS_MSE;
    NAS_TRY(nas_net_compile(graph, &options, workspace, &w->net, err));
    memcpy(nas_net_weights(w->net), weights,
           (size_t)nas_net_floats(w->net) * sizeof *weights);
    return NAS_OK;
}

static nas_status run(walker *w, nas_workspace *workspace, nas_gradients *out,
                      nas_err *err)
{
    nas_graph *graph = NULL;
    float *weights = NULL;
    const nas_model *model = w->subject->model;
    NAS_TRY_ALLOC(workspace, err);
    NAS_TRY(nas_graph_frozen(model->graph, model->weights, w->subject->arena, &graph,
                             &weights, err));
    nas_status status = compile(w, graph, weights, workspace, err);
    if (status == NAS_OK)
        status = walk_rows(w, out, err);
    nas_net_free(w->net);
    nas_graph_free(graph);
    return status;
}

nas_status nas_gradients_of(const nas_subject *s, nas_gradients *out, nas_err *err)
{
    _Static_assert(STEPS == BATCH, "one row's path is one batch");
    int64_t rows = nas_subject_rows_for(s, 3 * STEPS, LEAST_ROWS);
    walker w = {.subject = s,
                .path = NAS_NEW(s->arena, float, BATCH * s->size),
                .gradient = NAS_NEW(s->arena, float, BATCH * s->size),
                .targets = NAS_NEW(s->arena, float, BATCH * s->n_outputs),
                .row_map = NAS_NEW(s->arena, double, s->size)};
    *out = (nas_gradients){.height = s->shape.h,
                           .width = s->shape.w,
                           .rows = rows < MOST_ROWS ? rows : MOST_ROWS,
                           .map = NAS_NEW(s->arena, double, s->shape.h * s->shape.w)};
    if (w.path == NULL || w.gradient == NULL || w.targets == NULL || w.row_map == NULL ||
        out->map == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    nas_workspace *workspace = nas_workspace_new();
    nas_status status = run(&w, workspace, out, err);
    nas_workspace_free(workspace);
    return status;
}
