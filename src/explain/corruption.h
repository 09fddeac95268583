/* How fast a network fails when its inputs get worse. */
#ifndef NASMITH_EXPLAIN_CORRUPTION_H
#define NASMITH_EXPLAIN_CORRUPTION_H

#include "explain/subject.h"

enum { NAS_CORRUPTION_LEVELS = 6 }; /* the first is 0: untouched */

typedef struct nas_corruption {
    const char *name; /* "noise", "blur", "shift", "contrast", "warp", "missing" */
    const char *unit; /* what a level counts */
    int n;
    double level[NAS_CORRUPTION_LEVELS];
    nas_score score[NAS_CORRUPTION_LEVELS];
} nas_corruption;

/* Scores on the subject's rows after each change that has a meaning for its inputs.
 * @param out  in the subject's arena; @param n  out
 * @return NAS_E_NOMEM. Cost: about a second. */
nas_status nas_corruptions_of(const nas_subject *subject, nas_rng rng,
                              nas_corruption **out, int *n, nas_err *err);

#endif
