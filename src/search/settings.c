/* What a study is, from what the user asked for and what the data is. */
#include "nasmith/version.h"
#include "search/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_VALUES = 32, UNEVEN_RATIO = 3 };

/* The whole object of a JSON writer, moved into the arena. */
static nas_status keep(nas_text *text, nas_arena *arena, const char **out, nas_err *err)
{
    nas_status status = nas_text_status(text, err);
    *out = status == NAS_OK ? nas_arena_strdup(arena, nas_text_string(text)) : NULL;
    nas_text_free(text);
    NAS_TRY(status);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

static nas_status values_json(const nas_param *params, const nas_value *values,
                              nas_arena *arena, const char **out, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_param_to_json(params, values, &json);
    nas_json_object_end(&json);
    return keep(&text, arena, out, err);
}

/* ---- plug-ins ---------------------------------------------------------- */

static nas_status unknown(const char *kind, const char *name, const char *const *names,
                          size_t n, nas_err *err)
{
    nas_text list = {0};
    for (size_t i = 0; i < n; i++)
        nas_text_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    nas_status status = nas_fail(err, NAS_E_USAGE, "unknown %s `%s`, expected one of %s",
                                 kind, name, nas_text_string(&list));
    const char *nearest = nas_text_nearest(name, names, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return status;
}

static const char AUTO[] = "auto";

static nas_status find_strategy(const char *name, const nas_strategy_ops **out,
                                nas_err *err)
{
    const char *names[MAX_VALUES];
    size_t n = 0;
    *out = nas_strategy_find(name);
    if (*out != NULL)
        return NAS_OK;
    for (int i = 0; nas_strategy_at(i) != NULL && n < MAX_VALUES - 1; i++)
        names[n++] = nas_strategy_at(i)->name;
    names[n++] = AUTO;
    return unknown("strategy", name, names, n, err);
}

static nas_status find_scheduler(const char *name, const nas_scheduler_ops **out,
                                 nas_err *err)
{
    const char *names[MAX_VALUES];
    size_t n = 0;
    *out = nas_scheduler_find(name);
    if (*out != NULL)
        return NAS_OK;
    for (int i = 0; nas_scheduler_at(i) != NULL && n < MAX_VALUES; i++)
        names[n++] = nas_scheduler_at(i)->name;
    return unknown("scheduler", name, names, n, err);
}

static nas_status find_metric(const char *name, nas_task task, const nas_metric **out,
                              nas_err *err)
{
    const char *names[MAX_VALUES];
    size_t n = 0;
    *out = name != NULL ? nas_metric_find(name) : nas_metric_default(task);
    if (*out != NULL && nas_metric_fits(*out, task))
        return NAS_OK;
    for (int i = 0; nas_metric_at(i) != NULL && n < MAX_VALUES; i++)
        if (nas_metric_fits(nas_metric_at(i), task))
            names[n++] = nas_metric_at(i)->name;
    return unknown(*out == NULL ? "metric" : "metric for this task", name, names, n, err);
}

/* "sample=10,population=30": one `key=value` at `list`, cut out of a copy. */
static nas_status parse_option(const nas_strategy_ops *ops, char *pair, nas_value *values,
                               nas_err *err)
{
    char *equals = strchr(pair, '=');
    if (equals == NULL)
        return nas_fail(err, NAS_E_USAGE,
                        "--strategy-options: found `%s`, expected key=value", pair);
    *equals = '\0';
    int index = nas_param_find(ops->params, pair);
    if (index < 0) {
        const char *names[MAX_VALUES];
        size_t n = 0;
        for (; ops->params[n].name != NULL && n < MAX_VALUES; n++)
            names[n] = ops->params[n].name;
        return unknown("strategy option", pair, names, n, err);
    }
    return nas_param_parse(ops->params, index, equals + 1, values, err);
}

static nas_status strategy_json(const nas_strategy_ops *ops, const char *options,
                                nas_arena *arena, const char **out, nas_err *err)
{
    nas_value values[MAX_VALUES];
    nas_param_defaults(ops->params, values);
    char *rest = nas_arena_strdup(arena, options != NULL ? options : "");
    NAS_TRY_ALLOC(rest, err);
    while (*rest != '\0') {
        char *end = rest + strcspn(rest, ",");
        char *next = *end == ',' ? end + 1 : end;
        *end = '\0';
        NAS_TRY(parse_option(ops, rest, values, err));
        rest = next;
    }
    return values_json(ops->params, values, arena, out, err);
}

static nas_status scheduler_json(const nas_scheduler_ops *ops, nas_arena *arena,
                                 const char **out, nas_err *err)
{
    nas_value values[MAX_VALUES];
    nas_param_defaults(ops->params, values);
    return values_json(ops->params, values, arena, out, err);
}

/* The ladder of a supernet begins with a rung that costs next to nothing; only asha
 * climbs from it as it should. */
static nas_status check_scheduler(const char *strategy, const char *scheduler,
                                  nas_err *err)
{
    if (nas_strategy_find(strategy)->supernet != NAS_SUPERNET_PATHS ||
        strcmp(scheduler, "asha") == 0)
        return NAS_OK;
    nas_status status =
        nas_fail(err, NAS_E_USAGE, "strategy `%s` does not go with scheduler `%s`",
                 strategy, scheduler);
    nas_err_hint(err, "its networks climb from inherited weights to trainings of their "
                      "own: --scheduler asha");
    return status;
}

/* ---- recipe -------------------------------------------------------------- */

/* Classes that count alike in the metric, and do not alike in the rows, are weighted in
 * training: where the largest has three times the rows of the smallest. Accuracy counts
 * rows, and is worse with weights. */
static bool wants_weights(const nas_data_summary *summary, const nas_metric *metric)
{
    if (summary->task != NAS_TASK_CLASSIFICATION || !metric->classes_alike)
        return false;
    int64_t least = summary->class_counts[0];
    int64_t most = least;
    for (int64_t k = 1; k < summary->n_outputs; k++) {
        int64_t count = summary->class_counts[k];
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    return most >= UNEVEN_RATIO * least;
}

/* Small data gets small batches, or an epoch would be a handful of steps; the rate
 * follows the square root of the batch, as it must for Adam (Malladi et al., "On the SDEs
 * and scaling rules for adaptive gradient algorithms", NeurIPS 2022). */
static nas_recipe recipe_for(const nas_data_summary *summary, const nas_metric *metric)
{
    nas_recipe recipe = nas_recipe_default(summary->task);
    int64_t rows = summary->n_train;
    double full = (double)recipe.batch;
    if (rows < 8000)
        recipe.batch = rows < 2000 ? 16 : 32;
    recipe.learning_rate *= sqrt((double)recipe.batch / full);
    recipe.class_weights = wants_weights(summary, metric);
    return recipe;
}

static nas_status recipe_json(const nas_data_summary *summary, const nas_metric *metric,
                              nas_arena *arena, const char **out, nas_err *err)
{
    nas_recipe recipe = recipe_for(summary, metric);
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_recipe_write_json(&recipe, &json);
    nas_json_object_end(&json);
    return keep(&text, arena, out, err);
}

/* ---- space --------------------------------------------------------------- */

static nas_status copy_space(const nas_space *space, nas_arena *arena,
                             nas_study_settings *out, nas_err *err)
{
    out->space_name = nas_arena_strdup(arena, nas_space_name(space));
    out->space_text = nas_arena_strdup(arena, nas_space_text(space));
    out->space_hash = nas_space_hash(space);
    if (out->space_name == NULL || out->space_text == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

const char *nas_settings_auto_space(const nas_study_settings *settings, const char **why)
{
    nas_space_context context = settings->space_context;
    const bool int8 = settings->limits.dtype == NAS_INT8;
    const char *name = nas_space_auto(&context, why);
    if (!int8 || context.sample_rate == 0 || strcmp(name, "audio") != 0)
        return name;
    context.sample_rate = 0;
    name = nas_space_auto(&context, why);
    *why = "the input is sound, but spectra have no 8-bit form";
    return name;
}

/* Gradient-based strategies need a space whose choices can be mixed. */
static nas_status check_mixture(const nas_space *space, const char *strategy,
                                nas_arena *arena, nas_err *err)
{
    nas_mixed mixed;
    nas_supernet_kind kind = nas_strategy_find(strategy)->supernet;
    if (kind != NAS_SUPERNET_SOFTMAX && kind != NAS_SUPERNET_GUMBEL)
        return NAS_OK;
    nas_status status = nas_space_mix(space, arena, &mixed, err);
    nas_graph_free(mixed.graph);
    if (status != NAS_E_UNSUPPORTED)
        return status;
    nas_err_context(err, "strategy `%s` cannot mix space `%s`", strategy,
                    nas_space_name(space));
    nas_err_hint(err, "--strategy spos shares weights in every space");
    if (err != NULL)
        err->code = NAS_E_USAGE;
    return NAS_E_USAGE;
}

/* @param out  a strategy that is NULL is chosen by the space */
static nas_status read_space(const char *what, nas_arena *arena, nas_study_settings *out,
                             nas_err *err)
{
    nas_space *space = NULL;
    const char *why = NULL;
    if (what == NULL || strcmp(what, AUTO) == 0)
        what = nas_settings_auto_space(out, &why);
    NAS_TRY(nas_space_load(what, &out->space_context, &space, err));
    if (out->strategy == NULL)
        out->strategy = nas_strategy_choose(space, out->minimise, &why)->name;
    nas_status status = check_mixture(space, out->strategy, arena, err);
    if (status == NAS_OK)
        status = copy_space(space, arena, out, err);
    nas_space_free(space);
    return status;
}

/* ---- all of it ----------------------------------------------------------- */

static const char *cpu_name(nas_arena *arena)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    char name[200] = "unknown";
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "model name : %199[^\n]", name) == 1)
            break;
    if (file != NULL)
        (void)fclose(file);
    return nas_arena_printf(arena, "%s, %s", name, nas_isa_name(nas_isa_best()));
}

/* Int8 networks read rows as they are. */
static nas_status check_dtype(const nas_search_options *options,
                              const nas_data_summary *summary, nas_err *err)
{
    if (options->limits.dtype != NAS_INT8 || summary->columns == NULL)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_UNSUPPORTED,
        "`%s` holds categories or missing values: int8 networks take numbers only",
        options->data_path);
    nas_err_hint(err, "--dtype float, or --drop those columns (nasmith data check)");
    return status;
}

/* The columns that each category becomes, see nas_columns_width. */
static void set_categories(const nas_data_summary *summary, nas_space_context *out)
{
    int64_t at = 0;
    for (int64_t k = 0; summary->columns != NULL && k < summary->shape.c; k++) {
        const int64_t width = nas_columns_width(&summary->columns[k], 1);
        if (summary->columns[k].levels != NULL &&
            out->n_categories < NAS_SPACE_CATEGORIES)
            out->categories[out->n_categories++] =
                (nas_space_category){(int32_t)at, (int32_t)width};
        at += width;
    }
}

nas_status nas_settings_wanted(const nas_search_options *options,
                               const nas_data_summary *summary, nas_arena *arena,
                               nas_study_settings *out, nas_err *err)
{
    const nas_metric *metric = NULL;
    const nas_strategy_ops *strategy = NULL;
    const nas_scheduler_ops *scheduler = NULL;
    NAS_TRY(check_dtype(options, summary, err));
    NAS_TRY(find_metric(options->metric, summary->task, &metric, err));
    if (options->limits.dtype == NAS_INT8 && summary->task == NAS_TASK_ANOMALY)
        return nas_fail(err, NAS_E_USAGE,
                        "--dtype int8: anomalies are told by float networks only");
    if (options->limits.dtype == NAS_INT8 && summary->task == NAS_TASK_MULTILABEL)
        return nas_fail(err, NAS_E_USAGE,
                        "--dtype int8: networks for several labels end in sigmoids, "
                        "which have no int8 form");
    const char *wanted = options->strategy != NULL ? options->strategy : "evolution";
    bool chosen = strcmp(wanted, AUTO) == 0;
    if (!chosen)
        NAS_TRY(find_strategy(wanted, &strategy, err));
    NAS_TRY(find_scheduler(options->scheduler != NULL ? options->scheduler : "asha",
                           &scheduler, err));
    *out = (nas_study_settings){
        .data_path = options->data_path,
        .data_fingerprint = summary->fingerprint,
        .space_context = {.input = summary->inner,
                          .raw = summary->columns != NULL ? summary->shape.c : 0,
                          .n_outputs = summary->n_outputs,
                          .sample_rate = summary->sample_rate,
                          .task = summary->task},
        .limits = options->limits,
        .latency = options->latency,
        .minimise = options->minimise,
        .proxies = options->proxies,
        .metric = metric->name,
        .strategy = chosen ? NULL : strategy->name,
        .scheduler = scheduler->name,
        .seed = options->seed,
        .epochs = options->epochs,
        .version = NASMITH_VERSION,
        .cpu = cpu_name(arena)};
    set_categories(summary, &out->space_context);
    NAS_TRY_ALLOC(out->cpu, err);
    NAS_TRY(read_space(options->space, arena, out, err));
    NAS_TRY(check_scheduler(out->strategy, out->scheduler, err));
    NAS_TRY(strategy_json(nas_strategy_find(out->strategy), options->strategy_options,
                          arena, &out->strategy_json, err));
    NAS_TRY(scheduler_json(scheduler, arena, &out->scheduler_json, err));
    return recipe_json(summary, metric, arena, &out->recipe_json, err);
}
