/* Records of a delimited text file: commas, semicolons or tabs, double quotes, any line
 * ending, a byte-order mark; gzipped or not. */
#ifndef NASMITH_DATA_CSV_TEXT_H
#define NASMITH_DATA_CSV_TEXT_H

#include "data/stream.h"

#include "nasmith/text.h"

/* Where a field lies: in the record's text, and in the file (from 1). */
typedef struct nas_csv_field_place {
    size_t start;
    int64_t line, column;
} nas_csv_field_place;

/* Zero-initialise; close also after a failure. */
typedef struct nas_csv_file {
    nas_stream stream;
    char *buffer;
    size_t n, at;
    char delimiter;
    bool decimal_comma;   /* nas_csv_next turns 2,5 into 2.5; free to change between
                             records,   false after opening */
    int64_t line, column; /* of the next byte */
    nas_text record;      /* fields, each ended by NUL */
    nas_csv_field_place *fields;
    int64_t n_fields, fields_capacity;
} nas_csv_file;

/* Open and find the delimiter: the one most frequent in the first line. */
nas_status nas_csv_open(nas_csv_file *file, const char *path, nas_err *err);
void nas_csv_close(nas_csv_file *file);

/* Read the next record; lines with nothing but blanks are skipped.
 * @param more  out, false at the end of the file */
nas_status nas_csv_next(nas_csv_file *file, bool *more, nas_err *err);

/* @return field i of the current record, without surrounding blanks or quotes */
const char *nas_csv_field(const nas_csv_file *file, int64_t i);

/* Does text look like a calendar date: three numbers with two equal marks (-, / or .)
 * between, perhaps a time of day after it? */
bool nas_csv_is_date(const char *text);

/* Parse a moment to sort by: a number, or a date YYYY-MM-DD with or without a time
 * hh:mm[:ss[.fff]] after a blank or T, and with or without Z. Numbers and dates do not
 * mix in one column; a date gives seconds since 1970.
 * @return false when text is neither */
bool nas_csv_time(const char *text, double *out);

/* Parse a decimal number; no hexadecimal, no NaN, no infinity.
 * @return false when the whole text is not a number in the range of float */
bool nas_csv_number(const char *text, double *out);

#endif
