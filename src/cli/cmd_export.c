/* nasmith export MODEL|TRIAL --onnx FILE --c DIR: write a network out, verified. */
#include "cli.h"

#include "nasmith/clean.h"
#include "nasmith/evaluate.h"
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/model.h"
#include "nasmith/study.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

#define VERIFY_ROWS 256
#define SELFTEST_ROWS 4

/* In the order of nas_c_profile. */
static const char *const PROFILES[] = {"mcu", "host", NULL};

/* In the order of nas_range_method. */
static const char *const CALIBRATIONS[] = {"best", "min-max", "percentile", "mse", NULL};

static const nas_param PARAMS[] = {
    {.name = "onnx", .type = NAS_PARAM_STRING, .doc = "ONNX file to write"},
    {.name = "c", .type = NAS_PARAM_STRING, .doc = "folder to write C files into"},
    {.name = "prefix",
     .type = NAS_PARAM_STRING,
     .default_text = "net",
     .doc = "of every C symbol and file"},
    {.name = "profile",
     .type = NAS_PARAM_CHOICE,
     .default_text = "mcu",
     .choices = PROFILES,
     .doc = "kernels of the C: mcu, small; host, fast on edge CPUs, for gcc or clang"},
    {.name = "study",
     .type = NAS_PARAM_STRING,
     .doc = "study of the trial; default: the newest here"},
    {.name = "data",
     .type = NAS_PARAM_STRING,
     .doc = "rows to calibrate int8 and verify on; default: random ones, int8: of the "
            "study"},
    {.name = "dtype",
     .type = NAS_PARAM_CHOICE,
     .default_text = "float",
     .choices = nas_cli_dtypes,
     .doc =
         "numbers of the C: float, or int8, calibrated on rows of --data or the study"},
    {.name = "calibration",
     .type = NAS_PARAM_CHOICE,
     .default_text = "best",
     .choices = CALIBRATIONS,
     .doc = "ranges of int8: best (of the others), min-max, percentile, mse"},
    {.name = "temperature",
     .type = NAS_PARAM_REAL,
     .default_text = "1",
     .min = 0.01,
     .max = 100,
     .doc = "divide a classifier's logits by it, for better probabilities (the report "
            "names one)"},
    NAS_CLI_TARGET_PARAM,
    NAS_CLI_DATA_PARAMS,
    {.name = NULL},
};

/* Rows to calibrate and verify on, with what the engine answers. */
typedef struct rows {
    float *inputs;   /* [n][C*H*W] */
    float *expected; /* [n][n_outputs] */
    int64_t n;
    const char *folder; /* of the study's prepared data; NULL: the network is a file */
    nas_dtype dtype;    /* to export for */
} rows;

static nas_status trial_model(nas_cli *cli, int64_t trial, nas_model **out,
                              const char **folder, nas_err *err)
{
    const char *path;
    NAS_TRY(nas_cli_default_study(cli, nas_cli_string(cli, "study"), &path, err));
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(path, &study, err));
    char name[48];
    (void)snprintf(name, sizeof name, "model-%lld.nasm", (long long)trial);
    void *bytes = NULL;
    size_t n = 0;
    nas_status status = nas_study_get_blob(study, name, &bytes, &n, err);
    if (status == NAS_OK && bytes == NULL) {
        status = nas_fail(err, NAS_E_USAGE, "trial %lld of %s has no stored weights",
                          (long long)trial, path);
        nas_err_hint(err,
                     "finalists have; train another one: nasmith show %s %lld --graph > "
                     "net.json && nasmith train DATA --graph net.json",
                     path, (long long)trial);
    }
    if (status == NAS_OK)
        status = nas_model_parse(bytes, n, name, out, err);
    *folder = nas_arena_printf(cli->arena, "%s/data", nas_study_folder(study));
    if (status == NAS_OK && *folder == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    nas_heap_free(bytes);
    nas_study_close(study);
    return status;
}

static nas_status load_model(nas_cli *cli, nas_model **out, const char **folder,
                             nas_err *err)
{
    int64_t trial;
    const char *word = cli->args[0];
    if (nas_parse_int(word, &trial, NULL) == NAS_OK && !nas_file_exists(word))
        return trial_model(cli, trial, out, folder, err);
    const char *dot = strrchr(word, '.');
    if (dot != NULL && strcmp(dot, ".onnx") == 0)
        return nas_onnx_read(word, out, err);
    return nas_model_read(word, out, err);
}

/* Evenly spaced rows of `index`, or of all. */
static void take_rows(const nas_dataset *data, const int64_t *index, int64_t n, rows *out)
{
    const int64_t size = nas_shape_count(data->shape);
    out->n = n < VERIFY_ROWS ? n : VERIFY_ROWS;
    for (int64_t i = 0; i < out->n; i++) {
        const int64_t at = i * n / out->n;
        nas_dataset_row(data, index == NULL ? at : index[at], out->inputs + i * size);
    }
}

