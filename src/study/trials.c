#include "study/study.h"

#include "nasmith/clock.h"

#include <assert.h>
#include <math.h>

/* ---- inserting ---- */

/* Trials of the search count 1, 2, ... whatever else is queued, so that the same seed
 * gives the same ids; baselines count -1, -2, ... */
static nas_status next_trial_id(nas_study *study, nas_trial_origin origin, int64_t *out,
                                nas_err *err)
{
    if (origin == NAS_TRIAL_SEARCH) {
        NAS_TRY(nas_db_get_int(study->database, "SELECT MAX(id) FROM trials WHERE id > 0",
                               DB_NONE, 0, out, err));
        ++*out;
    } else {
        NAS_TRY(nas_db_get_int(study->database, "SELECT MIN(id) FROM trials WHERE id < 0",
                               DB_NONE, 0, out, err));
        --*out;
    }
    return NAS_OK;
}

static nas_status insert_trial(nas_study *study, const nas_trial_spec *trial, int64_t *id,
                               nas_err *err)
{
    NAS_TRY(next_trial_id(study, trial->origin, id, err));
    const nas_cost *cost = &trial->cost;
    return nas_db_run(
        study->database,
        "INSERT INTO trials (id, origin, name, decisions, graph, recipe, key, graph_hash,"
        " recipe_hash, params, macs, arena_bytes, ram_bytes, flash_bytes, latency_ms,"
        " parent1, parent2, uniform, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
        " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        DB(db_int(*id), db_int(trial->origin), db_text(trial->name),
           db_text(trial->decisions), db_text(trial->graph), db_text(trial->recipe),
           db_hash(trial->key), db_hash(trial->graph_hash), db_hash(trial->recipe_hash),
           db_int(cost->params), db_int(cost->macs), db_int(cost->arena_bytes),
           db_int(cost->ram_bytes), db_int(cost->flash_bytes), db_real(cost->latency_ms),
           db_int(trial->parents[0]), db_int(trial->parents[1]), db_int(trial->uniform),
           db_int(nas_clock_unix_ms())),
        err);
}

/* Refits first, then promotions from the top, baselines when nothing else is left. */
static int64_t priority(const nas_evaluation_spec *spec)
{
    switch (spec->purpose) {
    case NAS_PURPOSE_REFIT:
        return 1000;
    case NAS_PURPOSE_SEARCH:
        return spec->rung;
    case NAS_PURPOSE_BASELINE:
        break;
    }
    return -1;
}

/* Insert unless (trial, purpose, rung, fold, repeat) exists. @param id  0 = it existed */
static nas_status insert_evaluation(nas_study *study, int64_t trial,
                                    const nas_evaluation_spec *spec, int64_t *id,
                                    nas_err *err)
{
    int64_t seq = 0;
    NAS_TRY(nas_study_next_seq(study, &seq, err));
    NAS_TRY(nas_db_get_int(study->database, "SELECT MAX(id) FROM evaluations", DB_NONE, 0,
                           id, err));
    ++*id;
    NAS_TRY(nas_db_run(
        study->database,
        "INSERT INTO evaluations (id, trial, purpose, rung, fraction, epochs, fold,"
        " repeat, state, attempt, priority, seq, source, until_ms, started_ms,"
        " finished_ms, epochs_done, outcome, n, seconds, cpu_seconds, rows_seen)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, 0, 0, 0, 0, 0, 0, 0,"
        " 0, 0, 0) ON CONFLICT (trial, purpose, rung, fold, repeat) DO NOTHING",
        DB(db_int(*id), db_int(trial), db_int(spec->purpose), db_int(spec->rung),
           db_real(spec->fraction), db_int(spec->epochs), db_int(spec->fold),
           db_int(spec->repeat), db_int(NAS_EVALUATION_QUEUED), db_int(priority(spec)),
           db_int(seq)),
        err));
    if (study->database->ops->changes(study->database) != 1)
        *id = 0;
    return NAS_OK;
}

/* "Answered from the study": the same training gives the same result, so copy it. */
static nas_status answer(nas_study *study, int64_t id, const nas_evaluation_spec *spec,
                         nas_err *err)
{
    int64_t source = 0, seq = 0;
    /* The plus signs keep the planner from reading all that is done: it shall find the
     * trials of the graph first. */
    NAS_TRY(nas_db_get_int(
        study->database,
        "SELECT e.id FROM trials mine JOIN trials t ON t.graph_hash = mine.graph_hash"
        " AND t.recipe_hash = mine.recipe_hash JOIN evaluations e ON e.trial = t.id"
        " WHERE mine.id = (SELECT trial FROM evaluations WHERE id = ?1)"
        " AND +e.purpose = ?2 AND +e.state = ?3 AND e.fold = ?4 AND e.repeat = ?5"
        " AND e.fraction = ?6 AND e.epochs = ?7 ORDER BY +e.id LIMIT 1",
        DB(db_int(id), db_int(spec->purpose), db_int(NAS_EVALUATION_DONE),
           db_int(spec->fold), db_int(spec->repeat), db_real(spec->fraction),
           db_int(spec->epochs)),
        0, &source, err));
    if (source == 0)
        return NAS_OK;
    NAS_TRY(nas_study_next_seq(study, &seq, err));
    int64_t now = nas_clock_unix_ms();
    return nas_db_run(
        study->database,
        "UPDATE evaluations SET state = ?2, seq = ?3, source = ?4, started_ms = ?5,"
        " finished_ms = ?5, (epochs_done, last_value, outcome, value, low, high, error, "
        "n,"
        " train_loss, curve) = (SELECT epochs_done, last_value, outcome, value, low, "
        "high,"
        " error, n, train_loss, curve FROM evaluations WHERE id = ?4) WHERE id = ?1",
        DB(db_int(id), db_int(NAS_EVALUATION_DONE), db_int(seq), db_int(source),
           db_int(now)),
        err);
}

