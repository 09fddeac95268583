/* ONNX inside the layer: bytes, metadata keys. */
#ifndef NASMITH_EXPORT_ONNX_H
#define NASMITH_EXPORT_ONNX_H

#include "nasmith/arena.h"
#include "nasmith/model.h"
#include "nasmith/quantise.h"

#include <stdbool.h>
#include <stddef.h>

/* The bytes nas_onnx_write writes. @param out  in the arena */
nas_status nas_onnx_serialise(const nas_model *model, nas_arena *arena, void **out,
                              size_t *bytes, nas_err *err);

/* The bytes nas_onnx_write_int8 writes.
 * @param inner  also give every quantised tensor as an int8 output, in the order of
 *               nas_quant_step (the sample first): to check layer by layer */
nas_status nas_onnx_serialise_int8(const nas_quant *quant, bool inner, nas_arena *arena,
                                   void **out, size_t *bytes, nas_err *err);

/* Keys of the metadata properties. */
#define NAS_ONNX_KEY_GRAPH "nasmith.graph" /* the graph's JSON form */
#define NAS_ONNX_KEY_TASK "nasmith.task"
#define NAS_ONNX_KEY_LABELS "nasmith.labels"     /* JSON array of strings */
#define NAS_ONNX_KEY_COLUMNS "nasmith.columns"   /* JSON, see nas_columns_write_json */
#define NAS_ONNX_KEY_FEATURES "nasmith.features" /* JSON array of strings */
#define NAS_ONNX_KEY_METRIC "nasmith.metric"
#define NAS_ONNX_KEY_SCORE "nasmith.score"
#define NAS_ONNX_KEY_SCORE_ON "nasmith.score_on"
#define NAS_ONNX_KEY_DATA "nasmith.data_fingerprint" /* 16 hex digits */
#define NAS_ONNX_KEY_HASH "nasmith.graph_hash"       /* 16 hex digits */
#define NAS_ONNX_KEY_PARAMS "nasmith.params"
#define NAS_ONNX_KEY_MACS "nasmith.macs"
#define NAS_ONNX_KEY_DTYPE "nasmith.dtype" /* "float" or "int8" */

/* Names of the regression head's initialisers. */
#define NAS_ONNX_TARGET_MEAN "target_mean"
#define NAS_ONNX_TARGET_DEVIATION "target_deviation"

enum { NAS_ONNX_OPSET = 17, NAS_ONNX_IR = 8 };

#endif
