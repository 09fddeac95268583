#include "study/study.h"

#include "nasmith/clock.h"

#include <math.h>

/* Stored in studies: these numbers never change. In SQL: state 0 queued, 1 running. */
_Static_assert(NAS_EVALUATION_QUEUED == 0 && NAS_EVALUATION_RUNNING == 1 &&
                   NAS_EVALUATION_DONE == 2 && NAS_EVALUATION_FAILED == 3,
               "states are stored");
_Static_assert(NAS_OUTCOME_DONE == 0 && NAS_OUTCOME_DIVERGED == 1 &&
                   NAS_OUTCOME_TIMEOUT == 2 && NAS_OUTCOME_MEMORY == 3 &&
                   NAS_OUTCOME_CRASHED == 4 && NAS_OUTCOME_INFEASIBLE == 5,
               "outcomes are stored");
_Static_assert(NAS_PURPOSE_SEARCH == 0 && NAS_PURPOSE_REFIT == 1 &&
                   NAS_PURPOSE_BASELINE == 2 && NAS_TRIAL_SEARCH == 0,
               "purposes and origins are stored");

/* ---- evaluations whose worker is gone ---- */

nas_status nas_study_give_up(nas_study *study, int64_t evaluation, const char *reason,
                             nas_err *err)
{
    int64_t seq = 0;
    NAS_TRY(nas_study_next_seq(study, &seq, err));
    return nas_db_run(
        study->database,
        "UPDATE evaluations SET state = ?2, outcome = ?3, reason = ?4, seq = ?5,"
        " finished_ms = ?6 WHERE id = ?1",
        DB(db_int(evaluation), db_int(NAS_EVALUATION_FAILED), db_int(NAS_OUTCOME_CRASHED),
           db_text(reason), db_int(seq), db_int(nas_clock_unix_ms())),
        err);
}

/* Back to the queue, or failed after the last attempt. Which are lost: those of `worker`,
 * or, when it is NULL, those whose lease ran out before `now`. */
static nas_status return_lost(nas_study *study, const char *worker, int64_t now,
                              const char *reason, nas_err *err)
{
    for (;;) {
        int64_t id = 0;
        NAS_TRY(nas_db_get_int(
            study->database,
            "SELECT id FROM evaluations WHERE state = 1 AND attempt >= ?1"
            " AND CASE WHEN ?2 IS NULL THEN until_ms < ?3"
            " ELSE worker = ?2 END ORDER BY id LIMIT 1",
            DB(db_int(STUDY_MAX_ATTEMPTS), db_text(worker), db_int(now)), 0, &id, err));
        if (id == 0)
            break;
        NAS_TRY(nas_study_give_up(study, id, reason, err));
    }
    return nas_db_run(study->database,
                      "UPDATE evaluations SET state = 0, worker = NULL, epochs_done = 0,"
                      " last_value = NULL WHERE state = 1"
                      " AND CASE WHEN ?1 IS NULL THEN until_ms < ?2 ELSE worker = ?1 END",
                      DB(db_text(worker), db_int(now)), err);
}

nas_status nas_study_release(nas_study *study, const char *worker, const char *reason,
                             nas_err *err)
{
    NAS_TRY(nas_study_begin(study, err));
    return nas_study_end(study, return_lost(study, worker, 0, reason, err), err);
}

/* ---- claiming ---- */

static nas_status read_claim(nas_study *study, db_rows *rows, nas_arena *arena,
                             nas_claim *out, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    *out = (nas_claim){
        .evaluation = ops->get_int(rows, 0),
        .trial = ops->get_int(rows, 1),
        .attempt = (int)ops->get_int(rows, 2) + 1,
        .spec = {.purpose = (nas_purpose)ops->get_int(rows, 3),
                 .rung = (int)ops->get_int(rows, 4),
                 .fraction = ops->get_real(rows, 5),
                 .epochs = ops->get_int(rows, 6),
                 .fold = (int)ops->get_int(rows, 7),
                 .repeat = (int)ops->get_int(rows, 8)},
        .graph_hash = (uint64_t)ops->get_int(rows, 11),
        .cost = {.params = ops->get_int(rows, 12),
                 .macs = ops->get_int(rows, 13),
                 .arena_bytes = ops->get_int(rows, 14),
                 .ram_bytes = ops->get_int(rows, 15),
                 .flash_bytes = ops->get_int(rows, 16),
                 .latency_ms = ops->get_real(rows, 17)},
    };
    NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 9), &out->graph, err));
    return nas_study_copy_text(arena, ops->get_text(rows, 10), &out->recipe, err);
}

