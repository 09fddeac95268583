/* layer: data. Any bytes as a prepared file. The checksum is put right first, so that the
 * checks behind it are reached; what opens is then read as a user would. */
#include "data/prepared.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHECKSUM_FROM_END = 48 };

static void use(const nas_dataset *data)
{
    if (nas_shape_count(data->shape) > 1 << 16 || data->n_rows == 0)
        return;
    nas_err err = {0};
    nas_front front;
    nas_arena *arena = nas_arena_new();
    float *row = calloc((size_t)nas_shape_count(data->shape), sizeof *row);
    if (row == NULL || arena == NULL)
        abort();
    nas_dataset_row(data, data->n_rows - 1, row);
    if (data->n_train > 0 && nas_dataset_fit_front(data, data->train, data->n_train,
                                                   false, arena, &front, &err) != NAS_OK)
        abort();
    free(row);
    nas_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_dataset *dataset = NULL;
    uint8_t *copy = aligned_alloc(64, (size + 64) / 64 * 64);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    if (size >= CHECKSUM_FROM_END) {
        size_t covered = size - CHECKSUM_FROM_END;
        uint64_t checksum = nas_prepared_checksum(copy, covered);
        memcpy(copy + covered, &checksum, sizeof checksum);
    }
    nas_status status = nas_prepared_parse(copy, size, "input", &dataset, &err);
    if ((status == NAS_OK) != (dataset != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    if (status == NAS_OK)
        use(dataset);
    nas_dataset_close(dataset);
    free(copy);
    return 0;
}
