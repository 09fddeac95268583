/* Random forests of regression trees over columns of levels. */
#ifndef NASMITH_EXPLAIN_FOREST_H
#define NASMITH_EXPLAIN_FOREST_H

#include "nasmith/explain.h"

/* A row goes to child[0] when its level's bit is set in `left`. */
typedef struct tree_node {
    int column; /* -1: a leaf */
    uint64_t left;
    int child[2];
    double value; /* mean score of the rows here */
} tree_node;

typedef struct nas_tree {
    tree_node *node; /* [n], the root first */
    int n;
} nas_tree;

typedef struct nas_forest {
    nas_tree *tree;
    int n;
    /* sums of predictions by trees that have not seen a row, and their number */
    double *unseen_sum; /* [table.n] */
    int *unseen;        /* [table.n] */
} nas_forest;

/* Grow trees on bootstraps of the rows; every split is the best of half of the columns.
 * Levels that are absent in a node go with its larger child.
 * @return NAS_E_NOMEM. Cost: O(trees * columns * n log n). */
nas_status nas_forest_grow(const nas_explain_table *table, int trees, nas_rng rng,
                           nas_arena *arena, nas_forest *out, nas_err *err);

/* Mean over trees for one row of levels, [columns]. */
double nas_forest_predict(const nas_forest *forest, const uint8_t *level);

#endif
