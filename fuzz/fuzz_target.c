/* layer: cost
 * Any bytes as a target file: a device that gives a time, or one clear line. */
#include "nasmith/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_target target = {0};
    nas_status status =
        nas_target_parse((const char *)data, size, "input.yaml", &target, &err);
    if (status == NAS_OK) {
        char text[160];
        if (target.ram_bytes < 0 || !isfinite(target.device.clock_mhz))
            abort();
        nas_device_text(&target.device, 1.5, text, sizeof text);
        return 0;
    }
    if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        abort();
    return 0;
}
