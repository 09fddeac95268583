#include "export/head.h"

#include <math.h>

bool nas_head_has_softmax(const nas_model *model)
{
    const nas_node *last = nas_graph_node(model->graph, nas_graph_output(model->graph));
    return model->task == NAS_TASK_CLASSIFICATION && last->op != NAS_OP_SOFTMAX;
}

bool nas_head_has_scale(const nas_model *model)
{
    return nas_task_has_units(model->task) && model->target_mean != NULL &&
           model->target_deviation != NULL;
}

nas_status nas_head_check(const nas_model *model, nas_err *err)
{
    const int64_t outputs = nas_shape_count(nas_graph_output_shape(model->graph));
    if (outputs != model->n_outputs)
        return nas_fail(err, NAS_E_GRAPH,
                        "the network has %lld outputs, the data %lld classes or targets",
                        (long long)outputs, (long long)model->n_outputs);
    for (int i = 0; i < nas_graph_weight_count(model->graph); i++) {
        const nas_weight *weight = nas_graph_weight(model->graph, i);
        const float *values = model->weights + weight->offset;
        for (int64_t k = 0; k < weight->count; k++)
            if (!isfinite(values[k]))
                return nas_fail(err, NAS_E_GRAPH,
                                "weight %lld of node %d is %g, expected a finite number",
                                (long long)k, weight->node, (double)values[k]);
    }
    return NAS_OK;
}
