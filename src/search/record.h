/* The result of a round, as JSON in the study. */
#ifndef NASMITH_SEARCH_RECORD_H
#define NASMITH_SEARCH_RECORD_H

#include "nasmith/search.h"

/* {"value":..,"n":..,"low":..,"high":..}; null where there is no value. */
void nas_record_score(nas_json *json, const nas_score *score);

nas_status nas_record_write(nas_study *study, const nas_search_result *result,
                            nas_err *err);

/* Fill everything that nas_record_write wrote; the rest stays.
 * @param found  out: false when no round is finished */
nas_status nas_record_read(nas_study *study, nas_search_result *out, bool *found,
                           nas_err *err);

#endif
