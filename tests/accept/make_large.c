/* Makes large data sets for large.sh: `make_large csv BYTES FILE` or
 * `make_large png IMAGES FOLDER`. Numbers are drawn, so that no two rows are alike; the
 * class follows from them. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { COLUMNS = 30, SIDE = 24, CLASSES = 4 };

static uint64_t drawn = 2385;

static uint32_t draw(void) /* Knuth's multiplicative congruential generator, upper half */
{
    drawn = drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(drawn >> 32);
}

/* -9.99999 to 9.99999. @return the end */
static char *put_number(char *at, int32_t value)
{
    char digits[6];
    if (value < 0) {
        *at++ = '-';
        value = -value;
    }
    for (int i = 5; i >= 0; i--, value /= 10)
        digits[i] = (char)('0' + value % 10);
    *at++ = digits[0];
    *at++ = '.';
    memcpy(at, digits + 1, 5);
    return at + 5;
}

static int make_csv(int64_t bytes, const char *path)
{
    char line[16 * COLUMNS];
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    int64_t written = 0;
    for (int k = 0; k < COLUMNS; k++)
        written += fprintf(file, "x%d,", k);
    written += fprintf(file, "class\n");
    while (written < bytes) {
        char *at = line;
        int32_t value[COLUMNS];
        for (int k = 0; k < COLUMNS; k++) {
            value[k] = (int32_t)(draw() % 2000000) - 1000000 + (k % 2 == 0);
            value[k] = value[k] > 999999    ? 999999
                       : value[k] < -999999 ? -999999
                                            : value[k];
            at = put_number(at, value[k]);
            *at++ = ',';
        }
        *at++ = (char)('a' + (value[0] > 0) + 2 * (value[1] + value[2] > 0));
        *at++ = '\n';
        written += (int64_t)fwrite(line, 1, (size_t)(at - line), file);
        if (ferror(file))
            break;
    }
    return ferror(file) | (fclose(file) != 0);
}

static void put_chunk(FILE *file, const char *name, const void *data, uint32_t n)
{
    unsigned char word[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                             (unsigned char)(n >> 8), (unsigned char)n};
    uLong crc = crc32(crc32(0, (const Bytef *)name, 4), data, n);
    fwrite(word, 1, 4, file);
    fwrite(name, 1, 4, file);
    fwrite(data, 1, n, file);
    for (int i = 0; i < 4; i++)
        word[i] = (unsigned char)(crc >> (24 - 8 * i));
    fwrite(word, 1, 4, file);
}

/* A bright square in one of four corners, on noise. */
static int make_png(const char *path, int corner)
{
    static const unsigned char magic[8] = {137, 'P', 'N', 'G', 13, 10, 26, 10};
    unsigned char head[13] = {0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 0, 0, 0, 0};
    unsigned char lines[SIDE][1 + SIDE] = {{0}};
    unsigned char packed[2 * sizeof lines];
    uLongf n = sizeof packed;
    for (int h = 0; h < SIDE; h++)
        for (int w = 0; w < SIDE; w++) {
            int inside = (h < SIDE / 2) == (corner / 2) && (w < SIDE / 2) == corner % 2;
            lines[h][1 + w] = (unsigned char)(draw() % 128 + (inside ? 90 : 0));
        }
    FILE *file = fopen(path, "wb");
    if (file == NULL || compress2(packed, &n, &lines[0][0], sizeof lines, 1) != Z_OK)
        return 1;
    fwrite(magic, 1, sizeof magic, file);
    put_chunk(file, "IHDR", head, sizeof head);
    put_chunk(file, "IDAT", packed, (uint32_t)n);
    put_chunk(file, "IEND", "", 0);
    return ferror(file) | (fclose(file) != 0);
}

static int make_images(int64_t n, const char *folder)
{
    char path[4096];
    if (mkdir(folder, 0777) != 0)
        return 1;
    for (int i = 0; i < CLASSES; i++) {
        (void)snprintf(path, sizeof path, "%s/corner%d", folder, i);
        if (mkdir(path, 0777) != 0)
            return 1;
    }
    for (int64_t i = 0; i < n; i++) {
        int corner = (int)(i % CLASSES);
        (void)snprintf(path, sizeof path, "%s/corner%d/%07lld.png", folder, corner,
                       (long long)i);
        if (make_png(path, corner) != 0)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int64_t n = (int64_t)strtod(argv[2], NULL);
    int failed =
        strcmp(argv[1], "csv") == 0 ? make_csv(n, argv[3]) : make_images(n, argv[3]);
    if (failed)
        fprintf(stderr, "cannot make %s: %s\n", argv[3], strerror(errno));
    return failed;
}
