/* Deciding what is trained next: the part of a worker that at most one holds at a time.
 */
#ifndef NASMITH_SEARCH_ASK_H
#define NASMITH_SEARCH_ASK_H

#include "search/price.h"
#include "search/screen.h"
#include "search/state.h"
#include "search/supernet.h"

/* A worker's view of the study: its space, history, strategy and scheduler. Opaque. */
typedef struct asker asker;

/* @param owner  name of the worker, copied; @param rows  training rows
 * @param out    Ownership: caller, nas_asker_free */
nas_status nas_asker_new(nas_study *study, const char *owner, int64_t rows, asker **out,
                         nas_err *err);
void nas_asker_free(asker *ask);

/* Who ranks candidates for proposals from now on; borrowed. */
void nas_asker_set_screener(asker *ask, screener *who);

/* The history, brought up to date by every call below; and the space. Borrowed. */
const nas_history *nas_asker_history(const asker *ask);
const nas_space *nas_asker_space(const asker *ask);
nas_status nas_asker_sync(asker *ask, nas_err *err);

/* What the scheduler wants now, with the history as it is. */
nas_next nas_asker_next(const asker *ask, const run_state *state);

/* Whether the strategy begins with a supernet. */
bool nas_asker_has_supernet(const asker *ask);

/* Strengths of a trained mixture, for the strategy. Borrowed for the asker's life. */
void nas_asker_set_strengths(asker *ask, const nas_strengths *strengths);

/* How far that supernet is. While others train it, uniform networks are trained on their
 * own; without it (it diverged), all are. */
void nas_asker_set_supernet(asker *ask, supernet_phase phase);
supernet_phase nas_asker_supernet(const asker *ask);

/* Somebody found that nothing new can be proposed. */
void nas_asker_set_exhausted(asker *ask);

/* If this worker gets the asker lease: queue one evaluation, proposed or promoted.
 * @param queued  out: false when another worker asks or there is nothing to queue */
nas_status nas_asker_step(asker *ask, const run_state *state, bool *queued, nas_err *err);

#endif
