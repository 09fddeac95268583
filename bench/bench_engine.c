/* layer: engine. Speed of one training step (gather, forward, loss, backward, optimizer)
 * of fixed networks: CPU microseconds, median of chunks of ten steps; with several
 * threads wall-clock microseconds.
 *
 *   bench_engine [--batch N] [--steps N] [--threads N] [--profile] [--list] [NETWORK...]
 *
 * The instruction set is the machine's best; NASMITH_ISA lowers it. */
#include "nasmith/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct workload {
    const char *name;
    nas_shape shape;
    /* Layers: C and D are convolution and depthwise, "C out kernel stride" and "D kernel
     * stride" with batch norm and ReLU, "R out stride" two 3x3 convolutions beside a
     * shortcut, M a 2x2 max pool, G the mean, F dense with ReLU, L dense. Of series: U
     * and V the last state of an LSTM or GRU, "P out" a 1x1 convolution, "A heads" an
     * encoder layer with norms first and twice the channels inside. */
    const char *layers;
} workload;

static const workload workloads[] = {
    {"cnn", {1, 28, 28}, "C 16 3 1 D 3 1 C 32 1 1 M C 64 3 1 G L 10"},
    {"tiny", {1, 28, 28}, "C 4 3 1 C 8 3 2 C 16 3 2 G L 10"},
    {"tiny1", {1, 28, 28}, "C 4 3 1 C 8 3 1 M C 16 3 1 G L 10"},
    {"mb",
     {3, 32, 32},
     "C 16 3 1 D 3 1 C 32 1 1 D 3 2 C 64 1 1 D 3 1 C 64 1 1 D 3 2 C 128 1 1 "
     "D 3 1 C 128 1 1 G L 10"},
    {"vgg",
     {3, 32, 32},
     "C 32 3 1 C 32 3 1 M C 64 3 1 C 64 3 1 M C 128 3 1 C 128 3 1 G L 10"},
    {"c1d", {9, 1, 128}, "C 32 5 1 M C 64 5 1 M C 64 3 1 G L 6"},
    {"mlp", {30, 1, 1}, "F 128 F 128 F 64 L 2"},
    {"lstm", {9, 1, 128}, "U 64 L 6"},
    {"gru", {9, 1, 128}, "V 64 L 6"},
    {"resnet", {3, 32, 32}, "C 16 3 1 R 16 1 R 32 2 R 32 1 R 64 2 R 64 1 G L 10"},
    {"attn", {9, 1, 128}, "P 64 A 4 A 4 G L 6"},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads, ROWS = 4096 };

static int with_norm(nas_graph_builder *builder, int at)
{
    at = nas_graph_add_unary(builder, NAS_OP_BATCH_NORM, at, "");
    return nas_graph_add_unary(builder, NAS_OP_RELU, at, "");
}

/* Two 3x3 convolutions beside a shortcut, which is 1x1 where the shape changes. */
static int add_residual(nas_graph_builder *builder, int at, int64_t out, int64_t stride,
                        int64_t inputs)
{
    int y = with_norm(builder, nas_graph_add_conv(builder, at, out, 3, stride, ""));
    y = nas_graph_add_unary(builder, NAS_OP_BATCH_NORM,
                            nas_graph_add_conv(builder, y, out, 3, 1, ""), "");
    if (stride != 1 || inputs != out)
        at = nas_graph_add_unary(builder, NAS_OP_BATCH_NORM,
                                 nas_graph_add_conv(builder, at, out, 1, stride, ""), "");
    const int both[] = {y, at};
    int sum = nas_graph_add(builder, NAS_OP_ADD, NULL, both, 2, "");
    return nas_graph_add_unary(builder, NAS_OP_RELU, sum, "");
}

/* 1x1 with bias. */
static int add_pointwise(nas_graph_builder *builder, int at, int64_t out)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_CONV)->params, attr);
    attr[NAS_ATTR_CONV_OUT].i = out;
    attr[NAS_ATTR_WINDOW_BIAS].i = 1;
    return nas_graph_add(builder, NAS_OP_CONV, attr, &at, 1, "");
}

/* The last state of a recurrent layer. */
static int add_recurrent(nas_graph_builder *builder, nas_op_kind op, int at,
                         int64_t units)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(op)->params, attr);
    attr[NAS_ATTR_RECURRENT_OUT].i = units;
    attr[NAS_ATTR_RECURRENT_SEQUENCE].i = 0;
    return nas_graph_add(builder, op, attr, &at, 1, "");
}

