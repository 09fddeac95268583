/* layer: export */
#include "nasmith/export.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_model *model = NULL;
    nas_err err = {0};
    if (nas_onnx_parse(data, size, "fuzz.onnx", &model, &err) == NAS_OK)
        nas_model_free(model);
    return 0;
}
