/* Ref: Diagonal memory optimisation for machine learning on micro-controllers,
 * arXiv:2010.01668 (2020), with the frontiers of reading and writing in closed form per
 * row.
 *
 * Deviation: also backward, so that tensors of a chain can move down and up again. */
#include "plan/overlap.h"

/* One window step; lengths in elements. Index 0 is for rows, 1 for columns. */
typedef struct frontier {
    nas_shape in, out;
    int64_t stride[2], pad[2], reach[2]; /* reach: from the first tap to the last */
} frontier;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* First and last input index of one direction that the window of an output reads; padding
 * is not read. */
static int64_t first_read(const frontier *f, int direction, int64_t at)
{
    return most(0, at * f->stride[direction] - f->pad[direction]);
}

static int64_t last_read(const frontier *f, int direction, int64_t at)
{
    const int64_t extent = direction == 0 ? f->in.h : f->in.w;
    return least(extent - 1,
                 at * f->stride[direction] - f->pad[direction] + f->reach[direction]);
}

/* Lowest element that this pixel or a later one reads. */
static int64_t low_end(const frontier *f, int64_t y, int64_t x)
{
    const int64_t row = first_read(f, 0, y);
    const bool next_begins_there = y + 1 < f->out.h && first_read(f, 0, y + 1) == row;
    const int64_t column = next_begins_there ? 0 : first_read(f, 1, x);
    return (row * f->in.w + column) * f->in.c;
}

/* One past the highest element that this pixel or an earlier one reads. */
static int64_t high_end(const frontier *f, int64_t y, int64_t x)
{
    const int64_t row = last_read(f, 0, y);
    const bool last_ended_there = y > 0 && last_read(f, 0, y - 1) == row;
    const int64_t column = last_ended_there ? f->in.w - 1 : last_read(f, 1, x);
    return (row * f->in.w + column + 1) * f->in.c;
}

/* Both ends are linear in x on either side of where the window leaves the padding, so the
 * extremes of a row are at its ends or there. */
static void count_pixel(const frontier *f, int64_t y, int64_t x, nas_overlap *out)
{
    if (x < 0 || x >= f->out.w)
        return;
    const int64_t pixel = y * f->out.w + x;
    out->below = most(out->below, (pixel + 1) * f->out.c - low_end(f, y, x));
    out->above = most(out->above, high_end(f, y, x) - pixel * f->out.c);
}

static nas_overlap overlap_of(const frontier *f)
{
    nas_overlap out = {0, 0};
    const int64_t entered = f->pad[1] / f->stride[1];
    const int64_t left = (f->in.w - 1 + f->pad[1] - f->reach[1]) / f->stride[1];
    for (int64_t y = 0; y < f->out.h; y++) {
        count_pixel(f, y, 0, &out);
        count_pixel(f, y, f->out.w - 1, &out);
        for (int64_t side = 0; side < 2; side++) {
            count_pixel(f, y, entered + side, &out);
            count_pixel(f, y, left + side, &out);
        }
    }
    return out;
}

static frontier frontier_of(const nas_graph *graph, const nas_step *step)
{
    const nas_value *a = nas_graph_node(graph, step->node)->attr;
    const bool dilates = step->kind == NAS_STEP_CONV || step->kind == NAS_STEP_DEPTHWISE;
    frontier f = {.in = step->in,
                  .out = nas_graph_node(graph, step->node)->shape,
                  .stride = {a[NAS_ATTR_STRIDE_H].i, a[NAS_ATTR_STRIDE_W].i}};
    const int64_t kernel[2] = {a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_KERNEL_W].i};
    const int64_t dilation[2] = {dilates ? a[NAS_ATTR_DILATION_H].i : 1,
                                 dilates ? a[NAS_ATTR_DILATION_W].i : 1};
    for (int d = 0; d < 2; d++) {
        f.pad[d] = nas_window_pad_before(kernel[d], dilation[d], (int)a[NAS_ATTR_PAD].i);
        f.reach[d] = (kernel[d] - 1) * dilation[d];
    }
    return f;
}

nas_overlap nas_step_overlap(const nas_graph *graph, const nas_step *step,
                             int64_t element)
{
    const int64_t in = nas_shape_count(step->in);
    const int64_t out = nas_shape_count(step->out) + nas_step_scratch(graph, step);
    nas_overlap overlap = {out, in};
    if (step->kind == NAS_STEP_CONV || step->kind == NAS_STEP_DEPTHWISE ||
        step->kind == NAS_STEP_MAX_POOL || step->kind == NAS_STEP_AVG_POOL) {
        const frontier f = frontier_of(graph, step);
        overlap = overlap_of(&f);
    }
    if (step->kind ==
        NAS_STEP_GLOBAL_AVG_POOL) /* a channel is read before it is written */
        overlap.below = 0;
    overlap.below = least(overlap.below, out) * element;
    overlap.above = least(overlap.above, in) * element;
    return overlap;
}

int64_t nas_overlap_extent(nas_overlap overlap, int64_t in, int64_t out)
{
    const int64_t below = most(in + overlap.below, out);
    const int64_t above = most(in, out + overlap.above);
    return least(below, above);
}
