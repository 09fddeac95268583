/* nasmith train DATA --graph net.json: train one given network. */
#include "cli.h"
#include "progress.h"

#include "nasmith/clock.h"
#include "nasmith/cost.h"
#include "nasmith/evaluate.h"
#include "nasmith/file.h"
#include "nasmith/graph.h"
#include "nasmith/model.h"
#include "nasmith/process.h"
#include "nasmith/text.h"

#include <string.h>

static const nas_param PARAMS[] = {
    {.name = "graph", .type = NAS_PARAM_STRING, .doc = "the network, as graph JSON"},
    {.name = "output",
     .type = NAS_PARAM_STRING,
     .default_text = "model.nasm",
     .doc = "model file to write"},
    {.name = "epochs",
     .type = NAS_PARAM_INT,
     .default_text = "8",
     .min = 1,
     .max = 100000,
     .doc = "passes over the training rows"},
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc = "accuracy, balanced_accuracy, macro_f1, auc, log_loss; rmse, mae, r2, "
            "spearman; default: accuracy or rmse"},
    {.name = "threads",
     .type = NAS_PARAM_INT,
     .min = 1,
     .max = 256,
     .doc = "that share the work; the result does not depend on it; default: all cores"},
    {.name = "dtype",
     .type = NAS_PARAM_CHOICE,
     .default_text = "float",
     .choices = nas_cli_dtypes,
     .doc = "numbers that --target is asked about: float, int8"},
    NAS_CLI_TARGET_PARAM,
    NAS_CLI_DATA_PARAMS,
    NAS_CLI_SEED_PARAM,
    {.name = NULL},
};

/* Everything of one run, released together. */
typedef struct training {
    nas_cli *cli;
    nas_graph *graph;
    nas_dataset *data;
    nas_workspace *workspace;
    nas_model *model;
    nas_arena *arena;
    const nas_metric *metric;
    nas_target target;
} training;

static nas_status load_graph(training *t, nas_err *err)
{
    const char *path = nas_cli_string(t->cli, "graph");
    if (path == NULL) {
        nas_fail(err, NAS_E_USAGE, "`nasmith train` needs the network: --graph net.json");
        nas_err_hint(err, "`nasmith show STUDY TRIAL --graph` prints one of a study");
        return NAS_E_USAGE;
    }
    char *text = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_file_read(path, (size_t)256 << 20, &text, &bytes, err));
    nas_status status = nas_graph_read_json(text, bytes, path, &t->graph, err);
    nas_heap_free(text);
    return status;
}

static nas_status load_data(training *t, nas_err *err)
{
    nas_data_options options;
    NAS_TRY(nas_cli_data_options(t->cli, &options, err));
    const char *folder;
    NAS_TRY(nas_cli_cache_folder(t->cli, t->cli->args[0], &folder, err));
    nas_progress_view view = nas_progress_new(t->cli, NAS_PROGRESS_AUTO);
    nas_progress_watch_data(&view, &options);
    nas_data_summary summary = {0};
    nas_status status =
        nas_data_prepare(t->cli->args[0], &options, folder, &summary, err);
    nas_progress_end(&view);
    nas_progress_note_stop(t->cli, status, err);
    nas_data_summary_free(&summary);
    NAS_TRY(status);
    return nas_dataset_open(folder, &t->data, err);
}

/* Does the network take these rows and give these outputs? */
static nas_status check_fit(const training *t, nas_err *err)
{
    nas_shape in = nas_graph_input_shape(t->graph);
    nas_shape have = nas_dataset_inner_shape(t->data);
    if (!nas_shape_equal(in, have))
        return nas_fail(
            err, NAS_E_GRAPH,
            "the network takes inputs of %lld x %lld x %lld (channels, height, "
            "width), the data has %lld x %lld x %lld",
            (long long)in.c, (long long)in.h, (long long)in.w, (long long)have.c,
            (long long)have.h, (long long)have.w);
    int64_t outputs = nas_shape_count(nas_graph_output_shape(t->graph));
    if (outputs != t->data->n_outputs)
        return nas_fail(err, NAS_E_GRAPH,
                        "the network has %lld outputs, the data has %lld %s",
                        (long long)outputs, (long long)t->data->n_outputs,
                        t->data->task == NAS_TASK_CLASSIFICATION ? "classes" : "targets");
    return NAS_OK;
}

static nas_status find_metric(training *t, nas_err *err)
{
    const char *name = nas_cli_string(t->cli, "metric");
    t->metric = name != NULL ? nas_metric_find(name) : nas_metric_default(t->data->task);
    if (t->metric == NULL)
        return nas_fail(err, NAS_E_USAGE, "unknown metric `%s`", name);
    if (!nas_metric_fits(t->metric, t->data->task))
        return nas_fail(err, NAS_E_USAGE, "metric %s does not fit this task", name);
    return NAS_OK;
}

static bool on_epoch(void *context, const nas_job *job, const nas_curve_point *point,
                     int64_t done, const void *checkpoint, size_t bytes)
{
    (void)checkpoint;
    (void)bytes;
    const training *t = context;
    char value[32] = "";
    if (point->validation == point->validation)
        nas_cli_format_metric(job->metric->fraction, point->validation, value,
                              sizeof value);
    nas_cli_note(t->cli, "  epoch %lld/%lld   training loss %.4f   %s %s",
                 (long long)done, (long long)job->epochs, point->train_loss,
                 value[0] != '\0' ? "validation" : "", value);
    return nas_cli_interrupted == 0;
}

