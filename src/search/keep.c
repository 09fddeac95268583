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

void nas_keep_rows_name(int64_t trial, char out[KEEP_NAME])
{
    (void)snprintf(out, KEEP_NAME, "rows-%" PRId64 ".f32", trial);
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

static nas_status store_rows(nas_study *study, int64_t trial, const double *goodness,
                             int64_t n, nas_err *err)
{
    float *rows = nas_heap_alloc((size_t)n, sizeof *rows);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < n; i++)
        rows[i] = (float)goodness[i];
    char name[KEEP_NAME];
    nas_keep_rows_name(trial, name);
    nas_status status =
        nas_study_put_blob(study, name, rows, (size_t)n * sizeof *rows, err);
    nas_heap_free(rows);
    return status;
}

nas_status nas_keep_result(nas_study *study, const nas_history *history, int64_t trial,
                           const nas_job_result *result, nas_err *err)
{
    int64_t t = nas_history_find(history, trial);
    if (t < 0 || history->trials[t].rungs == 0 || !worth(study, history, t))
        return NAS_OK;
    char name[KEEP_NAME];
    nas_keep_searched_name(trial, name);
    NAS_TRY(nas_keep_store_model(study, name, result->model, err));
    return store_rows(study, trial, result->row_goodness, result->validation.n, err);
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
        if (t >= 0 && history->trials[t].rungs > 0 && !worth(study, history, t))
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

nas_status nas_keep_load_rows(nas_study *study, int64_t trial, int64_t n,
                              nas_arena *arena, double **out, nas_err *err)
{
    char name[KEEP_NAME];
    void *bytes = NULL;
    size_t size = 0;
    *out = NULL;
    nas_keep_rows_name(trial, name);
    NAS_TRY(nas_study_get_blob(study, name, &bytes, &size, err));
    double *rows = NAS_NEW(arena, double, n);
    if (bytes != NULL && rows != NULL && size == (size_t)n * sizeof(float)) {
        for (int64_t i = 0; i < n; i++) {
            float value;
            memcpy(&value, (const char *)bytes + (size_t)i * sizeof value, sizeof value);
            rows[i] = (double)value;
        }
        *out = rows;
    }
    nas_heap_free(bytes);
    NAS_TRY_ALLOC(rows, err);
    return NAS_OK;
}