/* x + attention(norm(x)), then x + dense(GELU(dense(norm(x)))). */
static int add_encoder(nas_graph_builder *builder, int at, int64_t heads,
                       int64_t channels)
{
    nas_value attr[NAS_ATTR_MAX] = {[NAS_ATTR_ATTENTION_HEADS] = {.i = heads}};
    int y = nas_graph_add_unary(builder, NAS_OP_LAYER_NORM, at, "");
    y = add_pointwise(builder, y, 3 * channels);
    y = nas_graph_add(builder, NAS_OP_ATTENTION, attr, &y, 1, "");
    y = add_pointwise(builder, y, channels);
    at = nas_graph_add(builder, NAS_OP_ADD, NULL, (int[]){y, at}, 2, "");
    y = nas_graph_add_unary(builder, NAS_OP_LAYER_NORM, at, "");
    y = add_pointwise(builder, y, 2 * channels);
    y = nas_graph_add_unary(builder, NAS_OP_GELU, y, "");
    y = add_pointwise(builder, y, channels);
    return nas_graph_add(builder, NAS_OP_ADD, NULL, (int[]){y, at}, 2, "");
}

/* Add the layer at *text and move on to the next. @param channels  in and out */
static int add_layer(nas_graph_builder *builder, int at, int64_t *channels,
                     const char **text)
{
    const char kind = **text;
    long number[3] = {0};
    char *end = NULL;
    (*text)++;
    for (int i = 0; i < 3; i++, *text = end) {
        number[i] = strtol(*text, &end, 10);
        if (end == *text)
            break;
    }
    *text += strspn(*text, " ");
    const int64_t inputs = *channels;
    if (strchr("CRFLUVP", kind) != NULL)
        *channels = number[0];
    if (kind == 'U' || kind == 'V')
        return add_recurrent(builder, kind == 'U' ? NAS_OP_LSTM : NAS_OP_GRU, at,
                             number[0]);
    if (kind == 'M')
        return nas_graph_add_pool(builder, NAS_OP_MAX_POOL, at, 2, 2, NAS_PAD_VALID, "");
    if (kind == 'G')
        return nas_graph_add_unary(builder, NAS_OP_GLOBAL_AVG_POOL, at, "");
    if (kind == 'L')
        return nas_graph_add_dense(builder, at, number[0], "");
    if (kind == 'F')
        return nas_graph_add_unary(builder, NAS_OP_RELU,
                                   nas_graph_add_dense(builder, at, number[0], ""), "");
    if (kind == 'P')
        return add_pointwise(builder, at, number[0]);
    if (kind == 'A')
        return add_encoder(builder, at, number[0], inputs);
    if (kind == 'R')
        return add_residual(builder, at, number[0], number[1], inputs);
    if (kind == 'D')
        return with_norm(builder,
                         nas_graph_add_depthwise(builder, at, number[0], number[1], ""));
    return with_norm(
        builder, nas_graph_add_conv(builder, at, number[0], number[1], number[2], ""));
}

static nas_graph *build(const workload *w)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    nas_err err = {0};
    nas_graph *graph = NULL;
    int at = nas_graph_add_input(builder, w->shape);
    int64_t channels = w->shape.c;
    for (const char *text = w->layers; *text != '\0';)
        at = add_layer(builder, at, &channels, &text);
    if (nas_graph_finish(builder, at, &graph, &err) != NAS_OK) {
        fprintf(stderr, "%s: %s\n", w->name, err.text);
        exit(1);
    }
    nas_graph_builder_free(builder);
    return graph;
}

/* Bytes for images, floats otherwise, as such data comes. */
static nas_dataset synthetic(const workload *w, int64_t outputs)
{
    nas_rng rng = nas_rng_new(1, 2);
    const int64_t count = nas_shape_count(w->shape) * ROWS;
    nas_dataset data = {.shape = w->shape, .n_rows = ROWS, .n_outputs = outputs};
    uint8_t *bytes = malloc((size_t)count);
    float *floats = malloc((size_t)count * sizeof *floats);
    int32_t *labels = malloc(ROWS * sizeof *labels);
    for (int64_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)nas_rng_u32(&rng);
        floats[i] = (float)bytes[i] / 64.0f - 2.0f;
    }
    for (int i = 0; i < ROWS; i++)
        labels[i] = (int32_t)nas_rng_below(&rng, (uint64_t)outputs);
    const bool image = w->shape.h > 1;
    data.element = image ? NAS_ELEMENT_U8 : NAS_ELEMENT_F32;
    data.inputs = image ? (void *)bytes : (void *)floats;
    data.labels = labels;
    free(image ? (void *)floats : (void *)bytes);
    return data;
}

