/* The spectrum in standard operators: window and transform are one convolution with
 * constant weights, bands and cosines are convolutions of 1x1. */
#include "export/onnx_emit.h"

#include "graph/spectrum.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

typedef struct emitter {
    nas_onnx_builder *b;
    int index;
    const nas_node *node;
    nas_rt_spectrum_plan plan;
} emitter;

/* A name inside the node: "n1.WHAT" of a constant, "t1.WHAT" of a tensor. */
static const char *constant(const emitter *e, const char *what)
{
    return nas_onnx_text(e->b, "n%d.%s", e->index, what);
}

static const char *tensor(const emitter *e, const char *what)
{
    return nas_onnx_text(e->b, "t%d.%s", e->index, what);
}

static const char *number(const emitter *e, const char *what, float value)
{
    return nas_onnx_floats(e->b, constant(e, what), NULL, 0, &value);
}

/* An operator with one or two inputs. @param y  NULL: one. @return its output */
static const char *apply(const emitter *e, const char *op, const char *what,
                         const char *x, const char *y)
{
    const char *inputs[2] = {x, y};
    const char *output = tensor(e, what);
    (void)nas_onnx_add(e->b, op, nas_onnx_text(e->b, "n%d %s", e->index, what), inputs,
                       y == NULL ? 1 : 2, output);
    return output;
}

/* A convolution of each channel's values with the same weights.
 * @param weights  [outputs][inputs][kernel] of one channel */
static const char *convolve(const emitter *e, const char *what, const char *x,
                            const float *weights, const int64_t dims[3], int64_t hop)
{
    nas_onnx_builder *b = e->b;
    const int64_t channels = e->plan.channels, one = dims[0] * dims[1] * dims[2];
    const int64_t shape[4] = {channels * dims[0], dims[1], 1, dims[2]};
    const int64_t kernel[2] = {1, dims[2]}, stride[2] = {1, hop};
    const char *inputs[2] = {x, constant(e, what)}, *output = tensor(e, what);
    float *all = NAS_NEW(b->arena, float, channels *one);
    b->failed = b->failed || all == NULL;
    for (int64_t i = 0; all != NULL && i < channels * one; i++)
        all[i] = weights[i % one];
    if (all != NULL)
        (void)nas_onnx_floats(b, inputs[1], shape, 4, all);
    Onnx__NodeProto *conv = nas_onnx_add(
        b, "Conv", nas_onnx_text(b, "n%d %s", e->index, what), inputs, 2, output);
    nas_onnx_ints(b, conv, "kernel_shape", kernel, 2);
    nas_onnx_ints(b, conv, "strides", stride, 2);
    nas_onnx_int(b, conv, "group", channels);
    return output;
}

/* Real and imaginary parts of all frequencies, [batch, C*2K, 1, frames]. */
static const char *transform(const emitter *e, const char *x)
{
    const int64_t bins = e->plan.size / 2 + 1, window = e->plan.window;
    const int64_t dims[3] = {2 * bins, 1, window};
    float *basis = NAS_NEW(e->b->arena, float, 2 * bins * window);
    if (basis == NULL) {
        e->b->failed = true;
        return "";
    }
    for (int64_t i = 0; i < bins * window; i++) {
        const int64_t k = i / window, t = i % window;
        const double hann = 0.5 - 0.5 * cos(2 * PI * (double)t / (double)window);
        const double angle = 2 * PI * (double)(k * t % e->plan.size) / e->plan.size;
        basis[i] = (float)(hann * cos(angle));
        basis[bins * window + i] = (float)(-hann * sin(angle));
    }
    return convolve(e, "transform", x, basis, dims, e->plan.hop);
}

/* Powers of bands or frequencies from squares of both parts. */
static const char *powers(const emitter *e, const char *squares)
{
    const int64_t bins = e->plan.size / 2 + 1, rows = nas_spectrum_powers(&e->plan);
    const int64_t dims[3] = {rows, 2 * bins, 1};
    float *weights = NAS_NEW(e->b->arena, float, rows * 2 * bins);
    double *triangles = NAS_NEW(e->b->arena, double, rows *bins);
    if (weights == NULL || triangles == NULL) {
        e->b->failed = true;
        return "";
    }
    if (e->plan.bands > 0)
        nas_spectrum_triangles(e->node, &e->plan, triangles);
    for (int64_t i = 0; i < rows * bins; i++) {
        const int64_t r = i / bins, k = i % bins;
        const double share = e->plan.bands > 0 ? triangles[i] : r == k ? 1.0 : 0.0;
        weights[r * 2 * bins + k] = (float)share;
        weights[r * 2 * bins + bins + k] = (float)share;
    }
    return convolve(e, "powers", squares, weights, dims, 1);
}

static const char *logarithms(const emitter *e, const char *power)
{
    const int64_t axes[3] = {1, 2, 3};
    const char *most = tensor(e, "most");
    Onnx__NodeProto *reduce = nas_onnx_add_unary(
        e->b, "ReduceMax", nas_onnx_text(e->b, "n%d most", e->index), power, most);
    nas_onnx_ints(e->b, reduce, "axes", axes, 3);
    const char *top = apply(e, "Max", "top", most, number(e, "tiny", 1e-26F));
    const char *least = apply(e, "Mul", "least", top, number(e, "range", 1e-8F));
    const char *bounded = apply(e, "Max", "bounded", power, least);
    const char *log = apply(e, "Log", "log", bounded, NULL);
    if (!e->plan.relative)
        return log;
    return apply(e, "Sub", "relative", log, apply(e, "Log", "log_top", top, NULL));
}

static const char *cosines(const emitter *e, const char *x)
{
    const int64_t dims[3] = {e->plan.coefficients, e->plan.bands, 1};
    float *table = NAS_NEW(e->b->arena, float, nas_spectrum_table_floats(&e->plan));
    if (table == NULL) {
        e->b->failed = true;
        return "";
    }
    nas_spectrum_tables(e->node, &e->plan, table);
    return convolve(e, "cosines", x, table + nas_spectrum_cosines(&e->plan), dims, 1);
}

void nas_onnx_emit_spectrum(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const nas_shape in = nas_graph_node(b->model->graph, node->inputs[0])->shape;
    const emitter e = {b, index, node, nas_spectrum_plan(node, in)};
    const int64_t shape[4] = {0, node->shape.c, node->shape.h, node->shape.w};
    const char *parts = transform(&e, nas_onnx_image(b, node->inputs[0]));
    const char *values =
        logarithms(&e, powers(&e, apply(&e, "Mul", "squares", parts, parts)));
    if (e.plan.coefficients > 0)
        values = cosines(&e, values);
    const char *inputs[2] = {values, constant(&e, "shape")};
    (void)nas_onnx_int64s(b, inputs[1], shape, 4);
    b->values[index].image = nas_onnx_output_name(b, index);
    (void)nas_onnx_add(b, "Reshape", nas_onnx_node_name(b, index), inputs, 2,
                       b->values[index].image);
}
