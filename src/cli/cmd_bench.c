/* nasmith bench table FILE: strategies and schedulers on recorded trainings. */
#include "cli.h"

#include "nasmith/bench.h"
#include "nasmith/report.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

enum { MAX_METHODS = 64, MAX_VALUES = 32, COLUMNS = 8, DEFAULT_QUERIES = 100 };

static const nas_param PARAMS[] = {
    {.name = "strategy",
     .type = NAS_PARAM_STRING,
     .default_text = "evolution",
     .doc = "who proposes, several by commas, with options as NAME:KEY=VALUE:...; random "
            "is always there"},
    {.name = "scheduler",
     .type = NAS_PARAM_STRING,
     .default_text = "none",
     .doc = "who goes on, several by commas; each with each strategy"},
    {.name = "queries",
     .type = NAS_PARAM_INT,
     .unit = "trainings",
     .min = 1,
     .max = 1e6,
     .doc = "budget; 100 when no budget is given"},
    {.name = "seconds",
     .type = NAS_PARAM_SECONDS,
     .doc = "budget of the simulated clock"},
    {.name = "epochs",
     .type = NAS_PARAM_REAL,
     .min = 1,
     .max = 1e12,
     .doc = "budget: of all trainings together"},
    {.name = "runs",
     .type = NAS_PARAM_INT,
     .default_text = "100",
     .min = 1,
     .max = 100000,
     .doc = "searches per method"},
    {.name = "seed",
     .type = NAS_PARAM_INT,
     .default_text = "0",
     .max = 9007199254740992.0,
     .doc = "of the first run; the next have the next ones, the same for all methods"},
    {.name = "workers",
     .type = NAS_PARAM_INT,
     .default_text = "1",
     .min = 1,
     .max = 64,
     .doc = "simulated trainings at the same time"},
    {.name = "screen",
     .type = NAS_PARAM_COUNT,
     .unit = "networks",
     .default_text = "200",
     .min = 1,
     .max = 1048576,
     .doc = "with --proxies: how many are ranked for every other network of an initial "
            "design"},
    {.name = "screen_seconds",
     .type = NAS_PARAM_SECONDS,
     .default_text = "1",
     .doc = "of the simulated clock for each of them"},
    {.name = "output", .type = NAS_PARAM_STRING, .doc = "HTML page with plots"},
    {.name = NULL},
};

static const nas_param TABLE_PARAMS[] = {
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc =
         "which of a known table: c10, c10-12, c10-rungs, c100, in16, macro, darts-214"},
    {.name = "space",
     .type = NAS_PARAM_STRING,
     .doc = "preset or YAML file of the networks; rows: one decision, the row"},
    {.name = "validation",
     .type = NAS_PARAM_STRING,
     .doc = "columns the search sees, from the lowest rung up"},
    {.name = "rung_epochs",
     .type = NAS_PARAM_STRING,
     .doc = "epochs of these rungs, by commas"},
    {.name = "test", .type = NAS_PARAM_STRING, .doc = "column that is only reported"},
    {.name = "cost", .type = NAS_PARAM_STRING, .doc = "column: seconds of one training"},
    {.name = "cost_epochs",
     .type = NAS_PARAM_REAL,
     .doc = "epochs of that training; default: of the top rung"},
    {.name = "params", .type = NAS_PARAM_STRING, .doc = "column of parameters"},
    {.name = "macs", .type = NAS_PARAM_STRING, .doc = "column of multiply-accumulates"},
    {.name = "objective",
     .type = NAS_PARAM_STRING,
     .doc = "column to minimise beside the metric"},
    {.name = "side",
     .type = NAS_PARAM_STRING,
     .doc = "file with that column, matched by `index`"},
    {.name = "proxies",
     .type = NAS_PARAM_STRING,
     .doc = "columns known before training, larger is better: params,macs,nwot; they "
            "rank half of the initial design"},
    {.name = "proxies_file",
     .type = NAS_PARAM_STRING,
     .doc = "file with those columns, matched by `index`"},
    {.name = "curve",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "rungs are points of one training; going on costs the difference"},
    {.name = "lower_is_better",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "validation is an error or a loss"},
    {.name = "input",
     .type = NAS_PARAM_STRING,
     .default_text = "3x32x32",
     .doc = "shape of a sample the space is for"},
    {.name = "outputs",
     .type = NAS_PARAM_INT,
     .default_text = "10",
     .min = 1,
     .max = 100000,
     .doc = "classes, or targets, the space is for"},
    {.name = NULL},
};

