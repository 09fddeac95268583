/* L. Breiman, "Random Forests", Machine Learning 45, 2001, doi:10.1023/A:1010933404324.
 *
 * Deviations: columns are short lists of levels, so a split is a set of levels: a
 * threshold for ordered ones, and for the others a cut through the levels sorted by their
 * mean, which is optimal for squared error (Fisher, "On grouping for maximum
 * homogeneity", 1958). Half of the columns are tried at a split, not a third: spaces have
 * few of them. */
#include "explain/forest.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_ROWS = 2 }; /* of a leaf */

typedef struct grower {
    const nas_explain_table *table;
    nas_rng rng;
    int64_t *rows; /* of the bootstrap, reordered so that a node is a range of it */
    int *order;    /* columns, shuffled */
    nas_tree *tree;
} grower;

typedef struct split {
    int column;
    uint64_t left;
    double gain;
} split;

/* Rows and sums by level, and levels in the order in which they are cut. */
typedef struct tally {
    int64_t count[NAS_EXPLAIN_LEVELS];
    double sum[NAS_EXPLAIN_LEVELS];
    int order[NAS_EXPLAIN_LEVELS];
    int n; /* levels with rows */
} tally;

static void sort_by_mean(tally *t)
{
    for (int i = 1; i < t->n; i++) {
        int level = t->order[i];
        double mean = t->sum[level] / (double)t->count[level];
        int at = i;
        for (; at > 0; at--) {
            int before = t->order[at - 1];
            if (t->sum[before] / (double)t->count[before] <= mean)
                break;
            t->order[at] = before;
        }
        t->order[at] = level;
    }
}

static void take_tally(const grower *g, int column, int64_t first, int64_t last,
                       tally *out)
{
    const nas_explain_table *t = g->table;
    memset(out, 0, sizeof *out);
    for (int64_t i = first; i < last; i++) {
        int level = t->level[g->rows[i] * t->columns + column];
        out->count[level]++;
        out->sum[level] += t->score[g->rows[i]];
    }
    for (int k = 0; k < t->column[column].n_levels; k++)
        if (out->count[k] > 0)
            out->order[out->n++] = k;
    if (!t->column[column].ordered)
        sort_by_mean(out);
}

/* Levels without rows: an ordered one goes with its neighbours below, the others with the
 * larger side. */
static uint64_t place_absent(const nas_explain_column *column, const tally *t, int cut,
                             bool left_larger)
{
    uint64_t out = 0;
    int highest = t->order[cut];
    for (int k = 0; k < column->n_levels; k++) {
        bool left = column->ordered ? k <= highest : left_larger;
        if (t->count[k] == 0 && left)
            out |= UINT64_C(1) << k;
    }
    return out;
}

/* Best cut of one column, if it is better than *best. */
static void try_column(const grower *g, int column, int64_t first, int64_t last,
                       split *best)
{
    tally t;
    take_tally(g, column, first, last, &t);
    double all = 0;
    for (int k = 0; k < t.n; k++)
        all += t.sum[t.order[k]];
    int64_t n = last - first;
    int64_t count = 0;
    double sum = 0;
    uint64_t mask = 0;
    for (int k = 0; k + 1 < t.n; k++) {
        mask |= UINT64_C(1) << t.order[k];
        count += t.count[t.order[k]];
        sum += t.sum[t.order[k]];
        if (count < LEAST_ROWS || n - count < LEAST_ROWS)
            continue;
        double rest = all - sum;
        double gain = sum * sum / (double)count + rest * rest / (double)(n - count) -
                      all * all / (double)n;
        if (gain > best->gain)
            *best = (split){
                column,
                mask | place_absent(&g->table->column[column], &t, k, 2 * count > n),
                gain};
    }
}

static split best_split(grower *g, int64_t first, int64_t last)
{
    const int columns = g->table->columns;
    const int tried = (columns + 1) / 2;
    split best = {.column = -1, .gain = 1e-12};
    for (int i = 0; i < columns; i++) {
        int other = i + (int)nas_rng_below(&g->rng, (uint64_t)(columns - i));
        int column = g->order[other];
        g->order[other] = g->order[i];
        g->order[i] = column;
        /* More are tried only while none of the first ones can be split. */
        if (i >= tried && best.column >= 0)
            break;
        try_column(g, column, first, last, &best);
    }
    return best;
}

