#include "export/onnx_tensor.h"

#include <string.h>

nas_status nas_onnx_unpack(const void *data, size_t bytes, const char *name,
                           Onnx__ModelProto **out, nas_err *err)
{
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, bytes, data);
    if (model != NULL && model->graph != NULL) {
        *out = model;
        return NAS_OK;
    }
    if (model != NULL)
        onnx__model_proto__free_unpacked(model, NULL);
    return nas_fail(err, NAS_E_CONFIG, "%s: not an ONNX file, or damaged", name);
}

const char *nas_onnx_property(const Onnx__ModelProto *model, const char *key)
{
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *entry = model->metadata_props[i];
        if (entry->key != NULL && strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

const Onnx__TensorProto *nas_onnx_find(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++) {
        const Onnx__TensorProto *tensor = graph->initializer[i];
        if (tensor->name != NULL && strcmp(tensor->name, name) == 0)
            return tensor;
    }
    return NULL;
}

int64_t nas_onnx_count(const Onnx__TensorProto *tensor)
{
    int64_t count = 1;
    for (size_t i = 0; i < tensor->n_dims; i++)
        if (tensor->dims[i] < 0 || __builtin_mul_overflow(count, tensor->dims[i], &count))
            return -1;
    return count;
}

/* Raw data is little-endian whatever the machine. */
static float little_endian(const uint8_t *bytes)
{
    const uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
                          (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

nas_status nas_onnx_copy_floats(const Onnx__TensorProto *tensor, int64_t count,
                                float *out, nas_err *err)
{
    const bool raw = tensor->has_raw_data != 0;
    const size_t found =
        raw ? tensor->raw_data.len / sizeof(float) : tensor->n_float_data;
    if (tensor->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
        nas_onnx_count(tensor) != count || found != (size_t)count)
        return nas_fail(err, NAS_E_CONFIG,
                        "tensor \"%s\" has %lld values of type %d, expected %lld floats",
                        tensor->name, (long long)found, (int)tensor->data_type,
                        (long long)count);
    for (int64_t i = 0; i < count && raw; i++)
        out[i] = little_endian(tensor->raw_data.data + 4 * i);
    if (!raw && count > 0)
        memcpy(out, tensor->float_data, (size_t)count * sizeof *out);
    return NAS_OK;
}
