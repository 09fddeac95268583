/* What the sections of the report share: the study, read once. */
#ifndef NASMITH_REPORT_REPORT_H
#define NASMITH_REPORT_REPORT_H

#include "nasmith/report.h"

/* One trial as the plots need it. */
typedef struct nas_report_trial {
    const nas_trial_row *row;
    const nas_evaluation_row *best; /* highest rung done, never NULL */
    bool front, finalist;
} nas_report_trial;

typedef struct nas_report {
    nas_text *out;
    nas_arena *arena;
    nas_study *study;
    const nas_study_settings *settings;
    const nas_search_result *result;
    const nas_metric *metric;
    nas_trial_row *rows;
    int64_t n_rows;
    nas_report_trial *trials; /* scored search trials, by id */
    int64_t n_trials;
} nas_report;

/* Sections, each a heading and its content; nothing when there is nothing to say. */
void nas_report_headline(const nas_report *report);
void nas_report_finalists(const nas_report *report);
void nas_report_front(const nas_report *report);
void nas_report_history(const nas_report *report);
nas_status nas_report_curves(const nas_report *report, nas_err *err);
nas_status nas_report_network(const nas_report *report, nas_err *err);
void nas_report_baselines(const nas_report *report);
void nas_report_failures(const nas_report *report);
void nas_report_trials(const nas_report *report);
void nas_report_reproduce(const nas_report *report);

#endif
