#include "search/plan.h"

#include "search/front.h"

#include <math.h>
#include <string.h>

/* Ending before this many epochs costs about a point of accuracy for every halving
 * (measured on Fashion-MNIST: 4 to 8 epochs gain 0.8 to 1.3 points). */
static const double POINT_PER_HALVING = 1.0;
/* Starting, hearing of phases, storing. */
static const double NEED_BASE_S = 1.0;

/* ---- seconds ------------------------------------------------------------- */

static double rows_of_refit(const search_run *run)
{
    return (double)(run->data->n_train + run->data->n_validation);
}

static double predicted_s(const search_run *run, int64_t macs)
{
    return run->settings->seconds_per_mac_row * (double)macs * rows_of_refit(run);
}

/* Of an epoch of the standard baseline, on every fold. */
static nas_status standard_s(const search_run *run, double *out, nas_err *err)
{
    const nas_space_context *context = &run->settings->space_context;
    nas_graph *graph = NULL;
    NAS_TRY(nas_baseline_standard(context->input, context->n_outputs, &graph, err));
    *out = predicted_s(run, nas_graph_macs(graph)) * (double)run->data->folds;
    nas_graph_free(graph);
    return NAS_OK;
}

/* From the trial's own longest training where there is one. */
static nas_status seconds_per_epoch(const search_run *run, int64_t trial,
                                    nas_arena *arena, double *out, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(run->study, trial, arena, &row, err));
    if (row == NULL)
        return nas_fail(err, NAS_E_INTERNAL, "trial %lld is not in the study",
                        (long long)trial);
    *out = predicted_s(run, row->cost.macs);
    double longest = 0.0;
    for (int i = 0; i < row->n_evaluations; i++) {
        const nas_evaluation_row *e = &row->evaluations[i];
        double epochs = e->spec.fraction * (double)e->spec.epochs;
        if (e->state != NAS_EVALUATION_DONE || e->from_study || epochs <= longest ||
            e->spec.purpose != NAS_PURPOSE_SEARCH)
            continue;
        longest = epochs;
        *out = e->seconds / epochs * rows_of_refit(run) / (double)run->data->n_train;
    }
    return NAS_OK;
}

static nas_status time_entries(const search_run *run, plan_entry *entries, int n,
                               nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = NAS_OK;
    for (int i = 0; i < n && status == NAS_OK; i++)
        status = seconds_per_epoch(run, entries[i].trial, arena,
                                   &entries[i].seconds_per_epoch, err);
    nas_arena_free(arena);
    return status;
}

static int64_t affordable(const search_run *run, const plan_entry *entries, int n,
                          double standard_s, double available_s)
{
    double seconds[BUDGET_FINALISTS];
    for (int i = 0; i < n; i++)
        seconds[i] = entries[i].seconds_per_epoch;
    int64_t most = nas_budget_most_epochs(&run->settings->ladder, run->settings->epochs);
    return nas_budget_refit_epochs(seconds, n, run->workers, standard_s, available_s,
                                   most);
}

/* ---- fitting into the time ----------------------------------------------- */

/* The trial that promises most when it can be trained for what is left: its score, less
 * what a short training costs. Seconds follow MACs, by the measure of `known`. */
static int64_t affordable_best(const search_run *run, const plan_entry *known,
                               double standard_s, double available_s)
{
    const nas_history *history = nas_asker_history(run->view);
    const nas_history_trial *top =
        &history->trials[nas_history_find(history, known->trial)];
    double per_mac = known->seconds_per_epoch / (double)(top->cost.macs + 1);
    double best_score = top->score[top->rungs - 1];
    double point = run->metric->fraction ? 0.01 : 0.05 * fabs(best_score);
    int64_t best = -1;
    double most = 0.0;
    for (int64_t i = 0; i < history->n; i++) {
        const nas_history_trial *trial = &history->trials[i];
        plan_entry entry = {.seconds_per_epoch = per_mac * (double)trial->cost.macs};
        int64_t epochs = affordable(run, &entry, 1, standard_s, available_s);
        if (trial->rungs != top->rungs || epochs < 1)
            continue;
        double halvings = fmax(0.0, log2((double)BUDGET_GOOD_EPOCHS / (double)epochs));
        double value =
            trial->score[trial->rungs - 1] - POINT_PER_HALVING * halvings * point;
        if (best < 0 || value > most) {
            best = i;
            most = value;
        }
    }
    return best >= 0 ? history->trials[best].id : known->trial;
}

