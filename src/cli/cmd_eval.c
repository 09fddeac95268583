/* nasmith eval MODEL DATA: score a model on data. */
#include "cli.h"

#include "nasmith/evaluate.h"
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/model.h"
#include "nasmith/text.h"

#include <string.h>

static const nas_param PARAMS[] = {
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc = "accuracy, log_loss, rmse, mae, r2; default: the model's"},
    NAS_CLI_DATA_PARAMS,
    {.name = NULL},
};

/* A model file, or an ONNX file this program wrote. */
static nas_status read_model(const char *path, nas_model **out, nas_err *err)
{
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcmp(dot, ".onnx") == 0)
        return nas_onnx_read(path, out, err);
    return nas_model_read(path, out, err);
}

static nas_status print_score(nas_cli *cli, const nas_metric *metric, const nas_score *s,
                              nas_err *err)
{
    if (!nas_cli_bool(cli, "json")) {
        char value[32], low[32], high[32];
        nas_cli_format_metric(metric->fraction, s->value, value, sizeof value);
        nas_cli_format_metric(metric->fraction, s->low, low, sizeof low);
        nas_cli_format_metric(metric->fraction, s->high, high, sizeof high);
        printf("%s: %s (95 %% interval %s to %s, n %lld)\n", metric->name, value, low,
               high, (long long)s->n);
        return NAS_OK;
    }
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_string(&json, "metric", metric->name);
    nas_json_key_real(&json, "value", s->value);
    nas_json_key_int(&json, "n", s->n);
    nas_json_key_real(&json, "low", s->low);
    nas_json_key_real(&json, "high", s->high);
    nas_json_object_end(&json);
    printf("%s\n", nas_text_string(&text));
    nas_status status = nas_text_status(&text, err);
    nas_text_free(&text);
    return status;
}

static nas_status score(nas_cli *cli, const nas_model *model, const nas_dataset *data,
                        nas_workspace *workspace, nas_err *err)
{
    const char *name = nas_cli_string(cli, "metric");
    const nas_metric *metric = nas_metric_find(name != NULL ? name : model->metric);
    if (metric == NULL && name != NULL)
        return nas_fail(err, NAS_E_USAGE, "unknown metric `%s`", name);
    if (metric == NULL)
        metric = nas_metric_default(model->task);
    if (metric->task != model->task)
        return nas_fail(err, NAS_E_USAGE, "metric %s does not fit this model's task",
                        name);
    int64_t *rows = NAS_NEW(cli->arena, int64_t, data->n_rows);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < data->n_rows; i++)
        rows[i] = i;
    nas_score s;
    NAS_TRY(
        nas_evaluate_model(model, data, rows, data->n_rows, metric, workspace, &s, err));
    return print_score(cli, metric, &s, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_data_options options;
    NAS_TRY(nas_cli_data_options(cli, &options, err));
    nas_model *model = NULL;
    NAS_TRY(read_model(cli->args[0], &model, err));
    nas_dataset *data = NULL;
    nas_workspace *workspace = nas_workspace_new();
    nas_status status = nas_data_load_for(cli->args[1], &options, model, &data, err);
    if (status == NAS_OK && workspace == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        status = score(cli, model, data, workspace, err);
    nas_workspace_free(workspace);
    nas_dataset_close(data);
    nas_model_free(model);
    return status;
}

const nas_command nas_cmd_eval = {
    .name = "eval",
    .summary = "score a model on data, with its 95 % interval",
    .arguments = "MODEL DATA",
    .details =
        "MODEL is a model file (.nasm) or an ONNX file this program wrote. All rows of "
        "DATA are used.",
    .examples = "  nasmith eval best.nasm other/t10k-images-idx3-ubyte.gz",
    .min_args = 2,
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