static nas_status load(const nas_cli *cli, nas_table **out, nas_err *err)
{
    nas_table_options options = {
        .metric = nas_cli_string(cli, "metric"),
        .space = nas_cli_string(cli, "space"),
        .validation = nas_cli_string(cli, "validation"),
        .epochs = nas_cli_string(cli, "rung_epochs"),
        .test = nas_cli_string(cli, "test"),
        .seconds = nas_cli_string(cli, "cost"),
        .seconds_epochs = nas_cli_real(cli, "cost_epochs"),
        .params = nas_cli_string(cli, "params"),
        .macs = nas_cli_string(cli, "macs"),
        .objective = nas_cli_string(cli, "objective"),
        .side = nas_cli_string(cli, "side"),
        .proxies = nas_cli_string(cli, "proxies"),
        .proxies_file = nas_cli_string(cli, "proxies_file"),
        .curve = nas_cli_bool(cli, "curve"),
        .lower_is_better = nas_cli_bool(cli, "lower_is_better"),
        .n_outputs = nas_cli_int(cli, "outputs"),
    };
    NAS_TRY(nas_cli_shape(nas_cli_string(cli, "input"), &options.input, err));
    return nas_table_load(cli->args[1], &options, out, err);
}

/* ---- methods ---- */

/* The next of a list by commas. @return NULL at its end */
static const char *next_word(nas_cli *cli, const char **list)
{
    size_t length = strcspn(*list, ",");
    if (**list == '\0')
        return NULL;
    const char *word = nas_arena_printf(cli->arena, "%.*s", (int)length, *list);
    *list += length + ((*list)[length] == ',');
    return word;
}

static nas_status unknown(const char *kind, const char *word, const char *const *names,
                          size_t n, nas_err *err)
{
    const char *near = nas_text_nearest(word, names, n);
    (void)nas_fail(err, NAS_E_USAGE, "unknown %s `%s`", kind, word);
    if (near != NULL)
        nas_err_hint(err, "did you mean `%s`?", near);
    return NAS_E_USAGE;
}

static nas_status find_strategy(const char *word, const nas_strategy_ops **out,
                                nas_err *err)
{
    const char *names[64];
    size_t n = 0;
    *out = nas_strategy_find(word);
    if (*out != NULL)
        return NAS_OK;
    for (; n < 64 && nas_strategy_at((int)n) != NULL; n++)
        names[n] = nas_strategy_at((int)n)->name;
    return unknown("strategy", word, names, n, err);
}

/* "tournament=5" */
static nas_status parse_option(const nas_strategy_ops *strategy, char *pair,
                               nas_value *values, nas_err *err)
{
    const nas_param *params = strategy->params;
    const char *names[MAX_VALUES];
    size_t n = 0;
    char *equals = strchr(pair, '=');
    if (equals == NULL)
        return nas_fail(err, NAS_E_USAGE, "--strategy: found `%s`, expected key=value",
                        pair);
    *equals = '\0';
    int index = nas_param_find(params, pair);
    if (index >= 0)
        return nas_param_parse(params, index, equals + 1, values, err);
    for (; n < MAX_VALUES && params[n].name != NULL; n++)
        names[n] = params[n].name;
    return unknown("strategy option", pair, names, n, err);
}

/* "evolution:tournament=5:population=20"
 * @param out  its strategy, and values and name where it has options */
static nas_status parse_strategy(nas_cli *cli, const char *word, nas_bench_method *out,
                                 nas_err *err)
{
    char *rest = nas_arena_strdup(cli->arena, word);
    NAS_TRY_ALLOC(rest, err);
    char *option = strchr(rest, ':');
    if (option != NULL)
        *option++ = '\0';
    NAS_TRY(find_strategy(rest, &out->strategy, err));
    if (option == NULL)
        return NAS_OK;
    nas_value *values = NAS_NEW(cli->arena, nas_value, MAX_VALUES);
    NAS_TRY_ALLOC(values, err);
    nas_param_defaults(out->strategy->params, values);
    out->strategy_values = values;
    out->name = word;
    for (char *next = option; next != NULL; option = next) {
        next = strchr(option, ':');
        if (next != NULL)
            *next++ = '\0';
        NAS_TRY(parse_option(out->strategy, option, values, err));
    }
    return NAS_OK;
}

static nas_status find_scheduler(const char *word, const nas_scheduler_ops **out,
                                 nas_err *err)
{
    const char *names[64];
    size_t n = 0;
    *out = nas_scheduler_find(word);
    if (*out != NULL)
        return NAS_OK;
    for (; n < 64 && nas_scheduler_at((int)n) != NULL; n++)
        names[n] = nas_scheduler_at((int)n)->name;
    return unknown("scheduler", word, names, n, err);
}

static bool same_name(const nas_bench_method *a, const nas_bench_method *b)
{
    return a->name == NULL || b->name == NULL ? a->name == b->name
                                              : strcmp(a->name, b->name) == 0;
}

