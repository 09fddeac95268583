/* layer: evaluate. Any bytes as the stored weights of a supernet. */
#include "nasmith/supernet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_bank *bank = NULL;
    nas_text again = {0};
    nas_status status = nas_bank_load(data, size, &bank, &err);
    if ((status == NAS_OK) != (bank != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    if (bank != NULL && nas_bank_save(bank, false, &again, &err) != NAS_OK)
        abort();
    nas_text_free(&again);
    nas_bank_free(bank);
    return 0;
}
