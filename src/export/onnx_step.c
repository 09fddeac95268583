#include "export/onnx_step.h"

#include <string.h>

const Onnx__AttributeProto *nas_onnx_attribute(const run_step *step, const char *name)
{
    for (size_t i = 0; i < step->proto->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = step->proto->attribute[i];
        if (attribute->name != NULL && strcmp(attribute->name, name) == 0)
            return attribute;
    }
    return NULL;
}

int64_t nas_onnx_int_of(const run_step *step, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *attribute = nas_onnx_attribute(step, name);
    return attribute != NULL && attribute->has_i ? attribute->i : fallback;
}

nas_status nas_onnx_ints_of(const run_step *step, const char *name, int64_t low,
                            int64_t *out, size_t n, nas_err *err)
{
    const Onnx__AttributeProto *attribute = nas_onnx_attribute(step, name);
    if (attribute == NULL)
        return NAS_OK;
    if (attribute->n_ints != n)
        return nas_fail(err, NAS_E_CONFIG, "%s has %zu numbers, expected %zu", name,
                        attribute->n_ints, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = attribute->ints[i];
        if (out[i] < low || out[i] > 65536)
            return nas_fail(err, NAS_E_CONFIG, "%s is %lld, expected %lld to 65536", name,
                            (long long)out[i], (long long)low);
    }
    return NAS_OK;
}

double nas_onnx_float_of(const run_step *step, const char *name, double fallback)
{
    const Onnx__AttributeProto *attribute = nas_onnx_attribute(step, name);
    return attribute != NULL && attribute->has_f ? (double)attribute->f : fallback;
}

nas_status nas_onnx_need_constant(const run_step *step, size_t input, int64_t count,
                                  nas_err *err)
{
    const run_value *value = step->in[input];
    if (value->constant != NULL && value->n_constant == count)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "input %zu is no initialiser of %lld floats",
                    input, (long long)count);
}

nas_status nas_onnx_need_computed(const run_step *step, size_t input, nas_err *err)
{
    if (step->in[input]->data != NULL)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "input %zu is an initialiser", input);
}

void nas_onnx_run_copy(const run_step *step)
{
    memcpy(step->out->data, step->in[0]->data,
           (size_t)nas_shape_count(step->out->shape) * sizeof *step->out->data);
}
