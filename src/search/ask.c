#include "search/ask.h"

#include "search/front.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const double LEASE_S = 10.0;
static const double SCREEN_LEASE_S = 60.0; /* ranking a pool takes its time */
enum {
    MAX_VALUES = 32,
    CHECKS = 10,         /* networks that show whether inherited weights rank truly */
    TRIALS_PER_CHECK = 8 /* without a clock */
};
/* Most of the time that is left, that these may take. */
static const double CHECK_SHARE = 0.15;
/* Identity of the stream of an ask among the streams of a seed. */
static const uint64_t ASK_STREAM = 0x61736b;

/* Parameters of a plug-in as the study stores them. */
typedef struct plug_values {
    json_t *object; /* strings are borrowed from it */
    nas_value values[MAX_VALUES];
} plug_values;

struct asker {
    nas_study *study;
    const nas_study_settings *settings;
    char owner[128];
    int64_t rows;
    nas_space *space;
    nas_history *history;
    const nas_strategy_ops *strategy_ops;
    nas_strategy *strategy;
    plug_values strategy_values;
    const nas_scheduler_ops *scheduler;
    plug_values scheduler_values;
    supernet_phase supernet;
    const nas_strengths *strengths; /* of a mixture, once it is trained */
    int64_t asks;                   /* whose state the strategy in memory is; -1 = none */
    bool exhausted;
    screener *screener; /* borrowed; NULL: nobody ranks */
    nas_arena *arena;   /* of one step */
};

/* ---- opening ------------------------------------------------------------- */

static nas_status read_values(const nas_param *params, const char *json, const char *what,
                              plug_values *out, nas_err *err)
{
    assert(nas_param_count(params) <= MAX_VALUES);
    nas_param_defaults(params, out->values);
    if (json == NULL)
        return NAS_OK;
    NAS_TRY(nas_json_parse(json, strlen(json), what, &out->object, err));
    return nas_param_from_json(params, out->object, what, out->values, err);
}

static nas_status new_strategy(asker *ask, nas_err *err)
{
    nas_strategy_free(ask->strategy);
    ask->strategy = NULL;
    ask->asks = -1;
    return nas_strategy_new(ask->strategy_ops, ask->strategy_values.values, ask->space,
                            &ask->strategy, err);
}

static nas_status open_plugins(asker *ask, nas_err *err)
{
    const nas_study_settings *s = ask->settings;
    ask->strategy_ops = nas_strategy_find(s->strategy);
    ask->scheduler = nas_scheduler_find(s->scheduler);
    if (ask->strategy_ops == NULL || ask->scheduler == NULL)
        return nas_fail(err, NAS_E_STUDY,
                        "the study needs strategy `%s` and scheduler `%s`, which this "
                        "program does not have",
                        s->strategy, s->scheduler);
    NAS_TRY(read_values(ask->strategy_ops->params, s->strategy_json, s->strategy,
                        &ask->strategy_values, err));
    NAS_TRY(read_values(ask->scheduler->params, s->scheduler_json, s->scheduler,
                        &ask->scheduler_values, err));
    return new_strategy(ask, err);
}

static nas_status open_asker(asker *ask, nas_err *err)
{
    const nas_study_settings *s = ask->settings;
    ask->arena = nas_arena_new();
    NAS_TRY_ALLOC(ask->arena, err);
    NAS_TRY(nas_space_parse(s->space_text, strlen(s->space_text), s->space_name,
                            &s->space_context, &ask->space, err));
    ask->history = nas_history_new(ask->space);
    NAS_TRY_ALLOC(ask->history, err);
    return open_plugins(ask, err);
}

nas_status nas_asker_new(nas_study *study, const char *owner, int64_t rows, asker **out,
                         nas_err *err)
{
    asker *ask = nas_heap_alloc(1, sizeof *ask);
    NAS_TRY_ALLOC(ask, err);
    ask->study = study;
    ask->settings = nas_study_settings_of(study);
    ask->rows = rows;
    (void)snprintf(ask->owner, sizeof ask->owner, "%s", owner);
    nas_status status = open_asker(ask, err);
    if (status != NAS_OK) {
        nas_asker_free(ask);
        return status;
    }
    *out = ask;
    return NAS_OK;
}

void nas_asker_free(asker *ask)
{
    if (ask == NULL)
        return;
    nas_strategy_free(ask->strategy);
    json_decref(ask->strategy_values.object);
    json_decref(ask->scheduler_values.object);
    nas_history_free(ask->history);
    nas_space_free(ask->space);
    nas_arena_free(ask->arena);
    nas_heap_free(ask);
}

void nas_asker_set_screener(asker *ask, screener *who)
{
    ask->screener = who;
}

/* ---- the scheduler's view ---------------------------------------------- */

