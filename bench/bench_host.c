/* layer: space. Writes ten networks of the presets, with random weights, as ONNX and as C
 * of the host profile into a folder, for bench/compare_onnx: bench_host FOLDER */
#include "nasmith/export.h"
#include "nasmith/file.h"
#include "nasmith/space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DRAWS = 200 };
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

/* A draw of a size that people deploy. */
static nas_status draw(int index, nas_rng *rng, nas_arena *arena, nas_graph **out,
                       nas_err *err)
{
    nas_space *space = NULL;
    const nas_space_context context = {
        .input = cases[index].input, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
    NAS_TRY(nas_space_load(cases[index].space, &context, &space, err));
    *out = NULL;
    for (int i = 0; i < DRAWS && *out == NULL; i++) {
        nas_candidate *candidate = nas_space_sample(space, rng, arena);
        if (candidate == NULL || nas_space_decode(space, candidate, out, NULL) != NAS_OK)
            continue;
        const double macs = (double)nas_graph_macs(*out);
        if (macs < LEAST_MACS || macs > MOST_MACS) {
            nas_graph_free(*out);
            *out = NULL;
        }
    }
    nas_space_free(space);
    return *out != NULL ? NAS_OK
                        : nas_fail(err, NAS_E_LIMIT, "no network of %s in %d draws",
                                   cases[index].space, DRAWS);
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

static nas_status write_case(int index, const char *folder, nas_arena *arena,
                             nas_err *err)
{
    nas_rng rng = nas_rng_new(2385, 100 + (uint64_t)index);
    nas_model model = {.task = NAS_TASK_CLASSIFICATION, .n_outputs = 10};
    NAS_TRY(draw(index, &rng, arena, &model.graph, err));
    nas_status status = fill_weights(&model, &rng, err);
    if (status == NAS_OK)
        status = write_files(&model, index, folder, err);
    nas_heap_free(model.weights);
    nas_graph_free(model.graph);
    return status;
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    if (argc != 2 || arena == NULL) {
        fprintf(stderr, "usage: bench_host FOLDER\n");
        return 2;
    }
    nas_status status = nas_file_make_directory(argv[1], &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && status == NAS_OK; i++)
        status = write_case((int)i, argv[1], arena, &err);
    if (status != NAS_OK)
        fprintf(stderr, "%s\n", err.text);
    nas_arena_free(arena);
    return status == NAS_OK ? 0 : 1;
}
