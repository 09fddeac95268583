/* Ranking candidates by zero-cost proxies on the data of a study. */
#ifndef NASMITH_SEARCH_SCREEN_H
#define NASMITH_SEARCH_SCREEN_H

#include "nasmith/data.h"
#include "nasmith/net.h"
#include "nasmith/strategy.h"

/* What ranking needs; what it says depends on space, data and seed alone. Opaque. */
typedef struct screener screener;

/* Space, data and workspace are borrowed; the workspace must be free while ranking.
 * @param out  Ownership: caller, nas_screener_free */
nas_status nas_screener_new(const nas_space *space, const nas_dataset *data,
                            uint64_t seed, nas_workspace *workspace, screener **out,
                            nas_err *err);
void nas_screener_free(screener *self); /* NULL is fine */

/* A nas_screen_fn: log-rank sum of the default proxies. A network for which memory is out
 * ranks last. @param context  a screener
 * Cost: about two training steps on 64 rows for each */
nas_status nas_screen_candidates(void *context, nas_candidate *const *candidates,
                                 int64_t n, double *out, nas_err *err);

#endif