/* Rows that go left come first. @return where the others begin */
static int64_t partition(const grower *g, const split *s, int64_t first, int64_t last)
{
    const nas_explain_table *t = g->table;
    int64_t at = first;
    for (int64_t i = first; i < last; i++) {
        int64_t row = g->rows[i];
        if ((s->left >> t->level[row * t->columns + s->column] & 1) == 0)
            continue;
        g->rows[i] = g->rows[at];
        g->rows[at++] = row;
    }
    return at;
}

static double mean_of(const grower *g, int64_t first, int64_t last)
{
    double sum = 0;
    for (int64_t i = first; i < last; i++)
        sum += g->table->score[g->rows[i]];
    return sum / (double)(last - first);
}

/* Depth is bounded by the number of rows over LEAST_ROWS and, since every split parts
 * levels, by the sum of all columns' levels. @return index of the new node */
static int grow_node(grower *g, int64_t first, int64_t last)
{
    int index = g->tree->n++;
    tree_node *node = &g->tree->node[index];
    *node = (tree_node){.column = -1, .value = mean_of(g, first, last)};
    if (last - first < 2 * LEAST_ROWS)
        return index;
    split best = best_split(g, first, last);
    if (best.column < 0)
        return index;
    int64_t middle = partition(g, &best, first, last);
    node->column = best.column;
    node->left = best.left;
    node->child[0] = grow_node(g, first, middle);
    node->child[1] = grow_node(g, middle, last);
    return index;
}

static double predict(const nas_tree *tree, const uint8_t *level)
{
    const tree_node *node = tree->node;
    while (node->column >= 0) {
        bool left = (node->left >> level[node->column] & 1) != 0;
        node = &tree->node[node->child[left ? 0 : 1]];
    }
    return node->value;
}

/* Rows that the bootstrap left out judge the tree. */
static void judge(const grower *g, bool *seen, nas_forest *out)
{
    const nas_explain_table *t = g->table;
    for (int64_t i = 0; i < t->n; i++) {
        if (!seen[i]) {
            out->unseen_sum[i] += predict(g->tree, t->level + i * t->columns);
            out->unseen[i]++;
        }
        seen[i] = false;
    }
}

static nas_status grow_all(grower *g, nas_arena *arena, nas_forest *out, nas_err *err)
{
    const nas_explain_table *t = g->table;
    bool *seen = NAS_NEW(arena, bool, t->n);
    NAS_TRY_ALLOC(seen, err);
    for (int k = 0; k < out->n; k++) {
        g->tree = &out->tree[k];
        g->tree->node = NAS_NEW(arena, tree_node, 2 * t->n);
        NAS_TRY_ALLOC(g->tree->node, err);
        for (int64_t i = 0; i < t->n; i++) {
            g->rows[i] = (int64_t)nas_rng_below(&g->rng, (uint64_t)t->n);
            seen[g->rows[i]] = true;
        }
        (void)grow_node(g, 0, t->n);
        judge(g, seen, out);
    }
    return NAS_OK;
}

nas_status nas_forest_grow(const nas_explain_table *table, int trees, nas_rng rng,
                           nas_arena *arena, nas_forest *out, nas_err *err)
{
    grower g = {.table = table,
                .rng = rng,
                .rows = NAS_NEW(arena, int64_t, table->n),
                .order = NAS_NEW(arena, int, table->columns)};
    *out = (nas_forest){.tree = NAS_NEW(arena, nas_tree, trees),
                        .n = trees,
                        .unseen_sum = NAS_NEW(arena, double, table->n),
                        .unseen = NAS_NEW(arena, int, table->n)};
    if (g.rows == NULL || g.order == NULL || out->tree == NULL ||
        out->unseen_sum == NULL || out->unseen == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int i = 0; i < table->columns; i++)
        g.order[i] = i;
    return grow_all(&g, arena, out, err);
}

double nas_forest_predict(const nas_forest *forest, const uint8_t *level)
{
    double sum = 0;
    for (int k = 0; k < forest->n; k++)
        sum += predict(&forest->tree[k], level);
    return sum / (double)forest->n;
}
