/* layer: data. Any bytes as a list of images. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"1.pgm", "2.pgm", "3.pgm", "4.pgm"};
    static int ready;
    nas_data_options options = nas_data_options_default();
    if (!ready) {
        fuzz_folders(NULL, 0);
        for (int i = 0; i < 4; i++) {
            char image[] = "P2 2 1 9 0 5";
            image[11] = (char)('1' + i);
            fuzz_write(names[i], image, sizeof image - 1);
        }
    }
    ready = 1;
    fuzz_write("list.csv", data, size);
    fuzz_check_with("list.csv", &options);
    options.group = "g";
    options.label = "y";
    fuzz_check_with("list.csv", &options);
    return 0;
}