/* CPU time, which other work on the machine does not change; threads save none of it. */
static double seconds_of(int threads)
{
    struct timespec t;
    (void)clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct settings {
    int batch, steps, threads;
    bool profile;
} settings;

static void ten_steps(nas_net *net, const nas_dataset *data, int batch, nas_rng *rng)
{
    const nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_SGD);
    int64_t rows[1024];
    for (int step = 0; step < 10; step++) {
        int64_t first = (int64_t)nas_rng_below(rng, (uint64_t)(ROWS / batch)) * batch;
        for (int i = 0; i < batch; i++)
            rows[i] = first + i;
        nas_net_batch(net, data, rows, batch, NULL, NULL);
        (void)nas_net_forward(net, true, rng);
        nas_net_backward(net);
        (void)nas_net_update(net, &optimizer, 1e-3f, step);
    }
}

static void run(const workload *w, const settings *set)
{
    enum { MOST = 1000 };
    double seconds[MOST];
    nas_err err = {0};
    nas_graph *graph = build(w);
    nas_net_options options = nas_net_options_default();
    const int batch = set->batch;
    options.batch = batch;
    options.threads = set->threads;
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net;
    if (nas_net_compile(graph, &options, workspace, &net, &err) != NAS_OK) {
        fprintf(stderr, "%s: %s\n", w->name, err.text);
        exit(1);
    }
    nas_rng rng = nas_rng_new(3, 4);
    nas_net_init(net, rng);
    nas_dataset data = synthetic(w, nas_graph_output_shape(graph).c);
    const int chunks = set->steps / 10 < MOST ? set->steps / 10 : MOST;
    for (int i = -2; i < chunks; i++) {
        double start = seconds_of(set->threads);
        ten_steps(net, &data, batch, &rng);
        if (i >= 0)
            seconds[i] = (seconds_of(set->threads) - start) / 10;
    }
    qsort(seconds, (size_t)chunks, sizeof *seconds, by_value);
    const double flops = 6.0 * (double)nas_graph_macs(graph) * batch;
    const double median = seconds[chunks / 2];
    printf("%-6s %-8s batch %d: %9.1f us per step (best %9.1f), %6.2f us per sample, "
           "%5.1f GFLOP/s, %.1f MiB\n",
           w->name, nas_isa_name(options.isa), batch, median * 1e6, seconds[0] * 1e6,
           median * 1e6 / batch, flops / median * 1e-9,
           (double)nas_workspace_bytes(workspace) / 1048576.0);
    if (set->profile) {
        nas_text text = {0};
        nas_net_profile(net, &text);
        fputs(nas_text_string(&text), stdout);
        nas_text_free(&text);
    }
    free((void *)(uintptr_t)data.inputs);
    free((void *)(uintptr_t)data.labels);
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

static int list(void)
{
    for (int k = 0; k < WORKLOADS; k++)
        printf("%s %lldx%lldx%lld %s\n", workloads[k].name,
               (long long)workloads[k].shape.c, (long long)workloads[k].shape.h,
               (long long)workloads[k].shape.w, workloads[k].layers);
    return 0;
}

int main(int argc, char **argv)
{
    settings set = {.batch = 64, .steps = 200, .threads = 1};
    int named = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--batch") == 0 && i + 1 < argc)
            set.batch = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc)
            set.steps = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            set.threads = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--list") == 0)
            return list();
        else if (strcmp(argv[i], "--profile") == 0)
            set.profile = setenv("NASMITH_PROFILE", "1", 1) == 0;
        else
            named++;
    }
    if (set.batch < 16 || set.batch % 16 != 0 || set.batch > 1024 || set.steps < 10 ||
        set.threads < 1) {
        fprintf(stderr, "--batch takes a multiple of 16 up to 1024, --steps 10 or more, "
                        "--threads 1 or more\n");
        return 2;
    }
    for (int k = 0; k < WORKLOADS; k++) {
        bool wanted = named == 0;
        for (int i = 1; i < argc; i++)
            wanted |= strcmp(argv[i], workloads[k].name) == 0;
        if (wanted)
            run(&workloads[k], &set);
    }
    return 0;
}
