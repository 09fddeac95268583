/* Building an ONNX graph: names, nodes, attributes and initialisers in an arena. Failures
 * are sticky; the writer checks `failed` once at the end. */
#ifndef NASMITH_EXPORT_ONNX_BUILD_H
#define NASMITH_EXPORT_ONNX_BUILD_H

#include "nasmith/arena.h"
#include "nasmith/model.h"
#include "nasmith/quantise.h"

#include <onnx.pb-c.h>
#include <stdbool.h>

/* Names of a node's output. ONNX has no single shape for a vector: convolutions and pools
 * want [batch,C,1,1], Gemm gives [batch,C]. One form exists first, the other is made when
 * a consumer asks for it. */
typedef struct nas_onnx_value {
    const char *image; /* [batch,C,H,W], or NULL */
    const char *flat;  /* [batch,C], or NULL */
} nas_onnx_value;

typedef struct nas_onnx_builder {
    nas_arena *arena;
    const nas_model *model;
    const nas_quant *quant; /* NULL: floats */
    bool inner;             /* int8: every step's integers are wanted */
    int *step_of;           /* int8: [nodes] step of the program, or -1 */
    int *last_node;         /* int8: [steps] its last node in the graph */
    nas_onnx_value *values; /* [nodes of the graph] */
    Onnx__NodeProto **nodes;
    Onnx__TensorProto **tensors;
    size_t n_nodes, n_tensors, node_room, tensor_room;
    bool failed; /* memory is out */
} nas_onnx_builder;

/* Name of a weight's initialiser: "n3.kernel". @return NULL when memory is out */
const char *nas_onnx_weight_name(nas_arena *arena, int node, nas_weight_role role);

/* Append a node with one output.
 * @param inputs  n names, borrowed; @param output  borrowed
 * @return the node, never NULL (a scratch node after a failure) */
Onnx__NodeProto *nas_onnx_add(nas_onnx_builder *b, const char *op, const char *name,
                              const char *const *inputs, size_t n, const char *output);
/* The same with one input. */
Onnx__NodeProto *nas_onnx_add_unary(nas_onnx_builder *b, const char *op, const char *name,
                                    const char *input, const char *output);

void nas_onnx_int(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                  int64_t value);
void nas_onnx_ints(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                   const int64_t *values, size_t n);
void nas_onnx_float(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                    float value);

void nas_onnx_string(nas_onnx_builder *b, Onnx__NodeProto *node, const char *name,
                     const char *value);

/* Make a node's one output its second, and leave the first unnamed. */
void nas_onnx_second_output(nas_onnx_builder *b, Onnx__NodeProto *node);

/* Append initialisers; data is copied. @return `name` */
const char *nas_onnx_floats(nas_onnx_builder *b, const char *name, const int64_t *dims,
                            size_t rank, const float *data);
const char *nas_onnx_int64s(nas_onnx_builder *b, const char *name, const int64_t *data,
                            size_t n);
const char *nas_onnx_int8s(nas_onnx_builder *b, const char *name, const int64_t *dims,
                           size_t rank, const int8_t *data);
const char *nas_onnx_int32s(nas_onnx_builder *b, const char *name, const int64_t *dims,
                            size_t rank, const int32_t *data);
/* The initialiser of a weight of the graph, added; int8: of its step, dequantised.
 * @return its name, or NULL if the node has no such weight */
const char *nas_onnx_weight(nas_onnx_builder *b, int node, nas_weight_role role);

/* printf into the builder's arena; "" after a failure */
const char *nas_onnx_text(nas_onnx_builder *b, const char *fmt, ...) NAS_PRINTF(2, 3);

/* The output of graph node `node` as an image or as a vector (made on demand). */
const char *nas_onnx_image(nas_onnx_builder *b, int node);
const char *nas_onnx_flat(nas_onnx_builder *b, int node);

#endif
