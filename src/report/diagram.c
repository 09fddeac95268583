#include "diagram.h"

#include "page.h"
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BOX_WIDTH 190.0
#define BOX_HEIGHT 34.0
#define GAP_X 24.0
#define GAP_Y 22.0

typedef nas_diagram_box box;

typedef struct diagram {
    const nas_graph *graph;
    box *boxes;
    int n;
    int *box_of; /* by node */
    int *width;  /* boxes in each layer */
    int layers;
} diagram;

void nas_diagram_label(const nas_node *node, char *out, size_t size)
{
    const nas_value *a = node->attr;
    const char *name = nas_op_get(node->op)->name;
    bool window = node->op == NAS_OP_CONV || node->op == NAS_OP_DEPTHWISE ||
                  node->op == NAS_OP_MAX_POOL || node->op == NAS_OP_AVG_POOL;
    if (!window) {
        (void)snprintf(out, size, "%s", name);
        return;
    }
    int n = snprintf(out, size, "%s %lld×%lld", name, (long long)a[NAS_ATTR_KERNEL_H].i,
                     (long long)a[NAS_ATTR_KERNEL_W].i);
    if (a[NAS_ATTR_STRIDE_W].i > 1 && n > 0 && (size_t)n < size)
        (void)snprintf(out + n, size - (size_t)n, " /%lld",
                       (long long)a[NAS_ATTR_STRIDE_W].i);
}

static bool folds(const diagram *d, int node)
{
    const nas_node *n = nas_graph_node(d->graph, node);
    if (n->n_inputs != 1)
        return false;
    bool small = n->op == NAS_OP_BATCH_NORM || n->op == NAS_OP_RELU ||
                 n->op == NAS_OP_RELU6 || n->op == NAS_OP_DROPOUT ||
#define IS_CURVE(upper, lower) n->op == NAS_OP_##upper ||
                 NAS_CURVE_LIST(IS_CURVE) n->op == NAS_OP_FLATTEN;
#undef IS_CURVE
    const int *consumers;
    int producer = n->inputs[0];
    return small && nas_graph_node(d->graph, producer)->op != NAS_OP_INPUT &&
           nas_graph_consumers(d->graph, producer, &consumers) == 1;
}

static const char *fold_mark(nas_op_kind op)
{
    switch (op) {
    case NAS_OP_BATCH_NORM:
        return " · bn";
    case NAS_OP_RELU:
        return " · relu";
    case NAS_OP_RELU6:
        return " · relu6";
    case NAS_OP_DROPOUT:
        return " · dropout";
#define CURVE_MARK(upper, lower)                                                         \
    case NAS_OP_##upper:                                                                 \
        return " · " #lower;
        NAS_CURVE_LIST(CURVE_MARK)
#undef CURVE_MARK
    default:
        return "";
    }
}

static void fold_into(diagram *d, int node)
{
    const nas_node *n = nas_graph_node(d->graph, node);
    box *b = &d->boxes[d->box_of[n->inputs[0]]];
    size_t used = strlen(b->label);
    (void)snprintf(b->label + used, sizeof b->label - used, "%s", fold_mark(n->op));
    b->last = node;
    d->box_of[node] = (int)(b - d->boxes);
}

static void add_box(diagram *d, int node)
{
    const nas_node *n = nas_graph_node(d->graph, node);
    box *b = &d->boxes[d->n];
    b->node = b->last = node;
    nas_diagram_label(n, b->label, sizeof b->label);
    for (int i = 0; i < n->n_inputs; i++) {
        int layer = d->boxes[d->box_of[n->inputs[i]]].layer + 1;
        if (layer > b->layer)
            b->layer = layer;
    }
    b->column = d->width[b->layer]++;
    if (b->layer + 1 > d->layers)
        d->layers = b->layer + 1;
    d->box_of[node] = d->n++;
}

static nas_status lay_out(diagram *d, nas_arena *arena, nas_err *err)
{
    int n = nas_graph_count(d->graph);
    d->boxes = NAS_NEW(arena, box, n);
    d->box_of = NAS_NEW(arena, int, n);
    d->width = NAS_NEW(arena, int, n);
    NAS_TRY_ALLOC(d->boxes, err);
    NAS_TRY_ALLOC(d->box_of, err);
    NAS_TRY_ALLOC(d->width, err);
    for (int i = 0; i < n; i++) {
        if (folds(d, i))
            fold_into(d, i);
        else
            add_box(d, i);
    }
    return NAS_OK;
}

nas_status nas_diagram_boxes(const nas_graph *graph, nas_arena *arena,
                             nas_diagram_box **boxes, int **box_of, int *n, nas_err *err)
{
    diagram d = {.graph = graph};
    NAS_TRY(lay_out(&d, arena, err));
    *boxes = d.boxes;
    *box_of = d.box_of;
    *n = d.n;
    return NAS_OK;
}

static double box_x(const diagram *d, const box *b, double width)
{
    double span = d->width[b->layer] * (BOX_WIDTH + GAP_X) - GAP_X;
    return (width - span) / 2 + b->column * (BOX_WIDTH + GAP_X);
}

static double box_y(const box *b)
{
    return 6 + b->layer * (BOX_HEIGHT + GAP_Y);
}