static nas_status add_method(nas_bench_method *methods, int *n, nas_bench_method method,
                             nas_err *err)
{
    for (int i = 0; i < *n; i++)
        if (methods[i].strategy == method.strategy &&
            methods[i].scheduler == method.scheduler && same_name(&methods[i], &method))
            return NAS_OK;
    if (*n == MAX_METHODS)
        return nas_fail(err, NAS_E_USAGE, "more than %d methods", MAX_METHODS);
    methods[(*n)++] = method;
    return NAS_OK;
}

/* Plain random search first, then every pair. */
static nas_status choose_methods(nas_cli *cli, nas_bench_method *methods, int *n,
                                 nas_err *err)
{
    const char *strategies = nas_cli_string(cli, "strategy"), *word;
    const nas_bench_method first = {.strategy = nas_strategy_find("random"),
                                    .scheduler = nas_scheduler_find("none")};
    NAS_TRY(add_method(methods, n, first, err));
    while ((word = next_word(cli, &strategies)) != NULL) {
        nas_bench_method method = {0};
        const char *schedulers = nas_cli_string(cli, "scheduler");
        NAS_TRY(parse_strategy(cli, word, &method, err));
        while ((word = next_word(cli, &schedulers)) != NULL) {
            NAS_TRY(find_scheduler(word, &method.scheduler, err));
            NAS_TRY(add_method(methods, n, method, err));
        }
    }
    return NAS_OK;
}

/* ---- text ---- */

static void print_head(const nas_cli *cli, const nas_bench_options *options,
                       const nas_bench_result *r)
{
    const nas_table *table = options->table;
    const nas_table_options *o = nas_table_options_of(table);
    printf("Table    %s  space %s, %lld rows, %lld networks\n", cli->args[1],
           nas_space_name(nas_table_space(table)), (long long)nas_table_rows_read(table),
           (long long)nas_table_networks(table));
    printf("         seen %s (epochs %s), reported %s\n", o->validation,
           o->epochs != NULL ? o->epochs : "-", o->test != NULL ? o->test : "nothing");
    printf("Optimum  %.4f, there test %.4f; best test %.4f; average network %.4f, "
           "test %.4f\n",
           r->optimum_validation, r->optimum_test, r->best_test, r->average_validation,
           r->average_test);
    if (o->objective != NULL)
        printf("Front    %lld networks in (metric, %s); hypervolume up to the worst of "
               "both\n",
               (long long)r->front, o->objective);
    printf("Runs     %d of each, seeds %llu to %llu, %d worker%s; %s\n\n", options->runs,
           (unsigned long long)options->seed,
           (unsigned long long)options->seed + (unsigned long long)options->runs - 1,
           options->workers, options->workers > 1 ? "s" : "",
           "duplicates are never asked for");
}

static int name_width(const nas_bench_result *r)
{
    size_t width = 10;
    for (int i = 0; i < r->n_series; i++)
        if (strlen(r->series[i].name) > width)
            width = strlen(r->series[i].name);
    return (int)width;
}

static void print_number(int width, int digits, double value)
{
    if (isnan(value))
        printf("%*s", width, "-");
    else
        printf("%*.*f", width, digits, value);
}

static void print_curves(const nas_bench_result *r)
{
    int from = r->n_points > COLUMNS ? r->n_points - COLUMNS : 0, width = name_width(r);
    printf("test of the best validation so far, mean (deviation)\n%-*s", width,
           nas_bench_axis_name(r->axis));
    for (int i = from; i < r->n_points; i++)
        printf("%16.0f", r->at[i]);
    printf("\n");
    for (int s = 0; s < r->n_series; s++) {
        printf("%-*s", width, r->series[s].name);
        for (int i = from; i < r->n_points; i++) {
            const nas_bench_point *point = &r->series[s].points[i];
            print_number(9, 3, point->test);
            char deviation[16] = "";
            if (!isnan(point->deviation))
                (void)snprintf(deviation, sizeof deviation, "(%.2f)", point->deviation);
            printf("%7s", deviation);
        }
        printf("\n");
    }
}

static void print_regrets(const nas_bench_result *r)
{
    int last = r->n_points - 1, width = name_width(r);
    bool front = r->front > 0;
    printf("\n%-*s  final regret (95 %% band)    mean   found    ERT  within .1  .5   "
           "%sp      A12   ask s\n",
           width, "validation", front ? "volume  " : "");
    for (int s = 0; s < r->n_series; s++) {
        const nas_bench_series *series = &r->series[s];
        const nas_bench_point *point = &series->points[last];
        double runs = series->runs > 0 ? (double)series->runs : 1;
        printf("%-*s", width, series->name);
        print_number(9, 3, point->regret);
        printf(" (%.3f to %.3f)", point->regret_band.low, point->regret_band.high);
        print_number(8, 3, series->area);
        printf("%6.0f %%", 100 * (double)series->targets[0].reached / runs);
        print_number(8, 0, series->targets[0].expected_when);
        printf("%6.0f %%%4.0f %%", 100 * (double)series->targets[1].reached / runs,
               100 * (double)series->targets[2].reached / runs);
        if (front)
            print_number(8, 4, point->hypervolume);
        if (series->reference)
            printf("       -     -");
        else
            printf("%8.2g  %.2f", series->p, series->superiority);
        printf("  %6.3f\n", series->asking_s);
    }
    printf("\np: paired Wilcoxon on the final regret against %s, Holm; A12: probability "
           "of a\nsmaller one; ERT: expected %s to the optimum, failed runs counted\n",
           r->series[0].name, nas_bench_axis_name(r->axis));
}

