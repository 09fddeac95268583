/* layer: space. Writes ten networks of the presets, with random weights, as ONNX and as C
 * of the host profile into a folder, for bench/compare_onnx: bench_host FOLDER */
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "random_model.h"

#include <stdio.h>
#include <string.h>

static const double LEAST_MACS = 2e5, MOST_MACS = 4e7;

static const struct {
    const char *space;
    nas_shape input;
} cases[] = {
    {"image-cnn", {1, 28, 28}}, {"image-cnn", {3, 32, 32}}, {"image-cnn", {3, 32, 32}},
    {"mbconv", {3, 32, 32}},    {"mbconv", {3, 48, 48}},    {"resnet", {3, 32, 32}},
    {"resnet", {1, 28, 28}},    {"conv1d", {6, 1, 128}},    {"conv1d", {9, 1, 256}},
    {"tcn", {6, 1, 128}},
};

/* Of a size that people deploy. */
static bool fits(const nas_graph *graph)
{
    const double macs = (double)nas_graph_macs(graph);
    return macs >= LEAST_MACS && macs <= MOST_MACS;
}

static nas_status write_files(const nas_model *model, int index, const char *folder,
                              nas_err *err)
{
    char path[512];
    const nas_c_options options = {.profile = NAS_C_HOST, .prefix = "net"};
    const nas_shape in = cases[index].input;
    (void)snprintf(path, sizeof path, "%s/%d.onnx", folder, index);
    NAS_TRY(nas_onnx_write(model, path, err));
    (void)snprintf(path, sizeof path, "%s/%d_c", folder, index);
    NAS_TRY(nas_c_write(model, &options, path, err));
    printf("%d %s %lldx%lldx%lld %lld\n", index, cases[index].space, (long long)in.c,
           (long long)in.h, (long long)in.w, (long long)nas_graph_macs(model->graph));
    return NAS_OK;
}

static nas_status write_case(int index, const char *folder, nas_err *err)
{
    nas_rng rng = nas_rng_new(2385, 100 + (uint64_t)index);
    nas_model model = {.task = NAS_TASK_CLASSIFICATION,
                       .n_outputs = RANDOM_CLASSES,
                       .labels = random_labels};
    NAS_TRY(random_network(cases[index].space, cases[index].input, fits, &rng,
                           &model.graph, err));
    nas_status status = random_weights(&model, &rng, err);
    if (status == NAS_OK)
        status = write_files(&model, index, folder, err);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
    return status;
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: bench_host FOLDER\n");
        return 2;
    }
    nas_status status = nas_file_make_directory(argv[1], &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && status == NAS_OK; i++)
        status = write_case((int)i, argv[1], &err);
    if (status != NAS_OK)
        fprintf(stderr, "%s\n", err.text);
    return status == NAS_OK ? 0 : 1;
}
