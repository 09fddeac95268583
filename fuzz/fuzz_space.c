/* layer: space
 * Any bytes as a space file: a space whose candidates behave, or one clear line. */
#include "nasmith/space.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const nas_space *space, nas_arena *arena)
{
    nas_rng rng = nas_rng_new(1, 1);
    for (int i = 0; i < 2; i++) {
        nas_err err = {0};
        nas_graph *graph;
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        candidate = nas_space_mutate(space, candidate, &rng, arena);
        if (candidate == NULL)
            abort();
        (void)nas_space_key(space, candidate);
        nas_status status = nas_space_decode(space, candidate, &graph, &err);
        if (status != NAS_OK && status != NAS_E_GRAPH)
            abort();
        if ((status == NAS_OK) != (graph != NULL))
            abort();
        nas_graph_free(graph);
    }
    if (nas_space_abilities(space) & NAS_SPACE_ENUMERABLE) {
        int64_t last = (int64_t)nas_space_size(space) - 1;
        if (nas_space_at(space, last, arena) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_space *space;
    nas_space_context context = {
        .input = {3, 16, 16}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
    nas_status status =
        nas_space_parse((const char *)data, size, "input", &context, &space, &err);
    if ((status == NAS_OK) != (space != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    if (space == NULL)
        return 0;
    nas_arena *arena = nas_arena_new();
    if (arena != NULL)
        use(space, arena);
    nas_arena_free(arena);
    nas_space_free(space);
    return 0;
}
