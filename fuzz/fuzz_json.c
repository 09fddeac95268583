/* layer: base
 * Any bytes through the JSON reader: a document or one clear line. */
#include "nasmith/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    json_t *document = NULL;
    nas_status status =
        nas_json_parse((const char *)data, size, "input", &document, &err);
    if ((status == NAS_OK) != (document != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    json_decref(document);
    return 0;
}
