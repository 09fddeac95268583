/* A small cell space and images for tests of shared weights. */
#ifndef NASMITH_TESTS_EVALUATE_SHARED_H
#define NASMITH_TESTS_EVALUATE_SHARED_H

#include "evaluate/toy.h"

#include "nasmith/supernet.h"

#include <math.h>
#include <string.h>

/* Two cells of two nodes: 4^3 assignments, some without a path to the output. */
static const char CELLS[] = "network:\n"
                            "  - name: stem\n"
                            "    conv: {out: 8}\n"
                            "  - name: cell\n"
                            "    cell:\n"
                            "      nodes: 2\n"
                            "      channels: 8\n"
                            "      cells: 2\n"
                            "      ops:\n"
                            "        none: none\n"
                            "        skip: identity\n"
                            "        conv1: [relu, conv: {kernel: 1, act: none}]\n"
                            "        conv3: [relu, conv: {kernel: 3, act: none}]\n"
                            "  - batch_norm\n"
                            "  - relu\n";

__attribute__((unused)) static nas_space *shared_space(const char *text, nas_shape shape,
                                                       int64_t outputs)
{
    nas_err err = {0};
    nas_space *space = NULL;
    nas_space_context context = {
        .input = shape, .n_outputs = outputs, .task = NAS_TASK_CLASSIFICATION};
    if (strchr(text, '\n') == NULL)
        check_ok(nas_space_load(text, &context, &space, &err), err);
    else
        check_ok(nas_space_parse(text, strlen(text), "test", &context, &space, &err),
                 err);
    return space;
}

/* Images of 2x8x8 whose class is the quadrant with more of a pattern. */
__attribute__((unused)) static nas_dataset *shared_images(int64_t n)
{
    nas_dataset *data = toy_new((nas_shape){2, 8, 8}, n, 4, NAS_TASK_CLASSIFICATION);
    nas_rng rng = nas_rng_new(3, 17);
    for (int64_t i = 0; i < n; i++) {
        int32_t label = (int32_t)nas_rng_below(&rng, 4);
        toy_labels(data)[i] = label;
        for (int k = 0; k < 128; k++) {
            int row = k / 8 % 8, column = k % 8;
            bool inside = row / 4 == label / 2 && column / 4 == label % 2;
            double pattern = inside ? ((row + column) % 2 == 0 ? 2.0 : -2.0) : 0.0;
            toy_inputs(data)[i * 128 + k] = (float)(pattern + nas_rng_normal(&rng));
        }
    }
    return data;
}

/* The candidate with these values of the first decisions. */
__attribute__((unused)) static nas_candidate *
shared_candidate(const nas_space *space, const int *values, int n, nas_arena *arena)
{
    int16_t all[64];
    nas_rng rng = nas_rng_new(1, 1);
    int decisions = nas_space_decision_count(space);
    assert_true(decisions <= 64);
    for (int d = 0; d < decisions; d++)
        all[d] = (int16_t)(d < n ? values[d] : 0);
    return nas_space_assign(space, all, &rng, arena);
}

__attribute__((unused)) static nas_graph *
shared_graph(const nas_space *space, const int *values, int n, nas_arena *arena)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(
        nas_space_decode(space, shared_candidate(space, values, n, arena), &graph, &err),
        err);
    return graph;
}

__attribute__((unused)) static nas_job shared_job(const nas_dataset *data,
                                                  const nas_graph *graph)
{
    return (nas_job){.graph = graph,
                     .recipe = nas_recipe_default(data->task),
                     .data = data,
                     .train_rows = data->train,
                     .n_train = data->n_train,
                     .validation_rows = data->validation,
                     .n_validation = data->n_validation,
                     .fraction = 1.0,
                     .metric = nas_metric_default(data->task)};
}

#endif
