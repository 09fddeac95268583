/* The test values of a table, for those who report. Strategies and schedulers stand in
 * earlier layers and cannot include this. */
#ifndef NASMITH_EVALUATE_TABLE_SEALED_H
#define NASMITH_EVALUATE_TABLE_SEALED_H

#include "nasmith/table.h"

/* Test value of a network as it stands in the file. */
double nas_table_test(const nas_table *table, int64_t network);

/* Deal the test values to other networks: nothing a strategy does may change. */
void nas_table_shuffle_test(nas_table *table, uint64_t seed);

#endif
