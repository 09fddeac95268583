/* layer: data. Any bytes as one PNG image of a folder of images. */
#include "data_input.h"

#include <stdint.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void prepare_folders(void)
{
    char path[256];
    static const char *const names[] = {"set", "set/a", "set/b"};
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
        if (mkdir(path, 0700) != 0)
            abort();
    }
    (void)atexit(fuzz_remove);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    if (!ready)
        prepare_folders();
    ready = 1;
    fuzz_write("set/a/1.png", data, size);
    fuzz_write("set/a/2.png", data, size);
    fuzz_write("set/b/1.png", data, size);
    fuzz_write("set/b/2.png", data, size);
    fuzz_check("set", NULL);
    return 0;
}
