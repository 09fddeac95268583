#include "study/study.h"

#include <assert.h>

/* ---- trials with their evaluations ---- */

static nas_status read_trial(nas_study *study, db_rows *rows, nas_arena *arena,
                             nas_trial_row *out, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    *out = (nas_trial_row){
        .id = ops->get_int(rows, 0),
        .origin = (nas_trial_origin)ops->get_int(rows, 1),
        .key = (uint64_t)ops->get_int(rows, 2),
        .graph_hash = (uint64_t)ops->get_int(rows, 3),
        .cost = {.params = ops->get_int(rows, 4),
                 .macs = ops->get_int(rows, 5),
                 .arena_bytes = ops->get_int(rows, 6),
                 .ram_bytes = ops->get_int(rows, 7),
                 .flash_bytes = ops->get_int(rows, 8),
                 .latency_ms = ops->get_real(rows, 9)},
        .parents = {ops->get_int(rows, 10), ops->get_int(rows, 11)},
        .uniform = ops->get_int(rows, 12) != 0,
        .created_ms = ops->get_int(rows, 13),
    };
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 14), &out->name, err));
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 15), &out->decisions, err));
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 16), &out->graph, err));
    return nas_study_copy_text(arena, ops->get_text(rows, 17), &out->recipe, err);
}

/* The columns that read_evaluation reads. */
#define SELECT_EVALUATIONS                                                               \
    "SELECT id, trial, purpose, rung, fraction, epochs, fold, repeat, state, attempt,"   \
    " source, value, low, high, error, n, train_loss, seconds, outcome, started_ms,"     \
    " finished_ms, epochs_done, last_value, reason, curve, worker FROM evaluations"

static nas_status read_evaluation(nas_study *study, db_rows *rows, nas_arena *arena,
                                  nas_evaluation_row *out, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    *out = (nas_evaluation_row){
        .id = ops->get_int(rows, 0),
        .trial = ops->get_int(rows, 1),
        .spec = {.purpose = (nas_purpose)ops->get_int(rows, 2),
                 .rung = (int)ops->get_int(rows, 3),
                 .fraction = ops->get_real(rows, 4),
                 .epochs = ops->get_int(rows, 5),
                 .fold = (int)ops->get_int(rows, 6),
                 .repeat = (int)ops->get_int(rows, 7)},
        .state = (nas_evaluation_state)ops->get_int(rows, 8),
        .attempt = (int)ops->get_int(rows, 9),
        .from_study = ops->get_int(rows, 10) != 0,
        .validation = {.value = ops->get_real(rows, 11),
                       .low = ops->get_real(rows, 12),
                       .high = ops->get_real(rows, 13),
                       .error = ops->get_real(rows, 14),
                       .n = ops->get_int(rows, 15)},
        .train_loss = ops->get_real(rows, 16),
        .seconds = ops->get_real(rows, 17),
        .outcome = (nas_outcome)ops->get_int(rows, 18),
        .started_ms = ops->get_int(rows, 19),
        .finished_ms = ops->get_int(rows, 20),
        .epochs_done = ops->get_int(rows, 21),
        .last_value = ops->get_real(rows, 22),
    };
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 23), &out->reason, err));
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 24), &out->curve, err));
    return nas_study_copy_text(arena, ops->get_text(rows, 25), &out->worker, err);
}

/* Ids from the first to the last, both inclusive. */
typedef struct id_range {
    int64_t first, last;
} id_range;

static nas_status read_trials(nas_study *study, id_range ids, nas_arena *arena,
                              nas_trial_row *out, int64_t n, nas_err *err)
{
    db_rows *rows = NULL;
    NAS_TRY(nas_db_query(study->database,
                         "SELECT id, origin, key, graph_hash, params, macs, arena_bytes,"
                         " ram_bytes, flash_bytes, latency_ms, parent1, parent2, uniform,"
                         " created_ms, name, decisions, graph, recipe FROM trials"
                         " WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
                         DB(db_int(ids.first), db_int(ids.last)), &rows, err));
    for (int64_t i = 0; i < n; i++) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        assert(found); /* counted in the same transaction */
        NAS_TRY(read_trial(study, rows, arena, &out[i], err));
    }
    nas_db_done(study->database, rows);
    return NAS_OK;
}

/* Evaluations come in order of their trials: hand each trial its stretch. */
static nas_status read_evaluations(nas_study *study, id_range ids, nas_arena *arena,
                                   nas_trial_row *trials, nas_evaluation_row *out,
                                   int64_t n, nas_err *err)
{
    db_rows *rows = NULL;
    int64_t t = 0;
    NAS_TRY(nas_db_query(study->database,
                         SELECT_EVALUATIONS
                         " WHERE trial BETWEEN ?1 AND ?2"
                         " ORDER BY trial, purpose, rung, fold, repeat",
                         DB(db_int(ids.first), db_int(ids.last)), &rows, err));
    for (int64_t i = 0; i < n; i++) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        assert(found);
        NAS_TRY(read_evaluation(study, rows, arena, &out[i], err));
        while (trials[t].id != out[i].trial) /* which exists: a foreign key */
            t++;
        if (trials[t].n_evaluations++ == 0)
            trials[t].evaluations = &out[i];
    }
    nas_db_done(study->database, rows);
    return NAS_OK;
}

