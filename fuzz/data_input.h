/* Shared by the fuzz targets of the data readers: bytes as a file in memory. */
#ifndef NASMITH_FUZZ_DATA_INPUT_H
#define NASMITH_FUZZ_DATA_INPUT_H

#include "nasmith/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder of this process, below /dev/shm where there is one. */
static const char *fuzz_folder(void)
{
    static char folder[64];
    if (folder[0] == '\0') {
        const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void)snprintf(folder, sizeof folder, "%s/nasmith-fuzz-XXXXXX", root);
        if (mkdtemp(folder) == NULL)
            abort();
    }
    return folder;
}

static void fuzz_remove(void)
{
    (void)nas_file_remove(fuzz_folder(), NULL);
}

static void fuzz_write(const char *name, const void *data, size_t size)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* Check the file or folder: a summary, or one clear line. */
static void fuzz_check(const char *name, const char *label)
{
    char path[256];
    nas_err err = {0};
    nas_text text = {0};
    nas_data_summary summary;
    nas_data_options options = nas_data_options_default();
    options.label = label;
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    nas_status status = nas_data_check(path, &options, &summary, &err);
    if (status == NAS_OK)
        nas_data_summary_text(&summary, &text);
    else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        abort();
    nas_text_free(&text);
    nas_data_summary_free(&summary);
}

#endif
