#include "evaluate/forward.h"

#include <string.h>

enum { PREDICT_BATCH = 64 };

/* The model's input and the data's rows must have one shape. */
static nas_status check_shapes(const nas_model *model, const nas_dataset *data,
                               nas_err *err)
{
    nas_shape want = nas_graph_input_shape(model->graph);
    nas_shape have = data->shape;
    if (!nas_shape_equal(want, have))
        return nas_fail(err, NAS_E_DATA,
                        "the data's rows are %lldx%lldx%lld, the model expects "
                        "%lldx%lldx%lld",
                        (long long)have.c, (long long)have.h, (long long)have.w,
                        (long long)want.c, (long long)want.h, (long long)want.w);
    if (model->task != data->task || model->n_outputs != data->n_outputs)
        return nas_fail(
            err, NAS_E_DATA, "the data has %lld %s, the model was trained for %lld %s",
            (long long)data->n_outputs, data->labels != NULL ? "classes" : "targets",
            (long long)model->n_outputs,
            model->task == NAS_TASK_CLASSIFICATION ? "classes" : "targets");
    return NAS_OK;
}

nas_status nas_predict(const nas_model *model, const nas_dataset *data,
                       const int64_t *rows, int64_t n, nas_workspace *workspace,
                       float *outputs, nas_err *err)
{
    NAS_TRY(check_shapes(model, data, err));
    bool classes = model->task == NAS_TASK_CLASSIFICATION;
    nas_net_options options = nas_net_options_default();
    options.batch = PREDICT_BATCH;
    options.training = false;
    options.loss = classes ? NAS_LOSS_CROSS_ENTROPY : NAS_LOSS_MSE;
    nas_net *net = NULL;
    NAS_TRY(nas_net_compile(model->graph, &options, workspace, &net, err));
    memcpy(nas_net_weights(net), model->weights,
           (size_t)nas_net_floats(net) * sizeof *model->weights);
    if (model->target_mean != NULL)
        nas_net_set_targets(net, model->target_mean, model->target_deviation);
    nas_forward_rows(net, PREDICT_BATCH, data, rows, n, model->target_mean,
                     model->target_deviation, outputs);
    nas_net_free(net);
    return NAS_OK;
}

nas_status nas_evaluate_model(const nas_model *model, const nas_dataset *data,
                              const int64_t *rows, int64_t n, const nas_metric *metric,
                              nas_workspace *workspace, nas_score *out, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_predictions predictions;
    float *outputs;
    nas_status status =
        nas_predictions_new(data, rows, n, arena, &predictions, &outputs, err);
    if (status == NAS_OK)
        status = nas_predict(model, data, rows, n, workspace, outputs, err);
    predictions.deviation = model->target_deviation;
    if (status == NAS_OK)
        *out = metric->score(&predictions, nas_rng_new(data->fingerprint, 0));
    nas_arena_free(arena);
    return status;
}

nas_status nas_evaluate_int8(const nas_quant *quant, const nas_dataset *data,
                             const int64_t *rows, int64_t n, const nas_metric *metric,
                             nas_score *out, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_predictions predictions;
    float *outputs;
    nas_status status =
        nas_predictions_new(data, rows, n, arena, &predictions, &outputs, err);
    if (status == NAS_OK)
        status = nas_predict_int8(quant, data, rows, n, outputs, err);
    if (status == NAS_OK)
        *out = metric->score(&predictions, nas_rng_new(data->fingerprint, 0));
    nas_arena_free(arena);
    return status;
}
