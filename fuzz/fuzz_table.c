/* layer: evaluate. Any bytes as a table of trainings: a table or one clear line. */
#include "data_input.h"

#include "nasmith/table.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_table(const nas_table_options *options)
{
    char path[256];
    nas_err err = {0};
    nas_table *table = NULL;
    (void)snprintf(path, sizeof path, "%s/t.csv", fuzz_folder());
    nas_status status = nas_table_load(path, options, &table, &err);
    if (status != NAS_OK && (err.text[0] == '\0' || strchr(err.text, '\n') != NULL))
        abort();
    for (int64_t i = 0; table != NULL && i < nas_table_networks(table); i++)
        if (!(nas_table_seconds(table, i, -1, 0) >= 0) ||
            nas_table_cost(table, i).macs < 1)
            abort();
    nas_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    if (!ready)
        (void)atexit(fuzz_remove);
    ready = 1;
    fuzz_write("t.csv", data, size);
    check_table(NULL);
    check_table(&(nas_table_options){.space = "nasbench-macro"});
    return 0;
}
