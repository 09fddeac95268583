/* layer: space. Writes networks of the presets as C into a folder, q0, q1, ... of int8
 * and f0, f1, ... of floats, and prints what the cost model counts of each, in the order
 * of nas_cycle_kind, for tools/measure-cycles: bench_cycles FOLDER */
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/target.h"
#include "random_model.h"

#include <stdio.h>

enum { NETWORKS = 28, ROWS = 4 };
static const double MOST_MACS = 8e5, MOST_BYTES = 1.5e5;

static const struct {
    const char *space;
    nas_shape input;
} cases[] = {
    {"image-cnn", {1, 16, 16}}, {"mbconv", {3, 16, 16}}, {"conv1d", {6, 1, 64}},
    {"table-mlp", {32, 1, 1}},  {"resnet", {1, 12, 12}}, {"tcn", {3, 1, 48}},
    {"cnn-rnn", {3, 1, 32}},
};

/* Small enough for emulation. */
static bool fits(const nas_graph *graph)
{
    return (double)nas_graph_macs(graph) <= MOST_MACS &&
           4.0 * (double)nas_graph_params(graph) <= MOST_BYTES;
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

static nas_status write_network(int index, const char *folder, nas_err *err)
{
    nas_rng rng = nas_rng_new(2385, 300 + (uint64_t)index);
    nas_model model = {.task = NAS_TASK_CLASSIFICATION,
                       .n_outputs = RANDOM_CLASSES,
                       .labels = random_labels};
    const int at = index % (int)(sizeof cases / sizeof cases[0]);
    NAS_TRY(
        random_network(cases[at].space, cases[at].input, fits, &rng, &model.graph, err));
    nas_status status = random_weights(&model, &rng, err);
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
    if (argc != 2) {
        fprintf(stderr, "usage: bench_cycles FOLDER\n");
        return 2;
    }
    nas_status status = nas_file_make_directory(argv[1], &err);
    for (int i = 0; i < NETWORKS && status == NAS_OK; i++)
        status = write_network(i, argv[1], &err);
    if (status != NAS_OK)
        fprintf(stderr, "%s\n", err.text);
    return status == NAS_OK ? 0 : 1;
}