/* ---- the verb ---- */

static bool on_run(void *context, int method, int run)
{
    (void)context;
    (void)method;
    (void)run;
    return nas_cli_interrupted == 0;
}

static nas_status show(nas_cli *cli, const nas_bench_options *options,
                       const nas_bench_result *result, nas_err *err)
{
    const char *page = nas_cli_string(cli, "output");
    if (nas_cli_bool(cli, "json")) {
        nas_text text = {0};
        nas_json json = nas_json_writer(&text, 0);
        nas_bench_write_json(options, result, &json);
        nas_status status = nas_text_status(&text, err);
        if (status == NAS_OK)
            printf("%s\n", text.data);
        nas_text_free(&text);
        NAS_TRY(status);
    } else {
        print_head(cli, options, result);
        print_curves(result);
        print_regrets(result);
    }
    if (page == NULL)
        return NAS_OK;
    NAS_TRY(nas_report_bench_write(options, result, page, err));
    nas_cli_note(cli, "Wrote %s", page);
    return NAS_OK;
}

static nas_status bench(nas_cli *cli, const nas_table *table, nas_err *err)
{
    nas_bench_method methods[MAX_METHODS];
    nas_bench_result result = {0};
    nas_bench_options options = {.table = table,
                                 .methods = methods,
                                 .budget = {.queries = nas_cli_int(cli, "queries"),
                                            .seconds = nas_cli_real(cli, "seconds"),
                                            .epochs = nas_cli_real(cli, "epochs")},
                                 .runs = (int)nas_cli_int(cli, "runs"),
                                 .workers = (int)nas_cli_int(cli, "workers"),
                                 .screen_s = nas_cli_real(cli, "screen_seconds"),
                                 .seed = (uint64_t)nas_cli_int(cli, "seed"),
                                 .on_run = on_run};
    if (nas_table_proxy_count(table) > 0)
        options.screen = nas_cli_int(cli, "screen");
    NAS_TRY(choose_methods(cli, methods, &options.n_methods, err));
    const nas_bench_budget *budget = &options.budget;
    if (budget->queries == 0 && budget->seconds == 0 && budget->epochs == 0)
        options.budget.queries = DEFAULT_QUERIES;
    if (budget->seconds > 0 && nas_table_options_of(table)->seconds == NULL)
        return nas_fail(err, NAS_E_USAGE,
                        "--seconds: the table has no seconds for this metric");
    nas_cli_catch_signals();
    NAS_TRY(nas_bench_run(&options, cli->arena, &result, err));
    if (nas_cli_interrupted != 0) {
        nas_cli_warn(cli, "interrupted: the last method has fewer runs");
        cli->exit_code = 128 + nas_cli_signal;
    }
    return show(cli, &options, &result, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_table *table = NULL;
    if (strcmp(cli->args[0], "table") != 0) {
        nas_fail(err, NAS_E_USAGE, "unknown action `%s` of `nasmith bench`",
                 cli->args[0]);
        nas_err_hint(err, "nasmith bench table FILE");
        return NAS_E_USAGE;
    }
    NAS_TRY(load(cli, &table, err));
    nas_status status = bench(cli, table, err);
    nas_table_free(table);
    return status;
}

const nas_command nas_cmd_bench = {
    .name = "bench",
    .summary = "compare strategies and schedulers on a table of recorded trainings",
    .arguments = "table FILE",
    .details =
        "A training is a look into the table, so hundreds of searches take seconds. "
        "Strategies see\nvalidation only. FILE is a CSV (docs/tables.md); NAS-Bench-201, "
        "NAS-Bench-Macro and\nDARTS-214 are known by their columns.",
    .examples =
        "  nasmith bench table nb201.csv.gz --strategy evolution --runs 500\n"
        "  nasmith bench table nb201.csv.gz --metric c10-12 --seconds 12000\n"
        "  nasmith bench table darts-214-curves.csv.gz --scheduler asha --epochs 12840",
    .min_args = 2,
    .max_args = 2,
    .params = PARAMS,
    .more = TABLE_PARAMS,
    .more_title = "The table",
    .run = run,
};