static nas_status select_queued(nas_study *study, unsigned purposes, nas_arena *arena,
                                nas_claim *out, bool *found, nas_err *err)
{
    db_rows *rows = NULL;
    NAS_TRY(
        nas_db_query(study->database,
                     "SELECT e.id, e.trial, e.attempt, e.purpose, e.rung, e.fraction,"
                     " e.epochs, e.fold, e.repeat, t.graph, t.recipe, t.graph_hash,"
                     " t.params, t.macs, t.arena_bytes, t.ram_bytes, t.flash_bytes,"
                     " t.latency_ms FROM evaluations e JOIN trials t ON t.id = e.trial"
                     " WHERE e.state = 0 AND (?1 >> CAST(e.purpose AS INTEGER)) & 1 = 1"
                     " ORDER BY e.priority DESC, e.id LIMIT 1",
                     DB(db_int(purposes)), &rows, err));
    NAS_TRY(nas_db_next(study->database, rows, found, err));
    nas_status status = NAS_OK;
    if (*found)
        status = read_claim(study, rows, arena, out, err);
    nas_db_done(study->database, rows);
    return status;
}

static nas_status claim(nas_study *study, const char *worker, int64_t lease_ms,
                        unsigned purposes, nas_arena *arena, nas_claim *out, bool *found,
                        nas_err *err)
{
    int64_t now = nas_clock_unix_ms();
    NAS_TRY(return_lost(study, NULL, now, "the worker died three times", err));
    NAS_TRY(select_queued(study, purposes, arena, out, found, err));
    if (!*found)
        return NAS_OK;
    return nas_db_run(
        study->database,
        "UPDATE evaluations SET state = 1, attempt = ?2, worker = ?3,"
        " until_ms = ?4, started_ms = ?5, epochs_done = 0, last_value = NULL"
        " WHERE id = ?1",
        DB(db_int(out->evaluation), db_int(out->attempt), db_text(worker),
           db_int(now + lease_ms), db_int(now)),
        err);
}

nas_status nas_study_claim(nas_study *study, const char *worker, double lease_s,
                           nas_arena *arena, nas_claim *out, bool *found, nas_err *err)
{
    return nas_study_claim_for(study, worker, lease_s, ~0U, arena, out, found, err);
}

nas_status nas_study_claim_for(nas_study *study, const char *worker, double lease_s,
                               unsigned purposes, nas_arena *arena, nas_claim *out,
                               bool *found, nas_err *err)
{
    /* Idle workers poll: they take the write lock only when there is something to do. */
    int64_t open = 0;
    *found = false;
    NAS_TRY(nas_db_get_int(study->database,
                           "SELECT EXISTS (SELECT 1 FROM evaluations WHERE state = 0"
                           " AND (?2 >> CAST(purpose AS INTEGER)) & 1 = 1)"
                           " OR EXISTS (SELECT 1 FROM evaluations WHERE state = 1"
                           " AND until_ms < ?1)",
                           DB(db_int(nas_clock_unix_ms()), db_int(purposes)), 0, &open,
                           err));
    if (open == 0)
        return NAS_OK;
    NAS_TRY(nas_study_begin(study, err));
    nas_status status =
        claim(study, worker, (int64_t)(lease_s * 1000), purposes, arena, out, found, err);
    status = nas_study_end(study, status, err);
    if (status != NAS_OK)
        *found = false;
    return status;
}