const nas_history *nas_asker_history(const asker *ask)
{
    return ask->history;
}

const nas_space *nas_asker_space(const asker *ask)
{
    return ask->space;
}

nas_status nas_asker_sync(asker *ask, nas_err *err)
{
    return nas_study_sync(ask->study, ask->history, err);
}

/* Scored networks and those that may still become it. */
static int64_t scored_or_open(const nas_history *history)
{
    int64_t n = 0;
    for (int64_t i = 0; i < history->n; i++)
        if (history->trials[i].rungs > 0 || !history->trials[i].failed)
            n++;
    return n;
}

static bool draining(const asker *ask, const run_state *state)
{
    return ask->exhausted || state->phase != RUN_SEARCH ||
           (state->trials > 0 && scored_or_open(ask->history) >= state->trials) ||
           nas_run_state_remaining_core_s(state) <= 0.0;
}

void nas_asker_set_exhausted(asker *ask)
{
    ask->exhausted = true;
}

bool nas_asker_has_supernet(const asker *ask)
{
    return ask->strategy_ops->supernet != NAS_SUPERNET_NONE;
}

void nas_asker_set_strengths(asker *ask, const nas_strengths *strengths)
{
    ask->strengths = strengths;
}

void nas_asker_set_supernet(asker *ask, supernet_phase phase)
{
    ask->supernet = phase;
}

supernet_phase nas_asker_supernet(const asker *ask)
{
    return ask->supernet;
}

/* The oldest uniform network that is scored with inherited weights only: some of these go
 * on, whatever their score, so that the scores can be compared with trainings.
 * @return its index, or -1 */
static int64_t to_check(const asker *ask, const run_state *state,
                        const nas_schedule_view *view)
{
    const nas_history *history = view->history;
    int64_t wanted = CHECKS;
    int64_t found = -1;
    if (state->trials > 0 && state->trials / TRIALS_PER_CHECK < wanted)
        wanted = state->trials / TRIALS_PER_CHECK;
    if (ask->strategy_ops->supernet != NAS_SUPERNET_PATHS || view->ladder->n < 2)
        return -1;
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        if (!trial->uniform || trial->first_rung > 0 || trial->rungs == 0)
            continue;
        wanted -= trial->queued_rung > 0;
        if (found < 0 && trial->queued_rung == 0)
            found = t;
    }
    if (wanted <= 0 || found < 0)
        return -1;
    double seconds = nas_rung_seconds(view, &history->trials[found].cost, 1);
    return seconds * (double)wanted <= CHECK_SHARE * view->remaining_core_s ? found : -1;
}

nas_next nas_asker_next(const asker *ask, const run_state *state)
{
    nas_schedule_view view = {.history = ask->history,
                              .ladder = &ask->settings->ladder,
                              .remaining_core_s = nas_run_state_remaining_core_s(state),
                              .workers = state->workers,
                              .seconds_per_mac_row = ask->settings->seconds_per_mac_row,
                              .rows = ask->rows,
                              .drain = draining(ask, state)};
    int64_t check = to_check(ask, state, &view);
    if (check >= 0)
        return (nas_next){.kind = NAS_NEXT_PROMOTE, .trial = check, .rung = 1};
    return ask->scheduler->next(ask->scheduler_values.values, &view);
}

/* ---- one step ---------------------------------------------------------- */

/* What a step queues of a rung. */
static nas_study_step step_of_rung(const asker *ask, int rung)
{
    const nas_ladder *ladder = &ask->settings->ladder;
    const nas_rung *r = &ladder->rung[rung];
    return (nas_study_step){.owner = ask->owner,
                            .evaluation = {.purpose = NAS_PURPOSE_SEARCH,
                                           .rung = rung,
                                           .fraction = r->fraction,
                                           .epochs = r->epochs},
                            .folds = nas_ladder_folds(ladder, rung),
                            .repeats = nas_ladder_repeats(ladder, rung)};
}

/* Make the strategy in memory the one that the study holds. When another worker has
 * asked meanwhile, its state replaces ours; what a strategy derives from the space and
 * the history it keeps.
 * @param asks  out: index of the next ask */
static nas_status load_strategy(asker *ask, int64_t *asks, nas_err *err)
{
    const void *state = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_study_strategy_state(ask->study, ask->arena, &state, &bytes, asks, err));
    if (*asks == ask->asks)
        return NAS_OK;
    ask->asks = -1;
    if (bytes > 0)
        NAS_TRY(nas_strategy_load(ask->strategy, state, bytes, err));
    else
        NAS_TRY(new_strategy(ask, err));
    ask->asks = *asks;
    return NAS_OK;
}

/* @param index  of this question
 * @param out    in, out: the rung is known */
