/* From a candidate to its costs, and to a trial. */
#ifndef NASMITH_SEARCH_PRICE_H
#define NASMITH_SEARCH_PRICE_H

#include "nasmith/study.h"

/* The context of nas_price_candidate(): what decides whether a candidate may be trained.
 */
typedef struct pricer {
    const nas_space *space;
    nas_limits limits;
    const nas_latency_table *latency;
    int64_t raw; /* of the space's context */
} pricer;

/* @param max_macs  further bound on MACs, from the time there is; 0 = none */
pricer nas_pricer_of(const nas_space *space, const nas_study_settings *settings,
                     int64_t max_macs);

/* A nas_price_fn. @param context  a pricer */
nas_status nas_price_candidate(void *context, const nas_candidate *candidate,
                               nas_cost *cost, bool *feasible, nas_err *err);

/* Everything the study stores of a proposal. Strings live in the arena. */
nas_status nas_trial_of_proposal(const nas_space *space,
                                 const nas_study_settings *settings,
                                 const nas_proposal *proposal, nas_arena *arena,
                                 nas_trial_spec *out, nas_err *err);

/* A network that no strategy proposed, with the study's recipe: a baseline. */
nas_status nas_trial_of_graph(const nas_graph *graph, const char *name,
                              const nas_study_settings *settings, nas_arena *arena,
                              nas_trial_spec *out, nas_err *err);

/* The recipe of a study, before a candidate's own decisions. */
nas_status nas_recipe_of(const nas_study_settings *settings, nas_recipe *out,
                         nas_err *err);

#endif
