/* Cells of a table's inputs: numbers, levels of categories, missing values. The first
 * pass over the records decides what each column is, the second gives values. */
#ifndef NASMITH_DATA_CSV_CELLS_H
#define NASMITH_DATA_CSV_CELLS_H

#include "data/csv_columns.h"

typedef struct nas_csv_tally nas_csv_tally;

/* Zero-initialise; memory is the source's. */
typedef struct nas_csv_cells {
    nas_source *source;
    nas_csv_columns *columns;
    nas_source_column *inputs; /* [n_features]; NULL: plain numbers */
    nas_csv_tally *tallies;    /* [n_features] of the first pass; NULL: kinds are fixed */
} nas_csv_cells;

/* @return NAS_E_USAGE when --categories names a column that is no input */
nas_status nas_csv_cells_init(nas_csv_cells *cells, nas_source *source,
                              nas_csv_columns *columns, const nas_schema *schema,
                              nas_err *err);

/* Say now and then how far the first pass over a file is.
 * @param row  being read
 * @return NAS_E_INTERRUPTED */
nas_status nas_csv_tell(const nas_data_options *options, const nas_csv_file *file,
                        int64_t row, nas_err *err);

/* Look at a record. @param row  from 0, for messages
 * @return NAS_E_DATA naming a cell that cannot be what its column is */
nas_status nas_csv_cells_scan(nas_csv_cells *cells, const nas_csv_file *file, int64_t row,
                              nas_err *err);

/* After the last record: decide, leave out columns without use (with a warning) and fill
 * source->columns.
 * @return NAS_E_DATA for a date, a text among numbers, or when no input is left */
nas_status nas_csv_cells_settle(nas_csv_cells *cells, nas_err *err);

/* The inputs of a record. @param out  [n_features] */
nas_status nas_csv_cells_read(const nas_csv_cells *cells, const nas_csv_file *file,
                              int64_t row, float *out, nas_err *err);

/* Does text stand for a missing value? */
typedef enum nas_csv_cell_use {
    NAS_CSV_LABEL,    /* "null", "none" and "-" may be names of classes */
    NAS_CSV_CATEGORY, /* "none" and "-" may be names of levels */
    NAS_CSV_NUMBER,
} nas_csv_cell_use;
bool nas_csv_is_missing(const nas_data_options *options, const char *text,
                        nas_csv_cell_use use);

/* Say why a cell of the current record cannot be used, and what to do.
 * @return NAS_E_DATA */
nas_status nas_csv_fail_cell(const nas_csv_cells *cells, const nas_csv_file *file,
                             int64_t row, int64_t column, nas_err *err);

#endif