static nas_status propose(asker *ask, const run_state *state, int64_t index, nas_ask *out,
                          nas_proposal *proposal, nas_err *err)
{
    pricer costs = nas_pricer_of(ask->space, ask->settings, state->max_macs);
    nas_rng rng = nas_rng_new(ask->settings->seed, ASK_STREAM);
    *out = (nas_ask){.history = ask->history,
                     .space = ask->space,
                     .price = nas_price_candidate,
                     .price_context = &costs,
                     .limits = &costs.limits,
                     .objectives = nas_front_objectives(&ask->settings->limits,
                                                        ask->settings->minimise),
                     .screen = ask->screener != NULL ? nas_screen_candidates : NULL,
                     .screen_context = ask->screener,
                     .screen_most = ask->settings->proxies,
                     .arena = ask->arena,
                     .rng = nas_rng_split(&rng, (uint64_t)index),
                     .strengths = ask->strengths,
                     .rung = out->rung,
                     .rungs = ask->settings->ladder.n};
    ask->asks = -1; /* until this step is committed */
    if (ask->supernet == SUPERNET_TRAINING)
        return nas_propose_uniform(out, proposal, err);
    return nas_strategy_ask(ask->strategy, index, out, proposal, err);
}

static nas_status commit_proposal(asker *ask, const nas_ask *asked,
                                  const nas_proposal *proposal, int rung, bool *queued,
                                  nas_err *err)
{
    nas_trial_spec trial;
    NAS_TRY(nas_trial_of_proposal(ask->space, ask->settings, proposal, ask->arena, &trial,
                                  err));
    nas_text blob = {0};
    nas_status status = nas_strategy_save(ask->strategy, &blob, err);
    if (status == NAS_OK)
        status = nas_text_status(&blob, err);
    if (status == NAS_OK) {
        nas_study_step step = step_of_rung(ask, rung);
        step.trial = &trial;
        step.strategy_state = blob.data;
        step.strategy_bytes = blob.length;
        step.infeasible = asked->infeasible;
        step.duplicates = asked->duplicates;
        status = nas_study_step_commit(ask->study, &step, queued, NULL, err);
    }
    nas_text_free(&blob);
    return status;
}

/* @param rung  where the new trial begins */
static nas_status step_ask(asker *ask, const run_state *state, int rung, bool *queued,
                           nas_err *err)
{
    nas_ask asked = {.rung = rung};
    nas_proposal proposal = {0};
    int64_t index = 0;
    NAS_TRY(load_strategy(ask, &index, err));
    nas_status status = propose(ask, state, index, &asked, &proposal, err);
    /* Limits that fit nothing are found before a study begins: later it means that all
     * that fits has been seen. */
    if (status == NAS_E_LIMIT || (status == NAS_OK && asked.exhausted)) {
        ask->exhausted = true;
        return nas_study_put(ask->study, STATE_EXHAUSTED, "1", err);
    }
    NAS_TRY(status);
    NAS_TRY(commit_proposal(ask, &asked, &proposal, rung, queued, err));
    if (*queued)
        ask->asks = index + 1;
    return NAS_OK;
}

static nas_status step_promote(asker *ask, const nas_next *next, bool *queued,
                               nas_err *err)
{
    nas_study_step step = step_of_rung(ask, next->rung);
    step.promoted_trial = ask->history->trials[next->trial].id;
    return nas_study_step_commit(ask->study, &step, queued, NULL, err);
}

/* Where a network begins: at a training of its own where there is nothing to inherit. */
static int first_rung(const asker *ask, int rung)
{
    const nas_ladder *ladder = &ask->settings->ladder;
    bool absent = ask->supernet == SUPERNET_TRAINING || ask->supernet == SUPERNET_FAILED;
    return absent && ladder->rung[rung].epochs == 0 ? rung + 1 : rung;
}

static nas_status step(asker *ask, const run_state *state, bool *queued, nas_err *err)
{
    NAS_TRY(nas_asker_sync(ask, err));
    nas_next next = nas_asker_next(ask, state);
    switch (next.kind) {
    case NAS_NEXT_ASK:
        return step_ask(ask, state, first_rung(ask, next.rung), queued, err);
    case NAS_NEXT_PROMOTE:
        return step_promote(ask, &next, queued, err);
    case NAS_NEXT_WAIT:
        break;
    }
    return NAS_OK;
}

nas_status nas_asker_step(asker *ask, const run_state *state, bool *queued, nas_err *err)
{
    bool got = false;
    *queued = false;
    const double lease_s = ask->screener != NULL ? SCREEN_LEASE_S : LEASE_S;
    NAS_TRY(nas_study_lease(ask->study, "asker", ask->owner, lease_s, &got, err));
    if (!got)
        return NAS_OK;
    nas_arena_reset(ask->arena);
    NAS_TRY(step(ask, state, queued, err));
    return nas_study_unlease(ask->study, "asker", ask->owner, err);
}
