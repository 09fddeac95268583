/* nasmith search DATA: the main job. */
#include "cli.h"
#include "progress.h"
#include "report_child.h"

#include "nasmith/explain.h"
#include "nasmith/file.h"
#include "nasmith/search.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

/* Seconds of --time kept for the report, and the share for explaining the network. */
#define REPORT_RESERVE_S 1.0
#define EXPLAIN_SHARE 0.02
/* Share for ablation and learning curve; short searches need all of their time. */
#define ABLATION_SHARE 0.05
#define ABLATION_FROM_S 300.0
#define MOST_ABLATION_SHARE 0.1
#define LEAST_ABLATION_S 2.0

static const char *const PROGRESS_CHOICES[] = {"auto", "full", "plain",
                                               "json", "none", NULL};

static const nas_param PARAMS[] = {
    {.name = "time",
     .type = NAS_PARAM_SECONDS,
     .doc = "total time of the study, everything included [10m unless --trials]"},
    {.name = "trials",
     .type = NAS_PARAM_COUNT,
     .doc = "stop after this many scored networks"},
    {.name = "epochs",
     .type = NAS_PARAM_INT,
     .max = 100000,
     .doc = "of the longest training in the search; default: planned from the time"},
    {.name = "max_params", .type = NAS_PARAM_COUNT, .doc = "limit on trained parameters"},
    {.name = "max_macs",
     .type = NAS_PARAM_COUNT,
     .doc = "limit on multiply-accumulates of one inference"},
    {.name = "max_ram",
     .type = NAS_PARAM_BYTES,
     .doc = "limit on RAM: activations, scratch, input, output, stack"},
    {.name = "max_flash", .type = NAS_PARAM_BYTES, .doc = "limit on weights and code"},
    {.name = "max_latency",
     .type = NAS_PARAM_SECONDS,
     .doc = "limit on one inference on this machine, one thread, or on --target"},
    {.name = "minimize",
     .type = NAS_PARAM_STRING,
     .doc = "further objectives: params,macs,ram,flash,latency"},
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc = "accuracy, balanced_accuracy, macro_f1, auc, log_loss; rmse, mae, r2, "
            "spearman; default: accuracy or rmse"},
    NAS_CLI_TARGET_PARAM,
    NAS_CLI_DATA_PARAMS,
    NAS_CLI_SEED_PARAM,
    {.name = "space",
     .type = NAS_PARAM_STRING,
     .default_text = "auto",
     .doc = "preset or YAML file (nasmith space show)"},
    {.name = "strategy",
     .type = NAS_PARAM_STRING,
     .default_text = "evolution",
     .doc = "who proposes networks: auto, evolution, gp, tpe, nsga2, local, "
            "bananas, reinforce, spos, rsps, darts, gdas, grid, random"},
    {.name = "proxies",
     .type = NAS_PARAM_INT,
     .unit = "networks",
     .default_text = "0",
     .max = 100000,
     .doc = "half of the first networks are the best of so many by zero-cost proxies "
            "(nasmith proxies); 0: all are random"},
    {.name = "strategy_options",
     .type = NAS_PARAM_STRING,
     .doc = "its parameters, name=value,..."},
    {.name = "scheduler",
     .type = NAS_PARAM_STRING,
     .default_text = "asha",
     .doc = "who decides how long they train: asha, none"},
    {.name = "workers",
     .type = NAS_PARAM_INT,
     .max = 1024,
     .doc = "processes that train; default: one per core"},
    {.name = "memory",
     .type = NAS_PARAM_BYTES,
     .doc = "of one training; default: what the machine has, shared"},
    {.name = "dtype",
     .type = NAS_PARAM_CHOICE,
     .default_text = "float",
     .choices = nas_cli_dtypes,
     .doc = "numbers of the exported C: float; int8, by which networks are then scored"},
    {.name = "study",
     .type = NAS_PARAM_STRING,
     .doc = "study file; default: NAME.nas.db here, NAME from DATA"},
    {.name = "new",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "start again; an old study of this name is kept aside"},
    {.name = "output",
     .type = NAS_PARAM_STRING,
     .doc = "folder for report, ONNX and C; default: the study's folder"},
    {.name = "export",
     .type = NAS_PARAM_STRING,
     .default_text = "onnx,c",
     .doc = "what to write of each finalist: onnx, c, none"},
    {.name = "report",
     .type = NAS_PARAM_BOOL,
     .default_text = "true",
     .doc = "leave out the HTML report"},
    {.name = "ablate",
     .type = NAS_PARAM_SECONDS,
     .doc =
         "part of --time for taking the chosen network apart, at most a tenth; 0: none "
         "[5 % from 5m on, and what is left over]"},
    {.name = "examples",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "pictures of single rows in the report"},
    {.name = "progress",
     .type = NAS_PARAM_CHOICE,
     .default_text = "auto",
     .choices = PROGRESS_CHOICES,
     .doc = "how progress is shown"},
    {.name = "dry_run",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "say what would be done, train one step, and stop"},
    {.name = NULL},
};

