/* What the sections of the report share: the study, read once. */
#ifndef NASMITH_REPORT_REPORT_H
#define NASMITH_REPORT_REPORT_H

#include "charts.h"
#include "page.h"
#include "svg.h"

#include "nasmith/explain.h"
#include "nasmith/report.h"

/* One trial as the plots need it. */
typedef struct nas_report_trial {
    const nas_trial_row *row;
    const nas_evaluation_row *best; /* highest rung done, never NULL */
    bool front, finalist;
} nas_report_trial;

typedef struct nas_report {
    nas_text *out; /* of the section being written */
    nas_arena *arena;
    nas_study *study;
    const nas_study_settings *settings;
    const nas_search_result *result;
    const nas_explanation *explanation;
    const nas_report_options *options;
    const nas_metric *metric;
    nas_trial_row *rows;
    int64_t n_rows;
    nas_report_trial *trials; /* scored search trials, by id */
    int64_t n_trials;
} nas_report;

/* One section: what it writes comes under its heading; nothing when there is nothing to
 * say, and then it has no heading either. */
typedef nas_status (*nas_report_section)(const nas_report *report, nas_err *err);

nas_status nas_report_verdict(const nas_report *report, nas_err *err);
nas_status nas_report_finalists(const nas_report *report, nas_err *err);
nas_status nas_report_network(const nas_report *report, nas_err *err);
nas_status nas_report_near(const nas_report *report, nas_err *err);
nas_status nas_report_front(const nas_report *report, nas_err *err);
nas_status nas_report_history(const nas_report *report, nas_err *err);
nas_status nas_report_curves(const nas_report *report, nas_err *err);
nas_status nas_report_mattered(const nas_report *report, nas_err *err);
nas_status nas_report_pairs(const nas_report *report, nas_err *err);
nas_status nas_report_parallel(const nas_report *report, nas_err *err);
nas_status nas_report_surrogate(const nas_report *report, nas_err *err);
nas_status nas_report_answers(const nas_report *report, nas_err *err);
nas_status nas_report_looks(const nas_report *report, nas_err *err);
nas_status nas_report_generalise(const nas_report *report, nas_err *err);
nas_status nas_report_gallery(const nas_report *report, nas_err *err);
nas_status nas_report_baselines(const nas_report *report, nas_err *err);
nas_status nas_report_timeline(const nas_report *report, nas_err *err);
nas_status nas_report_failures(const nas_report *report, nas_err *err);
nas_status nas_report_trials(const nas_report *report, nas_err *err);
nas_status nas_report_reproduce(const nas_report *report, nas_err *err);
nas_status nas_report_method(const nas_report *report, nas_err *err);

/* ---- shared by sections ------------------------------------------------ */

/* The trial's row, or NULL. */
const nas_trial_row *nas_report_row(const nas_report *report, int64_t trial);
/* Score at the highest rung, in the metric. */
double nas_report_score(const nas_report_trial *trial);
/* An axis of the metric, empty as yet. */
nas_axis nas_report_metric_axis(const nas_report *report, const char *label);
/* "#12: 93.1 %, rung 1, 9.8 k params, 412 k MACs" */
void nas_report_tip(const nas_report *report, const nas_report_trial *trial, char *out,
                    size_t size);
/* Numbers of a JSON object or array of an explanation; NaN when absent. */
double nas_report_real(const json_t *object, const char *key);
/* @param n  out; @return array of doubles in the arena, NULL when absent or no memory */
double *nas_report_reals(const nas_report *report, const json_t *object, const char *key,
                         int64_t *n);
/* Cells of params, MACs, RAM and flash. */
void nas_report_cost_cells(const nas_report *report, const nas_cost *cost);
/* Row of a trial in the table of decisions, or -1. */
int64_t nas_report_table_row(const nas_report *report, int64_t trial);
/* Decisions that are axes of the parallel coordinates: so many of the first that
 * mattered. */
int nas_report_axis_count(const nas_report *report);
/* Where the numbers behind a plot of all networks are. */
void nas_report_trials_link(const nas_report *report);
/* All trials as CSV, in a link. */
void nas_report_download(const nas_report *report);
/* A difference in the metric: "+1.3 points", "-0.21". */
void nas_report_gap(const nas_report *report, double gap, char *out, size_t size);

#endif
