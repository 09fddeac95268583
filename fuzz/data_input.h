/* Shared by the fuzz targets of the data readers: bytes as a file in memory. */
#ifndef NASMITH_FUZZ_DATA_INPUT_H
#define NASMITH_FUZZ_DATA_INPUT_H

#include "nasmith/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* Make folders below that of this process; they go when it ends. */
__attribute__((unused)) static void fuzz_folders(const char *const *names, int n)
{
    char path[256];
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
        if (mkdir(path, 0700) != 0)
            abort();
    }
    (void)atexit(fuzz_remove);
}

/* Check the file or folder: a summary, or one clear line. */
static void fuzz_check_with(const char *name, const nas_data_options *options)
{
    char path[256];
    nas_err err = {0};
    nas_text text = {0};
    nas_data_summary summary;
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    nas_status status = nas_data_check(path, options, &summary, &err);
    if (status == NAS_OK)
        nas_data_summary_text(&summary, &text);
    else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        abort();
    nas_text_free(&text);
    nas_data_summary_free(&summary);
}

__attribute__((unused)) static void fuzz_check(const char *name, const char *label)
{
    nas_data_options options = nas_data_options_default();
    options.label = label;
    fuzz_check_with(name, &options);
}

#endif
