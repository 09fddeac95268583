/* Text formats of one labelled series per line (.ts, .arff, .tsv): what they share. A
 * format parses one line; reading, checking, padding and labels are here. */
#ifndef NASMITH_DATA_SERIES_TEXT_H
#define NASMITH_DATA_SERIES_TEXT_H

#include "data/intern.h"
#include "data/source.h"
#include "data/stream.h"

#include "nasmith/text.h"

enum { NAS_SERIES_TEXT_MAX_CHANNELS = 4096 };

/* One line, and what was understood of it. */
typedef struct nas_series_line {
    const char *path; /* borrowed */
    char *text;       /* the line without its end; may be changed while it is parsed */
    int64_t line;     /* in the file, from 1 */
    float *values;    /* heap, all channels one after the other */
    int64_t n_values, capacity;
    int64_t ends[NAS_SERIES_TEXT_MAX_CHANNELS]; /* n_values after each channel */
    int64_t n_channels;
    const char *label; /* within text */
} nas_series_line;

typedef struct nas_series_text nas_series_text;

/* A format. */
typedef struct nas_series_format {
    const char *name; /* "UCR .ts" */
    /* A line before the data. @param data  out, true when data begin with the next line
     */
    nas_status (*header)(nas_series_text *text, nas_series_line *line, bool *data,
                         nas_err *err);
    /* A line of data: values, ends, n_channels and label. */
    nas_status (*row)(const nas_series_text *text, nas_series_line *line, nas_err *err);
    char comment; /* lines that begin with it are skipped */
} nas_series_format;

/* State of an open source. */
struct nas_series_text {
    const nas_series_format *format;
    nas_arena *arena;
    nas_intern classes; /* declared in the header, then those of rows */
    bool declared;      /* the header listed all classes */
    bool quantities;    /* labels are numbers to predict */
    bool table;         /* values of a row are columns, not steps */
    nas_intern columns; /* names, for tables */
    int64_t label_column;
    int64_t n_columns;  /* declared values of a line, label included; 0 = free */
    int64_t first_line; /* of the data */
};

nas_status nas_series_text_open(nas_source *source, const nas_series_format *format,
                                nas_err *err);
nas_status nas_series_text_describe(nas_source *source, const nas_schema *schema,
                                    nas_err *err);
nas_status nas_series_text_rows(nas_source *source, const nas_sink *sink, nas_err *err);

/* Parse numbers between `at` and `end` (exclusive), apart by `separators`, into one more
 * channel of the line.
 * @return NAS_E_DATA with line and column */
nas_status nas_series_line_numbers(nas_series_line *line, char *at, char *end,
                                   const char *separators, nas_err *err);

/* An error at a place of the line. @param at  within line->text */
nas_status nas_series_line_fail(const nas_series_line *line, const char *at,
                                const char *what, nas_err *err);

/* First line of a file that is neither blank nor begins with the comment.
 * @param out  at least `size` bytes, cut if need be
 * @return false when the file is no text or has no such line in its first 4 KiB */
bool nas_series_text_first_line(const char *path, char comment, char *out, size_t size);

#endif
