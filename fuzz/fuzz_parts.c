/* layer: data. Any bytes as the training part beside a sound test part, and the other way
 * round. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {"a", "b"};
    static const char sound[] = "@problemName x\n@data\n1,2:u\n3,4:v\n5,6:u\n7,8:v\n";
    static int ready;
    if (!ready)
        fuzz_folders(folders, 2);
    ready = 1;
    fuzz_write("a/x_TRAIN.ts", data, size);
    fuzz_write("a/x_TEST.ts", sound, sizeof sound - 1);
    fuzz_write("b/x_TRAIN.ts", sound, sizeof sound - 1);
    fuzz_write("b/x_TEST.ts", data, size);
    fuzz_check("a", NULL);
    fuzz_check("b", NULL);
    return 0;
}
