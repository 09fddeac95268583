#include "study/study.h"

#include <math.h>
#include <string.h>

/* ---- new trials ---- */

static nas_status add_trial(nas_study *study, db_rows *rows, nas_history *history,
                            nas_arena *scratch, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    nas_history_trial trial = {
        .id = ops->get_int(rows, 0),
        .key = (uint64_t)ops->get_int(rows, 1),
        .parents = {ops->get_int(rows, 2), ops->get_int(rows, 3)},
        .uniform = ops->get_int(rows, 4) != 0,
        .cost = {.params = ops->get_int(rows, 5),
                 .macs = ops->get_int(rows, 6),
                 .arena_bytes = ops->get_int(rows, 7),
                 .ram_bytes = ops->get_int(rows, 8),
                 .flash_bytes = ops->get_int(rows, 9),
                 .latency_ms = ops->get_real(rows, 10)},
        .queued_rung = -1,
    };
    const char *text = ops->get_text(rows, 11);
    json_t *decisions = NULL;
    nas_candidate *candidate = NULL;
    nas_status status =
        nas_json_parse(text != NULL ? text : "", text != NULL ? strlen(text) : 0,
                       "decisions", &decisions, err);
    if (status == NAS_OK)
        status =
            nas_candidate_read_json(history->space, decisions, scratch, &candidate, err);
    json_decref(decisions);
    if (status != NAS_OK) {
        nas_err_context(err, "study `%s`, trial %lld", study->path, (long long)trial.id);
        return status;
    }
    trial.candidate = candidate;
    if (nas_history_add(history, &trial) < 0)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

static nas_status add_trials(nas_study *study, nas_history *history, nas_err *err)
{
    int64_t last = history->n > 0 ? history->trials[history->n - 1].id : 0;
    db_rows *rows = NULL;
    NAS_TRY(nas_db_query(study->database,
                         "SELECT id, key, parent1, parent2, uniform, params, macs,"
                         " arena_bytes, ram_bytes, flash_bytes, latency_ms, decisions"
                         " FROM trials WHERE id > ?1 AND origin = 0 ORDER BY id",
                         DB(db_int(last)), &rows, err));
    nas_arena *scratch = nas_arena_new();
    nas_status status =
        scratch != NULL ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
    while (status == NAS_OK) {
        bool found = false;
        nas_arena_reset(scratch);
        status = nas_db_next(study->database, rows, &found, err);
        if (status != NAS_OK || !found)
            break;
        status = add_trial(study, rows, history, scratch, err);
    }
    nas_db_done(study->database, rows);
    nas_arena_free(scratch);
    return status;
}

/* ---- changed evaluations ---- */

/* One change out of the log; copied, since applying it runs other statements. */
typedef struct change {
    int64_t seq, trial, state;
    int rung;
} change;

/* A rung's score over its evaluations. */
typedef struct rung_score {
    int64_t open, failed;
    int64_t last; /* seq of the change that came last */
    nas_score score;
} rung_score;

static nas_status read_rung(nas_study *study, int64_t trial, int rung, rung_score *out,
                            nas_err *err)
{
    const db_ops *ops = study->database->ops;
    db_rows *rows = NULL;
    nas_score scores[NAS_MAX_RUNS];
    int repeats[NAS_MAX_RUNS];
    int n = 0;
    *out = (rung_score){.score = nas_score_none(0)};
    NAS_TRY(nas_db_query(study->database,
                         "SELECT state, seq, repeat, value, low, high, error, n"
                         " FROM evaluations WHERE trial = ?1 AND purpose = 0"
                         " AND rung = ?2 ORDER BY repeat, fold",
                         DB(db_int(trial), db_int(rung)), &rows, err));
    for (;;) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        if (!found)
            break;
        int64_t state = ops->get_int(rows, 0), seq = ops->get_int(rows, 1);
        out->open += state < NAS_EVALUATION_DONE;
        out->failed += state == NAS_EVALUATION_FAILED;
        out->last = seq > out->last ? seq : out->last;
        if (state != NAS_EVALUATION_DONE || n == NAS_MAX_RUNS)
            continue;
        repeats[n] = (int)ops->get_int(rows, 2);
        scores[n++] = (nas_score){
            .value = ops->get_real(rows, 3),
            .low = ops->get_real(rows, 4),
            .high = ops->get_real(rows, 5),
            .error = ops->get_real(rows, 6),
            .n = ops->get_int(rows, 7),
        };
    }
    if (n > 0)
        out->score = nas_score_mean(scores, repeats, n);
    return NAS_OK;
}

