/* A network's answers on the test rows: kept when they are scored, so that explanations
 * need not open the rows again. */
#ifndef NASMITH_SEARCH_ANSWERS_H
#define NASMITH_SEARCH_ANSWERS_H

#include "nasmith/study.h"

/* Keep outputs and truth of all rows as a blob of the trial, in place of earlier ones. */
nas_status nas_answers_keep(nas_study *study, int64_t trial,
                            const nas_predictions *predictions, nas_err *err);

/* @param out    arrays live in the arena
 * @param found  out: false when there are none, or they are damaged */
nas_status nas_answers_load(nas_study *study, int64_t trial, nas_arena *arena,
                            nas_predictions *out, bool *found, nas_err *err);

#endif
