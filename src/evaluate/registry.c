#include "nasmith/evaluate.h"

#include <string.h>

static const nas_evaluator_ops EVALUATORS[] = {
    {"train", "trains every network from scratch", nas_job_run},
};
enum { N_EVALUATORS = sizeof EVALUATORS / sizeof EVALUATORS[0] };

const nas_evaluator_ops *nas_evaluator_at(int index)
{
    return index >= 0 && index < N_EVALUATORS ? &EVALUATORS[index] : NULL;
}

const nas_evaluator_ops *nas_evaluator_find(const char *name)
{
    for (int i = 0; i < N_EVALUATORS; i++)
        if (strcmp(EVALUATORS[i].name, name) == 0)
            return &EVALUATORS[i];
    return NULL;
}
