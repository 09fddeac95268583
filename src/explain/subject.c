#include "explain/subject.h"

#include "nasmith/spectrum.h"

#include <math.h>
#include <string.h>

enum { BATCH = 64 };
static const int64_t MOST_BYTES = INT64_C(64) << 20;
static const double MACS = 1e9;
/* A row costs at least so much beside its own MACs. */
static const double ROW_MACS = 20000;

bool nas_subject_is_category(const nas_subject *s, int64_t channel)
{
    const nas_column *columns = s->model->columns;
    return columns != NULL && columns[channel].levels != NULL;
}

static nas_input_kind kind_of(nas_shape shape)
{
    if (shape.h > 1)
        return NAS_INPUT_IMAGE;
    return shape.w > 1 ? NAS_INPUT_SERIES : NAS_INPUT_TABLE;
}

/* Rows as in the source, or through the spectrum of the caller's graph. */
static nas_status load_inputs(nas_subject *s, const nas_graph *graph,
                              const nas_dataset *data, const int64_t *rows, nas_err *err)
{
    nas_spectrum *spectrum = NULL;
    NAS_TRY(nas_spectrum_new(graph, &spectrum, err));
    if (spectrum == NULL) {
        for (int64_t i = 0; i < s->n; i++)
            nas_dataset_row(data, rows[i], s->inputs + i * s->size);
        return NAS_OK;
    }
    float *raw = NAS_NEW(s->arena, float, nas_shape_count(data->shape));
    float *work = NAS_NEW(s->arena, float, nas_spectrum_work(spectrum));
    for (int64_t i = 0; raw != NULL && work != NULL && i < s->n; i++) {
        nas_dataset_row(data, rows[i], raw);
        nas_spectrum_run(spectrum, raw, work, s->inputs + i * s->size);
    }
    nas_spectrum_free(spectrum);
    return raw != NULL && work != NULL ? NAS_OK
                                       : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

static nas_status load_rows(nas_subject *s, const nas_graph *graph,
                            const nas_dataset *data, const int64_t *rows, nas_err *err)
{
    s->inputs = NAS_NEW(s->arena, float, s->n * s->size);
    float *outputs = NAS_NEW(s->arena, float, s->n * s->n_outputs);
    int32_t *labels = NAS_NEW(s->arena, int32_t, s->n);
    float *targets = NAS_NEW(s->arena, float, s->n * s->n_outputs);
    if (s->inputs == NULL || outputs == NULL || labels == NULL || targets == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    NAS_TRY(load_inputs(s, graph, data, rows, err));
    for (int64_t i = 0; i < s->n; i++) {
        if (data->labels != NULL)
            labels[i] = data->labels[rows[i]];
        else
            memcpy(targets + i * s->n_outputs, data->targets + rows[i] * s->n_outputs,
                   (size_t)s->n_outputs * sizeof *targets);
    }
    nas_subject_answer(s, s->inputs, s->n, outputs);
    s->truth = (nas_predictions){.task = data->task,
                                 .n = s->n,
                                 .n_outputs = s->n_outputs,
                                 .outputs = outputs,
                                 .labels = data->labels != NULL ? labels : NULL,
                                 .targets = data->labels != NULL ? NULL : targets};
    return NAS_OK;
}

/* Missing values count for nothing. A category has no mean: it is missing instead. */
static void fit_channels(nas_subject *s)
{
    const int64_t plane = s->shape.h * s->shape.w;
    for (int64_t c = 0; c < s->shape.c; c++) {
        double sum = 0, squares = 0, count = 0;
        if (nas_subject_is_category(s, c)) {
            s->mean[c] = NAN;
            continue;
        }
        for (int64_t i = 0; i < s->n * plane; i++) {
            double v = (double)s->inputs[i / plane * s->size + c * plane + i % plane];
            if (isnan(v))
                continue;
            count++;
            sum += v;
            squares += v * v;
        }
        double mean = sum / fmax(count, 1);
        double deviation = sqrt(fmax(0, squares / fmax(count, 1) - mean * mean));
        s->mean[c] = (float)mean;
        s->deviation[c] = deviation > 0 ? (float)deviation : 1.0f;
    }
}

static nas_status compile(nas_subject *s, nas_workspace *workspace, nas_err *err)
{
    const nas_model *model = s->model;
    bool classes = model->task == NAS_TASK_CLASSIFICATION;
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.training = false;
    options.loss = classes ? NAS_LOSS_CROSS_ENTROPY : NAS_LOSS_MSE;
    NAS_TRY(nas_net_compile(model->graph, &options, workspace, &s->net, err));
    memcpy(nas_net_weights(s->net), model->weights,
           (size_t)nas_net_floats(s->net) * sizeof *model->weights);
    return NAS_OK;
}

/* A model like the caller's that begins behind its spectrum. */
static nas_status look_behind(nas_subject *s, nas_err *err)
{
    nas_model *model = nas_arena_copy(s->arena, s->model, sizeof *model);
    NAS_TRY_ALLOC(model, err);
    NAS_TRY(nas_graph_behind(s->model->graph, &s->behind, err));
    model->graph = s->behind;
    s->model = model;
    return NAS_OK;
}

nas_status nas_subject_open(const nas_model *model, const nas_dataset *data,
                            const int64_t *rows, int64_t n, nas_workspace *workspace,
                            nas_arena *arena, nas_subject *out, nas_err *err)
{
    nas_shape shape = nas_graph_front_shape(model->graph);
    *out = (nas_subject){.model = model,
                         .metric = nas_metric_find(model->metric),
                         .kind = kind_of(shape),
                         .shape = shape,
                         .size = nas_shape_count(shape),
                         .n_outputs = model->n_outputs,
                         .feature_names = data->feature_names,
                         .macs = MACS,
                         .arena = arena};
    if (!nas_shape_equal(nas_graph_input_shape(model->graph), data->shape) ||
        model->n_outputs != data->n_outputs)
        return nas_fail(err, NAS_E_DATA, "the network does not fit the data's rows");
    if (out->metric == NULL)
        out->metric = nas_metric_default(model->task);
    int64_t most = MOST_BYTES / (out->size * (int64_t)sizeof(float));
    out->n = n < most ? n : most > 0 ? most : 1;
    out->mean = NAS_NEW(arena, float, shape.c);
    out->deviation = NAS_NEW(arena, float, shape.c);
    NAS_TRY_ALLOC(out->mean, err);
    NAS_TRY_ALLOC(out->deviation, err);
    if (nas_graph_front_key(model->graph) != 0)
        NAS_TRY(look_behind(out, err));
    nas_status status = compile(out, workspace, err);
    if (status == NAS_OK)
        status = load_rows(out, model->graph, data, rows, err);
    if (status == NAS_OK)
        fit_channels(out);
    else
        nas_subject_close(out);
    return status;
}

void nas_subject_close(nas_subject *subject)
{
    nas_net_free(subject->net);
    nas_graph_free(subject->behind);
    subject->net = NULL;
    subject->behind = NULL;
}

void nas_subject_answer(const nas_subject *s, const float *inputs, int64_t n,
                        float *outputs)
{
    const nas_model *model = s->model;
    for (int64_t first = 0; first < n; first += BATCH) {
        int64_t count = n - first < BATCH ? n - first : BATCH;
        float *out = outputs + first * s->n_outputs;
        nas_net_batch_floats(s->net, inputs + first * s->size, NULL, NULL, (int)count);
        (void)nas_net_forward(s->net, false, NULL);
        nas_net_outputs(s->net, model->target_mean == NULL, out);
        for (int64_t i = 0; i < count * s->n_outputs && model->target_mean != NULL; i++) {
            int64_t k = i % s->n_outputs;
            out[i] = out[i] * model->target_deviation[k] + model->target_mean[k];
        }
    }
}

int64_t nas_subject_rows_for(const nas_subject *s, int64_t times, int64_t least)
{
    double macs = ROW_MACS + (double)nas_graph_macs(s->model->graph);
    double rows = fmax((double)least, s->macs / (macs * (double)times));
    return rows < (double)s->n ? (int64_t)rows : s->n;
}

int64_t nas_answer_of(const float *outputs, int64_t n_outputs)
{
    int64_t best = 0;
    for (int64_t k = 1; k < n_outputs; k++)
        if (outputs[k] > outputs[best])
            best = k;
    return best;
}
