#include "export/onnx_build.h"

#include "export/onnx_int8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *nas_onnx_weight_name(nas_arena *arena, int node, nas_weight_role role)
{
    static const char *const names[] = {
        [NAS_WEIGHT_KERNEL] = "kernel",       [NAS_WEIGHT_BIAS] = "bias",
        [NAS_WEIGHT_SCALE] = "scale",         [NAS_WEIGHT_SHIFT] = "shift",
        [NAS_WEIGHT_RECURRENT] = "recurrent", [NAS_WEIGHT_CARRY_BIAS] = "carry_bias",
        [NAS_WEIGHT_MEAN] = "mean",           [NAS_WEIGHT_VARIANCE] = "variance",
        [NAS_WEIGHT_TABLE] = "table",
    };
    return nas_arena_printf(arena, "n%d.%s", node, names[role]);
}

/* Zeroed memory, or NULL and `failed`. */
static void *take(nas_onnx_builder *b, size_t count, size_t size)
{
    void *memory = nas_arena_alloc(b->arena, count, size);
    b->failed = b->failed || memory == NULL;
    return memory;
}

static char *duplicate(nas_onnx_builder *b, const char *text)
{
    char *copy = text == NULL ? NULL : nas_arena_strdup(b->arena, text);
    b->failed = b->failed || copy == NULL;
    return copy;
}

/* Room for one more pointer in an array that doubles. */
static bool grow(nas_onnx_builder *b, void *array, size_t n, size_t *room)
{
    if (n < *room)
        return true;
    const size_t more = *room == 0 ? 32 : 2 * *room;
    void **old = NULL;
    memcpy(&old, array, sizeof old);
    void **grown = take(b, more, sizeof *grown);
    if (grown == NULL)
        return false;
    if (n > 0)
        memcpy(grown, old, n * sizeof *grown);
    memcpy(array, &grown, sizeof grown);
    *room = more;
    return true;
}

Onnx__NodeProto *nas_onnx_add(nas_onnx_builder *b, const char *op, const char *name,
                              const char *const *inputs, size_t n, const char *output)
{
    static Onnx__NodeProto scratch;
    Onnx__NodeProto *node = take(b, 1, sizeof *node);
    char **names = take(b, n + 1, sizeof *names);
    if (node == NULL || names == NULL || !grow(b, &b->nodes, b->n_nodes, &b->node_room)) {
        onnx__node_proto__init(&scratch);
        return &scratch;
    }
    onnx__node_proto__init(node);
    node->op_type = duplicate(b, op);
    node->name = duplicate(b, name);
    for (size_t i = 0; i < n; i++)
        names[i] = duplicate(b, inputs[i]);
    names[n] = duplicate(b, output);
    node->input = names;
    node->n_input = n;
    node->output = names + n;
    node->n_output = 1;
    b->nodes[b->n_nodes++] = node;
    return node;
}

Onnx__NodeProto *nas_onnx_add_unary(nas_onnx_builder *b, const char *op, const char *name,
                                    const char *input, const char *output)
{
    return nas_onnx_add(b, op, name, &input, 1, output);
}

enum { MAX_ATTRIBUTES = 6 };

