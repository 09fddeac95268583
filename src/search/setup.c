/* From options to an open study, old or new. */
#include "nasmith/clock.h"
#include "nasmith/file.h"
#include "nasmith/process.h"
#include "search/budget.h"
#include "search/price.h"
#include "search/run.h"
#include "search/supernet.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where nothing can be timed: the middle of what was measured on desktop machines. */
static const double NOMINAL_SECONDS_PER_MAC_ROW = 5e-11;
/* Shorter studies do without the latency table unless they need it. */
static const double LATENCY_WORTH_S = 60.0;
/* Of the free memory, shared by the workers. */
static const double MEMORY_SHARE = 0.7;

/* ---- data ---------------------------------------------------------------- */

/* A prepared folder that belongs to a study must not be replaced by other data. */
static nas_status check_data(const search_run *run, nas_err *err)
{
    uint64_t now = 0;
    NAS_TRY(nas_data_fingerprint(run->options->data_path, &run->options->data, NULL, &now,
                                 err));
    if (now == run->settings->data_fingerprint)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_STUDY,
        "`%s` is not what study `%s` began with: other rows, or other data "
        "options (fingerprint %016" PRIx64 ", now %016" PRIx64 ")",
        run->options->data_path, run->study_path, run->settings->data_fingerprint, now);
    nas_err_hint(err, "continue on the old data, or start again: --new");
    return status;
}

