#include "evaluate/fitted.h"

#include "evaluate/sample.h"

/* Steps are full batches. With fewer rows than a batch, the batch shrinks; below 16 rows
 * it repeats them. */
static int64_t batch_for(int64_t rows, int64_t wanted)
{
    int64_t batch = wanted;
    if (batch > rows)
        batch = rows / NAS_LANES * NAS_LANES;
    return batch < NAS_LANES ? NAS_LANES : batch;
}

static nas_status fit_targets(const nas_dataset *data, const int64_t *rows, int64_t n,
                              nas_arena *arena, nas_fitted *out, nas_err *err)
{
    out->target_mean = NAS_NEW(arena, float, data->n_outputs);
    out->target_deviation = NAS_NEW(arena, float, data->n_outputs);
    NAS_TRY_ALLOC(out->target_mean, err);
    NAS_TRY_ALLOC(out->target_deviation, err);
    nas_sample_targets(data, rows, n, out->target_mean, out->target_deviation);
    return NAS_OK;
}

nas_status nas_fit(const nas_fit_task *task, nas_arena *arena, nas_fitted *out,
                   nas_err *err)
{
    const nas_dataset *data = task->data;
    const int64_t *rows = task->rows;
    const int64_t n = task->n;
    *out = (nas_fitted){.batch = batch_for(n, task->recipe->batch)};
    if (task->graph == NULL)
        NAS_TRY(
            nas_dataset_fit_front(data, rows, n, task->plain, arena, &out->front, err));
    else
        NAS_TRY(nas_dataset_front_fit(data, task->graph, rows, n, task->plain, arena,
                                      &out->front, err));
    if (nas_task_has_units(data->task))
        NAS_TRY(fit_targets(data, rows, n, arena, out, err));
    if (!task->recipe->class_weights || data->labels == NULL)
        return NAS_OK;
    out->class_weights = NAS_NEW(arena, float, data->n_outputs);
    NAS_TRY_ALLOC(out->class_weights, err);
    nas_sample_class_weights(data, rows, n, out->class_weights);
    return NAS_OK;
}

nas_net_options nas_fitted_options(const nas_fitted *fitted, const nas_recipe *recipe)
{
    nas_net_options options = nas_net_options_default();
    options.batch = (int)fitted->batch;
    options.training = true;
    options.loss = recipe->loss;
    options.label_smoothing = (float)recipe->label_smoothing;
    options.focal = (float)recipe->focal;
    options.class_weights = fitted->class_weights;
    return options;
}

nas_optimizer nas_recipe_optimizer(const nas_recipe *recipe)
{
    nas_optimizer optimizer = nas_optimizer_default(recipe->optimizer);
    optimizer.weight_decay = (float)recipe->weight_decay;
    optimizer.clip_norm = (float)recipe->clip_norm;
    optimizer.ema = (float)recipe->ema;
    return optimizer;
}

nas_augment nas_recipe_augment(const nas_recipe *recipe, nas_shape shape)
{
    return (nas_augment){.shift = (int)recipe->shift,
                         .flip = recipe->flip && shape.h > 1,
                         .noise = (float)recipe->noise,
                         .time_warp = (float)recipe->time_warp,
                         .mask_time = (int)recipe->mask_time,
                         .mask_bands = (int)recipe->mask_bands,
                         .rotate = (float)recipe->rotate,
                         .erase = (float)recipe->erase,
                         .mixup = (float)recipe->mixup,
                         .cutmix = (float)recipe->cutmix};
}
