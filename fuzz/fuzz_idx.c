/* layer: data. Any bytes as an IDX file of images, and as its labels. */
#include "data_input.h"

#include <stdint.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Six labels for six items, so that well-formed images are read to the end. */
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 0, 1, 0, 1};
static const uint8_t images[] = {0, 0, 8, 2, 0, 0, 0, 6, 0, 0, 0, 1, 9, 8, 7, 6, 5, 4};

static void prepare_folders(void)
{
    char path[256];
    static const char *const names[] = {"images", "labels"};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
        if (mkdir(path, 0700) != 0)
            abort();
    }
    fuzz_write("images/labels-idx1-ubyte", labels, sizeof labels);
    fuzz_write("labels/images-idx2-ubyte", images, sizeof images);
    (void)atexit(fuzz_remove);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    if (!ready)
        prepare_folders();
    ready = 1;
    fuzz_write("images/images-idx3-ubyte", data, size);
    fuzz_write("labels/labels-idx1-ubyte", data, size);
    fuzz_check("images", NULL);
    fuzz_check("labels", NULL);
    return 0;
}
