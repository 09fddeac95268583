/* Rows of delimited text as steps of a series: numbers in some of the columns. */
#ifndef NASMITH_DATA_TABLE_STEPS_H
#define NASMITH_DATA_TABLE_STEPS_H

#include "data/csv_text.h"
#include "data/source.h"

/* Which columns are channels. */
typedef struct nas_table_steps {
    int64_t n_columns;
    char **names;     /* [n_columns], or NULL without a header line */
    int64_t *channel; /* [n_channels] columns */
    int64_t n_channels;
} nas_table_steps;

/* Read the first record. A line of numbers is no header: it is the first step.
 * @param header  out, whether the record was names
 * @param more    out, false when the file is empty */
nas_status nas_table_steps_begin(nas_table_steps *table, nas_csv_file *file,
                                 nas_arena *arena, bool *header, nas_err *err);

/* @return column of this name, or -1; NULL is no column */
int64_t nas_table_steps_find(const nas_table_steps *table, const char *name);

/* The same for what a flag names. @return NAS_E_USAGE when no column has the name */
nas_status nas_table_steps_column(const nas_source *source, const nas_table_steps *table,
                                  const char *flag, const char *name, int64_t *out,
                                  nas_err *err);

/* All columns but these become channels. @param without  columns, -1 is none */
nas_status nas_table_steps_choose(nas_table_steps *table, const int64_t *without, int n,
                                  nas_arena *arena, nas_err *err);

/* The channels of the current record.
 * @param out  [n_channels]
 * @return NAS_E_DATA with file, line and column of the first cell that is no number */
nas_status nas_table_steps_read(const nas_table_steps *table, const nas_csv_file *file,
                                float *out, nas_err *err);

/* Is this a file of lines of text? */
bool nas_table_steps_probe(const char *path);

/* Does text begin like such a table: a line of numbers, perhaps after a line of names? */
bool nas_table_steps_is_text(const unsigned char *head, size_t n);

#endif