/* ---- the score of a trial ---- */

/* Evaluations of one rung (of a baseline, all), as far as done. */
typedef struct rung_rows {
    const nas_evaluation_row *first;
    nas_score scores[NAS_MAX_RUNS];
    int repeats[NAS_MAX_RUNS];
    int n;
    bool open; /* one at least is not done */
    double seconds;
} rung_rows;

static bool belongs(const nas_trial_row *trial, const nas_evaluation_row *e, int rung)
{
    nas_purpose purpose =
        trial->origin == NAS_TRIAL_SEARCH ? NAS_PURPOSE_SEARCH : NAS_PURPOSE_BASELINE;
    return e->spec.purpose == purpose && e->spec.rung == rung;
}

/* Folds of a repeat stand together: rows come by fold, then by repeat. */
static void collect_rung(const nas_trial_row *trial, int rung, rung_rows *out)
{
    int most = 0;
    out->first = NULL; /* not the arrays: they are large */
    out->n = 0;
    out->open = false;
    out->seconds = 0.0;
    for (int i = 0; i < trial->n_evaluations; i++)
        if (trial->evaluations[i].spec.repeat > most)
            most = trial->evaluations[i].spec.repeat;
    for (int repeat = 0; repeat <= most; repeat++)
        for (int i = 0; i < trial->n_evaluations; i++) {
            const nas_evaluation_row *e = &trial->evaluations[i];
            if (e->spec.repeat != repeat || !belongs(trial, e, rung))
                continue;
            out->open = out->open || e->state != NAS_EVALUATION_DONE;
            if (e->state != NAS_EVALUATION_DONE || out->n == NAS_MAX_RUNS)
                continue;
            if (out->first == NULL)
                out->first = e;
            out->repeats[out->n] = repeat;
            out->scores[out->n++] = e->validation;
            out->seconds += e->seconds;
        }
}

static nas_status find_best(nas_trial_row *trial, nas_arena *arena, nas_err *err)
{
    bool search = trial->origin == NAS_TRIAL_SEARCH;
    rung_rows rung;
    int highest = -1;
    for (int i = 0; i < trial->n_evaluations; i++)
        if (trial->evaluations[i].spec.rung > highest)
            highest = trial->evaluations[i].spec.rung;
    for (int r = highest; r >= -1 && trial->best == NULL; r--) {
        collect_rung(trial, r, &rung);
        if (rung.n == 0 || (rung.open && search))
            continue;
        nas_evaluation_row *best = nas_arena_copy(arena, rung.first, sizeof *best);
        NAS_TRY_ALLOC(best, err);
        best->validation = nas_score_mean(rung.scores, rung.repeats, rung.n);
        best->seconds = rung.seconds;
        trial->best = best;
    }
    return NAS_OK;
}

static nas_status read_range(nas_study *study, id_range ids, nas_arena *arena,
                             nas_trial_row **out, int64_t *n, nas_err *err)
{
    int64_t n_evaluations = 0;
    db *database = study->database;
    NAS_TRY(nas_db_get_int(database,
                           "SELECT COUNT(*) FROM trials WHERE id BETWEEN ?1 AND ?2",
                           DB(db_int(ids.first), db_int(ids.last)), 0, n, err));
    NAS_TRY(nas_db_get_int(
        database, "SELECT COUNT(*) FROM evaluations WHERE trial BETWEEN ?1 AND ?2",
        DB(db_int(ids.first), db_int(ids.last)), 0, &n_evaluations, err));
    *out = NAS_NEW(arena, nas_trial_row, *n);
    NAS_TRY_ALLOC(*out, err);
    nas_evaluation_row *evaluations = NAS_NEW(arena, nas_evaluation_row, n_evaluations);
    NAS_TRY_ALLOC(evaluations, err);
    NAS_TRY(read_trials(study, ids, arena, *out, *n, err));
    NAS_TRY(read_evaluations(study, ids, arena, *out, evaluations, n_evaluations, err));
    for (int64_t i = 0; i < *n; i++)
        NAS_TRY(find_best(&(*out)[i], arena, err));
    return NAS_OK;
}

nas_status nas_study_trials(nas_study *study, nas_arena *arena, nas_trial_row **out,
                            int64_t *n, nas_err *err)
{
    const id_range all = {INT64_MIN, INT64_MAX};
    NAS_TRY(study->database->ops->read(study->database, err));
    return nas_study_end(study, read_range(study, all, arena, out, n, err), err);
}

