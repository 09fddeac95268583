/* layer: data. Any bytes at the head of records of CIFAR-10 and CIFAR-100, and any bytes
 * as the names of their classes. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {"ten", "hundred"};
    static uint8_t bytes[21 * 3074];
    static int ready;
    if (!ready)
        fuzz_folders(folders, 2);
    ready = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 3073 % 2 == 0 ? 0 : i % 97);
    for (size_t i = 0; i < size && i < 21; i++) /* the labels */
        bytes[i * 3073] = data[i];
    fuzz_write("ten/data_batch_1.bin", bytes, (size_t)20 * 3073);
    fuzz_write("ten/batches.meta.txt", data, size);
    fuzz_check("ten", NULL);
    for (size_t i = 0; i < size && i < 42; i++)
        bytes[i / 2 * 3074 + i % 2] = data[i];
    fuzz_write("hundred/train.bin", bytes, sizeof bytes);
    fuzz_write("hundred/fine_label_names.txt", data, size);
    fuzz_check("hundred", NULL);
    return 0;
}
