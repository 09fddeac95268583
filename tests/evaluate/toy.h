/* Small data sets made by hand, for tests of evaluators. */
#ifndef NASMITH_TESTS_EVALUATE_TOY_H
#define NASMITH_TESTS_EVALUATE_TOY_H

#include "nasmith/data.h"
#include "nasmith/evaluate.h"
#include "nasmith/rng.h"

#include "check.h"

/* A data set of float rows whose arrays live in its arena; the first three quarters are
 * the training rows, the rest validates. Release with toy_free. */
static inline nas_dataset *toy_new(nas_shape shape, int64_t n, int64_t outputs,
                                   nas_task task)
{
    nas_arena *arena = nas_arena_new();
    nas_dataset *data = NAS_NEW(arena, nas_dataset, 1);
    data->arena = arena;
    data->task = task;
    data->shape = shape;
    data->element = NAS_ELEMENT_F32;
    data->n_rows = n;
    data->n_outputs = outputs;
    data->inputs = NAS_NEW(arena, float, n *nas_shape_count(shape));
    if (task == NAS_TASK_CLASSIFICATION)
        data->labels = NAS_NEW(arena, int32_t, n);
    else
        data->targets = NAS_NEW(arena, float, n *outputs);
    data->label_names = NAS_NEW(arena, char *, outputs);
    for (int64_t k = 0; k < outputs; k++)
        data->label_names[k] = nas_arena_printf(arena, "name%d", (int)k);
    int64_t *rows = NAS_NEW(arena, int64_t, n);
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    data->train = rows;
    data->n_train = n * 3 / 4;
    data->validation = rows + data->n_train;
    data->n_validation = n - data->n_train;
    data->fingerprint = 0x2385;
    return data;
}

static inline void toy_free(nas_dataset *data)
{
    nas_arena_free(data->arena);
}

static inline float *toy_inputs(nas_dataset *data)
{
    return (float *)(uintptr_t)data->inputs;
}

static inline int32_t *toy_labels(nas_dataset *data)
{
    return (int32_t *)(uintptr_t)data->labels;
}

static inline float *toy_targets(nas_dataset *data)
{
    return (float *)(uintptr_t)data->targets;
}

/* Vectors around one centre per class: learnable almost perfectly. */
static inline nas_dataset *toy_blobs(int64_t n, int64_t features, int64_t classes)
{
    nas_dataset *data =
        toy_new((nas_shape){features, 1, 1}, n, classes, NAS_TASK_CLASSIFICATION);
    nas_rng rng = nas_rng_new(7, 11);
    for (int64_t i = 0; i < n; i++) {
        int32_t label = (int32_t)nas_rng_below(&rng, (uint64_t)classes);
        toy_labels(data)[i] = label;
        for (int64_t k = 0; k < features; k++) {
            double centre = k % classes == label ? 40.0 : 35.0;
            toy_inputs(data)[i * features + k] =
                (float)(centre + 1.3 * nas_rng_normal(&rng));
        }
    }
    return data;
}

/* Two targets, linear in the features but in large units. */
static inline nas_dataset *toy_line(int64_t n, int64_t features)
{
    nas_dataset *data = toy_new((nas_shape){features, 1, 1}, n, 2, NAS_TASK_REGRESSION);
    nas_rng rng = nas_rng_new(5, 13);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t k = 0; k < features; k++) {
            double x = nas_rng_normal(&rng);
            toy_inputs(data)[i * features + k] = (float)x;
            sum += x * (double)(k + 1);
        }
        toy_targets(data)[2 * i] = (float)(1000.0 + 100.0 * sum);
        toy_targets(data)[2 * i + 1] = (float)(-3.0 + 0.01 * sum);
    }
    return data;
}

/* A training on all rows. */
static inline nas_job toy_job(const nas_graph *graph, const nas_dataset *data,
                              int64_t epochs)
{
    return (nas_job){.graph = graph,
                     .recipe = nas_recipe_default(data->task),
                     .data = data,
                     .train_rows = data->train,
                     .n_train = data->n_train,
                     .validation_rows = data->validation,
                     .n_validation = data->n_validation,
                     .fraction = 1.0,
                     .epochs = epochs,
                     .metric = nas_metric_default(data->task)};
}

/* Train the standard network on all rows. */
static inline nas_job_result toy_train(const nas_dataset *data, int64_t epochs, bool int8,
                                       nas_workspace *workspace)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_baseline_standard(data->shape, data->n_outputs, &graph, &err), err);
    nas_job job = toy_job(graph, data, epochs);
    job.int8 = int8;
    nas_job_result result;
    check_ok(nas_job_run(&job, workspace, true, data->arena, &result, &err), err);
    assert_int_equal(result.outcome, NAS_OUTCOME_DONE);
    nas_graph_free(graph);
    return result;
}

#endif
