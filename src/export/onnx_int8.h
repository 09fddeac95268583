/* The int8 form of an ONNX file: QuantizeLinear and DequantizeLinear around the same
 * operators ("QDQ"), weights as int8 per output channel, biases as int32. */
#ifndef NASMITH_EXPORT_ONNX_INT8_H
#define NASMITH_EXPORT_ONNX_INT8_H

#include "export/onnx_build.h"

/* Steps of the quantised program by graph node; b->quant is set.
 * @return whether memory sufficed */
bool nas_onnx_int8_begin(nas_onnx_builder *b);

/* What replaces the emitter of a node: a norm that is folded, or one that became a
 * convolution. @return whether it did */
bool nas_onnx_int8_replaces(nas_onnx_builder *b, int index);

/* Quantise and dequantise the node's value if a step ends with it. */
void nas_onnx_int8_end_node(nas_onnx_builder *b, int index);

/* Quantise and dequantise any value.
 * @param whole  name of the int8 tensor
 * @return the name of the dequantised value */
const char *nas_onnx_int8_round(nas_onnx_builder *b, const char *name, const char *whole,
                                double scale, int32_t zero);

/* Name of the int8 tensor that holds a step's result; NAS_QUANT_SAMPLE: the sample. */
const char *nas_onnx_int8_name(nas_onnx_builder *b, int step);

/* The dequantised kernel or bias of a node's step, as nas_onnx_weight. */
const char *nas_onnx_int8_weight(nas_onnx_builder *b, int node, nas_weight_role role);

#endif
