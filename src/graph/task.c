#include "nasmith/model.h"

#include <string.h>

static const char *const NAMES[] = {
    [NAS_TASK_CLASSIFICATION] = "classification",
    [NAS_TASK_REGRESSION] = "regression",
    [NAS_TASK_MULTILABEL] = "multilabel",
    [NAS_TASK_ANOMALY] = "anomaly",
};

enum { N_TASKS = sizeof NAMES / sizeof NAMES[0] };

const char *nas_task_name(nas_task task)
{
    return NAMES[task];
}

bool nas_task_has_units(nas_task task)
{
    return task == NAS_TASK_REGRESSION || task == NAS_TASK_ANOMALY;
}

bool nas_task_parse(const char *text, nas_task *out)
{
    for (int i = 0; i < N_TASKS && text != NULL; i++) {
        if (strcmp(text, NAMES[i]) != 0)
            continue;
        *out = (nas_task)i;
        return true;
    }
    return false;
}