/* All boxes as one path, then all labels, then all shapes: large networks have hundreds.
 */
static void draw_boxes(const diagram *d, double width, nas_text *out)
{
    nas_text_puts(out, "<path class=\"box\" d=\"");
    for (int i = 0; i < d->n; i++)
        nas_text_printf(out, "M%.0f %.0fh%.0fv%.0fh-%.0fz", box_x(d, &d->boxes[i], width),
                        box_y(&d->boxes[i]), BOX_WIDTH, BOX_HEIGHT, BOX_WIDTH);
    nas_text_puts(out, "\"/>\n<g class=\"boxtext\" text-anchor=\"middle\">\n");
    for (int i = 0; i < d->n; i++) {
        nas_text_printf(out, "<text x=\"%.0f\" y=\"%.0f\">",
                        box_x(d, &d->boxes[i], width) + BOX_WIDTH / 2,
                        box_y(&d->boxes[i]) + 15);
        nas_svg_escape(out, d->boxes[i].label);
        nas_text_puts(out, "</text>\n");
    }
    nas_text_puts(out, "</g>\n<g class=\"tick\" text-anchor=\"middle\">\n");
    for (int i = 0; i < d->n; i++) {
        nas_shape s = nas_graph_node(d->graph, d->boxes[i].last)->shape;
        nas_text_printf(out, "<text x=\"%.0f\" y=\"%.0f\">%lld × %lld × %lld</text>\n",
                        box_x(d, &d->boxes[i], width) + BOX_WIDTH / 2,
                        box_y(&d->boxes[i]) + 28, (long long)s.c, (long long)s.h,
                        (long long)s.w);
    }
    nas_text_puts(out, "</g>\n");
}

/* Straight to the next layer; curved aside when it jumps over layers. */
static void draw_edge(const diagram *d, const box *from, const box *to, double width,
                      nas_text *out)
{
    double x0 = box_x(d, from, width) + BOX_WIDTH / 2, y0 = box_y(from) + BOX_HEIGHT;
    double x1 = box_x(d, to, width) + BOX_WIDTH / 2, y1 = box_y(to);
    nas_text_printf(out, "M%.0f %.0f", x0, y0);
    if (to->layer == from->layer + 1) {
        nas_text_printf(out, "L%.0f %.0f", x1, y1);
        return;
    }
    double side = fmin(x0, x1) - BOX_WIDTH / 2 - 14;
    nas_text_printf(out, "C%.0f %.0f %.0f %.0f %.0f %.0fS%.0f %.0f %.0f %.0f", x0,
                    y0 + 20, side, y0, side, (y0 + y1) / 2, x1, y1 - 20, x1, y1);
}

nas_status nas_diagram_draw(const nas_graph *graph, nas_arena *arena, nas_text *out,
                            nas_err *err)
{
    diagram d = {.graph = graph};
    NAS_TRY(lay_out(&d, arena, err));
    int widest = 1;
    for (int i = 0; i < d.layers; i++)
        widest = d.width[i] > widest ? d.width[i] : widest;
    double width = widest * (BOX_WIDTH + GAP_X) + 60;
    double height = d.layers * (BOX_HEIGHT + GAP_Y);
    nas_text_printf(
        out,
        "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" class=\"diagram\" "
        "style=\"max-width:%.0fpx\">\n<title>Architecture</title><desc>%d layers "
        "from input to output; a table lists them.</desc>\n",
        width, height, width, d.n);
    nas_text_puts(out, "<path class=\"edge\" d=\"");
    for (int i = 0; i < d.n; i++) {
        const nas_node *node = nas_graph_node(graph, d.boxes[i].node);
        for (int k = 0; k < node->n_inputs; k++)
            draw_edge(&d, &d.boxes[d.box_of[node->inputs[k]]], &d.boxes[i], width, out);
    }
    nas_text_puts(out, "\"/>\n");
    draw_boxes(&d, width, out);
    nas_text_puts(out, "</svg>\n");
    return nas_text_status(out, err);
}

nas_status nas_diagram_table(const nas_graph *graph, nas_arena *arena, nas_text *out,
                             nas_err *err)
{
    diagram d = {.graph = graph};
    NAS_TRY(lay_out(&d, arena, err));
    nas_page_details_begin(out, "Table");
    nas_page_table_begin(out, "Layers", "<layer|output C×H×W|<reads");
    for (int i = 0; i < d.n; i++) {
        const box *b = &d.boxes[i];
        const nas_node *node = nas_graph_node(graph, b->node);
        nas_shape s = nas_graph_node(graph, b->last)->shape;
        char reads[64] = "";
        size_t used = 0;
        for (int k = 0; k < node->n_inputs && used + 16 < sizeof reads; k++)
            used += (size_t)snprintf(reads + used, sizeof reads - used, "%s%d",
                                     k > 0 ? ", " : "", d.box_of[node->inputs[k]] + 1);
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%d  %s", i + 1, b->label);
        nas_page_cell(out, "%lld×%lld×%lld", (long long)s.c, (long long)s.h,
                      (long long)s.w);
        nas_page_cell_left(out, "%s", reads);
        nas_page_row_end(out);
    }
    nas_page_table_end(out);
    nas_page_details_end(out);
    return nas_text_status(out, err);
}
