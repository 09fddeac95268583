#include "explain/attribution.h"

#include <math.h>
#include <string.h>

typedef struct freezer {
    const nas_graph *graph;
    const float *weights;
    nas_graph_builder *builder;
    int *map;    /* node of the graph to node of the copy */
    int *origin; /* node of the copy to node of the graph */
    int *inputs;
} freezer;

static int twin(freezer *f, int i)
{
    const nas_node *node = nas_graph_node(f->graph, i);
    for (int k = 0; k < node->n_inputs; k++)
        f->inputs[k] = f->map[node->inputs[k]];
    switch (node->op) {
    case NAS_OP_DROPOUT:
        return f->inputs[0];
    case NAS_OP_BATCH_NORM: {
        nas_value attr[NAS_ATTR_MAX] = {0};
        nas_param_defaults(nas_op_get(NAS_OP_DEPTHWISE)->params, attr);
        attr[NAS_ATTR_KERNEL_H].i = attr[NAS_ATTR_KERNEL_W].i = 1;
        attr[NAS_ATTR_WINDOW_BIAS].i = 1;
        return nas_graph_add(f->builder, NAS_OP_DEPTHWISE, attr, f->inputs, 1, "norm");
    }
    default:
        return nas_graph_add_again(f->builder, node, f->inputs);
    }
}

static const float *weight_of(const freezer *f, int node, nas_weight_role role)
{
    return f->weights + nas_graph_weight_of(f->graph, node, role)->offset;
}

/* scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale */
static void freeze_norm(const freezer *f, int node, const nas_weight *to, float *out)
{
    const float *gamma = weight_of(f, node, NAS_WEIGHT_SCALE);
    const float *beta = weight_of(f, node, NAS_WEIGHT_SHIFT);
    const float *mean = weight_of(f, node, NAS_WEIGHT_MEAN);
    const float *variance = weight_of(f, node, NAS_WEIGHT_VARIANCE);
    double epsilon = nas_graph_node(f->graph, node)->attr[NAS_ATTR_BN_EPSILON].f;
    for (int64_t c = 0; c < to->count; c++) {
        double scale = (double)gamma[c] / sqrt((double)variance[c] + epsilon);
        out[c] = (float)(to->role == NAS_WEIGHT_KERNEL
                             ? scale
                             : (double)beta[c] - (double)mean[c] * scale);
    }
}

static void copy_weights(const freezer *f, const nas_graph *frozen, float *out)
{
    for (int i = 0; i < nas_graph_weight_count(frozen); i++) {
        const nas_weight *to = nas_graph_weight(frozen, i);
        int node = f->origin[to->node];
        if (nas_graph_node(f->graph, node)->op == NAS_OP_BATCH_NORM)
            freeze_norm(f, node, to, out + to->offset);
        else
            memcpy(out + to->offset, weight_of(f, node, to->role),
                   (size_t)to->count * sizeof *out);
    }
}

static nas_status freeze(freezer *f, nas_graph **out, nas_err *err)
{
    int n = nas_graph_count(f->graph);
    for (int i = 0; i < n; i++) {
        f->map[i] = twin(f, i);
        bool own = nas_graph_node(f->graph, i)->op != NAS_OP_DROPOUT;
        if (own && f->map[i] >= 0)
            f->origin[f->map[i]] = i;
    }
    return nas_graph_finish(f->builder, f->map[nas_graph_output(f->graph)], out, err);
}

nas_status nas_graph_frozen(const nas_graph *graph, const float *weights,
                            nas_arena *arena, nas_graph **out, float **frozen_weights,
                            nas_err *err)
{
    const int n = nas_graph_count(graph);
    freezer f = {.graph = graph,
                 .weights = weights,
                 .map = NAS_NEW(arena, int, n),
                 .origin = NAS_NEW(arena, int, n),
                 .inputs = NAS_NEW(arena, int, n + 1),
                 .builder = nas_graph_builder_new()};
    *out = NULL;
    nas_status status = NAS_OK;
    if (f.map == NULL || f.origin == NULL || f.inputs == NULL || f.builder == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        status = freeze(&f, out, err);
    if (f.builder != NULL)
        nas_graph_builder_free(f.builder);
    NAS_TRY(status);
    *frozen_weights = NAS_NEW(arena, float, nas_graph_floats(*out));
    if (*frozen_weights == NULL) {
        nas_graph_free(*out);
        *out = NULL;
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    copy_weights(&f, *out, *frozen_weights);
    return NAS_OK;
}
