/* The encode operator in ONNX. All columns are computed as one tensor g of gathered raw
 * values; what a column is not gets a factor of 0:
 *
 *   d = g - centre, or fill where g is NaN
 *   y = d * factor / (1 + |d| * bend) + [|d| < radius] * sign + [g is NaN] * missing
 *       + offset
 *
 * value: factor. squash: factor and bend. missing: missing. inside: radius, sign 1, a
 * fill beyond the radius. outside: radius, sign -1, offset 1, fill 0. */
#include "export/onnx_emit.h"

/* A constant per column. */
enum { CENTRE, FILL, FACTOR, BEND, RADIUS, SIGN, MISSING, OFFSET, CONSTANTS };

static const char *const constant_names[CONSTANTS] = {
    "centre", "fill", "factor", "bend", "radius", "sign", "missing", "offset"};

/* @param out  [CONSTANTS], zero */
static void spread(const float *column, float *out)
{
    const float scale = column[NAS_ENCODE_SCALE];
    out[CENTRE] = column[NAS_ENCODE_CENTRE];
    switch ((nas_encode_kind)column[NAS_ENCODE_KIND]) {
    case NAS_ENCODE_SQUASH:
        out[FACTOR] = out[BEND] = scale;
        break;
    case NAS_ENCODE_MISSING:
        out[MISSING] = 1;
        break;
    case NAS_ENCODE_INSIDE:
        out[RADIUS] = scale;
        out[SIGN] = 1;
        out[FILL] = 2 * scale;
        break;
    case NAS_ENCODE_OUTSIDE:
        out[RADIUS] = scale;
        out[SIGN] = -1;
        out[OFFSET] = 1;
        break;
    default:
        out[FACTOR] = scale;
        break;
    }
}

typedef struct encoder {
    nas_onnx_builder *b;
    int index;
    const char *names[CONSTANTS];
} encoder;

/* A node inside the operator. @return the name of its output */
static const char *node(const encoder *e, const char *op, const char *what,
                        const char *const *inputs, size_t n)
{
    const char *output = nas_onnx_text(e->b, "t%d.%s", e->index, what);
    Onnx__NodeProto *made = nas_onnx_add(
        e->b, op, nas_onnx_text(e->b, "n%d %s", e->index, what), inputs, n, output);
    if (op[0] == 'C')
        nas_onnx_int(e->b, made, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    if (op[0] == 'G')
        nas_onnx_int(e->b, made, "axis", 1);
    return output;
}

static const char *unary(const encoder *e, const char *op, const char *what,
                         const char *x)
{
    return node(e, op, what, &x, 1);
}

static const char *binary(const encoder *e, const char *op, const char *what,
                          const char *x, const char *y)
{
    return node(e, op, what, (const char *[]){x, y}, 2);
}

/* The constants as initialisers [1,C,1,1], and the sources as indices. */
static const char *add_constants(encoder *e, const nas_node *of)
{
    const int64_t n = of->shape.c, dims[4] = {1, n, 1, 1};
    float *all = NAS_NEW(e->b->arena, float, n *CONSTANTS);
    float *one = NAS_NEW(e->b->arena, float, n);
    int32_t *source = NAS_NEW(e->b->arena, int32_t, n);
    const char *name = nas_onnx_text(e->b, "n%d.source", e->index);
    if (all == NULL || one == NULL || source == NULL) {
        e->b->failed = true;
        return name;
    }
    for (int64_t i = 0; i < n; i++) {
        const float *column = of->constants + i * NAS_ENCODE_FIELDS;
        source[i] = (int32_t)column[NAS_ENCODE_SOURCE];
        spread(column, all + i * CONSTANTS);
    }
    for (int k = 0; k < CONSTANTS; k++) {
        for (int64_t i = 0; i < n; i++)
            one[i] = all[i * CONSTANTS + k];
        e->names[k] = nas_onnx_text(e->b, "n%d.%s", e->index, constant_names[k]);
        (void)nas_onnx_floats(e->b, e->names[k], dims, 4, one);
    }
    return nas_onnx_int32s(e->b, name, &n, 1, source);
}

void nas_onnx_emit_encode(nas_onnx_builder *b, int index)
{
    const nas_node *of = nas_graph_node(b->model->graph, index);
    encoder e = {.b = b, .index = index};
    const float unit = 1;
    const char *source = add_constants(&e, of);
    const char *one = nas_onnx_text(b, "n%d.one", index);
    b->values[index].image = nas_onnx_output_name(b, index);
    if (b->failed)
        return;
    (void)nas_onnx_floats(b, one, NULL, 0, &unit);
    const char *g =
        binary(&e, "Gather", "values", nas_onnx_image(b, of->inputs[0]), source);
    const char *gone = unary(&e, "IsNaN", "gone", g);
    const char *d = binary(&e, "Sub", "centred", g, e.names[CENTRE]);
    d = node(&e, "Where", "filled", (const char *[]){gone, e.names[FILL], d}, 3);
    const char *size = unary(&e, "Abs", "size", d);
    const char *bent =
        binary(&e, "Add", "bent", binary(&e, "Mul", "bend", size, e.names[BEND]), one);
    const char *y = binary(&e, "Div", "number",
                           binary(&e, "Mul", "scaled", d, e.names[FACTOR]), bent);
    const char *near =
        unary(&e, "Cast", "near", binary(&e, "Less", "inside", size, e.names[RADIUS]));
    y = binary(&e, "Add", "level", y, binary(&e, "Mul", "signed", near, e.names[SIGN]));
    gone = binary(&e, "Mul", "indicator", unary(&e, "Cast", "missing", gone),
                  e.names[MISSING]);
    y = binary(&e, "Add", "indicated", y, gone);
    (void)nas_onnx_add(b, "Add", nas_onnx_node_name(b, index),
                       (const char *[]){y, e.names[OFFSET]}, 2, b->values[index].image);
}
