/* A network whose weights are as they shall be: its score, and what is kept of it. */
#ifndef NASMITH_EVALUATE_TRAINED_H
#define NASMITH_EVALUATE_TRAINED_H

#include "evaluate/fitted.h"
#include "nasmith/evaluate.h"

typedef struct nas_trained {
    const nas_job *job;
    const nas_dataset *data; /* the job's, behind the computed front section */
    const nas_graph *graph;  /* with fitted front section */
    nas_net *net;
    const nas_fitted *fitted;
    nas_rng rng; /* of the bootstrap */
} nas_trained;

/* Score the validation rows with the weights as they are; of the int8 form, if the job
 * asks for it.
 * @param predictions  out, in the arena
 * @param finite       out: false when an output is NaN or infinite; then no score */
nas_status nas_trained_score(const nas_trained *trained, nas_arena *arena,
                             nas_predictions *predictions, nas_score *score, bool *finite,
                             nas_err *err);

/* Fill result->model and row_goodness; result->validation is known. */
nas_status nas_trained_keep(const nas_trained *trained,
                            const nas_predictions *predictions, nas_arena *arena,
                            nas_job_result *result, nas_err *err);

/* Recipe, data and graph must belong together: spaces and users can combine them wrongly.
 * @return false with outcome and reason set when they do not */
bool nas_job_matches(const nas_job *job, nas_job_result *result);

#endif
