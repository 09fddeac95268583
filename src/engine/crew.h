/* A crew: threads that share one piece of work after another, all at once.
 *
 * A training step has hundreds of kernel calls of microseconds each, so a member waits
 * for the next one by looking at it for a while, and sleeps only when nothing comes. */
#ifndef NASMITH_ENGINE_CREW_H
#define NASMITH_ENGINE_CREW_H

#include "nasmith/err.h"

typedef struct nas_crew nas_crew;

/* @param size  members, the caller of nas_crew_run included; at least 1
 * @param out   Ownership: caller, nas_crew_free
 * @return NAS_E_NOMEM; NAS_E_IO when the system refuses a thread */
nas_status nas_crew_new(int size, nas_crew **out, nas_err *err);
void nas_crew_free(nas_crew *crew); /* NULL is fine */
int nas_crew_size(const nas_crew *crew);

/* One member's part of `work`: number `index` of `of`. */
typedef void (*nas_crew_part)(const void *work, int index, int of);

/* Every member does its part, the caller too; returns when all are done. What was written
 * before is seen by the parts, what they write is seen after. One caller at a time. */
void nas_crew_run(nas_crew *crew, nas_crew_part part, const void *work);

#endif
