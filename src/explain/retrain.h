/* Training the chosen network of a study again, whole or changed, within a time. */
#ifndef NASMITH_EXPLAIN_RETRAIN_H
#define NASMITH_EXPLAIN_RETRAIN_H

#include "nasmith/explain.h"

typedef struct nas_retrain {
    nas_study *study;
    const nas_study_settings *settings;
    const nas_metric *metric;
    nas_arena *arena;
    const nas_trial_row *row; /* the chosen trial */
    nas_dataset *data;
    nas_graph *graph; /* its network */
    nas_recipe recipe;
    nas_workspace *workspace;
    double start_s, seconds; /* begun at; given */
} nas_retrain;

/* One training on the first rows of the study's training rows. */
typedef struct nas_retrain_plan {
    const nas_graph *graph;
    double fraction;
    int64_t epochs;
    int repeat; /* 0: the seed of the search */
} nas_retrain_plan;

/* @param out    release with nas_retrain_close, whatever was returned
 * @param found  out: false when nothing was chosen yet, or there are no validation rows
 * @return NAS_E_DATA, NAS_E_IO when the study's folder is gone or damaged */
nas_status nas_retrain_open(nas_study *study, double seconds, nas_retrain *out,
                            bool *found, nas_err *err);
void nas_retrain_close(nas_retrain *retrain);

/* Seconds that are left; below 0 when it took longer. */
double nas_retrain_left_s(const nas_retrain *retrain);

/* Seconds that training takes for a row and a MAC: measured in an epoch of the network
 * where the time holds one easily, else as the study predicts. */
nas_status nas_retrain_pace(const nas_retrain *retrain, double *seconds_per_mac_row,
                            nas_err *err);

/* Train and score on the validation rows, as float. It is stopped at the end of the time:
 * then the outcome is not done, and nothing in *out can be used.
 * @param out  its model is freed; arrays live in the arena */
nas_status nas_retrain_run(const nas_retrain *retrain, const nas_retrain_plan *plan,
                           nas_job_result *out, nas_err *err);

#endif
