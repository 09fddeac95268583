#include "evaluate/deliver.h"

#include <math.h>
#include <string.h>

/* A copy that ends in probabilities for classes or labels. Nodes keep their order, so the
 * flat weights stay what they are: softmax and sigmoid have none. */
static nas_status finish_graph(const nas_graph *graph, nas_task task, nas_graph **out,
                               nas_err *err)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        (void)nas_graph_add_again(builder, node, node->inputs);
    }
    int output = nas_graph_output(graph);
    nas_op_kind head = task == NAS_TASK_MULTILABEL ? NAS_OP_SIGMOID : NAS_OP_SOFTMAX;
    if (!nas_task_has_units(task) && nas_graph_node(graph, output)->op != head)
        output = nas_graph_add_unary(builder, head, output, "probabilities");
    nas_status status = nas_graph_finish(builder, output, out, err);
    nas_graph_builder_free(builder);
    return status;
}

static void *copy_bytes(const void *data, size_t bytes)
{
    void *copy = nas_heap_alloc(1, bytes);
    if (copy != NULL && bytes > 0)
        memcpy(copy, data, bytes);
    return copy;
}

/* @return whether memory sufficed; on failure *out holds what nas_model_free releases */
static bool copy_names(char *const *names, int64_t n, char ***out, int64_t *n_out)
{
    *out = nas_heap_alloc((size_t)n, sizeof **out);
    if (*out == NULL)
        return false;
    *n_out = n;
    for (int64_t i = 0; i < n; i++) {
        const char *name = names != NULL && names[i] != NULL ? names[i] : "";
        (*out)[i] = copy_bytes(name, strlen(name) + 1);
        if ((*out)[i] == NULL)
            return false;
    }
    return true;
}

static bool copy_columns(nas_model *model, const nas_column *columns)
{
    if (columns != NULL)
        model->columns = nas_columns_clone(columns, model->n_features);
    return columns == NULL || model->columns != NULL;
}

static bool copy_targets(nas_model *model, const float *mean, const float *deviation)
{
    size_t bytes = (size_t)model->n_outputs * sizeof *mean;
    model->target_mean = copy_bytes(mean, bytes);
    model->target_deviation = copy_bytes(deviation, bytes);
    return model->target_mean != NULL && model->target_deviation != NULL;
}

static bool fill(nas_model *model, const float *weights, const nas_dataset *data,
                 const float *mean, const float *deviation)
{
    size_t floats = (size_t)nas_graph_floats(model->graph);
    model->weights = copy_bytes(weights, floats * sizeof *weights);
    model->task = data->task;
    model->score = (double)NAN;
    model->data_fingerprint = data->fingerprint;
    return model->weights != NULL &&
           copy_names(data->label_names, data->n_outputs, &model->labels,
                      &model->n_outputs) &&
           (data->feature_names == NULL ||
            copy_names(data->feature_names, data->shape.c, &model->features,
                       &model->n_features)) &&
           copy_columns(model, data->columns) &&
           (mean == NULL || copy_targets(model, mean, deviation));
}

nas_status nas_deliver(const nas_graph *graph, const float *weights,
                       const nas_dataset *data, const float *mean, const float *deviation,
                       nas_model **out, nas_err *err)
{
    nas_model *model = nas_heap_alloc(1, sizeof *model);
    NAS_TRY_ALLOC(model, err);
    nas_status status = finish_graph(graph, data->task, &model->graph, err);
    if (status == NAS_OK && !fill(model, weights, data, mean, deviation))
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status != NAS_OK) {
        nas_model_free(model);
        return status;
    }
    *out = model;
    return NAS_OK;
}
