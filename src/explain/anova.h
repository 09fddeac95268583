/* Parts of explaining which decisions mattered; nas_explain_mattered_of runs them. */
#ifndef NASMITH_EXPLAIN_ANOVA_H
#define NASMITH_EXPLAIN_ANOVA_H

#include "explain/forest.h"

/* One tree's function over the product of the columns' shares. */
typedef struct tree_anova {
    double mean, variance;
    double *main;   /* [columns] variance of the mean given one column */
    double **level; /* [columns][n_levels] that mean */
} tree_anova;

/* Exact for a tree: a leaf is a box of levels.
 * @param out  arrays are the caller's
 * Cost: O(leaves * depth * levels). */
void nas_tree_anova(const nas_explain_table *table, const nas_tree *tree,
                    tree_anova *out);

/* Mean of a tree given the levels of two columns. @param out  [levels a][levels b] */
void nas_tree_pair(const nas_explain_table *table, const nas_tree *tree, int a, int b,
                   double *out);

/* Fill share, deviation and the levels' effects of all decisions; pairs; predictions. */
nas_status nas_mattered_fanova(const nas_explain_table *table, nas_rng rng,
                               nas_arena *arena, nas_explain_mattered *out, nas_err *err);
/* Fill the top_ fields, and the levels' shares of all and of the best tenth. */
nas_status nas_mattered_top(const nas_explain_table *table, nas_rng rng, nas_arena *arena,
                            nas_explain_mattered *out, nas_err *err);
/* Fill the foresights. */
nas_status nas_mattered_foresight(const nas_explain_table *table, nas_rng rng,
                                  nas_arena *arena, nas_explain_mattered *out,
                                  nas_err *err);
/* Fill the rules. */
nas_status nas_mattered_rules(const nas_explain_table *table, nas_arena *arena,
                              nas_explain_mattered *out, nas_err *err);

#endif
