/* A network drawn as boxes and arrows, top to bottom. */
#ifndef NASMITH_REPORT_DIAGRAM_H
#define NASMITH_REPORT_DIAGRAM_H

#include "nasmith/arena.h"
#include "nasmith/graph.h"
#include "nasmith/text.h"

/* One box: a node, and the norms and activations folded into it. */
typedef struct nas_diagram_box {
    int node;  /* first node */
    int last;  /* last node folded into it */
    int layer; /* longest path from the input */
    int column;
    char label[96];
} nas_diagram_box;

/* The boxes of a network, in the order of its nodes.
 * @param box_of  out: [nodes] index of a node's box
 * @return NAS_E_NOMEM */
nas_status nas_diagram_boxes(const nas_graph *graph, nas_arena *arena,
                             nas_diagram_box **boxes, int **box_of, int *n, nas_err *err);

/* Append the SVG of a network. Nodes lie in layers by their longest path from the input;
 * a batch norm or activation behind its only producer shares that producer's box.
 * @return NAS_E_NOMEM */
nas_status nas_diagram_draw(const nas_graph *graph, nas_arena *arena, nas_text *out,
                            nas_err *err);

/* "conv 3x3 /2, 16" */
void nas_diagram_label(const nas_node *node, char *out, size_t size);
/* The drawing's boxes as a table in a closed <details>. */
nas_status nas_diagram_table(const nas_graph *graph, nas_arena *arena, nas_text *out,
                             nas_err *err);

#endif