/* ---- options ---------------------------------------------------------------------- */

static nas_status parse_words(const char *list, const char *flag,
                              const char *const *words, unsigned *bits, nas_err *err)
{
    *bits = 0;
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        int found = -1;
        for (int i = 0; words[i] != NULL; i++)
            if (strlen(words[i]) == length && strncmp(words[i], list, length) == 0)
                found = i;
        if (found < 0) {
            nas_text all = {0};
            for (int i = 0; words[i] != NULL; i++)
                nas_text_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
            nas_fail(err, NAS_E_USAGE, "--%s: unknown word `%.*s`; known: %s", flag,
                     (int)length, list, nas_text_string(&all));
            nas_text_free(&all);
            return NAS_E_USAGE;
        }
        *bits |= 1u << found;
        list += length + (list[length] == ',');
    }
    return NAS_OK;
}

static nas_status read_limits(const nas_cli *cli, nas_search_options *out, nas_err *err)
{
    nas_target target;
    NAS_TRY(nas_cli_target(cli, &target, err));
    out->limits = nas_cli_limits(cli, &target);
    out->latency = nas_cli_latency(&target);
    static const char *const COSTS[] = {"params", "macs",    "ram",
                                        "flash",  "latency", NULL};
    unsigned bits;
    NAS_TRY(parse_words(nas_cli_string(cli, "minimize"), "minimize", COSTS, &bits, err));
    out->minimise = bits << NAS_LIMIT_PARAMS;
    return NAS_OK;
}

/* At most a tenth of the time; without a clock only what was asked for. */
static double ablation_seconds(const nas_cli *cli, const nas_search_options *options)
{
    double time = options->time_s;
    if (nas_cli_given(cli, "ablate"))
        return time > 0 ? fmin(nas_cli_real(cli, "ablate"), MOST_ABLATION_SHARE * time)
                        : nas_cli_real(cli, "ablate");
    return time >= ABLATION_FROM_S ? ABLATION_SHARE * time : 0;
}

/* Without a clock, what it takes by default. */
static double explain_seconds(const nas_search_options *options)
{
    double most = nas_explain_options_default().seconds;
    return options->time_s > 0 ? fmin(most, EXPLAIN_SHARE * options->time_s) : most;
}

