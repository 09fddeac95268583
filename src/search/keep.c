#include "search/keep.h"

#include "nasmith/file.h"
#include "search/front.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nas_keep_searched_name(int64_t trial, char out[KEEP_NAME])
{
    (void)snprintf(out, KEEP_NAME, "searched-%" PRId64 ".nasm", trial);
}

void nas_keep_rows_name(int64_t trial, int fold, char out[KEEP_NAME])
{
    if (fold == 0)
        (void)snprintf(out, KEEP_NAME, "rows-%" PRId64 ".f32", trial);
    else
        (void)snprintf(out, KEEP_NAME, "rows-%" PRId64 "-%d.f32", trial, fold);
}

void nas_keep_model_name(int64_t trial, char out[KEEP_NAME])
{
    (void)snprintf(out, KEEP_NAME, "model-%" PRId64 ".nasm", trial);
}

void nas_keep_checkpoint_name(int64_t evaluation, char out[KEEP_NAME])
{
    (void)snprintf(out, KEEP_NAME, "checkpoint-%" PRId64 ".bin", evaluation);
}

/* ---- what is worth it -------------------------------------------------- */

static bool among_best(const nas_history *history, int64_t t)
{
    int better = 0;
    for (int64_t i = 0; i < history->n && better < KEEP_BEST; i++)
        if (history->trials[i].rungs > 0 && nas_history_compare(history, i, t) > 0)
            better++;
    return better < KEEP_BEST;
}

static bool worth(nas_study *study, const nas_history *history, int64_t t)
{
    const nas_study_settings *s = nas_study_settings_of(study);
    return among_best(history, t) || nas_front_holds(history, &s->limits, s->minimise, t);
}

/* ---- storing ------------------------------------------------------------- */

nas_status nas_keep_store_model(nas_study *study, const char *name,
                                const nas_model *model, nas_err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    NAS_TRY(nas_model_serialise(model, &bytes, &n, err));
    nas_status status = nas_study_put_blob(study, name, bytes, n, err);
    nas_heap_free(bytes);
    return status;
}

static nas_status store_rows(nas_study *study, const nas_claim *claim,
                             const double *goodness, int64_t n, nas_err *err)
{
    float *rows = nas_heap_alloc((size_t)n, sizeof *rows);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < n; i++)
        rows[i] = (float)goodness[i];
    char name[KEEP_NAME];
    nas_keep_rows_name(claim->trial, claim->spec.fold, name);
    nas_status status =
        nas_study_put_blob(study, name, rows, (size_t)n * sizeof *rows, err);
    nas_heap_free(rows);
    return status;
}

/* Drop what was kept of the folds before the rung had a score. */
static nas_status drop(nas_study *study, const nas_claim *claim, nas_err *err)
{
    const nas_ladder *ladder = &nas_study_settings_of(study)->ladder;
    int folds = nas_ladder_folds(ladder, claim->spec.rung);
    char name[KEEP_NAME];
    if (folds * nas_ladder_repeats(ladder, claim->spec.rung) == 1)
        return NAS_OK;
    nas_keep_searched_name(claim->trial, name);
    NAS_TRY(nas_study_drop_blob(study, name, err));
    for (int fold = 0; fold < folds; fold++) {
        nas_keep_rows_name(claim->trial, fold, name);
        NAS_TRY(nas_study_drop_blob(study, name, err));
    }
    return NAS_OK;
}

/* Whether a trial that finishes rung k may become one of the best. */
static bool may_lead(const nas_history *history, int k)
{
    for (int64_t i = 0; i < history->n; i++)
        if (history->trials[i].rungs > k + 1)
            return false;
    return true;
}

/* Whether trainings of rung k answer those of the next rung, which does not repeat them:
 * what is kept of them is kept for it. */
static bool is_answer(const nas_ladder *ladder, int k)
{
    const nas_rung *rung = &ladder->rung[k];
    return k + 1 < ladder->n && rung[1].fraction == rung[0].fraction &&
           rung[1].epochs == rung[0].epochs;
}

