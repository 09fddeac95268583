/* The inside of a graph and of its builder. */
#ifndef NASMITH_GRAPH_GRAPH_H
#define NASMITH_GRAPH_GRAPH_H

#include "nasmith/graph.h"

enum { NAS_WEIGHT_ROLES = NAS_WEIGHT_TABLE + 1 };

/* One heap block holds the struct and everything it points to. */
struct nas_graph {
    int n_nodes, n_edges, n_weights;
    int output;
    nas_node *nodes;                    /* [n_nodes] */
    int *consumer_first;                /* [n_nodes + 1], into consumers */
    int *consumers;                     /* [n_edges] */
    nas_weight *weights;                /* [n_weights] */
    int (*weight_of)[NAS_WEIGHT_ROLES]; /* [n_nodes], index into weights or -1 */
    int64_t *node_macs;                 /* [n_nodes] */
    int *canonical;                     /* [n_nodes], position -> node */
    uint64_t hash;
    int64_t params, floats, macs;
};

/* A node while the graph is being built. */
typedef struct nas_draft {
    nas_node node; /* inputs, name and constants live in the builder's arena */
    int n_weights;
} nas_draft;

struct nas_graph_builder {
    nas_arena *arena;
    nas_draft *drafts;
    int count, capacity;
    int64_t n_edges;
    int64_t floats; /* of all nodes so far */
    nas_err err;    /* sticky; code NAS_OK while all is well */
};

/* Read a parsed JSON form; messages name the node but no file. */
nas_status nas_graph_read_value(json_t *root, nas_graph **out, nas_err *err);

/* Colours, canonical order and hash of a packed graph; fills graph->canonical and
 * graph->hash.
 * @return NAS_E_NOMEM */
nas_status nas_graph_canonicalise(nas_graph *graph, nas_err *err);

#endif