/* The evaluation of `c`, of trial index `t`, was queued or ended. A rung counts from the
 * change that came last of it on, so that the order of scores is that of the log, however
 * much of it is read at once. */
static nas_status apply(nas_study *study, nas_history *history, int64_t t,
                        const change *c, double sign, nas_err *err)
{
    nas_history_trial *trial = &history->trials[t];
    if (trial->queued_rung < c->rung)
        trial->queued_rung = c->rung;
    if (c->state < NAS_EVALUATION_DONE || trial->rungs > c->rung)
        return NAS_OK;
    rung_score rung;
    NAS_TRY(read_rung(study, trial->id, c->rung, &rung, err));
    trial->failed = trial->failed || rung.failed > 0;
    if (rung.open > 0 || rung.failed > 0 || c->seq < rung.last)
        return NAS_OK;
    /* A metric that is not a number is worse than any. */
    double value = rung.score.value;
    value = isnan(value) ? -(double)INFINITY : sign * value;
    if (!nas_history_score(history, t, c->rung, value, rung.score.error))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

static nas_status read_changes(nas_study *study, int64_t after, nas_arena *arena,
                               change **out, int64_t *n, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    db_rows *rows = NULL;
    int64_t count = 0; /* of all purposes */
    NAS_TRY(nas_db_get_int(study->database,
                           "SELECT COUNT(*) FROM evaluations WHERE seq > ?1",
                           DB(db_int(after)), 0, &count, err));
    *n = 0;
    *out = NAS_NEW(arena, change, count);
    NAS_TRY_ALLOC(*out, err);
    NAS_TRY(nas_db_query(study->database,
                         "SELECT seq, trial, state, rung, purpose FROM evaluations"
                         " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                         DB(db_int(after), db_int(count)), &rows, err));
    for (;;) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        if (!found)
            return NAS_OK;
        if (ops->get_int(rows, 4) != NAS_PURPOSE_SEARCH)
            continue;
        (*out)[(*n)++] = (change){ops->get_int(rows, 0), ops->get_int(rows, 1),
                                  ops->get_int(rows, 2), (int)ops->get_int(rows, 3)};
    }
}

static nas_status apply_changes(nas_study *study, nas_history *history,
                                const change *changes, int64_t n, nas_err *err)
{
    const nas_metric *metric = nas_metric_find(study->settings.metric);
    double sign = metric == NULL || metric->larger_is_better ? 1 : -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t t = nas_history_find(history, changes[i].trial);
        if (t < 0 || changes[i].rung < 0 || changes[i].rung >= NAS_MAX_RUNGS)
            return nas_fail(err, NAS_E_STUDY,
                            "study `%s` is corrupt: trial %lld, rung %d", study->path,
                            (long long)changes[i].trial, changes[i].rung);
        NAS_TRY(apply(study, history, t, &changes[i], sign, err));
        history->seq = changes[i].seq;
    }
    return NAS_OK;
}

static const char NEWEST[] = "SELECT MAX(seq) FROM evaluations";

static nas_status synchronise(nas_study *study, nas_history *history, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    change *changes = NULL;
    int64_t n = 0, newest = 0;
    nas_status status = nas_db_get_int(study->database, NEWEST, DB_NONE, 0, &newest, err);
    if (status == NAS_OK)
        status = add_trials(study, history, err);
    if (status == NAS_OK)
        status = read_changes(study, history->seq, arena, &changes, &n, err);
    if (status == NAS_OK)
        status = apply_changes(study, history, changes, n, err);
    if (status == NAS_OK)
        history->seq = newest;
    nas_arena_free(arena);
    return status;
}

nas_status nas_study_sync(nas_study *study, nas_history *history, nas_err *err)
{
    int64_t newest = 0;
    NAS_TRY(nas_db_get_int(study->database, NEWEST, DB_NONE, 0, &newest, err));
    if (newest == history->seq)
        return NAS_OK;
    /* One snapshot: trials and evaluations must not be of different moments. */
    NAS_TRY(study->database->ops->read(study->database, err));
    return nas_study_end(study, synchronise(study, history, err), err);
}
