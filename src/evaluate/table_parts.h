/* What the files of the table reader share. */
#ifndef NASMITH_EVALUATE_TABLE_PARTS_H
#define NASMITH_EVALUATE_TABLE_PARTS_H

#include "nasmith/table.h"

#include "data/csv_text.h"

enum { NAS_TABLE_MOST_PROXIES = 8 };

/* Places of the columns in a record; -1: absent. */
typedef struct table_columns {
    int64_t index, architecture;
    const int64_t *decision; /* [decisions], without an architecture column */
    int64_t validation[NAS_MAX_RUNGS];
    int64_t test, seconds, params, macs, objective;
    int64_t proxy[NAS_TABLE_MOST_PROXIES]; /* of the table itself */
} table_columns;

typedef struct table_row {
    const nas_candidate *candidate;
    uint64_t key;
    double validation[NAS_MAX_RUNGS]; /* NaN: empty */
    double test, seconds, params, macs, objective;
    double proxy[NAS_TABLE_MOST_PROXIES];
} table_row;

struct nas_table {
    nas_arena *arena;
    nas_space *space;
    nas_table_options options;
    nas_ladder ladder;
    double score_scale; /* file -> score */
    int n_proxies;
    table_row *rows; /* [n] one a network */
    int64_t n, capacity, n_read;
    int64_t *slots; /* [n_slots] index by key, linear probing, -1 = free */
    int64_t n_slots;
    uint64_t hash;
};

/* Fill in the options by the header in `file`: those given, then those of a known table,
 * then by the names of the columns. Sets the ladder. */
nas_status nas_table_settle(nas_table *table, const nas_csv_file *file, nas_err *err);

/* Find the columns of the options; the space is known by now. */
nas_status nas_table_place(const nas_table *table, const nas_csv_file *file,
                           table_columns *out, nas_err *err);

/* The next item of a list by commas. @return false at its end */
bool nas_table_next_item(const char **list, char *out, size_t size);

/* Whether a proxy is one of the table's sizes. */
bool nas_table_is_size(const char *proxy);

/* @return place of a column in the header, or -1 */
int64_t nas_table_column(const nas_csv_file *header, const char *name);

/* The candidate of the record in `file`. @param row  its number from 0 */
nas_status nas_table_architecture(const nas_table *table, const nas_csv_file *file,
                                  const table_columns *columns, int64_t row,
                                  nas_candidate **out, nas_err *err);

/* Fail at a field of the current record: path:line:column. */
nas_status nas_table_fail(const nas_csv_file *file, int64_t field, nas_err *err,
                          const char *fmt, ...) NAS_PRINTF(4, 5);

#endif