static nas_status read_rows(nas_cli *cli, const nas_model *model, rows *out, nas_err *err)
{
    nas_data_options options;
    nas_dataset *data = NULL;
    NAS_TRY(nas_cli_data_options(cli, &options, err));
    NAS_TRY(nas_data_load_for(nas_cli_string(cli, "data"), &options, model, &data, err));
    take_rows(data, NULL, data->n_rows, out);
    nas_dataset_close(data);
    return NAS_OK;
}

/* Training rows of the study the network comes from. */
static nas_status study_rows(const nas_model *model, rows *out, nas_err *err)
{
    nas_dataset *data = NULL;
    if (out->folder == NULL) {
        nas_fail(err, NAS_E_USAGE, "--dtype int8 needs rows to calibrate on");
        nas_err_hint(err, "--data FILE with rows like those of the device");
        return NAS_E_USAGE;
    }
    NAS_TRY(nas_dataset_open(out->folder, &data, err));
    nas_status status = NAS_OK;
    if (nas_shape_equal(data->shape, nas_graph_input_shape(model->graph)))
        take_rows(data, data->train, data->n_train, out);
    else
        status =
            nas_fail(err, NAS_E_DATA, "%s: other rows than the network's", out->folder);
    nas_dataset_close(data);
    return status;
}

/* The engine's answers on rows held as floats. */
static nas_status predict_rows(nas_cli *cli, const nas_model *model, rows *r,
                               nas_err *err)
{
    nas_dataset data = {
        .task = model->task,
        .shape = nas_graph_input_shape(model->graph),
        .element = NAS_ELEMENT_F32,
        .n_rows = r->n,
        .inputs = r->inputs,
        .n_outputs = model->n_outputs,
    };
    int64_t *index = NAS_NEW(cli->arena, int64_t, r->n);
    NAS_TRY_ALLOC(index, err);
    for (int64_t i = 0; i < r->n; i++)
        index[i] = i;
    nas_workspace *workspace = nas_workspace_new();
    NAS_TRY_ALLOC(workspace, err);
    nas_status status =
        nas_predict(model, &data, index, r->n, workspace, r->expected, err);
    nas_workspace_free(workspace);
    return status;
}

static void draw_rows(const nas_model *model, rows *out)
{
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    nas_rng rng = nas_rng_new(0, nas_graph_hash(model->graph));
    for (int64_t i = 0; i < out->n; i++)
        nas_graph_draw_row(model->graph, &rng, out->inputs + i * size);
}

static nas_status make_rows(nas_cli *cli, const nas_model *model, rows *out, nas_err *err)
{
    int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    out->n = VERIFY_ROWS;
    out->inputs = NAS_NEW(cli->arena, float, size *VERIFY_ROWS);
    out->expected = NAS_NEW(cli->arena, float, model->n_outputs *VERIFY_ROWS);
    NAS_TRY_ALLOC(out->inputs, err);
    NAS_TRY_ALLOC(out->expected, err);
    if (nas_cli_string(cli, "data") != NULL)
        NAS_TRY(read_rows(cli, model, out, err));
    else if (out->dtype == NAS_INT8)
        NAS_TRY(study_rows(model, out, err));
    else
        draw_rows(model, out);
    return predict_rows(cli, model, out, err);
}

static nas_status write_onnx(const nas_model *model, const nas_quant *quant,
                             const rows *r, const char *path, nas_err *err)
{
    nas_verify_result check = {0};
    if (quant == NULL) {
        NAS_TRY(nas_onnx_write(model, path, err));
        NAS_TRY(nas_onnx_verify(path, r->inputs, r->expected, r->n, &check, err));
    } else {
        NAS_TRY(nas_onnx_write_int8(quant, path, err));
        NAS_TRY(nas_onnx_verify_int8(quant, path, r->inputs, r->n, &check, err));
    }
    if (quant == NULL)
        printf("Wrote %s (checked on %lld rows: max difference %.1e)\n", path,
               (long long)check.n, check.max_error);
    else
        printf("Wrote %s (int8, checked on %lld rows: at most %.0f of 256 units from the "
               "C, another class on %lld)\n",
               path, (long long)check.n, 256 * check.max_error,
               (long long)check.argmax_differs);
    return NAS_OK;
}

