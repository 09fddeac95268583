/* A search as its supervisor sees it: what the files of the supervisor's side share. */
#ifndef NASMITH_SEARCH_RUN_H
#define NASMITH_SEARCH_RUN_H

#include "nasmith/search.h"
#include "search/ask.h"
#include "search/measure.h"

typedef struct search_run {
    const nas_search_options *options;
    const nas_search_sink *sink;
    nas_arena *arena; /* of the whole run; the result's own */
    const char *study_path, *folder, *data_folder, *output_folder;
    nas_data_summary summary;
    nas_dataset *data;
    const nas_metric *metric;
    nas_study *study;
    const nas_study_settings *settings;
    asker *view; /* history, and what the scheduler would do */
    run_state state;
    bool continued; /* the study existed */
    int workers;
    double start_s;         /* monotonic */
    double active_before_s; /* spent by earlier runs on this study */
    const char *stop_reason;
    /* what progress has told last */
    struct {
        double next_s;
        int64_t best;
        double score;
        nas_study_counts counts;
        supernet_phase supernet;
    } told;
} search_run;

/* Seconds spent on the study, this run included. */
double nas_run_elapsed_s(const search_run *run);
/* Seconds until everything must be written; infinity without a clock. */
double nas_run_remaining_s(const search_run *run);
/* One formatted line for people. */
void nas_run_line(const search_run *run, const char *fmt, ...) NAS_PRINTF(2, 3);

/* ---- paths.c ----------------------------------------------------------- */

/* "NAME.nas.db" in the working directory, NAME from the data's path; NULL: no memory */
const char *nas_path_of_study(nas_arena *arena, const char *data_path);
/* Folder of a study's blobs. */
const char *nas_path_of_folder(nas_arena *arena, const char *study_path);
/* Move an old study and its folder out of the way: NAME.nas.db.1, .2, ... */
nas_status nas_path_put_aside(nas_arena *arena, const char *study_path, nas_err *err);

/* ---- settings.c -------------------------------------------------------- */

/* Everything of the settings that is identity, from options and prepared data. */
nas_status nas_settings_wanted(const nas_search_options *options,
                               const nas_data_summary *summary, nas_arena *arena,
                               nas_study_settings *out, nas_err *err);

/* The preset for these settings' data and type, and why (one sentence). */
const char *nas_settings_auto_space(const nas_study_settings *settings, const char **why);

/* ---- setup.c ----------------------------------------------------------- */

/* Prepare the data and create or continue the study. */
nas_status nas_setup_open(search_run *run, nas_err *err);
void nas_setup_close(search_run *run);

/* What nas_setup_open would do, without a study: data (which stay prepared), space,
 * limits, plan.
 * @param speed  out: one training of a few steps, timed */
nas_status nas_setup_dry(search_run *run, nas_study_settings *settings, throughput *speed,
                         nas_err *err);

/* ---- supervisor.c ------------------------------------------------------ */

/* Search and refit with worker processes, until there is nothing left to do or time is
 * up.
 */
nas_status nas_supervise(search_run *run, nas_err *err);

/* ---- finish.c ---------------------------------------------------------- */

/* The validation score of the longest training that the search gave a trial. */
nas_score nas_searched_score(const nas_trial_row *row);

/* Test, export and record what the plan of this round names. */
nas_status nas_search_finish(search_run *run, nas_search_result *result, nas_err *err);

/* ---- progress.c -------------------------------------------------------- */

/* Say how far scores with inherited weights agree with trainings, if there are any. */
nas_status nas_progress_say_check(search_run *run, nas_err *err);

/* Tell the sink where the run stands, at most ten times a second unless `force`. */
nas_status nas_progress_tell(search_run *run, nas_search_phase phase, bool force,
                             nas_err *err);

#endif
