/* All rows of a source in memory, for evaluating a model on them. */
#include "data/anomaly.h"
#include "data/inspect.h"
#include "data/learn.h"
#include "data/options.h"
#include "data/source.h"

#include <string.h>

static const struct {
    const char *name;
    nas_part part;
} parts[] = {
    {"train", NAS_PART_TRAIN},
    {"validation", NAS_PART_VALIDATION},
    {"test", NAS_PART_TEST},
};

typedef struct loader {
    const nas_source *source;
    nas_part part; /* NAS_PART_ANY = all */
    nas_dataset *out;
    char *inputs;
    size_t row_bytes;
    int64_t n;
} loader;

static nas_status find_part(const char *name, nas_part *out, nas_err *err)
{
    *out = NAS_PART_ANY;
    for (size_t i = 0; name != NULL && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(name, parts[i].name) == 0)
            *out = parts[i].part;
    if (name != NULL && *out == NAS_PART_ANY)
        return nas_fail(err, NAS_E_USAGE,
                        "unknown part `%s`, expected train, validation or test", name);
    return NAS_OK;
}

static bool wanted(const loader *l, int64_t row)
{
    return l->part == NAS_PART_ANY || l->source->rows.part[row] == l->part;
}

static nas_status check_model(const nas_source *source, const nas_model *model,
                              nas_err *err)
{
    nas_shape shape = nas_graph_input_shape(model->graph);
    nas_shape found = source->shape;
    if (!nas_shape_equal(found, shape))
        return nas_fail(
            err, NAS_E_DATA,
            "rows of `%s` are %lld×%lld×%lld (%s), the model takes %lld×%lld×%lld",
            source->path, (long long)found.c, (long long)found.h, (long long)found.w,
            source->kind, (long long)shape.c, (long long)shape.h, (long long)shape.w);
    if (model->task == NAS_TASK_ANOMALY)
        return NAS_OK;
    if (source->task != NAS_TASK_CLASSIFICATION && source->n_outputs != model->n_outputs)
        return nas_fail(err, NAS_E_DATA, "`%s` has %lld targets, the model predicts %lld",
                        source->path, (long long)source->n_outputs,
                        (long long)model->n_outputs);
    return NAS_OK;
}

/* Inputs arrive in row order, so labels and targets are compacted along. */
static nas_status take_row(void *context, int64_t row, const void *input, nas_err *err)
{
    loader *l = context;
    const nas_rows *rows = &l->source->rows;
    int64_t k = l->out->n_outputs;
    if (!wanted(l, row))
        return NAS_OK;
    if (l->out->element == NAS_ELEMENT_F32 && l->out->columns == NULL)
        NAS_TRY(nas_inspect_finite(input, nas_shape_count(l->out->shape), err));
    memcpy(l->inputs + (size_t)l->n * l->row_bytes, input, l->row_bytes);
    if (rows->labels != NULL)
        rows->labels[l->n] = rows->labels[row];
    else
        memmove(rows->targets + l->n * k, rows->targets + row * k,
                (size_t)k * sizeof(float));
    if (rows->groups != NULL)
        rows->groups[l->n] = rows->groups[row];
    l->n++;
    return NAS_OK;
}

static nas_status load_rows(nas_source *source, nas_part part, nas_dataset *out,
                            nas_err *err)
{
    loader l = {.source = source, .part = part, .out = out};
    nas_sink sink = {.row = take_row, .context = &l};
    int64_t n = 0;
    for (int64_t i = 0; i < source->rows.n; i++)
        n += wanted(&l, i);
    if (n == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no rows of the part asked for",
                        source->path);
    l.row_bytes =
        (size_t)nas_shape_count(source->shape) * nas_element_bytes(source->element);
    l.inputs = nas_arena_alloc(source->arena, (size_t)n, l.row_bytes);
    NAS_TRY_ALLOC(l.inputs, err);
    NAS_TRY(source->reader->rows(source, &sink, err));
    out->n_rows = n;
    out->inputs = l.inputs;
    out->labels = source->rows.labels;
    out->targets = source->rows.targets;
    out->groups = source->rows.groups;
    return NAS_OK;
}

/* Labels 0 and 1 become flags, and the inputs targets. */
static nas_status take_flags(nas_dataset *data, nas_err *err)
{
    uint8_t *flags = NAS_NEW(data->arena, uint8_t, data->n_rows);
    NAS_TRY_ALLOC(flags, err);
    for (int64_t i = 0; i < data->n_rows; i++)
        flags[i] = data->labels[i] != 0;
    data->anomalies = flags;
    data->labels = NULL;
    return nas_dataset_echo(data, err);
}

static nas_status load(nas_source *source, const nas_data_options *options,
                       const nas_model *model, nas_dataset *out, nas_err *err)
{
    nas_part part = NAS_PART_ANY;
    nas_schema schema = {
        .label = options->label,
        .task = nas_task_name(model->task),
        .normal = options->normal,
        .n_features = model->n_features,
        .feature_names = model->features,
        .shape = nas_graph_input_shape(model->graph),
    };
    if (model->task == NAS_TASK_ANOMALY) {
        schema.task = nas_task_name(NAS_TASK_CLASSIFICATION);
        schema.anomaly = true;
    } else if (model->task != NAS_TASK_CLASSIFICATION) {
        schema.n_targets = model->n_outputs;
        schema.target_names = model->labels;
    }
    NAS_TRY(nas_columns_known(model->columns, model->n_features, source->arena,
                              &schema.columns, err));
    NAS_TRY(find_part(options->part, &part, err));
    NAS_TRY(source->reader->describe(source, &schema, err));
    NAS_TRY(nas_anomaly_mark(source, &schema, err));
    NAS_TRY(check_model(source, model, err));
    if (model->task == NAS_TASK_ANOMALY)
        NAS_TRY(nas_anomaly_outputs(source, err));
    else if (source->task == NAS_TASK_CLASSIFICATION)
        NAS_TRY(nas_source_relabel(source, model->labels, model->n_outputs, "the model",
                                   err));
    *out = (nas_dataset){
        .task = source->task,
        .shape = source->shape,
        .element = source->element,
        .n_outputs = source->n_outputs,
        .label_names = source->label_names,
        .feature_names = source->feature_names,
        .columns = model->columns,
        .flippable = source->flippable,
        .horizon = source->horizon,
        .target_channels = source->target_channels,
        .folds = 1,
        .repeats = 1,
        .split = NAS_SPLIT_FILES,
        .arena = source->arena,
    };
    NAS_TRY(load_rows(source, part, out, err));
    return source->marked ? take_flags(out, err) : NAS_OK;
}

nas_status nas_data_load_for(const char *path, const nas_data_options *options,
                             const nas_model *model, nas_dataset **out, nas_err *err)
{
    nas_source *source = NULL;
    *out = NULL;
    NAS_TRY(nas_data_options_check(options, err));
    NAS_TRY(nas_source_open(path, options, &source, err));
    nas_dataset *data = NAS_NEW(source->arena, nas_dataset, 1);
    nas_status status = data == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                     : load(source, options, model, data, err);
    if (status != NAS_OK)
        nas_source_close(source);
    else
        *out = data; /* closing it frees the source's arena */
    return status;
}
