/* What the tests of the space layer share. */
#ifndef NASMITH_TESTS_SPACE_CHECK_H
#define NASMITH_TESTS_SPACE_CHECK_H

#include "check.h"

#include "nasmith/space.h"

#include <string.h>

/* A space from YAML text; classification. */
__attribute__((unused)) static nas_space *space_of(const char *yaml, nas_shape input,
                                                   int64_t n_outputs)
{
    nas_err err = {0};
    nas_space *space;
    nas_space_context context = {
        .input = input, .n_outputs = n_outputs, .task = NAS_TASK_CLASSIFICATION};
    check_ok(nas_space_parse(yaml, strlen(yaml), "test.yaml", &context, &space, &err),
             err);
    return space;
}

__attribute__((unused)) static nas_space *preset(const char *name,
                                                 const nas_space_context *context)
{
    nas_err err = {0};
    nas_space *space;
    check_ok(nas_space_load(name, context, &space, &err), err);
    return space;
}

/* Index of the decision with a name; the test fails where there is none. */
__attribute__((unused)) static int decision_of(const nas_space *space, const char *name)
{
    for (int d = 0; d < nas_space_decision_count(space); d++)
        if (strcmp(nas_space_decision(space, d).name, name) == 0)
            return d;
    fail_msg("no decision `%s`", name);
    return -1;
}

/* Text of a candidate's value, or "" where the decision is inactive. */
__attribute__((unused)) static const char *
value_of(const nas_space *space, const nas_candidate *candidate, const char *name)
{
    int d = decision_of(space, name);
    int pick = nas_space_choice(space, candidate, d);
    return pick < 0 ? "" : nas_space_decision(space, d).values[pick];
}

#endif
