#include "evaluate/trained.h"

#include "evaluate/deliver.h"
#include "evaluate/forward.h"

#include <stdio.h>

static nas_status deliver(const nas_trained *t, nas_model **out, nas_err *err)
{
    return nas_deliver(t->graph, nas_net_weights(t->net), t->job->data,
                       t->fitted->target_mean, t->fitted->target_deviation, out, err);
}

/* Outputs of the validation rows by the int8 form of the network as it is. */
static nas_status forward_int8(const nas_trained *t, float *outputs, nas_err *err)
{
    const nas_job *job = t->job;
    nas_model *model = NULL;
    nas_quant *quant = NULL;
    NAS_TRY(deliver(t, &model, err));
    nas_status status =
        nas_quantise_on(model, job->data, job->train_rows, job->n_train, &quant, err);
    if (status == NAS_OK)
        status = nas_predict_int8(quant, job->data, job->validation_rows,
                                  job->n_validation, outputs, err);
    nas_quant_free(quant);
    nas_model_free(model);
    return status;
}

nas_status nas_trained_score(const nas_trained *trained, nas_arena *arena,
                             nas_predictions *predictions, nas_score *score, bool *finite,
                             nas_err *err)
{
    const nas_job *job = trained->job;
    float *outputs;
    NAS_TRY(nas_predictions_new(job->data, job->validation_rows, job->n_validation, arena,
                                predictions, &outputs, err));
    predictions->deviation = trained->fitted->target_deviation;
    nas_forward_rows(trained->net, trained->fitted->batch, trained->data,
                     job->validation_rows, job->n_validation,
                     trained->fitted->target_mean, trained->fitted->target_deviation,
                     outputs);
    *finite = nas_predictions_finite(predictions);
    if (!*finite)
        return NAS_OK;
    if (job->int8)
        NAS_TRY(forward_int8(trained, outputs, err));
    *score = job->metric->score(predictions, trained->rng);
    return NAS_OK;
}

nas_status nas_trained_keep(const nas_trained *trained,
                            const nas_predictions *predictions, nas_arena *arena,
                            nas_job_result *result, nas_err *err)
{
    const nas_job *job = trained->job;
    result->row_goodness = NAS_NEW(arena, double, job->n_validation);
    NAS_TRY_ALLOC(result->row_goodness, err);
    for (int64_t i = 0; i < job->n_validation; i++)
        result->row_goodness[i] = job->metric->row_goodness(predictions, i);
    NAS_TRY(deliver(trained, &result->model, err));
    nas_model *model = result->model;
    (void)snprintf(model->metric, sizeof model->metric, "%s", job->metric->name);
    model->score = result->validation.value;
    (void)snprintf(model->score_on, sizeof model->score_on, "%s",
                   job->n_validation > 0 ? "validation" : "");
    return NAS_OK;
}

static bool loss_fits(nas_loss_kind loss, nas_task task)
{
    switch (loss) {
    case NAS_LOSS_CROSS_ENTROPY:
        return task == NAS_TASK_CLASSIFICATION;
    case NAS_LOSS_BINARY:
        return task == NAS_TASK_MULTILABEL;
    case NAS_LOSS_MSE:
    case NAS_LOSS_HUBER:
        break;
    }
    return nas_task_has_units(task);
}

bool nas_job_matches(const nas_job *job, nas_job_result *result)
{
    nas_shape in = nas_graph_input_shape(job->graph);
    nas_shape have = nas_dataset_inner_shape(job->data);
    nas_shape out = nas_graph_output_shape(job->graph);
    char reason[200] = "";
    if (!loss_fits(job->recipe.loss, job->data->task))
        (void)snprintf(reason, sizeof reason, "the recipe's loss does not fit a %s task",
                       nas_task_name(job->data->task));
    else if (!nas_shape_equal(in, have))
        (void)snprintf(reason, sizeof reason,
                       "the network takes %lldx%lldx%lld, the data has %lldx%lldx%lld",
                       (long long)in.c, (long long)in.h, (long long)in.w,
                       (long long)have.c, (long long)have.h, (long long)have.w);
    else if (nas_shape_count(out) != job->data->n_outputs)
        (void)snprintf(reason, sizeof reason,
                       "the network gives %lld outputs, the data has %lld",
                       (long long)nas_shape_count(out), (long long)job->data->n_outputs);
    if (reason[0] == '\0')
        return true;
    result->outcome = NAS_OUTCOME_INFEASIBLE;
    (void)snprintf(result->reason, sizeof result->reason, "%s", reason);
    return false;
}
