/* F. Hutter, H. Hoos, K. Leyton-Brown, "An Efficient Approach for Assessing
 * Hyperparameter Importance", ICML 2014.
 *
 *   V         variance of a tree's function when columns are drawn independently, each
 *             with the shares it has in the space
 *   a_U(u)    its mean given the levels u of the columns U
 *   V_U       variance of a_U less that of all subsets of U: the share of V due to U
 *
 * Deviations: shares are those of uniform samples of the space, so a decision that exists
 * in few networks only counts for few; several forests with seeds of their own give the
 * spread; V_U and V are summed over the trees of a forest before they are divided, so
 * that a tree that varies little says little. */
#include "explain/anova.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORESTS = 8, TREES = 16, PAIRED = 6, MAX_PAIRS = 6 };

/* ---- one tree ---------------------------------------------------------- */

/* Where in the space a node lies: its levels and their share, by column. */
typedef struct box {
    const nas_explain_table *table;
    const nas_tree *tree;
    uint64_t *levels; /* [columns] */
    double *share;    /* [columns] */
} box;

static double share_of(const nas_explain_column *column, uint64_t levels)
{
    double sum = 0;
    for (int k = 0; k < column->n_levels; k++)
        sum += (levels >> k & 1) != 0 ? column->share[k] : 0;
    return sum;
}

static uint64_t all_levels(const nas_explain_column *column)
{
    return column->n_levels == NAS_EXPLAIN_LEVELS ? UINT64_MAX
                                                  : (UINT64_C(1) << column->n_levels) - 1;
}

typedef void (*leaf_fn)(const box *box, double value, double weight, void *context);

/* Visit leaves; a box whose share is nothing cannot occur and is left out. */
static void visit(box *b, int index, double weight, leaf_fn leaf, void *context)
{
    const tree_node *node = &b->tree->node[index];
    if (node->column < 0) {
        leaf(b, node->value, weight, context);
        return;
    }
    const int c = node->column;
    const uint64_t levels = b->levels[c];
    const double share = b->share[c];
    for (int side = 0; side < 2; side++) {
        b->levels[c] = levels & (side == 0 ? node->left : ~node->left);
        b->share[c] = share_of(&b->table->column[c], b->levels[c]);
        if (b->share[c] > 0)
            visit(b, node->child[side], weight * b->share[c] / share, leaf, context);
    }
    b->levels[c] = levels;
    b->share[c] = share;
}

static void begin_box(box *b)
{
    for (int c = 0; c < b->table->columns; c++) {
        b->levels[c] = all_levels(&b->table->column[c]);
        b->share[c] = 1;
    }
}

/* Contributions to a_c(level) of leaves that restrict c; the rest is the mean less
 * those. */
static void add_main(const box *b, double value, double weight, void *context)
{
    tree_anova *out = context;
    out->mean += weight * value;
    out->variance += weight * value * value;
    for (int c = 0; c < b->table->columns; c++) {
        const nas_explain_column *column = &b->table->column[c];
        if (b->share[c] >= 1)
            continue;
        out->main[c] += weight * value;
        for (int k = 0; k < column->n_levels; k++)
            if ((b->levels[c] >> k & 1) != 0)
                out->level[c][k] += weight * value / b->share[c];
    }
}

void nas_tree_anova(const nas_explain_table *table, const nas_tree *tree, tree_anova *out)
{
    uint64_t levels[NAS_EXPLAIN_COLUMNS];
    double share[NAS_EXPLAIN_COLUMNS];
    box b = {.table = table, .tree = tree, .levels = levels, .share = share};
    begin_box(&b);
    out->mean = out->variance = 0;
    for (int c = 0; c < table->columns; c++) {
        out->main[c] = 0;
        memset(out->level[c], 0,
               (size_t)table->column[c].n_levels * sizeof *out->level[c]);
    }
    visit(&b, 0, 1, add_main, out);
    out->variance -= out->mean * out->mean;
    for (int c = 0; c < table->columns; c++) {
        const nas_explain_column *column = &table->column[c];
        double rest = out->mean - out->main[c];
        out->main[c] = 0;
        for (int k = 0; k < column->n_levels; k++) {
            double *a = &out->level[c][k];
            *a += rest;
            out->main[c] += column->share[k] * (*a - out->mean) * (*a - out->mean);
        }
    }
}

typedef struct pair_sums {
    int a, b;
    double *out;
} pair_sums;

static void add_pair(const box *b, double value, double weight, void *context)
{
    const pair_sums *p = context;
    const int la = b->table->column[p->a].n_levels, lb = b->table->column[p->b].n_levels;
    const double part = weight * value / (b->share[p->a] * b->share[p->b]);
    for (int i = 0; i < la; i++)
        for (int k = 0; k < lb && (b->levels[p->a] >> i & 1) != 0; k++)
            p->out[i * lb + k] += (b->levels[p->b] >> k & 1) != 0 ? part : 0;
}

