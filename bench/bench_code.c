/* layer: export. Writes random networks as C into a folder, f0, f1, ... of floats and q0,
 * q1, ... of int8, for tools/measure-code: bench_code FOLDER [COUNT] */
#include "nasmith/export.h"

#include "random_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_COUNT = 60, ROWS = 8 };

/* Values that keep activations near 1. */
static bool fill_weights(nas_model *model, nas_rng *rng)
{
    const nas_graph *graph = model->graph;
    model->weights = nas_heap_alloc((size_t)nas_graph_floats(graph) + 1, sizeof(float));
    for (int i = 0; model->weights != NULL && i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        const double scale = w->fan_in > 0 ? 1.4 / sqrt((double)w->fan_in) : 0.3;
        for (int64_t k = 0; k < w->count; k++)
            model->weights[w->offset + k] = w->role == NAS_WEIGHT_VARIANCE
                                                ? 0.4f + (float)nas_rng_uniform(rng)
                                                : (float)(scale * nas_rng_normal(rng));
    }
    return model->weights != NULL;
}

static nas_status write(const nas_model *model, const nas_quant *quant, char type,
                        int index, const char *folder, nas_err *err)
{
    char prefix[16];
    (void)snprintf(prefix, sizeof prefix, "%c%d", type, index);
    const nas_c_options options = {.prefix = prefix, .quant = quant};
    return nas_c_write(model, &options, folder, err);
}

static nas_status write_int8(const nas_model *model, nas_rng *rng, int index,
                             const char *folder, nas_err *err)
{
    nas_quant *quant = NULL;
    const int64_t n = ROWS * nas_shape_count(nas_graph_input_shape(model->graph));
    float *rows = nas_heap_alloc((size_t)n, sizeof *rows);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < n; i++)
        rows[i] = (float)nas_rng_normal(rng);
    nas_status status = nas_quantise(model, rows, ROWS, NULL, &quant, err);
    if (status == NAS_OK)
        status = write(model, quant, 'q', index, folder, err);
    nas_quant_free(quant);
    nas_heap_free(rows);
    return status;
}

static nas_status write_network(int index, const char *folder, nas_err *err)
{
    nas_rng rng = nas_rng_new(2385, 9000 + (uint64_t)index);
    nas_test_graph_options options = {.steps = 2 + index % 12};
    nas_model model = {.task = NAS_TASK_CLASSIFICATION};
    model.graph = nas_test_random_graph(&rng, &options);
    model.n_outputs = nas_shape_count(nas_graph_output_shape(model.graph));
    nas_status status = fill_weights(&model, &rng) ? NAS_OK : NAS_E_NOMEM;
    if (status == NAS_OK)
        status = write(&model, NULL, 'f', index, folder, err);
    if (status == NAS_OK && nas_quant_refusal(model.graph, NULL) == NULL)
        status = write_int8(&model, &rng, index, folder, err);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
    return status;
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    const int count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : DEFAULT_COUNT;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_code FOLDER [COUNT]\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        if (write_network(i, argv[1], &err) != NAS_OK) {
            fprintf(stderr, "network %d: %s\n", i, err.text);
            return 1;
        }
    }
    return 0;
}
