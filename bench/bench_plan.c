/* layer: cost. Speed of pricing candidates: costs a second and the time of one plan, over
 * random networks of four shapes that presets have. */
#include "nasmith/clock.h"
#include "nasmith/cost.h"
#include "nasmith/rng.h"

#include <stdio.h>
#include <stdlib.h>

enum { NETWORKS = 400, REPEATS = 5 };

typedef struct family {
    const char *name;
    int (*build)(nas_graph_builder *builder, nas_rng *rng);
} family;

static int64_t choose(nas_rng *rng, int64_t least, int64_t most)
{
    return least + (int64_t)nas_rng_below(rng, (uint64_t)(most - least + 1));
}

static int norm_relu(nas_graph_builder *b, int x)
{
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    return nas_graph_add_unary(b, NAS_OP_RELU, x, "");
}

static int head(nas_graph_builder *b, int x)
{
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    return nas_graph_add_dense(b, x, 10, "");
}

static int chain(nas_graph_builder *b, nas_rng *rng)
{
    int x = nas_graph_add_input(b, (nas_shape){1, 28, 28});
    int64_t blocks = choose(rng, 3, 8);
    for (int64_t i = 0; i < blocks; i++)
        x = norm_relu(b, nas_graph_add_conv(b, x, 8 * choose(rng, 1, 6), 3,
                                            i % 3 == 1 ? 2 : 1, ""));
    return head(b, x);
}

static int series(nas_graph_builder *b, nas_rng *rng)
{
    int x = nas_graph_add_input(b, (nas_shape){6, 1, 128});
    int64_t blocks = choose(rng, 2, 6);
    for (int64_t i = 0; i < blocks; i++) {
        x = nas_graph_add_depthwise(b, x, 2 * choose(rng, 1, 4) + 1, 1 + i % 2, "");
        x = norm_relu(b, nas_graph_add_conv(b, x, 8 * choose(rng, 1, 5), 1, 1, ""));
    }
    return head(b, x);
}

static int inverted(nas_graph_builder *b, nas_rng *rng)
{
    int x = nas_graph_add_input(b, (nas_shape){3, 32, 32});
    x = norm_relu(b, nas_graph_add_conv(b, x, 16, 3, 2, ""));
    int64_t blocks = choose(rng, 4, 9);
    for (int64_t i = 0; i < blocks; i++) {
        int64_t channels = nas_graph_builder_shape(b, x).c;
        int y = norm_relu(
            b, nas_graph_add_conv(b, x, channels * choose(rng, 2, 4), 1, 1, ""));
        y = norm_relu(b, nas_graph_add_depthwise(b, y, 3, 1, ""));
        y = nas_graph_add_conv(b, y, channels, 1, 1, "");
        y = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, y, "");
        x = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){x, y}, 2, "");
    }
    return head(b, x);
}

/* One edge of a cell: convolution, pooling or the input itself. */
static int edge(nas_graph_builder *b, nas_rng *rng, int x)
{
    int64_t channels = nas_graph_builder_shape(b, x).c;
    switch (nas_rng_below(rng, 4)) {
    case 0:
        return norm_relu(b, nas_graph_add_conv(b, x, channels, 3, 1, ""));
    case 1:
        return norm_relu(b, nas_graph_add_conv(b, x, channels, 1, 1, ""));
    case 2:
        return nas_graph_add_pool(b, NAS_OP_AVG_POOL, x, 3, 1, NAS_PAD_SAME, "");
    default:
        return x;
    }
}

/* Cells of four nodes, each the sum of an edge from every node before it. */
static int cells(nas_graph_builder *b, nas_rng *rng)
{
    int x = nas_graph_add_input(b, (nas_shape){3, 32, 32});
    x = norm_relu(b, nas_graph_add_conv(b, x, 16, 3, 1, ""));
    for (int cell = 0; cell < 6; cell++) {
        int node[4] = {x};
        for (int i = 1; i < 4; i++) {
            int terms[3];
            for (int k = 0; k < i; k++)
                terms[k] = edge(b, rng, node[k]);
            node[i] =
                i == 1 ? terms[0] : nas_graph_add(b, NAS_OP_ADD, NULL, terms, i, "");
        }
        x = node[3];
        if (cell % 2 == 1)
            x = norm_relu(b, nas_graph_add_conv(b, x, 16 << cell / 2, 3, 2, ""));
    }
    return head(b, x);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fail(const nas_err *err)
{
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void measure(const family *f)
{
    static double seconds[NETWORKS];
    nas_rng rng = nas_rng_new(2385, 71);
    nas_graph_builder *builder = nas_graph_builder_new();
    nas_err err = {0};
    double build_seconds = 0.0;
    double total = 0.0;
    int64_t nodes = 0;
    for (int i = 0; i < NETWORKS; i++) {
        nas_graph *graph = NULL;
        nas_cost cost;
        double start = nas_clock_cpu_s();
        int output = f->build(builder, &rng);
        if (nas_graph_finish(builder, output, &graph, &err) != NAS_OK)
            fail(&err);
        build_seconds += nas_clock_cpu_s() - start;
        start = nas_clock_cpu_s();
        for (int k = 0; k < REPEATS; k++)
            if (nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &cost, &err) != NAS_OK)
                fail(&err);
        seconds[i] = (nas_clock_cpu_s() - start) / REPEATS;
        total += seconds[i];
        nodes += nas_graph_count(graph);
        nas_graph_free(graph);
    }
    nas_graph_builder_free(builder);
    qsort(seconds, NETWORKS, sizeof *seconds, compare);
    (void)printf("%-10s %5.1f nodes  build %6.1f us  cost: median %6.1f us  90%% %6.1f us"
                 "  max %7.1f us  %7.0f/s\n",
                 f->name, (double)nodes / NETWORKS, build_seconds / NETWORKS * 1e6,
                 seconds[NETWORKS / 2] * 1e6, seconds[NETWORKS * 9 / 10] * 1e6,
                 seconds[NETWORKS - 1] * 1e6, NETWORKS / total);
}

int main(void)
{
    static const family families[] = {
        {"chain", chain}, {"series", series}, {"inverted", inverted}, {"cells", cells}};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        measure(&families[i]);
    return 0;
}
