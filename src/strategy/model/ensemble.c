#include "strategy/model/ensemble.h"

#include "nasmith/net.h"

#include <math.h>

enum { BATCH = 32, USE_WEIGHTS = 0, USE_ORDER = 1, USES = 2 };
static const float RATE = 0.01f;

/* What one call owns. */
typedef struct ensemble {
    nas_graph *graph;
    nas_workspace *workspace;
    nas_net *net;
    nas_arena *arena;
    float *x, *y;   /* one batch */
    int64_t *order; /* [n] */
} ensemble;

static nas_status build(const ensemble_shape *shape, nas_graph **out, nas_err *err)
{
    nas_graph_builder *b = nas_graph_builder_new();
    NAS_TRY_ALLOC(b, err);
    int at = nas_graph_add_input(b, (nas_shape){shape->inputs, 1, 1});
    for (int i = 0; i < shape->layers; i++) {
        at = nas_graph_add_dense(b, at, shape->width, "");
        at = nas_graph_add_unary(b, NAS_OP_RELU, at, "");
    }
    at = nas_graph_add_dense(b, at, 1, "");
    nas_status status = nas_graph_finish(b, at, out, err);
    nas_graph_builder_free(b);
    return status;
}

static nas_status open_ensemble(ensemble *e, const ensemble_shape *shape, int64_t n,
                                nas_err *err)
{
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.loss = NAS_LOSS_HUBER;
    NAS_TRY(build(shape, &e->graph, err));
    e->arena = nas_arena_new();
    e->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(e->arena, err);
    NAS_TRY_ALLOC(e->workspace, err);
    NAS_TRY(nas_net_compile(e->graph, &options, e->workspace, &e->net, err));
    e->x = NAS_NEW(e->arena, float, BATCH * shape->inputs);
    e->y = NAS_NEW(e->arena, float, BATCH);
    e->order = NAS_NEW(e->arena, int64_t, n);
    NAS_TRY_ALLOC(e->x, err);
    NAS_TRY_ALLOC(e->y, err);
    NAS_TRY_ALLOC(e->order, err);
    return NAS_OK;
}

static void close_ensemble(ensemble *e)
{
    nas_net_free(e->net);
    nas_workspace_free(e->workspace);
    nas_graph_free(e->graph);
    nas_arena_free(e->arena);
}

/* One step on the rows from `first` on; the last batch is filled up from the start. */
static void train_step(ensemble *e, const ensemble_shape *shape,
                       const ensemble_task *task, int64_t first, int64_t step)
{
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    optimizer.weight_decay = 0;
    for (int i = 0; i < BATCH; i++) {
        const int64_t row = e->order[(first + i) % task->n];
        for (int k = 0; k < shape->inputs; k++)
            e->x[i * shape->inputs + k] = task->x[row * shape->inputs + k];
        e->y[i] = task->y[row];
    }
    nas_net_batch_floats(e->net, e->x, NULL, e->y, BATCH);
    (void)nas_net_forward(e->net, true, NULL);
    nas_net_backward(e->net);
    (void)nas_net_update(e->net, &optimizer, RATE, step);
}

static void train(ensemble *e, const ensemble_shape *shape, const ensemble_task *task,
                  nas_rng weights, nas_rng *order)
{
    int64_t step = 0;
    nas_net_init(e->net, weights);
    for (int64_t i = 0; i < task->n; i++)
        e->order[i] = i;
    for (int64_t epoch = 0; epoch < shape->epochs; epoch++) {
        nas_rng_shuffle(order, e->order, task->n);
        for (int64_t first = 0; first < task->n; first += BATCH)
            train_step(e, shape, task, first, step++);
    }
}

/* Add this member's answers. @param sum, square  [n_asked] */
static void answer(ensemble *e, const ensemble_shape *shape, const ensemble_task *task,
                   double *sum, double *square)
{
    for (int64_t first = 0; first < task->n_asked; first += BATCH) {
        const int64_t left = task->n_asked - first;
        const int n = left < BATCH ? (int)left : BATCH;
        nas_net_batch_floats(e->net, task->asked + first * shape->inputs, NULL, e->y, n);
        (void)nas_net_forward(e->net, false, NULL);
        nas_net_outputs(e->net, false, e->y);
        for (int i = 0; i < n; i++) {
            sum[first + i] += (double)e->y[i];
            square[first + i] += (double)e->y[i] * (double)e->y[i];
        }
    }
}

nas_status nas_ensemble_predict(const ensemble_shape *shape, const ensemble_task *task,
                                nas_rng rng, double *mean, double *deviation,
                                nas_err *err)
{
    ensemble e = {0};
    nas_status status = open_ensemble(&e, shape, task->n, err);
    for (int64_t i = 0; i < task->n_asked; i++)
        mean[i] = deviation[i] = 0;
    for (int m = 0; m < shape->members && status == NAS_OK; m++) {
        const uint64_t use = (uint64_t)USES * (uint64_t)m;
        nas_rng order = nas_rng_split(&rng, use + USE_ORDER);
        train(&e, shape, task, nas_rng_split(&rng, use + USE_WEIGHTS), &order);
        answer(&e, shape, task, mean, deviation);
    }
    for (int64_t i = 0; i < task->n_asked; i++) {
        mean[i] /= shape->members;
        deviation[i] = sqrt(fmax(0, deviation[i] / shape->members - mean[i] * mean[i]));
    }
    close_ensemble(&e);
    return status;
}
