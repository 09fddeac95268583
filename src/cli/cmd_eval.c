/* nasmith eval MODEL DATA: score a model on data. */
#include "cli.h"

#include "nasmith/evaluate.h"
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/model.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

static const nas_param PARAMS[] = {
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc = "accuracy, balanced_accuracy, macro_f1, auc, log_loss; rmse, mae, r2, "
            "spearman; default: the model's"},
    {.name = "shifted",
     .type = NAS_PARAM_STRING,
     .doc = "a file or folder of another domain (another device, place, season): scored "
            "beside DATA"},
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

/* ---- printing -----------------------------------------------------------------------
 */

static void print_score(const nas_metric *metric, const char *what, const nas_score *s)
{
    char value[32], low[32], high[32];
    nas_cli_format_metric(metric->fraction, s->value, value, sizeof value);
    nas_cli_format_metric(metric->fraction, s->low, low, sizeof low);
    nas_cli_format_metric(metric->fraction, s->high, high, sizeof high);
    printf("%s%s: %s (95 %% interval %s to %s, n %lld)\n", what, metric->name, value, low,
           high, (long long)s->n);
}

/* How much worse the other domain is, with the interval of the difference of two
 * independent scores. */
static void print_shift(const nas_metric *metric, const nas_score *here,
                        const nas_score *there)
{
    double sign = metric->larger_is_better ? 1 : -1;
    double loss = sign * (here->value - there->value);
    double half = 1.96 * sqrt(here->error * here->error + there->error * there->error);
    double unit = metric->fraction ? 100 : 1;
    const char *points = metric->fraction ? " points" : "";
    const char *verdict = loss - half > 0   ? "the network is worse there"
                          : loss + half < 0 ? "the network is better there"
                                            : "no clear difference";
    printf("difference: %.3g%s worse (95 %% interval %.3g to %.3g): %s\n", unit * loss,
           points, unit * (loss - half), unit * (loss + half), verdict);
}

static void write_score(nas_json *json, const nas_score *s)
{
    nas_json_key_real(json, "value", s->value);
    nas_json_key_int(json, "n", s->n);
    nas_json_key_real(json, "low", s->low);
    nas_json_key_real(json, "high", s->high);
}

/* @param there  NULL without --shifted */
static nas_status print_json(const nas_metric *metric, const nas_score *here,
                             const nas_score *there, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_string(&json, "metric", metric->name);
    write_score(&json, here);
    if (there != NULL) {
        nas_json_key(&json, "shifted");
        nas_json_object_begin(&json);
        write_score(&json, there);
        nas_json_object_end(&json);
    }
    nas_json_object_end(&json);
    printf("%s\n", nas_text_string(&text));
    nas_status status = nas_text_status(&text, err);
    nas_text_free(&text);
    return status;
}

/* ---- scoring ------------------------------------------------------------------------
 */

static nas_status choose_metric(const nas_cli *cli, const nas_model *model,
                                const nas_metric **out, nas_err *err)
{
    const char *name = nas_cli_string(cli, "metric");
    const nas_metric *metric = nas_metric_find(name != NULL ? name : model->metric);
    if (metric == NULL && name != NULL)
        return nas_fail(err, NAS_E_USAGE, "unknown metric `%s`", name);
    if (metric == NULL)
        metric = nas_metric_default(model->task);
    if (!nas_metric_fits(metric, model->task))
        return nas_fail(err, NAS_E_USAGE, "metric %s does not fit this model's task",
                        name);
    *out = metric;
    return NAS_OK;
}

/* Score of a model on all rows of a file or folder. */
static nas_status score(nas_cli *cli, const nas_model *model, const char *path,
                        const nas_metric *metric, nas_score *out, nas_err *err)
{
    nas_data_options options;
    nas_dataset *data = NULL;
    NAS_TRY(nas_cli_data_options(cli, &options, err));
    NAS_TRY(nas_data_load_for(path, &options, model, &data, err));
    nas_workspace *workspace = nas_workspace_new();
    int64_t *rows = NAS_NEW(cli->arena, int64_t, data->n_rows);
    nas_status status = NAS_OK;
    if (workspace == NULL || rows == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < data->n_rows && status == NAS_OK; i++)
        rows[i] = i;
    if (status == NAS_OK)
        status = nas_evaluate_model(model, data, rows, data->n_rows, metric, workspace,
                                    out, err);
    nas_workspace_free(workspace);
    nas_dataset_close(data);
    return status;
}

static nas_status score_all(nas_cli *cli, const nas_model *model, nas_err *err)
{
    const char *shifted = nas_cli_string(cli, "shifted");
    const nas_metric *metric = NULL;
    nas_score here = nas_score_none(0), there = nas_score_none(0);
    NAS_TRY(choose_metric(cli, model, &metric, err));
    NAS_TRY(score(cli, model, cli->args[1], metric, &here, err));
    if (shifted != NULL)
        NAS_TRY(score(cli, model, shifted, metric, &there, err));
    if (nas_cli_bool(cli, "json"))
        return print_json(metric, &here, shifted != NULL ? &there : NULL, err);
    print_score(metric, "", &here);
    if (shifted != NULL) {
        print_score(metric, "shifted ", &there);
        print_shift(metric, &here, &there);
    }
    return NAS_OK;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_model *model = NULL;
    NAS_TRY(read_model(cli->args[0], &model, err));
    nas_status status = score_all(cli, model, err);
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
    .examples = "  nasmith eval best.nasm other/t10k-images-idx3-ubyte.gz\n"
                "  nasmith eval best.nasm summer.csv --shifted winter.csv",
    .min_args = 2,
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
