#include "graph/op.h"

#include <string.h>

static const nas_op *const registry[] = {
#define REGISTRY_ENTRY(upper, lower) [NAS_OP_##upper] = &nas_operator_##lower,
    NAS_OP_LIST(REGISTRY_ENTRY)
#undef REGISTRY_ENTRY
};

_Static_assert(sizeof registry / sizeof registry[0] == NAS_OP_COUNT,
               "every operator of NAS_OP_LIST has its entry");

const nas_op *nas_op_get(nas_op_kind kind)
{
    return registry[kind];
}

nas_op_kind nas_op_find(const char *name)
{
    for (int i = 0; i < NAS_OP_COUNT; i++)
        if (strcmp(registry[i]->name, name) == 0)
            return (nas_op_kind)i;
    return NAS_OP_COUNT;
}
