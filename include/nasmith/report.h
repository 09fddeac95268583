/* The report: one offline HTML file with SVG drawn here. */
#ifndef NASMITH_REPORT_H
#define NASMITH_REPORT_H

#include "nasmith/err.h"
#include "nasmith/search.h"
#include "nasmith/study.h"

/* Write the report of a study to a file (atomically). Nothing in it is fetched.
 * @return NAS_E_IO */
nas_status nas_report_write(nas_study *study, const nas_search_result *result,
                            const char *path, nas_err *err);

#endif