static nas_status read_options(nas_cli *cli, nas_search_options *out, nas_err *err)
{
    *out = nas_search_options_default();
    out->data_path = cli->args[0];
    NAS_TRY(nas_cli_data_options(cli, &out->data, err));
    NAS_TRY(read_limits(cli, out, err));
    static const char *const EXPORTS[] = {"onnx", "c", "none", NULL};
    unsigned exports;
    NAS_TRY(parse_words(nas_cli_string(cli, "export"), "export", EXPORTS, &exports, err));
    out->export_onnx = (exports & 1u) != 0;
    out->export_c = (exports & 2u) != 0;
    out->study_path = nas_cli_string(cli, "study");
    out->output_folder = nas_cli_string(cli, "output");
    out->new_study = nas_cli_bool(cli, "new");
    out->time_s = nas_cli_real(cli, "time");
    out->trials = nas_cli_int(cli, "trials");
    out->epochs = nas_cli_int(cli, "epochs");
    if (out->time_s <= 0 && out->trials <= 0)
        out->time_s = 600;
    out->metric = nas_cli_string(cli, "metric");
    const char *space = nas_cli_string(cli, "space");
    out->space = strcmp(space, "auto") == 0 ? NULL : space;
    out->strategy = nas_cli_string(cli, "strategy");
    out->strategy_options = nas_cli_string(cli, "strategy_options");
    out->proxies = nas_cli_int(cli, "proxies");
    out->scheduler = nas_cli_string(cli, "scheduler");
    out->workers = (int)nas_cli_int(cli, "workers");
    out->seed = (uint64_t)nas_cli_int(cli, "seed");
    out->memory_bytes = nas_cli_int(cli, "memory");
    out->reserve_s =
        nas_cli_bool(cli, "report")
            ? REPORT_RESERVE_S + explain_seconds(out) + ablation_seconds(cli, out)
            : 0;
    out->program_path = "/proc/self/exe";
    out->command_line = cli->command_line;
    out->interrupted = &nas_cli_interrupted;
    return NAS_OK;
}

/* ---- the result ------------------------------------------------------------------- */

/* @param device  latency is an estimate for it; NULL: of this machine, measured if it was
 */
static void print_finalist(const nas_finalist *f, const nas_device *device, bool fraction,
                           bool chosen)
{
    char id[32], val[32], test[32] = "-";
    (void)snprintf(id, sizeof id, "#%lld", (long long)f->trial);
    nas_cli_format_metric(fraction, f->validation.value, val, sizeof val);
    nas_cli_format_metric(fraction, f->test.value, test, sizeof test);
    nas_cost cost = f->cost;
    if (f->measured_latency_ms >= 0 && device == NULL)
        cost.latency_ms = f->measured_latency_ms;
    nas_cost_words words = nas_cost_in_words(&cost);
    printf("  %-6s %8s %8s %8s %8s %*s %8s %8s   %s%s\n", id, val, test, words.params,
           words.macs, nas_cli_width(words.latency, 10), words.latency, words.ram,
           words.flash, f->role, chosen ? "  <- chosen" : "");
}

static void print_test(const nas_finalist *f, const nas_metric *metric)
{
    char value[32], low[32], high[32];
    bool fraction = metric->fraction;
    if (isnan(f->test.value))
        return;
    nas_cli_format_metric(fraction, f->test.value, value, sizeof value);
    nas_cli_format_metric(fraction, f->test.low, low, sizeof low);
    nas_cli_format_metric(fraction, f->test.high, high, sizeof high);
    printf("\n  Test of #%lld: %s, 95 %% interval %s to %s, n %lld", (long long)f->trial,
           value, low, high, (long long)f->test.n);
    if (f->opening > 1)
        printf(" (opening %d)", f->opening);
    putchar('\n');
    bool rosy = metric->larger_is_better ? f->validation.value > f->test.high
                                         : f->validation.value < f->test.low;
    if (rosy) {
        nas_cli_format_metric(fraction, f->validation.value, value, sizeof value);
        printf("  Validation said %s, better than that interval: believe the test.\n",
               value);
    }
}

static void print_baselines(const nas_search_result *r, bool fraction)
{
    if (r->n_baselines == 0)
        return;
    printf("  Beside it:");
    for (int i = 0; i < r->n_baselines; i++) {
        char value[32];
        const nas_score *s = &r->baselines[i].test;
        nas_cli_format_metric(
            fraction, isnan(s->value) ? r->baselines[i].validation.value : s->value,
            value, sizeof value);
        printf("%s %s %s%s", i > 0 ? "," : "", r->baselines[i].name, value,
               isnan(s->value) ? " (validation)" : "");
    }
    putchar('\n');
    if (!isnan(r->random_estimate)) {
        char value[32];
        nas_cli_format_metric(fraction, r->random_estimate, value, sizeof value);
        printf(
            "  Random search of this size would have reached about %s on validation.\n",
            value);
    }
}

static void print_saved(const nas_finalist *f)
{
    char saved[160];
    nas_clean_text(&f->saved, saved, sizeof saved);
    if (*saved != '\0')
        printf("  Clean-up of #%lld: %s.\n", (long long)f->trial, saved);
}

