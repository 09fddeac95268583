#include "nasmith/evaluate.h"

#include <string.h>

static const char *const NAMES[] = {
#define OUTCOME_NAME(code, text) text,
    NAS_OUTCOME_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
};

const char *nas_outcome_name(nas_outcome outcome)
{
    return outcome < NAS_OUTCOME_COUNT ? NAMES[outcome] : "unknown";
}

nas_outcome nas_outcome_find(const char *name)
{
    for (int i = 0; i < NAS_OUTCOME_COUNT; i++)
        if (strcmp(NAMES[i], name) == 0)
            return (nas_outcome)i;
    return NAS_OUTCOME_COUNT;
}
