/* layer: data. Any bytes as recordings of a folder of sound, whole and as windows. */
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
    fuzz_write("set/a/1.wav", data, size);
    fuzz_write("set/a/2.wav", data, size);
    fuzz_write("set/b/1.wav", data, size);
    fuzz_write("set/b/2.wav", data, size);
    options.length = 1000;
    fuzz_check_with("set", &options);
    options.length = 0;
    options.window = 7;
    options.step = 5;
    options.sample_rate = 6000;
    fuzz_check_with("set", &options);
    return 0;
}