static void print_files(const nas_finalist *f, const char *report)
{
    printf("\n");
    if (report != NULL)
        printf("Wrote  %s\n", report);
    if (f->onnx_path != NULL)
        printf("Wrote  %s (run again: max difference %.0e)\n", f->onnx_path,
               f->onnx_check.max_error);
    if (f->c_path != NULL && f->c_check.compiled)
        printf("Wrote  %s (compiled and run: max difference %.0e)\n", f->c_path,
               f->c_check.max_error);
    else if (f->c_path != NULL)
        printf("Wrote  %s (not compiled here: no C compiler)\n", f->c_path);
}

/* The command that continues: as typed, without --new. */
static void print_continue(const nas_cli *cli)
{
    const char *command = cli->command_line;
    const char *fresh = strstr(command, " --new");
    int before = fresh != NULL ? (int)(fresh - command) : (int)strlen(command);
    printf("       %.*s%s\n              with a larger --time or --trials: goes on from "
           "here\n",
           before, command, fresh != NULL ? fresh + strlen(" --new") : "");
}

static void print_device(const nas_finalist *f, const nas_device *device)
{
    char text[160];
    if (device == NULL || f->cost.latency_ms < 0.0)
        return;
    nas_device_text(device, f->cost.latency_ms, text, sizeof text);
    printf("  Device: %s\n", text);
}

/* @param device  that latencies were estimated for, or NULL */
static void print_result(const nas_cli *cli, const nas_search_result *r,
                         const nas_metric *metric, const nas_device *device)
{
    bool fraction = metric->fraction;
    const nas_study_counts *c = &r->counts;
    printf("\nStopped: %s. %lld networks scored, %lld trained in full, %lld failed; %lld "
           "draws were too large and never trained.\n",
           r->stop_reason != NULL ? r->stop_reason : "done", (long long)c->scored,
           (long long)c->full, (long long)c->failed, (long long)c->infeasible);
    if (r->n_finalists == 0)
        return;
    printf(
        "\n  Pareto front: %d network%s; the test set was opened for these rows only\n",
        r->n_front, r->n_front == 1 ? "" : "s");
    printf("  %-6s %8s %8s %8s %8s %10s %8s %8s\n", "trial", "val", "test", "params",
           "MACs", "latency", "RAM", "flash");
    for (int i = 0; i < r->n_finalists; i++)
        print_finalist(&r->finalists[i], device, fraction, i == 0);
    print_test(&r->finalists[0], metric);
    print_device(&r->finalists[0], device);
    for (int i = 0; i < r->n_finalists; i++)
        print_saved(&r->finalists[i]);
    print_baselines(r, fraction);
    print_files(&r->finalists[0], r->report_path);
    printf("Next   nasmith show %lld            the network, layer by layer\n",
           (long long)r->finalists[0].trial);
    print_continue(cli);
}

static nas_status print_json(const nas_search_result *r, nas_study *study, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_status status = nas_search_write_json(r, study, &json, err);
    if (status == NAS_OK)
        status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", nas_text_string(&text));
    nas_text_free(&text);
    return status;
}

/* ---- the run ---------------------------------------------------------------------- */

/* Time for ablation: what was kept for it, or what the search left over of its total. */
static double ablation_left(const nas_cli *cli, const nas_search_options *options,
                            const nas_search_result *result)
{
    double asked = ablation_seconds(cli, options), time = options->time_s;
    if (time <= 0 || (nas_cli_given(cli, "ablate") && asked <= 0))
        return asked;
    double left =
        time - result->seconds - REPORT_RESERVE_S - 2 * explain_seconds(options);
    double most = nas_cli_given(cli, "ablate") ? asked : MOST_ABLATION_SHARE * time;
    return left >= LEAST_ABLATION_S ? fmin(most, left) : 0;
}

