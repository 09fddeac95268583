#include "search/supernet_job.h"

#include "nasmith/clock.h"
#include "search/budget.h"
#include "search/price.h"

#include <math.h>
#include <string.h>

static const char LEASE[] = "supernet";

/* A training as its callbacks see it. */
typedef struct running {
    worker *w;
    double start_s, beat_s, checkpoint_s;
    double leave_s; /* when an interruption was first seen; 0 = not */
    bool held;      /* the lease */
    nas_status status;
    nas_err err; /* of a store call in a callback */
} running;

/* ---- callbacks ----------------------------------------------------------- */

static bool unwanted(const running *r)
{
    return !r->held || r->status != NAS_OK || nas_worker_unwanted(r->w, true);
}

/* Renew the lease and say how far it is. */
static void beat(running *r, double epoch)
{
    double now = nas_clock_monotonic_s();
    if (now - r->beat_s < HEARTBEAT_S)
        return;
    r->beat_s = now;
    r->status =
        nas_study_lease(r->w->study, LEASE, r->w->name, LEASE_S, &r->held, &r->err);
    supernet_state state = {.phase = SUPERNET_TRAINING,
                            .epoch = epoch,
                            .train_loss = (double)NAN,
                            .seconds = now - r->start_s};
    if (r->status == NAS_OK && r->held)
        r->status = nas_supernet_state_write(r->w->study, &state, &r->err);
}

static bool on_tick(void *context, const nas_supernet_job *job, double epoch)
{
    (void)job;
    running *r = context;
    nas_err ignored = {0}; /* the state as last read is good enough */
    beat(r, epoch);
    (void)nas_worker_look(r->w, &ignored);
    if (nas_worker_leaving(r->w, &r->leave_s) &&
        nas_clock_monotonic_s() - r->leave_s > LINGER_S)
        return false;
    return !unwanted(r);
}

static bool on_epoch(void *context, const nas_supernet_job *job,
                     const nas_curve_point *point, int64_t epochs_done,
                     const nas_text *checkpoint)
{
    (void)job;
    (void)epochs_done;
    running *r = context;
    beat(r, point->epoch);
    double now = nas_clock_monotonic_s();
    bool leave = nas_worker_leaving(r->w, &r->leave_s);
    bool worth = now - r->checkpoint_s > CHECKPOINT_S;
    if (worth || (leave && now - r->start_s > LINGER_S)) {
        r->checkpoint_s = now;
        r->status = nas_study_put_blob(r->w->study, SUPERNET_CHECKPOINT, checkpoint->data,
                                       checkpoint->length, &r->err);
    }
    return !unwanted(r) && !leave;
}

/* ---- training ------------------------------------------------------------ */

static nas_status build(const worker *w, running *r, nas_supernet_job *job, nas_err *err)
{
    bool clock = w->state.search_end_ms != 0;
    supernet_plan plan;
    nas_recipe recipe;
    NAS_TRY(nas_supernet_plan_of(w->settings, clock, &plan, err));
    NAS_TRY(nas_recipe_of(w->settings, &recipe, err));
    *job = (nas_supernet_job){.space = nas_asker_space(w->ask),
                              .data = w->data,
                              .rows = w->data->train,
                              .n_rows = w->data->n_train,
                              .recipe = nas_supernet_recipe(&recipe),
                              .int8 = w->settings->limits.dtype == NAS_INT8,
                              .kind = plan.kind,
                              .paths = plan.paths,
                              .second_order = plan.second_order,
                              .early_stop = plan.early_stop,
                              .epochs = plan.epochs,
                              .seed = w->settings->seed,
                              .share = plan.share,
                              .on_epoch = on_epoch,
                              .on_tick = on_tick,
                              .context = r};
    if (clock)
        job->left_s = (double)(w->state.search_end_ms - nas_clock_unix_ms()) / 1000.0;
    return NAS_OK;
}

static supernet_state state_of(const nas_supernet_result *result)
{
    supernet_state state = {.phase = SUPERNET_FAILED,
                            .epoch = result->epochs,
                            .steps = result->steps,
                            .paths = result->paths,
                            .train_loss = result->train_loss,
                            .seconds = result->seconds};
    memcpy(state.reason, result->reason, sizeof state.reason);
    if (result->outcome != NAS_OUTCOME_DONE)
        return state;
    state.phase = SUPERNET_READY;
    state.collapse = result->collapse;
    if (result->bank == NULL)
        return state;
    state.tensors = nas_bank_tensors(result->bank);
    state.weights = nas_bank_floats(result->bank);
    return state;
}

