/* Small data sets and networks whose behaviour is known. */
#ifndef NASMITH_TESTS_EXPLAIN_FIXTURE_H
#define NASMITH_TESTS_EXPLAIN_FIXTURE_H

#include "check.h"

#include "explain/subject.h"

#include <string.h>

typedef struct planted {
    nas_dataset data;
    float *inputs;
    int32_t *labels;
    float *targets;
    int64_t *rows; /* all, in order; data.validation too */
    nas_model model;
    nas_workspace *workspace;
    nas_arena *arena;
    nas_subject subject;
    bool open;
} planted;

static char *const fixture_names[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"},
                                      (char[]){"d"}, (char[]){"e"}, (char[]){"f"}};

/* Rows of standard normal noise, labels 0. */
static void planted_begin(planted *p, nas_task task, nas_shape shape, int64_t n,
                          int64_t outputs)
{
    const int64_t size = nas_shape_count(shape);
    nas_rng rng = nas_rng_new(1, 77);
    memset(p, 0, sizeof *p);
    p->arena = nas_arena_new();
    p->workspace = nas_workspace_new();
    p->inputs = NAS_NEW(p->arena, float, n *size);
    p->labels = NAS_NEW(p->arena, int32_t, n);
    p->targets = NAS_NEW(p->arena, float, n *outputs);
    p->rows = NAS_NEW(p->arena, int64_t, n);
    assert_non_null(p->rows);
    for (int64_t i = 0; i < n * size; i++)
        p->inputs[i] = (float)nas_rng_normal(&rng);
    for (int64_t i = 0; i < n; i++)
        p->rows[i] = i;
    p->data = (nas_dataset){.task = task,
                            .shape = shape,
                            .element = NAS_ELEMENT_F32,
                            .n_rows = n,
                            .inputs = p->inputs,
                            .labels = task == NAS_TASK_CLASSIFICATION ? p->labels : NULL,
                            .targets = task == NAS_TASK_REGRESSION ? p->targets : NULL,
                            .n_outputs = outputs,
                            .label_names = (char **)(uintptr_t)fixture_names,
                            .feature_names = (char **)(uintptr_t)fixture_names,
                            .train = p->rows,
                            .validation = p->rows,
                            .n_validation = n};
}

/* One dense layer over the flattened input: weights zero; [outputs][size], then biases.
 */
__attribute__((unused)) static void planted_linear(planted *p)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, p->data.shape);
    if (nas_shape_count(p->data.shape) > p->data.shape.c)
        x = nas_graph_add_unary(b, NAS_OP_FLATTEN, x, NULL);
    int out = nas_graph_add_dense(b, x, p->data.n_outputs, "out");
    check_ok(nas_graph_finish(b, out, &p->model.graph, &err), err);
    nas_graph_builder_free(b);
    p->model.weights = NAS_NEW(p->arena, float, nas_graph_floats(p->model.graph));
    p->model.task = p->data.task;
    p->model.n_outputs = p->data.n_outputs;
    (void)snprintf(p->model.metric, sizeof p->model.metric, "%s",
                   nas_metric_default(p->data.task)->name);
    if (p->data.task == NAS_TASK_REGRESSION) {
        p->model.target_mean = NAS_NEW(p->arena, float, p->data.n_outputs);
        p->model.target_deviation = NAS_NEW(p->arena, float, p->data.n_outputs);
        for (int64_t k = 0; k < p->data.n_outputs; k++)
            p->model.target_deviation[k] = 1;
    }
}

/* Weight of output k on input i. */
__attribute__((unused)) static float *planted_weight(planted *p, int64_t k, int64_t i)
{
    return &p->model.weights[k * nas_shape_count(p->data.shape) + i];
}

/* Open the subject, and make the labels (targets) what the network answers. */
__attribute__((unused)) static void planted_open(planted *p)
{
    nas_err err = {0};
    for (int pass = 0; pass < 2; pass++) {
        if (p->open)
            nas_subject_close(&p->subject);
        check_ok(nas_subject_open(&p->model, &p->data, p->rows, p->data.n_rows,
                                  p->workspace, p->arena, &p->subject, &err),
                 err);
        p->open = true;
        const float *y = p->subject.truth.outputs;
        for (int64_t i = 0; i < p->data.n_rows && pass == 0; i++) {
            p->labels[i] =
                (int32_t)nas_answer_of(y + i * p->data.n_outputs, p->data.n_outputs);
            for (int64_t k = 0; k < p->data.n_outputs; k++)
                p->targets[i * p->data.n_outputs + k] = y[i * p->data.n_outputs + k];
        }
    }
}

static void planted_end(planted *p)
{
    if (p->open)
        nas_subject_close(&p->subject);
    nas_workspace_free(p->workspace);
    nas_graph_free(p->model.graph);
    nas_arena_free(p->arena);
}

#endif
