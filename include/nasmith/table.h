/* Recorded trainings: a CSV with one network a row answers what a training would, so that
 * strategies and schedulers are compared in seconds (docs/tables.md).
 *
 * Test values are not here: evaluate/table_sealed.h has them, for the bench alone. */
#ifndef NASMITH_TABLE_H
#define NASMITH_TABLE_H

#include "nasmith/cost.h"
#include "nasmith/schedule.h"
#include "nasmith/space.h"

#include <stdbool.h>
#include <stdint.h>

/* Which columns mean what. NULL and 0: as the file's kind says. */
typedef struct nas_table_options {
    const char *metric;     /* one of several measured in a known table: "c10", ... */
    const char *space;      /* preset or YAML file; "rows": one decision, the row */
    const char *validation; /* columns of the rungs, from the bottom up, by commas */
    const char *epochs;     /* of those rungs, by commas */
    const char *test;       /* column */
    const char *seconds;    /* column: of one training of `seconds_epochs` epochs */
    double seconds_epochs;
    const char *params, *macs; /* columns */
    const char *objective;     /* column, minimised beside the metric */
    const char *side;          /* another file with the objective, by column `index` */
    const char *proxies;       /* columns known before training, larger is better, by
                                  commas; params and macs are those of the table */
    const char *proxies_file;  /* another file with them, by column `index` */
    bool curve;                /* the rungs are points of one training: continuing a
                                  network costs the difference */
    bool lower_is_better;
    nas_shape input; /* what the space is for; c = 0: 3x32x32 */
    int64_t n_outputs;
} nas_table_options;

typedef struct nas_table nas_table;

/* Read a table. Rows of equal key (nas_space_key) are one network; the one whose unused
 * decisions have their first value stands for all, the others fill in what it lacks.
 * @param path     CSV, gzipped or not
 * @param options  may be NULL
 * @param out      Ownership: caller, nas_table_free
 * @return NAS_E_DATA with file:line:column; NAS_E_USAGE for an option that names what
 *         the file lacks */
nas_status nas_table_load(const char *path, const nas_table_options *options,
                          nas_table **out, nas_err *err);
void nas_table_free(nas_table *table);

/* Names of what the known tables measure. @return NULL past the end */
const char *nas_table_metric_at(int index);

/* The options in force, columns filled in. */
const nas_table_options *nas_table_options_of(const nas_table *table);
const nas_space *nas_table_space(const nas_table *table);
const nas_ladder *nas_table_ladder(const nas_table *table);
int64_t nas_table_rows_read(const nas_table *table);
int64_t nas_table_networks(const nas_table *table);
uint64_t nas_table_hash(const nas_table *table); /* of the file's bytes and the options */

/* Index in [0, nas_table_networks) of a candidate's network, or -1. Cost O(1). */
int64_t nas_table_find(const nas_table *table, const nas_candidate *candidate);

/* A candidate of a network. Borrowed from the table. */
const nas_candidate *nas_table_candidate(const nas_table *table, int64_t network);

/* What a training would say: larger is better, percentages as fractions. */
double nas_table_score(const nas_table *table, int64_t network, int rung);
/* The same as it stands in the file. */
double nas_table_validation(const nas_table *table, int64_t network, int rung);
/* Seconds and epochs of the training for a rung when the network has finished the rung
 * `from` (-1: none); 0 seconds where the table has none. */
double nas_table_seconds(const nas_table *table, int64_t network, int from, int rung);
double nas_table_epochs(const nas_table *table, int from, int rung);
/* Costs known before training; latency_ms is the objective. What the table lacks is 1. */
nas_cost nas_table_cost(const nas_table *table, int64_t network);
double nas_table_objective(const nas_table *table, int64_t network); /* NaN: none */
/* Proxies of a network; NaN where it has none. */
int nas_table_proxy_count(const nas_table *table);
double nas_table_proxy(const nas_table *table, int64_t network, int proxy);

#endif