static nas_status write_report(nas_cli *cli, const nas_search_options *options,
                               nas_study *study, nas_search_result *result, nas_err *err)
{
    if (!nas_cli_bool(cli, "report"))
        return NAS_OK;
    const char *folder =
        options->output_folder != NULL ? options->output_folder : nas_study_folder(study);
    const char *path = nas_file_join(cli->arena, folder, "report.html");
    NAS_TRY_ALLOC(path, err);
    NAS_TRY(nas_file_make_directory(folder, err));
    bool any = result->n_finalists > 0;
    nas_report_child child = {
        .program = options->program_path,
        .study = result->study_path,
        .path = path,
        .explain_s = any ? explain_seconds(options) : 0,
        .ablate_s = any ? ablation_left(cli, options, result) : 0,
        .examples = nas_cli_bool(cli, "examples"),
    };
    NAS_TRY(nas_report_child_run(cli, &child, err));
    result->report_path = path;
    return nas_study_put(study, "report_path", path, err);
}

static nas_status deliver(nas_cli *cli, const nas_search_options *options,
                          nas_search_result *result, nas_err *err)
{
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(result->study_path, &study, err));
    const char *name = nas_study_settings_of(study)->metric;
    const nas_metric *metric = nas_metric_find(name);
    const nas_device *device = &nas_study_settings_of(study)->latency.device;
    device = device->clock_mhz > 0.0 ? device : NULL;
    nas_status status = metric != NULL
                            ? write_report(cli, options, study, result, err)
                            : nas_fail(err, NAS_E_STUDY, "unknown metric `%s`", name);
    if (status == NAS_OK && nas_cli_bool(cli, "json"))
        status = print_json(result, study, err);
    else if (status == NAS_OK)
        print_result(cli, result, metric, device);
    nas_study_close(study);
    return status;
}

static nas_status search(nas_cli *cli, nas_search_options *options, nas_err *err)
{
    nas_progress_view view =
        nas_progress_new(cli, (nas_progress_mode)nas_cli_int(cli, "progress"));
    const char *name = options->metric;
    const nas_metric *metric = name != NULL ? nas_metric_find(name) : NULL;
    if (name != NULL && metric == NULL)
        return nas_fail(err, NAS_E_USAGE, "unknown metric `%s`", name);
    nas_search_sink sink = nas_progress_sink(&view);
    nas_progress_watch_data(&view, &options->data);
    if (nas_cli_bool(cli, "dry_run")) {
        nas_status dry = nas_search_dry_run(options, &sink, err);
        nas_progress_end(&view);
        nas_progress_note_stop(cli, dry, err);
        return dry;
    }

    nas_search_result result = {0};
    nas_status status = nas_search_run(options, &sink, &result, err);
    nas_progress_end(&view);
    nas_progress_note_stop(cli, status, err);
    bool have = result.study_path != NULL && (status == NAS_OK || status == NAS_E_LIMIT);
    if (have) {
        nas_err later = {0};
        nas_status delivered = deliver(cli, options, &result, &later);
        if (status == NAS_OK && delivered != NAS_OK) {
            status = delivered;
            *err = later;
        }
    }
    if (status == NAS_OK && nas_cli_signal != 0) {
        cli->exit_code = 128 + (int)nas_cli_signal;
        nas_cli_note(cli, "Interrupted. Continue with: %s", cli->command_line);
    }
    nas_search_result_free(&result);
    return status;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_cli_catch_signals();
    nas_search_options options;
    NAS_TRY(read_options(cli, &options, err));
    nas_cli_note(cli, "nasmith search %s", cli->args[0]);
    return search(cli, &options, err);
}

const nas_command nas_cmd_search = {
    .name = "search",
    .summary = "find networks for a data set under limits; creates or continues a study",
    .arguments = "DATA",
    .details =
        "Reads DATA, searches architectures, trains them on this machine's cores, and "
        "writes the best\nas ONNX and C with a report. The same command again "
        "continues; a larger --time or --trials\nextends. DATA: IDX files, CSV with a "
        "header, NumPy,\nCIFAR, UCR, or folders of images, sound or recordings, one for "
        "each "
        "class (docs/data.md).",
    .examples =
        "  nasmith search /usr/share/datasets/fashion-mnist --time 3m --max-ram 64KiB "
        "--max-flash 256KiB\n"
        "  nasmith search houses.csv --label price --time 5m",
    .min_args = 1,
    .max_args = 1,
    .params = PARAMS,
    .run = run,
};