/* A refit must see more rows than the search's training did, or it is no gain. */
static bool gains(const search_run *run, int64_t trial, int64_t epochs)
{
    const nas_history *history = nas_asker_history(run->view);
    int rung = history->trials[nas_history_find(history, trial)].rungs - 1;
    const nas_rung *r = &run->settings->ladder.rung[rung];
    return (double)epochs > r->fraction * (double)r->epochs ||
           (r->fraction >= 1.0 && epochs >= r->epochs);
}

/* Fewer finalists, then a cheaper one, until a good training is affordable. */
static nas_status fit(const search_run *run, double standard_s, double available_s,
                      finalist_plan *plan, nas_err *err)
{
    int64_t enough =
        nas_budget_most_epochs(&run->settings->ladder, run->settings->epochs);
    if (enough > BUDGET_GOOD_EPOCHS)
        enough = BUDGET_GOOD_EPOCHS;
    plan->epochs = affordable(run, plan->entry, plan->n, standard_s, available_s);
    while (plan->epochs < enough && plan->n > 1)
        plan->epochs = affordable(run, plan->entry, --plan->n, standard_s, available_s);
    if (plan->epochs < enough) {
        plan->entry[0].trial =
            affordable_best(run, &plan->entry[0], standard_s, available_s);
        NAS_TRY(time_entries(run, plan->entry, 1, err));
        plan->epochs = affordable(run, plan->entry, 1, standard_s, available_s);
    }
    if (!gains(run, plan->entry[0].trial, plan->epochs))
        plan->epochs = 0;
    return NAS_OK;
}

/* What the finalists leave: the standard network follows them on the first free worker,
 * for at most as many epochs. */
static int64_t baseline_epochs(const search_run *run, const finalist_plan *plan,
                               double standard_epoch_s, double available_s)
{
    for (int64_t epochs = plan->epochs > 0 ? plan->epochs : 1; epochs > 1; epochs--) {
        double seconds[BUDGET_FINALISTS + 1];
        for (int i = 0; i < plan->n; i++)
            seconds[i] = fmin(plan->entry[i].seconds_per_epoch * (double)plan->epochs,
                              available_s / BUDGET_SAFETY); /* with the others' help */
        seconds[plan->n] = standard_epoch_s * (double)epochs;
        if (BUDGET_SAFETY * nas_budget_makespan(seconds, plan->n + 1, run->workers) <=
            available_s)
            return epochs;
    }
    return 1;
}

nas_status nas_plan_make(const search_run *run, double available_s, finalist_plan *out,
                         nas_err *err)
{
    *out = (finalist_plan){0};
    NAS_TRY(nas_plan_choose(run, true, out->entry, &out->n, err));
    if (out->n == 0)
        return NAS_OK;
    NAS_TRY(time_entries(run, out->entry, out->n, err));
    double standard = 0.0;
    NAS_TRY(standard_s(run, &standard, err));
    NAS_TRY(fit(run, standard, available_s, out, err));
    out->baseline_epochs = baseline_epochs(run, out, standard, available_s);
    return NAS_OK;
}