/* All folds of a repeat, then the next repeat. */
static nas_status insert_rung(nas_study *study, int64_t trial, const nas_study_step *step,
                              nas_err *err)
{
    int folds = step->folds > 1 ? step->folds : 1;
    int repeats = step->repeats > 1 ? step->repeats : 1;
    for (int i = 0; i < folds * repeats; i++) {
        nas_evaluation_spec spec = step->evaluation;
        int64_t evaluation = 0;
        spec.fold += i % folds;
        spec.repeat += i / folds;
        NAS_TRY(insert_evaluation(study, trial, &spec, &evaluation, err));
        if (evaluation != 0)
            NAS_TRY(answer(study, evaluation, &spec, err));
    }
    return NAS_OK;
}

static nas_status store_strategy(nas_study *study, const nas_study_step *step,
                                 nas_err *err)
{
    NAS_TRY(
        nas_db_run(study->database,
                   "UPDATE strategy SET asks = asks + ?1, infeasible = infeasible + ?2,"
                   " duplicates = duplicates + ?3 WHERE id = 1",
                   DB(db_int(step->trial != NULL), db_int(step->infeasible),
                      db_int(step->duplicates)),
                   err));
    if (step->strategy_state == NULL)
        return NAS_OK;
    return nas_db_run(study->database, "UPDATE strategy SET state = ?1 WHERE id = 1",
                      DB(db_blob(step->strategy_state, step->strategy_bytes)), err);
}

static nas_status commit_step(nas_study *study, const nas_study_step *step,
                              bool *accepted, int64_t *trial_id, nas_err *err)
{
    int64_t held = 0;
    NAS_TRY(
        nas_db_get_int(study->database,
                       "SELECT COUNT(*) FROM leases WHERE name = 'asker' AND owner = ?1",
                       DB(db_text(step->owner)), 0, &held, err));
    if (held == 0)
        return NAS_OK;
    *trial_id = step->promoted_trial;
    if (step->trial != NULL)
        NAS_TRY(insert_trial(study, step->trial, trial_id, err));
    NAS_TRY(insert_rung(study, *trial_id, step, err));
    NAS_TRY(store_strategy(study, step, err));
    *accepted = true;
    return NAS_OK;
}

nas_status nas_study_step_commit(nas_study *study, const nas_study_step *step,
                                 bool *accepted, int64_t *trial_id, nas_err *err)
{
    int64_t id = 0;
    *accepted = false;
    NAS_TRY(nas_study_begin(study, err));
    NAS_TRY(nas_study_end(study, commit_step(study, step, accepted, &id, err), err));
    if (trial_id != NULL)
        *trial_id = *accepted ? id : 0;
    return NAS_OK;
}

/* A baseline is known by its name. */
static nas_status queue(nas_study *study, const nas_trial_spec *trial, int64_t *id,
                        const nas_evaluation_spec *evaluation, nas_err *err)
{
    int64_t inserted = 0;
    if (trial != NULL) {
        *id = 0;
        if (trial->name != NULL)
            NAS_TRY(nas_db_get_int(study->database,
                                   "SELECT id FROM trials WHERE name = ?1",
                                   DB(db_text(trial->name)), 0, id, err));
        if (*id == 0)
            NAS_TRY(insert_trial(study, trial, id, err));
    }
    return insert_evaluation(study, *id, evaluation, &inserted, err);
}

nas_status nas_study_queue(nas_study *study, const nas_trial_spec *trial,
                           int64_t trial_id, const nas_evaluation_spec *evaluation,
                           int64_t *trial_out, nas_err *err)
{
    NAS_TRY(nas_study_begin(study, err));
    NAS_TRY(nas_study_end(study, queue(study, trial, &trial_id, evaluation, err), err));
    if (trial_out != NULL)
        *trial_out = trial_id;
    return NAS_OK;
}

/* ---- the strategy's state ---- */

nas_status nas_study_strategy_state(nas_study *study, nas_arena *arena, const void **out,
                                    size_t *bytes, int64_t *asks, nas_err *err)
{
    db *database = study->database;
    db_rows *rows = NULL;
    bool found = false;
    *out = NULL;
    *bytes = 0;
    *asks = 0;
    NAS_TRY(nas_db_query(database, "SELECT asks, state FROM strategy WHERE id = 1",
                         DB_NONE, &rows, err));
    NAS_TRY(nas_db_next(database, rows, &found, err));
    if (!found)
        return nas_fail(err, NAS_E_STUDY, "study `%s` is corrupt: no strategy",
                        study->path);
    *asks = database->ops->get_int(rows, 0);
    const void *state = database->ops->get_blob(rows, 1, bytes);
    if (*bytes > 0)
        *out = nas_arena_copy(arena, state, *bytes);
    nas_db_done(database, rows);
    if (*bytes > 0)
        NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}
