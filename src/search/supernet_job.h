/* A worker's part in the supernet of its study. */
#ifndef NASMITH_SEARCH_SUPERNET_JOB_H
#define NASMITH_SEARCH_SUPERNET_JOB_H

#include "search/job.h"

/* Where the strategy needs a supernet: take it up when it is trained, train it when
 * nobody else does, and tell the asker. Does nothing once that is settled.
 * @param worked  out: time was spent on it */
nas_status nas_worker_supernet(worker *w, bool *worked, nas_err *err);

#endif