void nas_tree_pair(const nas_explain_table *table, const nas_tree *tree, int a, int b,
                   double *out)
{
    uint64_t levels[NAS_EXPLAIN_COLUMNS];
    double share[NAS_EXPLAIN_COLUMNS];
    box at = {.table = table, .tree = tree, .levels = levels, .share = share};
    pair_sums sums = {a, b, out};
    begin_box(&at);
    memset(out, 0,
           (size_t)(table->column[a].n_levels * table->column[b].n_levels) * sizeof *out);
    visit(&at, 0, 1, add_pair, &sums);
}

/* ---- forests ----------------------------------------------------------- */

typedef struct study_of {
    const nas_explain_table *table;
    nas_arena *arena;
    nas_forest forests[FORESTS];
    tree_anova tree;
    double variance[FORESTS];
    double *share;  /* [columns][FORESTS] */
    double **level; /* [columns][n_levels * FORESTS] */
} study_of;

static double mean_and_deviation(const double *values, int n, double *deviation)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++)
        mean += values[i] / n;
    for (int i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    *deviation = n > 1 ? sqrt(squares / (n - 1)) : 0;
    return mean;
}

static nas_status allocate(study_of *s, nas_err *err)
{
    const int columns = s->table->columns;
    s->tree.main = NAS_NEW(s->arena, double, columns);
    s->tree.level = NAS_NEW(s->arena, double *, columns);
    s->share = NAS_NEW(s->arena, double, columns *FORESTS);
    s->level = NAS_NEW(s->arena, double *, columns);
    if (s->tree.main == NULL || s->tree.level == NULL || s->share == NULL ||
        s->level == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int c = 0; c < columns; c++) {
        const int levels = s->table->column[c].n_levels;
        s->tree.level[c] = NAS_NEW(s->arena, double, levels);
        s->level[c] = NAS_NEW(s->arena, double, levels *FORESTS);
        NAS_TRY_ALLOC(s->tree.level[c], err);
        NAS_TRY_ALLOC(s->level[c], err);
    }
    return NAS_OK;
}

static void add_tree(study_of *s, int f, const nas_tree *tree)
{
    nas_tree_anova(s->table, tree, &s->tree);
    s->variance[f] += s->tree.variance;
    for (int c = 0; c < s->table->columns; c++) {
        s->share[c * FORESTS + f] += s->tree.main[c];
        for (int k = 0; k < s->table->column[c].n_levels; k++)
            s->level[c][k * FORESTS + f] += s->tree.level[c][k] / TREES;
    }
}

static nas_status grow(study_of *s, nas_rng rng, nas_err *err)
{
    for (int f = 0; f < FORESTS; f++) {
        NAS_TRY(nas_forest_grow(s->table, TREES, nas_rng_split(&rng, (uint64_t)f),
                                s->arena, &s->forests[f], err));
        for (int k = 0; k < TREES; k++)
            add_tree(s, f, &s->forests[f].tree[k]);
        for (int c = 0; c < s->table->columns; c++)
            s->share[c * FORESTS + f] /= fmax(s->variance[f], 1e-300);
    }
    return NAS_OK;
}

/* ---- pairs ------------------------------------------------------------- */

static double pair_variance(const nas_explain_table *table, int a, int b,
                            const double *mean_of)
{
    const nas_explain_column *ca = &table->column[a], *cb = &table->column[b];
    double mean = 0, squares = 0;
    for (int i = 0; i < ca->n_levels; i++)
        for (int k = 0; k < cb->n_levels; k++) {
            double weight = ca->share[i] * cb->share[k];
            double value = mean_of[i * cb->n_levels + k];
            mean += weight * value;
            squares += weight * value * value;
        }
    return squares - mean * mean;
}

static nas_status make_pair(study_of *s, nas_explain_pair *pair, nas_err *err)
{
    const nas_explain_table *t = s->table;
    const int cells = t->column[pair->a].n_levels * t->column[pair->b].n_levels;
    double *of_tree = NAS_NEW(s->arena, double, cells);
    double shares[FORESTS];
    pair->effect = NAS_NEW(s->arena, double, cells);
    NAS_TRY_ALLOC(of_tree, err);
    NAS_TRY_ALLOC(pair->effect, err);
    for (int f = 0; f < FORESTS; f++) {
        double sum = 0;
        for (int k = 0; k < TREES; k++) {
            nas_tree_pair(t, &s->forests[f].tree[k], pair->a, pair->b, of_tree);
            sum += pair_variance(t, pair->a, pair->b, of_tree);
            for (int i = 0; i < cells; i++)
                pair->effect[i] +=
                    of_tree[i] * (t->larger_is_better ? 1 : -1) / (FORESTS * TREES);
        }
        shares[f] = sum / fmax(s->variance[f], 1e-300) - s->share[pair->a * FORESTS + f] -
                    s->share[pair->b * FORESTS + f];
    }
    pair->share = fmax(0, mean_and_deviation(shares, FORESTS, &pair->deviation));
    return NAS_OK;
}

