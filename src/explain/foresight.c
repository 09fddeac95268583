/* Could a model of the decisions have told which networks would be good? A forest of the
 * networks so far is asked about the next ones, again and again. */
#include "explain/anova.h"
#include "nasmith/stats.h"

enum { TREES = 32, LEAST_KNOWN = 12, LEAST_NEXT = 5 };

/* @param next  rows [known, next) are predicted from the rows before */
static nas_status ask(const nas_explain_table *table, int64_t known, int64_t next,
                      nas_rng rng, nas_arena *arena, double *tau, nas_err *err)
{
    nas_explain_table before = *table;
    nas_forest forest;
    double *predicted = NAS_NEW(arena, double, next - known);
    NAS_TRY_ALLOC(predicted, err);
    before.n = known;
    NAS_TRY(nas_forest_grow(&before, TREES, rng, arena, &forest, err));
    for (int64_t i = known; i < next; i++)
        predicted[i - known] =
            nas_forest_predict(&forest, table->level + i * table->columns);
    *tau = nas_stats_kendall(predicted, table->score + known, next - known);
    return NAS_OK;
}

nas_status nas_mattered_foresight(const nas_explain_table *table, nas_rng rng,
                                  nas_arena *arena, nas_explain_mattered *out,
                                  nas_err *err)
{
    enum { PARTS = NAS_EXPLAIN_FORESIGHTS + 1 };
    for (int i = 1; i < PARTS; i++) {
        int64_t known = table->n * i / PARTS, next = table->n * (i + 1) / PARTS;
        nas_explain_foresight *f = &out->foresight[out->n_foresight];
        if (known < LEAST_KNOWN || next - known < LEAST_NEXT)
            continue;
        f->networks = known;
        f->next = next - known;
        NAS_TRY(ask(table, known, next, nas_rng_split(&rng, (uint64_t)i), arena, &f->tau,
                    err));
        out->n_foresight++;
    }
    return NAS_OK;
}
