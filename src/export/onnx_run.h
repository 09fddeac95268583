/* An interpreter of the ONNX operators that the writer emits. It knows nothing of the
 * graph the file came from: attributes, order and values are read from the ONNX nodes. */
#ifndef NASMITH_EXPORT_ONNX_RUN_H
#define NASMITH_EXPORT_ONNX_RUN_H

#include "nasmith/arena.h"
#include "nasmith/graph.h"

#include <onnx.pb-c.h>

typedef struct nas_onnx_program nas_onnx_program;

/* Resolve names and shapes.
 * @param proto  must outlive the program; @param arena  owns the program
 * @return NAS_E_CONFIG for an operator, attribute or shape outside the subset */
nas_status nas_onnx_prepare(const Onnx__ModelProto *proto, nas_arena *arena,
                            nas_onnx_program **out, nas_err *err);

/* Elements of the one input and the one output, per sample. */
int64_t nas_onnx_inputs(const nas_onnx_program *program);
int64_t nas_onnx_outputs(const nas_onnx_program *program);

/* Run one sample. */
void nas_onnx_run(const nas_onnx_program *program, const float *in, float *out);

#endif