static int by_pair_share(const void *a, const void *b)
{
    double x = ((const nas_explain_pair *)a)->share;
    double y = ((const nas_explain_pair *)b)->share;
    return (x < y) - (x > y);
}

/* Interactions among the most important columns. */
static nas_status make_pairs(study_of *s, nas_explain_mattered *out, nas_err *err)
{
    const int m = out->n_decisions < PAIRED ? out->n_decisions : PAIRED;
    out->pair = NAS_NEW(s->arena, nas_explain_pair, m * (m - 1) / 2 + 1);
    NAS_TRY_ALLOC(out->pair, err);
    for (int i = 0; i < m; i++)
        for (int k = i + 1; k < m; k++) {
            nas_explain_pair *pair = &out->pair[out->n_pairs++];
            pair->a = out->decision[i].column;
            pair->b = out->decision[k].column;
            NAS_TRY(make_pair(s, pair, err));
        }
    qsort(out->pair, (size_t)out->n_pairs, sizeof *out->pair, by_pair_share);
    out->n_pairs = out->n_pairs < MAX_PAIRS ? out->n_pairs : MAX_PAIRS;
    return NAS_OK;
}

/* ---- predictions ------------------------------------------------------- */

/* Kendall's tau-b would need ties; networks hardly ever tie in both. */
static double kendall(const double *x, const double *y, int64_t n)
{
    int64_t concordant = 0, discordant = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = i + 1; k < n; k++) {
            double sign = (x[i] - x[k]) * (y[i] - y[k]);
            concordant += sign > 0;
            discordant += sign < 0;
        }
    int64_t all = concordant + discordant;
    return all > 0 ? (double)(concordant - discordant) / (double)all : 0;
}

static nas_status judge(study_of *s, nas_explain_mattered *out, nas_err *err)
{
    const nas_explain_table *t = s->table;
    double mean = 0, residual = 0, total = 0;
    double *x = NAS_NEW(s->arena, double, t->n), *y = NAS_NEW(s->arena, double, t->n);
    int64_t n = 0;
    out->predicted = NAS_NEW(s->arena, double, t->n);
    if (x == NULL || y == NULL || out->predicted == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < t->n; i++) {
        double sum = 0;
        int unseen = 0;
        for (int f = 0; f < FORESTS; f++) {
            sum += s->forests[f].unseen_sum[i];
            unseen += s->forests[f].unseen[i];
        }
        out->predicted[i] = unseen > 0 ? sum / unseen : (double)NAN;
        if (unseen == 0)
            continue;
        x[n] = out->predicted[i];
        y[n++] = t->score[i];
        mean += t->score[i];
    }
    mean /= (double)(n > 0 ? n : 1);
    for (int64_t i = 0; i < n; i++) {
        residual += (y[i] - x[i]) * (y[i] - x[i]);
        total += (y[i] - mean) * (y[i] - mean);
    }
    out->r2 = total > 0 ? 1 - residual / total : 0;
    out->tau = kendall(x, y, n);
    return NAS_OK;
}

/* ---- all --------------------------------------------------------------- */

static int by_share(const void *a, const void *b)
{
    const nas_explain_decision *x = a, *y = b;
    double a_least = x->share - x->deviation, b_least = y->share - y->deviation;
    int order = (a_least < b_least) - (a_least > b_least);
    return order != 0 ? order : x->column - y->column;
}

static void fill_decision(const study_of *s, nas_explain_decision *d)
{
    const nas_explain_column *column = &s->table->column[d->column];
    d->share = mean_and_deviation(s->share + d->column * FORESTS, FORESTS, &d->deviation);
    for (int k = 0; k < column->n_levels; k++) {
        nas_explain_level *level = &d->level[k];
        level->effect = mean_and_deviation(s->level[d->column] + k * FORESTS, FORESTS,
                                           &level->deviation);
        if (!s->table->larger_is_better)
            level->effect = -level->effect;
    }
}

nas_status nas_mattered_fanova(const nas_explain_table *table, nas_rng rng,
                               nas_arena *arena, nas_explain_mattered *out, nas_err *err)
{
    study_of s = {.table = table, .arena = arena};
    NAS_TRY(allocate(&s, err));
    NAS_TRY(grow(&s, rng, err));
    out->forests = FORESTS;
    out->trees = TREES;
    for (int i = 0; i < out->n_decisions; i++)
        fill_decision(&s, &out->decision[i]);
    qsort(out->decision, (size_t)out->n_decisions, sizeof *out->decision, by_share);
    NAS_TRY(judge(&s, out, err));
    return make_pairs(&s, out, err);
}
