/* The report: one offline HTML file with SVG drawn here. */
#ifndef NASMITH_REPORT_H
#define NASMITH_REPORT_H

#include "nasmith/bench.h"
#include "nasmith/err.h"
#include "nasmith/search.h"
#include "nasmith/study.h"

typedef struct nas_report_options {
    bool examples; /* pictures or curves of single rows: off, because reports get passed
                      on */
} nas_report_options;

nas_report_options nas_report_options_default(void);

/* Write the report of a study to a file (atomically). Nothing in it is fetched. What was
 * explained before (nas_explain_network) is shown; nothing is computed on data.
 * @return NAS_E_IO
 * Cost: < 1 s for 200 trials, < 5 s for 1,000. */
nas_status nas_report_write(nas_study *study, const nas_search_result *result,
                            const nas_report_options *options, const char *path,
                            nas_err *err);

/* Plots that can be had alone, by name: "front", "history", "mattered", ... with what
 * they show. @return NULL past the end */
const char *nas_report_plot_name(int index);
const char *nas_report_plot_summary(int index);

/* Write one section's first plot as an SVG file of its own, with its colours inside.
 * @return NAS_E_USAGE for an unknown name, or when the study has nothing to plot;
 * NAS_E_IO
 */
nas_status nas_report_write_plot(nas_study *study, const nas_search_result *result,
                                 const char *name, const char *path, nas_err *err);

/* Write the curves and tables of a bench run to a file (atomically). Nothing in it is
 * fetched.
 * @return NAS_E_IO */
nas_status nas_report_bench_write(const nas_bench_options *options,
                                  const nas_bench_result *result, const char *path,
                                  nas_err *err);

#endif