static nas_status print_result(const training *t, const nas_job_result *result,
                               const char *path, nas_err *err)
{
    const nas_score *v = &result->validation;
    if (!nas_cli_bool(t->cli, "json")) {
        char value[32], low[32], high[32];
        nas_cli_format_metric(t->metric->fraction, v->value, value, sizeof value);
        nas_cli_format_metric(t->metric->fraction, v->low, low, sizeof low);
        nas_cli_format_metric(t->metric->fraction, v->high, high, sizeof high);
        printf("%s on validation: %s (95 %% interval %s to %s, n %lld), %.1f s\n",
               t->metric->name, value, low, high, (long long)v->n, result->seconds);
        printf("Wrote %s\n", path);
        return nas_cli_fit(t->cli, &t->target, t->graph, err);
    }
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_string(&json, "model", path);
    nas_json_key_string(&json, "metric", t->metric->name);
    nas_json_key(&json, "validation");
    nas_json_object_begin(&json);
    nas_json_key_real(&json, "value", v->value);
    nas_json_key_int(&json, "n", v->n);
    nas_json_key_real(&json, "low", v->low);
    nas_json_key_real(&json, "high", v->high);
    nas_json_object_end(&json);
    nas_json_key_int(&json, "params", nas_graph_params(t->graph));
    nas_json_key_int(&json, "macs", nas_graph_macs(t->graph));
    nas_json_key_real(&json, "train_loss", result->train_loss);
    nas_json_key_real(&json, "seconds", result->seconds);
    nas_json_object_end(&json);
    printf("%s\n", nas_text_string(&text));
    nas_status status = nas_text_status(&text, err);
    nas_text_free(&text);
    return status;
}

static nas_status train(training *t, nas_err *err)
{
    nas_job job = {
        .graph = t->graph,
        .data = t->data,
        .train_rows = t->data->train,
        .n_train = t->data->n_train,
        .validation_rows = t->data->validation,
        .n_validation = t->data->n_validation,
        .fraction = 1,
        .epochs = nas_cli_int(t->cli, "epochs"),
        .seed = (uint64_t)nas_cli_int(t->cli, "seed"),
        .metric = t->metric,
        .threads = nas_cli_given(t->cli, "threads") ? (int)nas_cli_int(t->cli, "threads")
                                                    : nas_process_cores(),
        .on_epoch = on_epoch,
        .context = t,
    };
    NAS_TRY(nas_cli_recipe(t->cli, t->data->task, &job.recipe, err));
    char params[32], macs[32];
    nas_text_count(params, sizeof params, (double)nas_graph_params(t->graph));
    nas_text_count(macs, sizeof macs, (double)nas_graph_macs(t->graph));
    nas_cli_note(t->cli, "Training %s params, %s MACs on %lld rows, %s", params, macs,
                 (long long)job.n_train, nas_isa_name(nas_isa_best()));

    nas_job_result result = {0};
    NAS_TRY(nas_job_run(&job, t->workspace, true, t->arena, &result, err));
    t->model = result.model;
    if (result.outcome == NAS_OUTCOME_STOPPED) {
        t->cli->exit_code = 128 + (int)nas_cli_signal;
        return nas_fail(err, NAS_E_INTERNAL, "stopped; no model was written");
    }
    if (result.outcome != NAS_OUTCOME_DONE) {
        t->cli->exit_code = 1;
        return nas_fail(err, NAS_E_LIMIT, "training ended: %s: %s",
                        nas_outcome_name(result.outcome), result.reason);
    }
    const char *path = nas_cli_string(t->cli, "output");
    NAS_TRY(nas_model_write(t->model, path, err));
    return print_result(t, &result, path, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_cli_catch_signals();
    training t = {.cli = cli, .arena = nas_arena_new(), .workspace = nas_workspace_new()};
    nas_status status = NAS_OK;
    if (t.arena == NULL || t.workspace == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        status = nas_cli_target(cli, &t.target, err);
    if (status == NAS_OK)
        status = load_graph(&t, err);
    if (status == NAS_OK)
        status = load_data(&t, err);
    if (status == NAS_OK)
        status = check_fit(&t, err);
    if (status == NAS_OK)
        status = find_metric(&t, err);
    if (status == NAS_OK)
        status = train(&t, err);
    nas_model_free(t.model);
    nas_workspace_free(t.workspace);
    nas_dataset_close(t.data);
    nas_graph_free(t.graph);
    nas_arena_free(t.arena);
    return status;
}

const nas_command nas_cmd_train = {
    .name = "train",
    .summary = "train one given network and write a model file",
    .arguments = "DATA",
    .details =
        "Trains on the training rows and scores the validation rows. The test rows "
        "stay sealed;\n`nasmith eval MODEL FILE` scores a model on any other data.",
    .examples = "  nasmith train /usr/share/datasets/fashion-mnist --graph net.json "
                "--epochs 8 -o net.nasm",
    .min_args = 1,
    .max_args = 1,
    .params = PARAMS,
    .more = nas_recipe_params,
    .more_title = "Recipe",
    .run = run,
};