nas_status nas_keep_result(nas_study *study, const nas_history *history,
                           const nas_claim *claim, const nas_job_result *result,
                           nas_err *err)
{
    int64_t t = nas_history_find(history, claim->trial);
    if (t < 0)
        return NAS_OK;
    bool complete = history->trials[t].rungs > claim->spec.rung;
    bool again = is_answer(&nas_study_settings_of(study)->ladder, claim->spec.rung);
    if (complete && !again && !worth(study, history, t))
        return drop(study, claim, err);
    if (claim->spec.repeat > 0 ||
        (!complete && !again && !may_lead(history, claim->spec.rung)))
        return NAS_OK;
    char name[KEEP_NAME];
    nas_keep_searched_name(claim->trial, name);
    if (claim->spec.fold == 0)
        NAS_TRY(nas_keep_store_model(study, name, result->model, err));
    return store_rows(study, claim, result->row_goodness, result->validation.n, err);
}

/* ---- cleaning ------------------------------------------------------------ */

/* The trial of a blob that nas_keep_result wrote, or 0. */
static int64_t trial_of_name(const char *name)
{
    static const char *const PREFIXES[] = {"searched-", "rows-"};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(PREFIXES[i]);
        if (strncmp(name, PREFIXES[i], length) == 0)
            return strtoll(name + length, NULL, 10);
    }
    return 0;
}

static nas_status clean(nas_study *study, const nas_history *history, nas_arena *arena,
                        nas_err *err)
{
    char **names = NULL;
    int64_t n = 0;
    NAS_TRY(nas_file_list(nas_study_folder(study), arena, &names, &n, err));
    for (int64_t i = 0; i < n; i++) {
        int64_t trial = trial_of_name(names[i]);
        int64_t t = trial > 0 ? nas_history_find(history, trial) : -1;
        bool over = t >= 0 && (history->trials[t].rungs > 0 ? !worth(study, history, t)
                                                            : history->trials[t].failed);
        if (over)
            NAS_TRY(nas_study_drop_blob(study, names[i], err));
    }
    return NAS_OK;
}

nas_status nas_keep_clean(nas_study *study, const nas_history *history, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = clean(study, history, arena, err);
    nas_arena_free(arena);
    return status;
}

/* ---- loading ------------------------------------------------------------- */

nas_status nas_keep_load_model(nas_study *study, const char *name, nas_model **out,
                               nas_err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    *out = NULL;
    NAS_TRY(nas_study_get_blob(study, name, &bytes, &n, err));
    if (bytes == NULL)
        return NAS_OK;
    nas_status status = nas_model_parse(bytes, n, name, out, err);
    nas_heap_free(bytes);
    return status;
}

static nas_status load_fold(nas_study *study, const char *name, nas_text *out,
                            bool *found, nas_err *err)
{
    void *bytes = NULL;
    size_t size = 0;
    NAS_TRY(nas_study_get_blob(study, name, &bytes, &size, err));
    *found = bytes != NULL;
    for (size_t at = 0; *found && at + sizeof(float) <= size; at += sizeof(float)) {
        float value;
        memcpy(&value, (const char *)bytes + at, sizeof value);
        double wide = (double)value;
        nas_text_append(out, (const char *)&wide, sizeof wide);
    }
    nas_heap_free(bytes);
    return nas_text_status(out, err);
}

nas_status nas_keep_load_rows(nas_study *study, int64_t trial, int folds,
                              nas_arena *arena, double **out, int64_t *n, nas_err *err)
{
    nas_text rows = {0};
    bool found = true;
    nas_status status = NAS_OK;
    *out = NULL;
    *n = 0;
    for (int fold = 0; fold < folds && found && status == NAS_OK; fold++) {
        char name[KEEP_NAME];
        nas_keep_rows_name(trial, fold, name);
        status = load_fold(study, name, &rows, &found, err);
    }
    if (status == NAS_OK && found && rows.length > 0) {
        *n = (int64_t)(rows.length / sizeof **out);
        *out = nas_arena_copy(arena, rows.data, rows.length);
        if (*out == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    nas_text_free(&rows);
    return status;
}
