/* Replays a fuzz corpus without libFuzzer: every file of the directory, then a fixed
 * number of deterministic mutations of each (bit flips, truncations, repeats). */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTATIONS = 2000, LARGEST_FILE = 1 << 20 };

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The input gets a buffer of its exact size, so that a sanitizer sees any overread. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL)
        abort();
    if (size > 0)
        memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void mutate(const uint8_t *data, size_t size, uint64_t *state)
{
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    size_t length = size;
    uint64_t edits = 1 + next_random(state) % 4;
    for (uint64_t i = 0; i < edits && length > 0; i++) {
        uint64_t dice = next_random(state);
        size_t at = (size_t)((dice >> 8) % length);
        if (dice % 8 == 0)
            length = at;
        else if (dice % 8 == 1)
            copy[at] = copy[(size_t)(next_random(state) % length)];
        else if (dice % 8 == 2)
            copy[at] = (uint8_t)(dice >> 40);
        else
            copy[at] = (uint8_t)(copy[at] ^ (1u << ((dice >> 3) % 8)));
    }
    run(copy, length);
    free(copy);
}

static size_t read_file(const char *directory, const char *name, uint8_t *out)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size_t size = fread(out, 1, LARGEST_FILE, file);
    (void)fclose(file);
    return size;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int n = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    uint8_t *buffer = malloc(LARGEST_FILE);
    if (n <= 0 || buffer == NULL) {
        (void)fprintf(stderr, "usage: %s DIRECTORY (with at least one file)\n", argv[0]);
        return 2;
    }
    uint64_t state = 2385;
    for (int i = 0; i < n; i++) {
        size_t size = read_file(argv[1], entries[i]->d_name, buffer);
        run(buffer, size);
        for (int k = 0; k < MUTATIONS / n; k++)
            mutate(buffer, size, &state);
        free(entries[i]);
    }
    (void)printf("%d files, %d mutations\n", n, n * (MUTATIONS / n));
    free(entries);
    free(buffer);
    return 0;
}
