/* Which column of a table is what: labels, group, time, left out, input. */
#ifndef NASMITH_DATA_CSV_COLUMNS_H
#define NASMITH_DATA_CSV_COLUMNS_H

#include "data/csv_text.h"
#include "data/source.h"

typedef struct nas_csv_columns {
    char **names; /* [n] header */
    int64_t n;
    int64_t *label; /* [n_labels] */
    int64_t n_labels;
    int64_t group, time; /* -1 = none */
    bool *dropped;       /* [n] */
    int64_t *feature;    /* [n_features] */
    int64_t n_features;
} nas_csv_columns;

/* Read the header line: the file's first record.
 * @return NAS_E_DATA when it is absent, holds numbers or a name twice */
nas_status nas_csv_columns_read(nas_csv_columns *columns, nas_csv_file *file,
                                nas_arena *arena, nas_err *err);

/* Find the columns that options and schema name; all others are inputs. Where the schema
 * fixes the inputs (test data, data for a model), columns to drop may be absent.
 * @return NAS_E_USAGE naming an absent column, with the nearest one; NAS_E_DATA when an
 *         input of the schema is absent or none is left */
nas_status nas_csv_columns_choose(nas_csv_columns *columns, const nas_source *source,
                                  const nas_schema *schema, nas_err *err);

/* Columns named by one name or by several with commas between.
 * @param flag  the option's name, for messages
 * @param out   [columns->n + 1] room
 * @return NAS_E_USAGE naming an absent column, or one named twice */
nas_status nas_csv_columns_find(const nas_csv_columns *columns, const nas_source *source,
                                const char *flag, const char *list, int64_t *out,
                                int64_t *n, nas_err *err);

#endif