/* Seconds of all finalists and the standard network for the most epochs. */
static double full_need(const search_run *run, const plan_entry *entries, int n,
                        double standard)
{
    double seconds[BUDGET_FINALISTS + 1];
    for (int i = 0; i < n; i++)
        seconds[i] = entries[i].seconds_per_epoch;
    seconds[n] = standard;
    double epoch_s =
        n < run->workers
            ? fmax(nas_budget_refit_epoch_s(seconds, n, run->workers, standard),
                   BUDGET_SAFETY * standard)
            : BUDGET_SAFETY * nas_budget_makespan(seconds, n + 1, run->workers);
    return epoch_s *
           (double)nas_budget_most_epochs(&run->settings->ladder, run->settings->epochs);
}

nas_status nas_plan_need_s(const search_run *run, double share_s, double most_s,
                           double *out, nas_err *err)
{
    plan_entry entries[BUDGET_FINALISTS];
    int n = 0;
    double standard = 0.0;
    NAS_TRY(nas_plan_choose(run, false, entries, &n, err));
    NAS_TRY(time_entries(run, entries, n, err));
    NAS_TRY(standard_s(run, &standard, err));
    double full = full_need(run, entries, n, standard);
    bool any = n > 0 && affordable(run, entries, 1, standard, share_s) > 0;
    double good =
        any ? BUDGET_GOOD_EPOCHS * nas_budget_refit_epoch_s(&entries[0].seconds_per_epoch,
                                                            1, run->workers, standard)
            : 0.0;
    double share = fmax(share_s, fmin(most_s, NEED_BASE_S + good));
    *out = fmin(share, NEED_BASE_S + (any ? full : 0.0));
    return NAS_OK;
}

/* ---- the record ---------------------------------------------------------- */

nas_status nas_plan_write(nas_study *study, const finalist_plan *plan, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "round", plan->round);
    nas_json_key_int(&json, "epochs", plan->epochs);
    nas_json_key_int(&json, "baseline_epochs", plan->baseline_epochs);
    nas_json_key(&json, "finalists");
    nas_json_array_begin(&json);
    for (int i = 0; i < plan->n; i++) {
        nas_json_object_begin(&json);
        nas_json_key_int(&json, "trial", plan->entry[i].trial);
        nas_json_key_string(&json, "role", plan->entry[i].role);
        nas_json_key_real(&json, "seconds_per_epoch", plan->entry[i].seconds_per_epoch);
        nas_json_object_end(&json);
    }
    nas_json_array_end(&json);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(study, STATE_PLAN, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

static nas_status read_entries(const json_t *object, nas_arena *arena, finalist_plan *out,
                               nas_err *err)
{
    const json_t *list = json_object_get(object, "finalists");
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && i < BUDGET_FINALISTS; i++) {
        const json_t *item = json_array_get(list, i);
        const char *role = json_string_value(json_object_get(item, "role"));
        plan_entry *entry = &out->entry[out->n++];
        entry->trial = json_integer_value(json_object_get(item, "trial"));
        entry->seconds_per_epoch =
            json_number_value(json_object_get(item, "seconds_per_epoch"));
        entry->role = nas_arena_strdup(arena, role != NULL ? role : "best");
        NAS_TRY_ALLOC(entry->role, err);
    }
    return NAS_OK;
}

nas_status nas_plan_read(nas_study *study, nas_arena *arena, finalist_plan *out,
                         nas_err *err)
{
    const char *text = NULL;
    *out = (finalist_plan){0};
    NAS_TRY(nas_study_get(study, STATE_PLAN, arena, &text, err));
    if (text == NULL)
        return NAS_OK;
    json_t *object = NULL;
    NAS_TRY(nas_json_parse(text, strlen(text), "plan", &object, err));
    out->round = (int)json_integer_value(json_object_get(object, "round"));
    out->epochs = json_integer_value(json_object_get(object, "epochs"));
    out->baseline_epochs = json_integer_value(json_object_get(object, "baseline_epochs"));
    nas_status status = read_entries(object, arena, out, err);
    json_decref(object);
    return status;
}
