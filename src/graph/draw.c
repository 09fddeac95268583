/* Random rows such as a front section was fitted on. */
#include "graph/graph.h"

#include <math.h>

/* One value in eight is missing where that may be. */
enum { MISSING_IN = 8 };

/* Deviation of column k behind encode, or of a channel; 0 where it is constant. */
static float deviation_of(const nas_node *standardise, int64_t k)
{
    if (standardise == NULL)
        return 1.0f;
    const float inverse = standardise->constants[standardise->shape.c + k];
    return inverse > 0.0f ? 1.0f / inverse : 0.0f;
}

static void draw_plain(const nas_graph *graph, const nas_node *standardise, nas_rng *rng,
                       float *out)
{
    const nas_shape in = nas_graph_input_shape(graph);
    for (int64_t i = 0; i < nas_shape_count(in); i++) {
        const int64_t c = i / (in.h * in.w);
        const float mean = standardise != NULL ? standardise->constants[c] : 0.0f;
        out[i] = mean + deviation_of(standardise, c) * (float)nas_rng_normal(rng);
    }
}

/* A number near its centre, or a code between the lowest and one beyond the highest. */
static void draw_column(const float *column, float deviation, nas_rng *rng, float *value)
{
    const float centre = column[NAS_ENCODE_CENTRE], scale = column[NAS_ENCODE_SCALE];
    switch ((nas_encode_kind)column[NAS_ENCODE_KIND]) {
    case NAS_ENCODE_VALUE:
    case NAS_ENCODE_SQUASH:
        *value = centre +
                 (scale > 0.0f ? deviation / scale : 0.0f) * (float)nas_rng_normal(rng);
        break;
    case NAS_ENCODE_OUTSIDE:
        *value =
            roundf(centre - scale + 2.0f * (scale + 1.0f) * (float)nas_rng_uniform(rng));
        break;
    default:
        return;
    }
    if (nas_rng_below(rng, MISSING_IN) == 0)
        *value = NAN;
}

void nas_graph_draw_row(const nas_graph *graph, nas_rng *rng, float *out)
{
    const nas_node *encode = NULL, *standardise = NULL;
    for (int i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i].op == NAS_OP_ENCODE)
            encode = &graph->nodes[i];
        if (graph->nodes[i].op == NAS_OP_STANDARDISE)
            standardise = &graph->nodes[i];
    }
    if (encode == NULL) {
        draw_plain(graph, standardise, rng, out);
        return;
    }
    for (int64_t i = 0; i < nas_shape_count(nas_graph_input_shape(graph)); i++)
        out[i] = 0.0f;
    for (int64_t k = 0; k < encode->shape.c; k++) {
        const float *column = encode->constants + k * NAS_ENCODE_FIELDS;
        draw_column(column, deviation_of(standardise, k), rng,
                    &out[(int64_t)column[NAS_ENCODE_SOURCE]]);
    }
}