nas_status nas_study_trial(nas_study *study, int64_t id, nas_arena *arena,
                           nas_trial_row **out, nas_err *err)
{
    const id_range one = {id, id};
    int64_t n = 0;
    NAS_TRY(study->database->ops->read(study->database, err));
    NAS_TRY(nas_study_end(study, read_range(study, one, arena, out, &n, err), err));
    if (n == 0)
        *out = NULL;
    return NAS_OK;
}

static nas_status read_running(nas_study *study, nas_arena *arena,
                               nas_evaluation_row **out, int64_t *n, nas_err *err)
{
    db *database = study->database;
    db_rows *rows = NULL;
    NAS_TRY(nas_db_get_int(database, "SELECT COUNT(*) FROM evaluations WHERE state = 1",
                           DB_NONE, 0, n, err));
    *out = NAS_NEW(arena, nas_evaluation_row, *n);
    NAS_TRY_ALLOC(*out, err);
    NAS_TRY(nas_db_query(database, SELECT_EVALUATIONS " WHERE state = 1 ORDER BY id",
                         DB_NONE, &rows, err));
    for (int64_t i = 0; i < *n; i++) {
        bool found = false;
        NAS_TRY(nas_db_next(database, rows, &found, err));
        assert(found);
        NAS_TRY(read_evaluation(study, rows, arena, &(*out)[i], err));
    }
    nas_db_done(database, rows);
    return NAS_OK;
}

nas_status nas_study_running(nas_study *study, nas_arena *arena, nas_evaluation_row **out,
                             int64_t *n, nas_err *err)
{
    NAS_TRY(study->database->ops->read(study->database, err));
    return nas_study_end(study, read_running(study, arena, out, n, err), err);
}

/* ---- counters ---- */

static nas_status count_evaluations(nas_study *study, nas_study_counts *out, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    db_rows *rows = NULL;
    NAS_TRY(nas_db_query(study->database,
                         "SELECT purpose, state, COUNT(*) FROM evaluations"
                         " GROUP BY purpose, state",
                         DB_NONE, &rows, err));
    for (;;) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        if (!found)
            return NAS_OK;
        bool final = ops->get_int(rows, 0) != NAS_PURPOSE_SEARCH;
        int64_t state = ops->get_int(rows, 1), n = ops->get_int(rows, 2);
        out->queued += state == NAS_EVALUATION_QUEUED ? n : 0;
        out->running += state == NAS_EVALUATION_RUNNING ? n : 0;
        out->done += state == NAS_EVALUATION_DONE ? n : 0;
        out->failed_evaluations += state == NAS_EVALUATION_FAILED ? n : 0;
        out->final_open += final && state < NAS_EVALUATION_DONE ? n : 0;
    }
}

/* Rungs of which all folds and repeats are done. */
#define WHOLE_RUNGS                                                                      \
    "SELECT trial, rung FROM evaluations WHERE purpose = 0"                              \
    " GROUP BY trial, rung HAVING MIN(state) = 2 AND MAX(state) = 2"

static nas_status count_all(nas_study *study, nas_study_counts *out, nas_err *err)
{
    db *database = study->database;
    NAS_TRY(count_evaluations(study, out, err));
    NAS_TRY(nas_db_get_int(database, "SELECT COUNT(*) FROM trials WHERE id > 0", DB_NONE,
                           0, &out->proposed, err));
    NAS_TRY(nas_db_get_int(database,
                           "SELECT COUNT(DISTINCT trial) FROM (" WHOLE_RUNGS ")", DB_NONE,
                           0, &out->scored, err));
    NAS_TRY(nas_db_get_int(database,
                           "SELECT COUNT(*) FROM (" WHOLE_RUNGS ") WHERE rung = ?1",
                           DB(db_int(study->settings.ladder.n - 1)), 0, &out->full, err));
    NAS_TRY(nas_db_get_int(database,
                           "SELECT COUNT(DISTINCT trial) FROM evaluations"
                           " WHERE purpose = 0 AND state = 3 AND trial NOT IN"
                           " (SELECT trial FROM (" WHOLE_RUNGS "))",
                           DB_NONE, 0, &out->failed, err));
    NAS_TRY(nas_db_get_int(database, "SELECT infeasible FROM strategy WHERE id = 1",
                           DB_NONE, 0, &out->infeasible, err));
    return nas_db_get_int(database, "SELECT duplicates FROM strategy WHERE id = 1",
                          DB_NONE, 0, &out->duplicates, err);
}

nas_status nas_study_count(nas_study *study, nas_study_counts *out, nas_err *err)
{
    *out = (nas_study_counts){0};
    NAS_TRY(study->database->ops->read(study->database, err));
    return nas_study_end(study, count_all(study, out, err), err);
}
