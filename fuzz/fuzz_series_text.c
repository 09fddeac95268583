/* layer: data. Any bytes as series of the UCR archive: .ts, .arff or text. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    nas_data_options options = nas_data_options_default();
    if (!ready)
        fuzz_folders(NULL, 0);
    ready = 1;
    fuzz_write("x_TRAIN", data, size);
    fuzz_check_with("x_TRAIN", &options);
    options.length = 3;
    options.task = "regression";
    fuzz_check_with("x_TRAIN", &options);
    return 0;
}
