/* layer: strategy
 * Any bytes as the stored state of each strategy: loaded, or one clear line; a loaded
 * state saves and loads again. */
#include "nasmith/strategy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SPACE[] = "network:\n  - conv: {out: [4, 8]}\n  - global_avg_pool\n";

static nas_space *make_space(void)
{
    nas_err err = {0};
    nas_space *space = NULL;
    nas_space_context context = {.input = {1, 8, 8}, .n_outputs = 2};
    if (nas_space_parse(SPACE, strlen(SPACE), "fuzz", &context, &space, &err) != NAS_OK)
        abort();
    return space;
}

/* @param recurrent  the policy of a strategy that has two */
static void try_load(const nas_strategy_ops *ops, bool recurrent, const nas_space *space,
                     const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    nas_text saved = {0};
    nas_param_defaults(ops->params, values);
    if (recurrent) {
        values[nas_param_find(ops->params, "controller")].i = 1;
        values[nas_param_find(ops->params, "hidden")].i = 1;
    }
    if (nas_strategy_new(ops, values, space, &strategy, &err) != NAS_OK)
        abort();
    if (nas_strategy_load(strategy, data, size, &err) == NAS_OK) {
        if (nas_strategy_save(strategy, &saved, &err) != NAS_OK ||
            nas_strategy_load(strategy, saved.data, saved.length, &err) != NAS_OK)
            abort();
    } else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL) {
        abort();
    }
    nas_text_free(&saved);
    nas_strategy_free(strategy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_space *space = make_space();
    for (int i = 0; nas_strategy_at(i) != NULL; i++)
        try_load(nas_strategy_at(i), false, space, data, size);
    try_load(nas_strategy_find("reinforce"), true, space, data, size);
    nas_space_free(space);
    return 0;
}
