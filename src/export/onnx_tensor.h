/* Reading metadata and initialisers of an unpacked ONNX model. */
#ifndef NASMITH_EXPORT_ONNX_TENSOR_H
#define NASMITH_EXPORT_ONNX_TENSOR_H

#include "nasmith/arena.h"
#include "nasmith/err.h"

#include <onnx.pb-c.h>
#include <stdint.h>

/* Unpack a file's bytes. @param name  of the file, for messages
 * @param out  release with onnx__model_proto__free_unpacked(*out, NULL)
 * @return NAS_E_CONFIG unless it is an ONNX model with a graph */
nas_status nas_onnx_unpack(const void *data, size_t bytes, const char *name,
                           Onnx__ModelProto **out, nas_err *err);

/* @return the value of a metadata key, or NULL */
const char *nas_onnx_property(const Onnx__ModelProto *model, const char *key);

/* @return the initialiser with this name, or NULL */
const Onnx__TensorProto *nas_onnx_find(const Onnx__GraphProto *graph, const char *name);

/* @return elements of a tensor, or -1 when dimensions are negative or overflow */
int64_t nas_onnx_count(const Onnx__TensorProto *tensor);

/* Copy the values of a float tensor, packed either way.
 * @param out  room for `count`
 * @return NAS_E_CONFIG unless the tensor has exactly `count` floats */
nas_status nas_onnx_copy_floats(const Onnx__TensorProto *tensor, int64_t count,
                                float *out, nas_err *err);

#endif