static nas_status open_data(search_run *run, nas_err *err)
{
    NAS_TRY(nas_file_make_directory(run->folder, err));
    NAS_TRY(nas_data_prepare(run->options->data_path, &run->options->data,
                             run->data_folder, &run->summary, err));
    NAS_TRY(nas_dataset_open(run->data_folder, &run->data, err));
    nas_text text = {0};
    nas_data_summary_text(&run->summary, &text);
    const char *line = nas_text_string(&text);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        nas_run_line(run, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
    nas_text_free(&text);
    return NAS_OK;
}

/* ---- a new study --------------------------------------------------------- */

static bool has_clock(const search_run *run)
{
    return run->options->time_s > 0.0;
}

/* Whether any network meets the limits; if not, the error says the smallest found. */
static nas_status check_feasible(const search_run *run, const nas_space *space,
                                 const nas_study_settings *settings, nas_err *err)
{
    nas_history *history = nas_history_new(space);
    NAS_TRY_ALLOC(history, err);
    pricer costs = nas_pricer_of(space, settings, 0);
    nas_ask ask = {.history = history,
                   .space = space,
                   .price = nas_price_candidate,
                   .price_context = &costs,
                   .limits = &costs.limits,
                   .arena = run->arena,
                   .rng = nas_rng_new(settings->seed, 0)};
    nas_proposal proposal = {0};
    nas_status status = nas_propose_uniform(&ask, &proposal, err);
    nas_history_free(history);
    return status;
}

static nas_fold_counts fold_counts(const nas_dataset *data)
{
    return (nas_fold_counts){
        .folds = data->folds, .repeats = data->repeats, .rows = data->n_validation};
}

/* A supernet leaves less time; with inherited weights, half of that goes into scoring. */
static nas_status add_supernet(const search_run *run, nas_study_settings *settings,
                               const throughput *speed, double search_s, nas_err *err)
{
    supernet_plan plan;
    nas_supernet_kind kind = nas_strategy_find(settings->strategy)->supernet;
    bool inherits = kind == NAS_SUPERNET_PATHS;
    if (kind == NAS_SUPERNET_NONE)
        return NAS_OK;
    NAS_TRY(nas_supernet_plan_of(settings, has_clock(run), &plan, err));
    nas_fold_counts folds = fold_counts(run->data);
    if (has_clock(run))
        settings->ladder = nas_ladder_plan_folds(
            &folds, run->data->n_train, run->options->epochs,
            (inherits ? 0.5 : 1.0) * (1.0 - plan.share) * search_s * run->workers,
            settings->seconds_per_mac_row * (double)speed->macs);
    if (inherits)
        settings->ladder = nas_ladder_with_supernet(&settings->ladder);
    return NAS_OK;
}

/* Everything of the settings that was read from a clock. Without one nothing is measured,
 * so that the same command gives the same bytes. */
static nas_status measure(const search_run *run, const nas_space *space,
                          nas_study_settings *settings, nas_err *err)
{
    const nas_search_options *o = run->options;
    bool latency = o->limits.latency_ms > 0.0 ||
                   (o->minimise >> NAS_LIMIT_LATENCY & 1U) != 0 ||
                   o->time_s >= LATENCY_WORTH_S;
    if (latency && !settings->latency.known)
        NAS_TRY(nas_latency_measure(&settings->latency, err));
    settings->seconds_per_mac_row = NOMINAL_SECONDS_PER_MAC_ROW;
    nas_fold_counts folds = fold_counts(run->data);
    settings->ladder =
        nas_ladder_plan_folds(&folds, run->data->n_train, o->epochs, 0.0, 0.0);
    throughput speed = {0};
    if (!has_clock(run))
        return add_supernet(run, settings, &speed, 0.0, err);
    NAS_TRY(nas_measure_throughput(run->data, space, settings, &speed, err));
    if (speed.seconds_per_mac_row > 0.0)
        settings->seconds_per_mac_row = speed.seconds_per_mac_row;
    budget shares = nas_budget_split(nas_run_remaining_s(run),
                                     nas_budget_finalist_s(o->export_onnx, o->export_c));
    settings->ladder = nas_ladder_plan_folds(
        &folds, run->data->n_train, o->epochs, shares.search_s * run->workers,
        settings->seconds_per_mac_row * (double)speed.macs);
    return add_supernet(run, settings, &speed, shares.search_s, err);
}

static nas_status create(search_run *run, const nas_space *space,
                         nas_study_settings *settings, nas_err *err)
{
    NAS_TRY(check_feasible(run, space, settings, err));
    NAS_TRY(measure(run, space, settings, err));
    return nas_study_create(run->study_path, settings, &run->study, err);
}

static nas_status create_study(search_run *run, nas_study_settings *settings,
                               nas_err *err)
{
    nas_space *space = NULL;
    NAS_TRY(nas_space_parse(settings->space_text, strlen(settings->space_text),
                            settings->space_name, &settings->space_context, &space, err));
    nas_status status = create(run, space, settings, err);
    nas_space_free(space);
    return status;
}

/* ---- what this run adds -------------------------------------------------- */

static int64_t max_macs(const search_run *run)
{
    if (!has_clock(run))
        return 0;
    const nas_search_options *o = run->options;
    budget shares = nas_budget_split(nas_run_remaining_s(run),
                                     nas_budget_finalist_s(o->export_onnx, o->export_c));
    double macs =
        nas_ladder_max_macs(&run->settings->ladder, run->data->n_train, shares.search_s,
                            run->settings->seconds_per_mac_row);
    return macs < 1e15 ? (int64_t)macs : 0;
}

static void plan_run(search_run *run)
{
    const nas_search_options *o = run->options;
    int64_t memory = o->memory_bytes;
    if (memory == 0)
        memory = (int64_t)(MEMORY_SHARE * (double)nas_process_available_memory() /
                           (double)run->workers);
    run->state = (run_state){.phase = RUN_SEARCH,
                             .trials = o->trials,
                             .memory_bytes = memory,
                             .max_macs = max_macs(run),
                             .workers = run->workers};
}

static void announce_limits(const search_run *run)
{
    const nas_limits *limits = &run->settings->limits;
    nas_text text = {0};
    char word[64];
    if (has_clock(run)) {
        nas_text_duration(word, sizeof word, run->options->time_s);
        nas_text_printf(&text, "time %s", word);
    }
    if (run->options->trials > 0)
        nas_text_printf(&text, "%s%lld trials", text.length > 0 ? ", " : "",
                        (long long)run->options->trials);
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++) {
        double bound = nas_limit_bound(limits, (nas_limit_kind)kind);
        if (bound <= 0.0)
            continue;
        nas_cost_text((nas_limit_kind)kind, bound, word, sizeof word);
        nas_text_printf(&text, "%s%s %s", text.length > 0 ? ", " : "",
                        nas_limit_name((nas_limit_kind)kind), word);
    }
    if (limits->dtype == NAS_INT8)
        nas_text_printf(&text, "%sint8", text.length > 0 ? ", " : "");
    nas_run_line(run, "Limits   %s", nas_text_string(&text));
    nas_text_free(&text);
    const nas_device *device = &run->settings->latency.device;
    if (device->clock_mhz > 0.0)
        nas_run_line(run, "Device   %s at %.4g MHz; its time and energy are estimates",
                     device->name, device->clock_mhz);
}