nas_status nas_study_heartbeat(nas_study *study, const char *worker,
                               const nas_claim *claim, double lease_s,
                               int64_t epochs_done, double last_value, bool *held,
                               nas_err *err)
{
    NAS_TRY(
        nas_db_run(study->database,
                   "UPDATE evaluations SET until_ms = ?4, epochs_done = ?5,"
                   " last_value = ?6"
                   " WHERE id = ?1 AND attempt = ?2 AND worker = ?3 AND state = 1",
                   DB(db_int(claim->evaluation), db_int(claim->attempt), db_text(worker),
                      db_int(nas_clock_unix_ms() + (int64_t)(lease_s * 1000)),
                      db_int(epochs_done), db_real(last_value)),
                   err));
    *held = study->database->ops->changes(study->database) == 1;
    return NAS_OK;
}

/* ---- finishing ---- */

/* [[epoch, train_loss, validation], ...] */
static nas_status curve_json(const nas_job_result *result, nas_text *out, nas_err *err)
{
    nas_json json = nas_json_writer(out, 0);
    nas_json_array_begin(&json);
    for (int64_t i = 0; i < result->n_curve; i++) {
        nas_json_array_begin(&json);
        nas_json_real(&json, result->curve[i].epoch);
        nas_json_real(&json, result->curve[i].train_loss);
        nas_json_real(&json, result->curve[i].validation);
        nas_json_array_end(&json);
    }
    nas_json_array_end(&json);
    return nas_text_status(out, err);
}

/* A training stopped on purpose is no failed attempt. */
static nas_status put_back(nas_study *study, const char *worker, const nas_claim *claim,
                           nas_err *err)
{
    return nas_db_run(
        study->database,
        "UPDATE evaluations SET state = 0, attempt = attempt - 1,"
        " worker = NULL, epochs_done = 0, last_value = NULL"
        " WHERE id = ?1 AND attempt = ?2 AND worker = ?3 AND state = 1",
        DB(db_int(claim->evaluation), db_int(claim->attempt), db_text(worker)), err);
}

static nas_status store(nas_study *study, const char *worker, const nas_claim *claim,
                        const nas_job_result *result, nas_err *err)
{
    nas_text curve = {0};
    int64_t seq = 0;
    bool done = result->outcome == NAS_OUTCOME_DONE;
    const nas_score *score = &result->validation;
    NAS_TRY(nas_study_next_seq(study, &seq, err));
    nas_status status = curve_json(result, &curve, err);
    if (status == NAS_OK)
        status = nas_db_run(
            study->database,
            "UPDATE evaluations SET state = ?4, outcome = ?5, reason = ?6, seq = ?7,"
            " finished_ms = ?8, value = ?9, low = ?10, high = ?11, error = ?12, n = ?13,"
            " train_loss = ?14, seconds = ?15, cpu_seconds = ?16, rows_seen = ?17,"
            " curve = ?18, epochs_done = ?19, last_value = ?9"
            " WHERE id = ?1 AND attempt = ?2 AND worker = ?3 AND state = 1",
            DB(db_int(claim->evaluation), db_int(claim->attempt), db_text(worker),
               db_int(done ? NAS_EVALUATION_DONE : NAS_EVALUATION_FAILED),
               db_int(result->outcome), db_text(done ? NULL : result->reason),
               db_int(seq), db_int(nas_clock_unix_ms()),
               db_real(done ? score->value : (double)NAN), db_real(score->low),
               db_real(score->high), db_real(score->error), db_int(score->n),
               db_real(result->train_loss), db_real(result->seconds),
               db_real(result->cpu_seconds), db_int(result->rows_seen),
               db_text(result->n_curve > 0 ? nas_text_string(&curve) : NULL),
               db_int(result->n_curve)),
            err);
    nas_text_free(&curve);
    return status;
}

nas_status nas_study_finish(nas_study *study, const char *worker, const nas_claim *claim,
                            const nas_job_result *result, bool *accepted, nas_err *err)
{
    *accepted = false;
    NAS_TRY(nas_study_begin(study, err));
    nas_status status = result->outcome == NAS_OUTCOME_STOPPED
                            ? put_back(study, worker, claim, err)
                            : store(study, worker, claim, result, err);
    bool changed =
        status == NAS_OK && study->database->ops->changes(study->database) == 1;
    NAS_TRY(nas_study_end(study, status, err));
    *accepted = changed;
    return NAS_OK;
}