/* The weights are on disk before the study says that they are there. */
static nas_status store(worker *w, const nas_supernet_result *result, nas_err *err)
{
    supernet_state state = state_of(result);
    if (state.phase == SUPERNET_READY) {
        nas_text bytes = {0};
        nas_status status = result->bank != NULL
                                ? nas_bank_save(result->bank, false, &bytes, err)
                                : nas_supernet_save_strengths(
                                      &result->mixed, &result->strengths, &bytes, err);
        if (status == NAS_OK)
            status = nas_study_put_blob(w->study, SUPERNET_BLOB, bytes.data, bytes.length,
                                        err);
        nas_text_free(&bytes);
        NAS_TRY(status);
    }
    NAS_TRY(nas_supernet_state_write(w->study, &state, err));
    return nas_study_drop_blob(w->study, SUPERNET_CHECKPOINT, err);
}

static nas_status train(worker *w, nas_err *err)
{
    double now = nas_clock_monotonic_s();
    running r = {.w = w, .start_s = now, .checkpoint_s = now, .held = true};
    nas_supernet_job job;
    nas_supernet_result result = {0};
    void *checkpoint = NULL;
    NAS_TRY(build(w, &r, &job, err));
    NAS_TRY(nas_study_get_blob(w->study, SUPERNET_CHECKPOINT, &checkpoint,
                               &job.resume_bytes, err));
    job.resume = checkpoint;
    nas_status status = nas_supernet_train(&job, w->workspace, w->arena, &result, err);
    nas_heap_free(checkpoint);
    if (status == NAS_OK && r.status != NAS_OK) {
        status = r.status;
        if (err != NULL)
            *err = r.err;
    }
    if (status == NAS_OK && r.held && result.outcome != NAS_OUTCOME_STOPPED)
        status = store(w, &result, err);
    nas_bank_free(result.bank);
    return status;
}

/* ---- taking part --------------------------------------------------------- */

static nas_status take_up(worker *w, nas_err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    NAS_TRY(nas_study_get_blob(w->study, SUPERNET_BLOB, &bytes, &n, err));
    if (bytes == NULL)
        return nas_fail(err, NAS_E_STUDY, "the study has lost the file `%s`",
                        SUPERNET_BLOB);
    nas_supernet_kind kind = nas_strategy_find(w->settings->strategy)->supernet;
    nas_status status =
        kind == NAS_SUPERNET_PATHS
            ? nas_bank_load(bytes, n, &w->bank, err)
            : nas_supernet_load_strengths(bytes, n, nas_asker_space(w->ask),
                                          w->supernet_arena, &w->strengths, err);
    nas_heap_free(bytes);
    if (status == NAS_OK && kind != NAS_SUPERNET_PATHS)
        nas_asker_set_strengths(w->ask, &w->strengths);
    return status;
}

static nas_status train_alone(worker *w, bool *worked, nas_err *err)
{
    bool got = false;
    NAS_TRY(nas_study_lease(w->study, LEASE, w->name, LEASE_S, &got, err));
    if (!got)
        return NAS_OK;
    *worked = true;
    NAS_TRY(train(w, err));
    return nas_study_unlease(w->study, LEASE, w->name, err);
}

nas_status nas_worker_supernet(worker *w, bool *worked, nas_err *err)
{
    supernet_state state;
    *worked = false;
    if (!nas_asker_has_supernet(w->ask) || nas_asker_supernet(w->ask) >= SUPERNET_READY)
        return NAS_OK;
    NAS_TRY(nas_supernet_state_read(w->study, w->arena, &state, err));
    if (state.phase == SUPERNET_READY)
        NAS_TRY(take_up(w, err));
    else if (state.phase != SUPERNET_FAILED && w->state.phase == RUN_SEARCH)
        NAS_TRY(train_alone(w, worked, err));
    nas_asker_set_supernet(w->ask, state.phase == SUPERNET_NONE ? SUPERNET_TRAINING
                                                                : state.phase);
    return NAS_OK;
}