static void announce(const search_run *run, const nas_space *space)
{
    const nas_study_settings *s = run->settings;
    announce_limits(run);
    nas_run_line(run, "Space    %s, about %.2g networks; strategy %s, scheduler %s",
                 s->space_name, nas_space_size(space), s->strategy, s->scheduler);
    const char *wanted = run->options->space, *reason = "";
    if ((wanted == NULL || strcmp(wanted, "auto") == 0) &&
        strcmp(nas_settings_auto_space(s, &reason), s->space_name) == 0)
        nas_run_line(run, "         %s was chosen because %s", s->space_name, reason);
    if (run->options->strategy != NULL && strcmp(run->options->strategy, "auto") == 0) {
        const char *why = "";
        (void)nas_strategy_choose(space, s->minimise, &why);
        nas_run_line(run, "Strategy %s: %s", s->strategy, why);
    }
    nas_run_line(run, "Machine  %d worker%s x 1 thread, %s", run->workers,
                 run->workers == 1 ? "" : "s", s->cpu);
    nas_run_line(run, "Study    %s (%s)", run->study_path,
                 run->continued ? "continued" : "new");
}

static int workers_of(const nas_search_options *options)
{
    return options->workers > 0 ? options->workers : nas_process_cores();
}

static nas_status set_paths(search_run *run, nas_err *err)
{
    const nas_search_options *o = run->options;
    run->study_path = o->study_path != NULL ? nas_arena_strdup(run->arena, o->study_path)
                                            : nas_path_of_study(run->arena, o->data_path);
    NAS_TRY_ALLOC(run->study_path, err);
    run->folder = nas_path_of_folder(run->arena, run->study_path);
    NAS_TRY_ALLOC(run->folder, err);
    run->data_folder = nas_file_join(run->arena, run->folder, "data");
    run->output_folder = o->output_folder != NULL ? o->output_folder : run->folder;
    NAS_TRY_ALLOC(run->data_folder, err);
    return NAS_OK;
}

static nas_status open_study(search_run *run, nas_err *err)
{
    run->continued = nas_file_exists(run->study_path);
    if (run->continued) {
        NAS_TRY(nas_study_open(run->study_path, &run->study, err));
        run->settings = nas_study_settings_of(run->study);
        int64_t active_ms = 0;
        NAS_TRY(nas_state_int(run->study, STATE_ACTIVE_MS, run->arena, &active_ms, err));
        run->active_before_s = (double)active_ms / 1000.0;
        NAS_TRY(check_data(run, err));
    }
    NAS_TRY(open_data(run, err));
    nas_study_settings wanted;
    NAS_TRY(nas_settings_wanted(run->options, &run->summary, run->arena, &wanted, err));
    if (run->continued)
        return nas_study_same(run->study, &wanted, err);
    NAS_TRY(create_study(run, &wanted, err));
    run->settings = nas_study_settings_of(run->study);
    return NAS_OK;
}

/* ---- a dry run --------------------------------------------------------- */

static nas_status try_space(search_run *run, const nas_space *space,
                            nas_study_settings *settings, throughput *speed, nas_err *err)
{
    NAS_TRY(check_feasible(run, space, settings, err));
    NAS_TRY(measure(run, space, settings, err));
    run->settings = settings;
    announce(run, space);
    return nas_measure_throughput(run->data, space, settings, speed, err);
}

nas_status nas_setup_dry(search_run *run, nas_study_settings *settings, throughput *speed,
                         nas_err *err)
{
    nas_space *space = NULL;
    run->workers = workers_of(run->options);
    NAS_TRY(set_paths(run, err));
    NAS_TRY(open_data(run, err));
    NAS_TRY(nas_settings_wanted(run->options, &run->summary, run->arena, settings, err));
    NAS_TRY(nas_space_parse(settings->space_text, strlen(settings->space_text),
                            settings->space_name, &settings->space_context, &space, err));
    nas_status status = try_space(run, space, settings, speed, err);
    nas_space_free(space);
    return status;
}

/* ---- all --------------------------------------------------------------- */

nas_status nas_setup_open(search_run *run, nas_err *err)
{
    const nas_search_options *o = run->options;
    run->workers = workers_of(o);
    NAS_TRY(set_paths(run, err));
    if (o->new_study)
        NAS_TRY(nas_path_put_aside(run->arena, run->study_path, err));
    NAS_TRY(open_study(run, err));
    run->metric = nas_metric_find(run->settings->metric);
    NAS_TRY(nas_asker_new(run->study, "supervisor", run->data->n_train, &run->view, err));
    NAS_TRY(nas_asker_sync(run->view, err));
    if (o->command_line != NULL)
        NAS_TRY(nas_study_put(run->study, STATE_COMMAND, o->command_line, err));
    plan_run(run);
    announce(run, nas_asker_space(run->view));
    return NAS_OK;
}

void nas_setup_close(search_run *run)
{
    nas_asker_free(run->view);
    nas_study_close(run->study);
    nas_dataset_close(run->data);
    nas_data_summary_free(&run->summary);
}