/* @return a new attribute, or NULL after a failure */
static Onnx__AttributeProto *attribute(nas_onnx_builder *b, Onnx__NodeProto *node,
                                       const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *attribute = take(b, 1, sizeof *attribute);
    if (node->attribute == NULL)
        node->attribute = take(b, MAX_ATTRIBUTES, sizeof(Onnx__AttributeProto *));
    if (b->failed || node->n_attribute == MAX_ATTRIBUTES)
        return NULL;
    onnx__attribute_proto__init(attribute);
    attribute->name = duplicate(b, name);
    attribute->has_type = 1;
    attribute->type = type;
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

void nas_onnx_int(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                  int64_t value)
{
    Onnx__AttributeProto *a =
        attribute(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (a == NULL)
        return;
    a->has_i = 1;
    a->i = value;
}

void nas_onnx_ints(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                   const int64_t *values, size_t n)
{
    Onnx__AttributeProto *a =
        attribute(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (a == NULL)
        return;
    a->ints = nas_arena_copy(b->arena, values, n * sizeof *values);
    b->failed = b->failed || a->ints == NULL;
    a->n_ints = a->ints == NULL ? 0 : n;
}

void nas_onnx_float(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                    float value)
{
    Onnx__AttributeProto *a =
        attribute(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (a == NULL)
        return;
    a->has_f = 1;
    a->f = value;
}

void nas_onnx_string(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                     const char *value)
{
    Onnx__AttributeProto *a =
        attribute(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (a == NULL)
        return;
    a->has_s = 1;
    a->s.data = nas_arena_copy(b->arena, value, strlen(value) + 1);
    a->s.len = a->s.data == NULL ? 0 : strlen(value);
    b->failed = b->failed || a->s.data == NULL;
}

void nas_onnx_second_output(nas_onnx_builder *b, Onnx__NodeProto *node)
{
    char **names = take(b, 2, sizeof *names);
    if (names == NULL || node->n_output != 1)
        return;
    names[0] = duplicate(b, "");
    names[1] = node->output[0];
    node->output = names;
    node->n_output = 2;
}

/* @return a new initialiser without data, or NULL after a failure */
static Onnx__TensorProto *tensor(nas_onnx_builder *b, const char *name,
                                 const int64_t *dims, size_t rank, int32_t type)
{
    Onnx__TensorProto *tensor = take(b, 1, sizeof *tensor);
    if (tensor == NULL || !grow(b, &b->tensors, b->n_tensors, &b->tensor_room))
        return NULL;
    onnx__tensor_proto__init(tensor);
    tensor->name = duplicate(b, name);
    tensor->dims = rank == 0 ? NULL : nas_arena_copy(b->arena, dims, rank * sizeof *dims);
    b->failed = b->failed || (rank > 0 && tensor->dims == NULL);
    tensor->n_dims = rank;
    tensor->has_data_type = 1;
    tensor->data_type = type;
    b->tensors[b->n_tensors++] = tensor;
    return tensor;
}

static size_t count_of(const int64_t *dims, size_t rank)
{
    size_t count = 1;
    for (size_t i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    return count;
}

const char *nas_onnx_floats(nas_onnx_builder *b, const char *name, const int64_t *dims,
                            size_t rank, const float *data)
{
    const size_t count = count_of(dims, rank);
    Onnx__TensorProto *t =
        tensor(b, name, dims, rank, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    if (t == NULL)
        return name;
    t->float_data = nas_arena_copy(b->arena, data, count * sizeof *data);
    b->failed = b->failed || t->float_data == NULL;
    t->n_float_data = t->float_data == NULL ? 0 : count;
    return name;
}

const char *nas_onnx_int64s(nas_onnx_builder *b, const char *name, const int64_t *data,
                            size_t n)
{
    const int64_t dims = (int64_t)n;
    Onnx__TensorProto *t =
        tensor(b, name, &dims, 1, ONNX__TENSOR_PROTO__DATA_TYPE__INT64);
    if (t == NULL)
        return name;
    t->int64_data = nas_arena_copy(b->arena, data, n * sizeof *data);
    b->failed = b->failed || t->int64_data == NULL;
    t->n_int64_data = t->int64_data == NULL ? 0 : n;
    return name;
}

/* Append an initialiser of raw bytes, little-endian. */
static void raw_tensor(nas_onnx_builder *b, const char *name, const int64_t *dims,
                       size_t rank, int32_t type, const void *bytes, size_t n)
{
    Onnx__TensorProto *t = tensor(b, name, dims, rank, type);
    if (t == NULL)
        return;
    t->has_raw_data = 1;
    t->raw_data.data = nas_arena_copy(b->arena, bytes, n);
    b->failed = b->failed || t->raw_data.data == NULL;
    t->raw_data.len = t->raw_data.data == NULL ? 0 : n;
}

const char *nas_onnx_int8s(nas_onnx_builder *b, const char *name, const int64_t *dims,
                           size_t rank, const int8_t *data)
{
    raw_tensor(b, name, dims, rank, ONNX__TENSOR_PROTO__DATA_TYPE__INT8, data,
               count_of(dims, rank));
    return name;
}

const char *nas_onnx_int32s(nas_onnx_builder *b, const char *name, const int64_t *dims,
                            size_t rank, const int32_t *data)
{
    const size_t n = count_of(dims, rank);
    uint8_t *bytes = take(b, 4 * n, 1);
    for (size_t i = 0; bytes != NULL && i < 4 * n; i++)
        bytes[i] = (uint8_t)((uint32_t)data[i / 4] >> 8 * (i % 4));
    if (bytes != NULL)
        raw_tensor(b, name, dims, rank, ONNX__TENSOR_PROTO__DATA_TYPE__INT32, bytes,
                   4 * n);
    return name;
}

const char *nas_onnx_weight(nas_onnx_builder *b, int node, nas_weight_role role)
{
    if (b->quant != NULL)
        return nas_onnx_int8_weight(b, node, role);
    const nas_weight *w = nas_graph_weight_of(b->model->graph, node, role);
    if (w == NULL)
        return NULL;
    int64_t dims[4] = {w->dim[0], w->dim[1], w->dim[2], w->dim[3]};
    size_t rank = (size_t)w->rank;
    if (nas_graph_node(b->model->graph, node)->op == NAS_OP_DEPTHWISE &&
        rank == 3) { /* ONNX wants [C][1][KH][KW] */
        dims[1] = 1;
        dims[2] = w->dim[1];
        dims[3] = w->dim[2];
        rank = 4;
    }
    const char *name = nas_onnx_weight_name(b->arena, node, role);
    b->failed = b->failed || name == NULL;
    return nas_onnx_floats(b, name, dims, rank, b->model->weights + w->offset);
}

const char *nas_onnx_text(nas_onnx_builder *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, fmt, args);
    char *text = length < 0 ? NULL : take(b, (size_t)length + 1, 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)length + 1, fmt, again);
    va_end(again);
    va_end(args);
    b->failed = b->failed || text == NULL;
    return text == NULL ? "" : text;
}

const char *nas_onnx_image(nas_onnx_builder *b, int node)
{
    nas_onnx_value *value = &b->values[node];
    if (value->image != NULL)
        return value->image;
    const int64_t axes[2] = {2, 3};
    const char *names[2] = {value->flat, nas_onnx_text(b, "n%d.axes", node)};
    (void)nas_onnx_int64s(b, names[1], axes, 2);
    value->image = nas_onnx_text(b, "t%d.image", node);
    (void)nas_onnx_add(b, "Unsqueeze", value->image, names, 2, value->image);
    return value->image;
}

const char *nas_onnx_flat(nas_onnx_builder *b, int node)
{
    nas_onnx_value *value = &b->values[node];
    if (value->flat != NULL)
        return value->flat;
    value->flat = nas_onnx_text(b, "t%d.flat", node);
    Onnx__NodeProto *flatten =
        nas_onnx_add_unary(b, "Flatten", value->flat, value->image, value->flat);
    nas_onnx_int(b, flatten, "axis", 1);
    return value->flat;
}
