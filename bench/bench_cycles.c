/* layer: space. Writes networks of the presets as C into a folder, q0, q1, ... of int8
 * and f0, f1, ... of floats, and prints what the cost model counts of each, in the order
 * of nas_cycle_kind, for tools/measure-cycles: bench_cycles FOLDER */
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/space.h"
#include "nasmith/target.h"

#include <math.h>
#include <stdio.h>

enum { NETWORKS = 28, DRAWS = 400, ROWS = 4 };
static const double MOST_MACS = 8e5, MOST_BYTES = 1.5e5;

static const struct {
    const char *space;
    nas_shape input;
} cases[] = {
    {"image-cnn", {1, 16, 16}}, {"mbconv", {3, 16, 16}}, {"conv1d", {6, 1, 64}},
    {"table-mlp", {32, 1, 1}},  {"resnet", {1, 12, 12}}, {"tcn", {3, 1, 48}},
    {"cnn-rnn", {3, 1, 32}},
};

static nas_status fill_weights(nas_model *model, nas_rng *rng, nas_err *err)
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

static nas_status draw(int index, nas_rng *rng, nas_arena *arena, nas_graph **out,
                       nas_err *err)
{
    const int at = index % (int)(sizeof cases / sizeof cases[0]);
    nas_space *space = NULL;
    const nas_space_context context = {
        .input = cases[at].input, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
    NAS_TRY(nas_space_load(cases[at].space, &context, &space, err));
    *out = NULL;
    for (int i = 0; i < DRAWS && *out == NULL; i++) {
        nas_candidate *candidate = nas_space_sample(space, rng, arena);
        if (candidate == NULL || nas_space_decode(space, candidate, out, NULL) != NAS_OK)
            continue;
        if ((double)nas_graph_macs(*out) > MOST_MACS ||
            4.0 * (double)nas_graph_params(*out) > MOST_BYTES) {
            nas_graph_free(*out);
            *out = NULL;
        }
    }
    nas_space_free(space);
    return *out != NULL
               ? NAS_OK
               : nas_fail(err, NAS_E_LIMIT, "no small network of %s", cases[at].space);
}

/* The model's count of one kind: its time when only that takes cycles. */
static nas_status print_counts(const nas_graph *graph, char type, int index, nas_err *err)
{
    printf("%c%d %lld", type, index, (long long)nas_graph_macs(graph));
    for (int kind = 0; kind < NAS_CYCLE_KINDS; kind++) {
        nas_latency_table table = {.known = true,
                                   .device = {.clock_mhz = 0.001, .float_factor = 1}};
        nas_cost cost;
        table.device.cycles[kind] = 1.0;
        NAS_TRY(nas_cost_of(graph, type == 'q' ? NAS_INT8 : NAS_FLOAT32, &table, NULL,
                            &cost, err));
        printf(" %.0f", cost.latency_ms);
    }
    printf("\n");
    return NAS_OK;
}

static nas_status write(const nas_model *model, const nas_quant *quant, int index,
                        const char *folder, nas_err *err)
{
    char prefix[16];
    const char type = quant != NULL ? 'q' : 'f';
    (void)snprintf(prefix, sizeof prefix, "%c%d", type, index);
    const nas_c_options options = {.prefix = prefix, .quant = quant};
    NAS_TRY(nas_c_write(model, &options, folder, err));
    return print_counts(model->graph, type, index, err);
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
        status = write(model, quant, index, folder, err);
    nas_quant_free(quant);
    nas_heap_free(rows);
    return status;
}

static nas_status write_network(int index, const char *folder, nas_arena *arena,
                                nas_err *err)
{
    nas_rng rng = nas_rng_new(2385, 300 + (uint64_t)index);
    nas_model model = {.task = NAS_TASK_CLASSIFICATION, .n_outputs = 10};
    NAS_TRY(draw(index, &rng, arena, &model.graph, err));
    nas_status status = fill_weights(&model, &rng, err);
    if (status == NAS_OK)
        status = write(&model, NULL, index, folder, err);
    if (status == NAS_OK && nas_quant_refusal(model.graph, NULL) == NULL)
        status = write_int8(&model, &rng, index, folder, err);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
    return status;
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    if (argc != 2 || arena == NULL) {
        fprintf(stderr, "usage: bench_cycles FOLDER\n");
        return 2;
    }
    nas_status status = nas_file_make_directory(argv[1], &err);
    for (int i = 0; i < NETWORKS && status == NAS_OK; i++)
        status = write_network(i, argv[1], arena, &err);
    if (status != NAS_OK)
        fprintf(stderr, "%s\n", err.text);
    nas_arena_free(arena);
    return status == NAS_OK ? 0 : 1;
}
