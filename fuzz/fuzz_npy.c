/* layer: data. Any bytes as a NumPy archive, as an array of inputs and as its labels. */
#include "data_input.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Six bytes: labels for well-formed inputs, and inputs for well-formed labels. */
static void write_six(const char *name)
{
    static const char header[] =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }        \n";
    uint8_t bytes[128] = "\223NUMPY\1\0";
    size_t n = sizeof header - 1;
    bytes[8] = (uint8_t)n;
    memcpy(bytes + 10, header, n);
    memcpy(bytes + 10 + n, "\0\1\0\1\0\1", 6);
    fuzz_write(name, bytes, 10 + n + 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {"x", "y"};
    static int ready;
    if (!ready) {
        fuzz_folders(folders, 2);
        write_six("x/y.npy");
        write_six("y/x.npy");
    }
    ready = 1;
    fuzz_write("a.npz", data, size);
    fuzz_write("x/x.npy", data, size);
    fuzz_write("y/y.npy", data, size);
    fuzz_check("a.npz", NULL);
    fuzz_check("x", NULL);
    fuzz_check("y", NULL);
    return 0;
}
