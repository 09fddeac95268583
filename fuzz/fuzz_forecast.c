/* layer: data. Any bytes as a series to be continued: a summary or one clear line. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    if (!ready)
        (void)atexit(fuzz_remove);
    ready = 1;
    fuzz_write("s.csv", data, size);
    nas_data_options options = nas_data_options_default();
    options.horizon = 2;
    options.window = 3;
    options.label = "y";
    fuzz_check_with("s.csv", &options);
    options.label = NULL;
    options.group = "who";
    options.time = "t";
    options.drop = "z";
    options.step = 2;
    fuzz_check_with("s.csv", &options);
    return 0;
}
