/* What benchmarks of exported networks share: random networks of a space, with random
 * weights. */
#ifndef NASMITH_BENCH_RANDOM_MODEL_H
#define NASMITH_BENCH_RANDOM_MODEL_H

#include "nasmith/model.h"
#include "nasmith/space.h"

#include <math.h>

enum { RANDOM_DRAWS = 400, RANDOM_CLASSES = 10 };

static char random_digits[RANDOM_CLASSES][2] = {"0", "1", "2", "3", "4",
                                                "5", "6", "7", "8", "9"};
static char *random_labels[RANDOM_CLASSES] = {
    random_digits[0], random_digits[1], random_digits[2], random_digits[3],
    random_digits[4], random_digits[5], random_digits[6], random_digits[7],
    random_digits[8], random_digits[9]};

static nas_status random_weights(nas_model *model, nas_rng *rng, nas_err *err)
{
    const nas_graph *graph = model->graph;
    model->weights = nas_heap_alloc((size_t)nas_graph_floats(graph) + 1, sizeof(float));
    NAS_TRY_ALLOC(model->weights, err);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        const double scale = w->fan_in > 0 ? 1.4 / sqrt((double)w->fan_in) : 0.3;
        for (int64_t k = 0; k < w->count; k++)
            model->weights[w->offset + k] = w->role == NAS_WEIGHT_VARIANCE
                                                ? 1.0f
                                                : (float)(scale * nas_rng_normal(rng));
    }
    return NAS_OK;
}

/* The first draw that fits. @param out  NULL: none did. Ownership: caller */
static nas_status random_network(const char *name, nas_shape input,
                                 bool (*fits)(const nas_graph *graph), nas_rng *rng,
                                 nas_graph **out, nas_err *err)
{
    const nas_space_context context = {
        .input = input, .n_outputs = RANDOM_CLASSES, .task = NAS_TASK_CLASSIFICATION};
    nas_space *space = NULL;
    *out = NULL;
    NAS_TRY(nas_space_load(name, &context, &space, err));
    for (int i = 0; i < RANDOM_DRAWS && *out == NULL; i++) {
        nas_arena *arena = nas_arena_new();
        nas_candidate *candidate =
            arena != NULL ? nas_space_sample(space, rng, arena) : NULL;
        if (candidate != NULL &&
            nas_space_decode(space, candidate, out, NULL) == NAS_OK && !fits(*out)) {
            nas_graph_free(*out);
            *out = NULL;
        }
        nas_arena_free(arena);
    }
    nas_space_free(space);
    return *out != NULL ? NAS_OK
                        : nas_fail(err, NAS_E_LIMIT, "no network of %s fits in %d draws",
                                   name, RANDOM_DRAWS);
}

#endif
