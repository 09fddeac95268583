/* layer: data. Any bytes as one image of a folder of images, scaled and as it is. */
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
    fuzz_write("set/a/1.png", data, size);
    fuzz_write("set/a/2.png", data, size);
    fuzz_write("set/b/1.png", data, size);
    fuzz_write("set/b/2.png", data, size);
    fuzz_check_with("set", &options);
    options.image_size = "5x3";
    fuzz_check_with("set", &options);
    return 0;
}
