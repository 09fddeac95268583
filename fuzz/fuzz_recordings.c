/* layer: data. Any bytes as a table of steps: one long file cut into windows, and one of
 * several recordings in class folders. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {"set", "set/a", "set/b"};
    static int ready;
    nas_data_options options = nas_data_options_default();
    if (!ready)
        fuzz_folders(folders, 3);
    ready = 1;
    fuzz_write("set/a/1.csv", data, size);
    fuzz_write("set/a/2.csv", data, size);
    fuzz_write("set/b/1.csv", data, size);
    fuzz_write("set/b/2.csv", data, size);
    fuzz_check_with("set", &options);
    fuzz_write("long.csv", data, size);
    options.window = 2;
    options.step = 1;
    fuzz_check_with("long.csv", &options);
    options.group = "g";
    options.time = "t";
    options.label = "y";
    fuzz_check_with("long.csv", &options);
    return 0;
}
