/* One ONNX emitter per operator, in files by family. Each writes the nodes of one graph
 * node and sets b->values[index]. */
#ifndef NASMITH_EXPORT_ONNX_EMIT_H
#define NASMITH_EXPORT_ONNX_EMIT_H

#include "export/onnx_build.h"

typedef void (*nas_onnx_emitter)(nas_onnx_builder *b, int index);

#define NAS_ONNX_DECLARE(upper, lower)                                                   \
    void nas_onnx_emit_##lower(nas_onnx_builder *, int);
NAS_OP_LIST(NAS_ONNX_DECLARE)
#undef NAS_ONNX_DECLARE

/* The node's own name for people, unique: "stage1.conv (n3)". */
const char *nas_onnx_node_name(nas_onnx_builder *b, int index);
/* A fresh name of the node's output. */
const char *nas_onnx_output_name(nas_onnx_builder *b, int index);

#endif
