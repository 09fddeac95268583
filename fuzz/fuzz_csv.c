/* layer: data. Any bytes as a table: a summary or one clear line. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    if (!ready)
        (void)atexit(fuzz_remove);
    ready = 1;
    fuzz_write("t.csv", data, size);
    fuzz_check("t.csv", NULL);
    fuzz_check("t.csv", "y");
    nas_data_options options = nas_data_options_default();
    options.label = "y,z";
    options.drop = "id";
    options.time = "day";
    options.decimal_comma = true;
    fuzz_check_with("t.csv", &options);
    options.label = "y";
    options.time = NULL;
    options.group = "who";
    fuzz_check_with("t.csv", &options);
    options.group = NULL;
    options.drop = NULL;
    options.missing = "-9,unknown";
    options.categories = "*";
    fuzz_check_with("t.csv", &options);
    return 0;
}
