/* S. Watanabe, A. Bansal, F. Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter
 * Importance in Arbitrary Subspaces", IJCAI 2023, doi:10.24963/ijcai.2023/488.
 *
 *   p(k)   share of level k among all networks        (in_all)
 *   q(k)   its share among the best tenth             (in_best)
 *   D      Pearson divergence, sum over k of p(k) * (q(k)/p(k) - 1)^2
 *
 * A decision matters for being among the best as far as D is large. Deviations: shares
 * are smoothed by one network spread over the levels, in place of a kernel density; D
 * grows with the number of levels even where nothing matters, so what random subsets of
 * the same size have on average is taken off; their D also gives a p-value. */
#include "explain/anova.h"

#include <math.h>
#include <string.h>

enum { RESAMPLES = 200, LEAST_BEST = 5 };

typedef struct ped {
    const nas_explain_table *table;
    int64_t *rows; /* [n] by score, best first */
    int64_t *draw; /* [n_best] */
    int64_t *deck; /* [n], shuffled */
    int64_t n_best;
    double *divergence; /* [columns][RESAMPLES] of resampled best tenths, less chance */
    double *chance;     /* [columns] mean of random subsets */
    int64_t *above;     /* [columns] random subsets that differ as much */
} ped;

static void shares_of(const nas_explain_table *t, int column, const int64_t *rows,
                      int64_t n, double *out)
{
    const int levels = t->column[column].n_levels;
    for (int k = 0; k < levels; k++)
        out[k] = 1.0 / levels;
    for (int64_t i = 0; i < n; i++)
        out[t->level[rows[i] * t->columns + column]] += 1;
    for (int k = 0; k < levels; k++)
        out[k] /= (double)n + 1;
}

static double divergence(const ped *p, int column, const double *all, const int64_t *rows)
{
    double q[NAS_EXPLAIN_LEVELS];
    double sum = 0;
    shares_of(p->table, column, rows, p->n_best, q);
    for (int k = 0; k < p->table->column[column].n_levels; k++)
        sum += all[k] * (q[k] / all[k] - 1) * (q[k] / all[k] - 1);
    return sum;
}

/* Indices by descending score; ties by index. Shell sort: no context in qsort. */
static void sort_rows(const double *score, int64_t *rows, int64_t n)
{
    for (int64_t gap = n / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < n; i++) {
            int64_t row = rows[i];
            int64_t at = i;
            for (; at >= gap; at -= gap) {
                int64_t before = rows[at - gap];
                bool first = score[before] > score[row] ||
                             (score[before] == score[row] && before < row);
                if (first)
                    break;
                rows[at] = before;
            }
            rows[at] = row;
        }
}

/* A random subset of n_best rows. */
static void draw_subset(ped *p, nas_rng *rng)
{
    for (int64_t i = 0; i < p->n_best; i++) {
        int64_t other = i + (int64_t)nas_rng_below(rng, (uint64_t)(p->table->n - i));
        int64_t row = p->deck[other];
        p->deck[other] = p->deck[i];
        p->deck[i] = row;
    }
}

static void by_chance(ped *p, nas_rng rng)
{
    double all[NAS_EXPLAIN_LEVELS];
    for (int r = 0; r < RESAMPLES; r++) {
        draw_subset(p, &rng);
        for (int c = 0; c < p->table->columns; c++) {
            shares_of(p->table, c, p->rows, p->table->n, all);
            double d = divergence(p, c, all, p->deck);
            p->chance[c] += d / RESAMPLES;
            p->above[c] += d >= divergence(p, c, all, p->rows);
        }
    }
}

/* Spread: the best tenth drawn again, with replacement. */
static void by_resample(ped *p, nas_rng rng)
{
    double all[NAS_EXPLAIN_LEVELS];
    for (int r = 0; r < RESAMPLES; r++) {
        for (int64_t i = 0; i < p->n_best; i++)
            p->draw[i] = p->rows[nas_rng_below(&rng, (uint64_t)p->n_best)];
        for (int c = 0; c < p->table->columns; c++) {
            shares_of(p->table, c, p->rows, p->table->n, all);
            p->divergence[c * RESAMPLES + r] =
                fmax(0, divergence(p, c, all, p->draw) - p->chance[c]);
        }
    }
}

static void fill(const ped *p, nas_explain_mattered *out)
{
    double all[NAS_EXPLAIN_LEVELS];
    double total = 0;
    for (int i = 0; i < out->n_decisions; i++) {
        nas_explain_decision *d = &out->decision[i];
        shares_of(p->table, d->column, p->rows, p->table->n, all);
        d->top_share =
            fmax(0, divergence(p, d->column, all, p->rows) - p->chance[d->column]);
        d->top_chance = (double)(p->above[d->column] + 1) / (RESAMPLES + 1);
        total += d->top_share;
    }
    for (int i = 0; i < out->n_decisions && total > 0; i++) {
        nas_explain_decision *d = &out->decision[i];
        const double *draws = p->divergence + d->column * RESAMPLES;
        double mean = 0, squares = 0;
        for (int r = 0; r < RESAMPLES; r++)
            mean += draws[r] / RESAMPLES;
        for (int r = 0; r < RESAMPLES; r++)
            squares += (draws[r] - mean) * (draws[r] - mean);
        d->top_share /= total;
        d->top_deviation = sqrt(squares / (RESAMPLES - 1)) / total;
    }
}

/* What people see are counts, not smoothed shares. */
static void fill_levels(const ped *p, nas_explain_decision *d)
{
    const nas_explain_table *t = p->table;
    int64_t all[NAS_EXPLAIN_LEVELS] = {0}, best[NAS_EXPLAIN_LEVELS] = {0};
    for (int64_t i = 0; i < t->n; i++) {
        int level = t->level[p->rows[i] * t->columns + d->column];
        all[level]++;
        best[level] += i < p->n_best;
    }
    for (int k = 0; k < t->column[d->column].n_levels; k++) {
        d->level[k].n = all[k];
        d->level[k].in_all = (double)all[k] / (double)t->n;
        d->level[k].in_best = (double)best[k] / (double)p->n_best;
    }
}

nas_status nas_mattered_top(const nas_explain_table *table, nas_rng rng, nas_arena *arena,
                            nas_explain_mattered *out, nas_err *err)
{
    int64_t best = (table->n + 9) / 10;
    ped p = {.table = table,
             .n_best = best > LEAST_BEST ? best : LEAST_BEST,
             .rows = NAS_NEW(arena, int64_t, table->n),
             .deck = NAS_NEW(arena, int64_t, table->n),
             .draw = NAS_NEW(arena, int64_t, table->n),
             .divergence = NAS_NEW(arena, double, table->columns *RESAMPLES),
             .chance = NAS_NEW(arena, double, table->columns),
             .above = NAS_NEW(arena, int64_t, table->columns)};
    if (p.rows == NULL || p.deck == NULL || p.draw == NULL || p.divergence == NULL ||
        p.chance == NULL || p.above == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < table->n; i++)
        p.rows[i] = p.deck[i] = i;
    sort_rows(table->score, p.rows, table->n);
    by_chance(&p, nas_rng_split(&rng, 1));
    by_resample(&p, nas_rng_split(&rng, 2));
    out->n_best = p.n_best;
    fill(&p, out);
    for (int i = 0; i < out->n_decisions; i++)
        fill_levels(&p, &out->decision[i]);
    return NAS_OK;
}
