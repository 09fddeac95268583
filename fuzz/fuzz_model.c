/* layer: graph. Any bytes as a model file, as they are and with a right checksum. */
#include "nasmith/model.h"
#include "nasmith/rng.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const void *data, size_t size)
{
    nas_err err = {0};
    nas_model *model = NULL;
    nas_status status = nas_model_parse(data, size, "input", &model, &err);
    if ((status == NAS_OK) != (model != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    nas_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(data, size);
    if (size < sizeof(uint64_t))
        return 0;
    uint8_t *copy = malloc(size);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    uint64_t sum = nas_hash64(copy, size - sizeof sum, 0);
    memcpy(copy + size - sizeof sum, &sum, sizeof sum);
    parse(copy, size);
    free(copy);
    return 0;
}
