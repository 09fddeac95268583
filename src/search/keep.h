/* Which trained weights of the search are kept, and under which names. */
#ifndef NASMITH_SEARCH_KEEP_H
#define NASMITH_SEARCH_KEEP_H

#include "nasmith/study.h"

enum { KEEP_BEST = 8, KEEP_NAME = 64 };

/* Names of blobs of a trial (baselines have negative ids). */
void nas_keep_searched_name(int64_t trial, char out[KEEP_NAME]); /* model as searched */
/* Goodness by row of a fold; "rows-TRIAL.f32" for the first. */
void nas_keep_rows_name(int64_t trial, int fold, char out[KEEP_NAME]);
void nas_keep_model_name(int64_t trial, char out[KEEP_NAME]); /* refit, or baseline */
void nas_keep_checkpoint_name(int64_t evaluation, char out[KEEP_NAME]);

/* Keep a trial's model (of fold 0, repeat 0) and row goodness (of all folds of repeat 0)
 * if it is among the KEEP_BEST or on the front; while its rung is not complete, if no
 * other trial has come further.
 * @param history  with this result in it */
nas_status nas_keep_result(nas_study *study, const nas_history *history,
                           const nas_claim *claim, const nas_job_result *result,
                           nas_err *err);

/* Drop what nas_keep_result kept of trials that are no longer worth it. */
nas_status nas_keep_clean(nas_study *study, const nas_history *history, nas_err *err);

/* @param out  Ownership: caller, nas_model_free; NULL when absent */
nas_status nas_keep_load_model(nas_study *study, const char *name, nas_model **out,
                               nas_err *err);
nas_status nas_keep_store_model(nas_study *study, const char *name,
                                const nas_model *model, nas_err *err);
/* The row goodness of some folds, one after the other.
 * @param out  [*n] in the arena; NULL when one is absent */
nas_status nas_keep_load_rows(nas_study *study, int64_t trial, int folds,
                              nas_arena *arena, double **out, int64_t *n, nas_err *err);

#endif
