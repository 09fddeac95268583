/* Reader of the UCR archive's text files (2015: commas or blanks, 2018: tabs): no header,
 * one series per line, its class number first; NaN at the end pads shorter ones. */
#include "data/part_words.h"
#include "data/series_text.h"

#include "data/csv_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MIN_FIELDS = 4 };

static const char blanks[] = " \t";
static const char any[] = " \t,";

/* Is a word of the file name TRAIN or TEST, as the archive's are? */
static bool name_has_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *at = slash != NULL ? slash + 1 : path;
    while (*at != '\0') {
        size_t n = strcspn(at, "_-.");
        if (nas_part_of_word(at, n) != NAS_PART_ANY)
            return true;
        at += n + (at[n] != '\0');
    }
    return false;
}

/* Commas are the archive's only where the name says so: other tables have them too. The
 * line may be cut at its end, so its last field is not looked at. */
static bool probe(const char *path, const nas_data_options *options)
{
    char line[2048];
    double value;
    int fields = 0;
    (void)options;
    if (!nas_series_text_first_line(path, '#', line, sizeof line))
        return false;
    const char *separators = name_has_part(path) ? any : blanks;
    for (char *at = line; *at != '\0'; fields++) {
        size_t n = strcspn(at, separators);
        bool last = at[n] == '\0';
        if (last && fields > 0)
            return fields + 1 >= MIN_FIELDS;
        at[n] = '\0';
        if (!nas_csv_number(at, &value) && strcasecmp(at, "nan") != 0)
            return false;
        if (fields == 0 && value != floor(value))
            return false;
        if (last)
            return false;
        at += n + 1 + strspn(at + n + 1, separators);
    }
    return fields >= MIN_FIELDS;
}

/* The class number, "1" also where the file says "1.0000000e+00". */
static nas_status read_label(nas_series_line *line, char *end, nas_err *err)
{
    double value;
    *end = '\0';
    if (!nas_csv_number(line->text, &value) || value != floor(value) ||
        fabs(value) > INT32_MAX)
        return nas_series_line_fail(line, line->text, "expected a class number", err);
    line->label = line->text;
    if (strpbrk(line->text, ".eE") != NULL) {
        char *at = line->text;
        unsigned number = (unsigned)fabs(value);
        unsigned divisor = 1;
        while (number / divisor >= 10)
            divisor *= 10;
        if (value < 0.0)
            *at++ = '-';
        size_t room = (size_t)(end - at);
        for (; divisor > 0 && room > 0; divisor /= 10, room--)
            *at++ = (char)('0' + number / divisor % 10);
        *at = '\0';
    }
    return NAS_OK;
}

static nas_status read_row(const nas_series_text *text, nas_series_line *line,
                           nas_err *err)
{
    (void)text;
    char *first = line->text + strcspn(line->text, any);
    char *end = first + strlen(first);
    if (*first == '\0')
        return nas_series_line_fail(line, line->text, "a label without series", err);
    char *values = first + 1 + strspn(first + 1, any);
    NAS_TRY(read_label(line, first, err));
    for (;;) { /* padding */
        while (end > values && strchr(any, end[-1]) != NULL)
            end--;
        if (end - values < 3 || strncasecmp(end - 3, "nan", 3) != 0)
            break;
        end -= 3;
    }
    *end = '\0';
    for (char *at = values; at < end; at++) /* runs of blanks are one separator */
        if (strchr(blanks, *at) != NULL && at[-1] != ',' && at[1] != '\0' &&
            strchr(any, at[1]) == NULL)
            *at = ',';
    return nas_series_line_numbers(line, values, end, ",", err);
}

static const nas_series_format format = {
    .name = "UCR text", .header = NULL, .row = read_row, .comment = '#'};

static nas_status tsv_open(nas_source *source, nas_err *err)
{
    return nas_series_text_open(source, &format, err);
}

const nas_reader nas_reader_tsv = {
    .name = "tsv",
    .summary = "series of the UCR archive as text without a header, class number first",
    .probe = probe,
    .open = tsv_open,
    .describe = nas_series_text_describe,
    .rows = nas_series_text_rows,
};