static void print_c(const nas_quant *quant, const char *folder,
                    const nas_verify_result *check)
{
    if (!check->compiled)
        printf("Wrote %s (not compiled here: no C compiler found)\n", folder);
    else if (quant == NULL)
        printf("Wrote %s (compiled with %s, checked on %lld rows: max difference %.1e)\n",
               folder, check->compiler, (long long)check->n, check->max_error);
    else
        printf(
            "Wrote %s (int8, calibrated by %s, compiled with %s, checked on %lld rows: "
            "equal bit for bit; the float network decides otherwise on %lld)\n",
            folder, nas_range_method_name(nas_quant_calibration(quant)), check->compiler,
            (long long)check->n, (long long)check->argmax_differs);
}

static nas_status write_c(nas_cli *cli, const nas_model *model, const nas_quant *quant,
                          const rows *r, const char *folder, nas_err *err)
{
    nas_c_options options = {
        .profile = (nas_c_profile)nas_cli_int(cli, "profile"),
        .prefix = nas_cli_string(cli, "prefix"),
        .quant = quant,
        .sample = r->inputs,
        .n_samples = (int)(r->n < SELFTEST_ROWS ? r->n : SELFTEST_ROWS),
    };
    nas_verify_result check = {0};
    NAS_TRY(nas_c_write(model, &options, folder, err));
    NAS_TRY(
        nas_c_verify(model, &options, folder, r->inputs, r->expected, r->n, &check, err));
    print_c(quant, folder, &check);
    return NAS_OK;
}

static nas_status quantise(const nas_cli *cli, const nas_model *model, const rows *r,
                           nas_quant **out, nas_err *err)
{
    nas_quant_options options = nas_quant_options_default();
    options.calibration = (nas_range_method)nas_cli_int(cli, "calibration");
    return nas_quantise(model, r->inputs, r->n, &options, out, err);
}

static nas_status export_files(nas_cli *cli, const nas_model *model,
                               const nas_quant *quant, const rows *r, nas_err *err)
{
    const char *onnx = nas_cli_string(cli, "onnx");
    const char *folder = nas_cli_string(cli, "c");
    if (onnx != NULL)
        NAS_TRY(write_onnx(model, quant, r, onnx, err));
    return folder != NULL ? write_c(cli, model, quant, r, folder, err) : NAS_OK;
}

/* What the files give is compared with the network as it was before. */
static nas_status clean(nas_model *model, nas_err *err)
{
    nas_clean_saved saved;
    char text[160];
    NAS_TRY(nas_model_clean(model, &saved, err));
    nas_clean_text(&saved, text, sizeof text);
    if (*text != '\0')
        printf("Clean-up: %s\n", text);
    return NAS_OK;
}

static nas_status export_model(nas_cli *cli, nas_model *model, rows *r, nas_err *err)
{
    nas_quant *quant = NULL;
    NAS_TRY(make_rows(cli, model, r, err));
    NAS_TRY(clean(model, err));
    if (r->dtype == NAS_INT8)
        NAS_TRY(quantise(cli, model, r, &quant, err));
    nas_status status = export_files(cli, model, quant, r, err);
    nas_quant_free(quant);
    return status;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    if (nas_cli_string(cli, "onnx") == NULL && nas_cli_string(cli, "c") == NULL) {
        nas_fail(err, NAS_E_USAGE, "`nasmith export` needs somewhere to write to");
        nas_err_hint(err, "--onnx FILE, --c FOLDER, or both");
        return NAS_E_USAGE;
    }
    nas_model *model = NULL;
    nas_target target;
    NAS_TRY(nas_cli_target(cli, &target, err));
    rows r = {.dtype = nas_cli_dtype(cli, &target)};
    NAS_TRY(load_model(cli, &model, &r.folder, err));
    nas_status status = NAS_OK;
    if (nas_cli_real(cli, "temperature") != 1)
        status = nas_model_temper(model, nas_cli_real(cli, "temperature"), err);
    if (status == NAS_OK)
        status = export_model(cli, model, &r, err);
    if (status == NAS_OK)
        status = nas_cli_fit(cli, &target, model->graph, err);
    nas_model_free(model);
    return status;
}

const nas_command nas_cmd_export = {
    .name = "export",
    .summary = "write a network as ONNX and freestanding C, run again and compared",
    .arguments = "MODEL|TRIAL",
    .details =
        "MODEL is a model file; a number is a finalist of a study. The files are run "
        "again (the C\ncode is compiled) and compared with the engine before they "
        "count as written. Channels that contribute nothing are removed first.",
    .examples =
        "  nasmith export net.nasm --onnx net.onnx --c net_c\n"
        "  nasmith export 140 --c device --prefix gesture --dtype int8\n"
        "  nasmith export net.nasm --c device --dtype int8 --data calibration.csv",
    .min_args = 1,
    .max_args = 1,
    .params = PARAMS,
    .run = run,
};
