/* What mattered in a search: importance and rules together, and as JSON. */
#include "explain/anova.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_NETWORKS = 12 };

static bool varies(const nas_explain_table *table)
{
    for (int64_t i = 1; i < table->n; i++)
        if (table->score[i] != table->score[0])
            return true;
    return false;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The same table with scores no lower than the outer fence. */
static nas_status fence(const nas_explain_table *table, nas_arena *arena,
                        nas_explain_table *out, nas_err *err)
{
    const size_t bytes = (size_t)table->n * sizeof *table->score;
    double *score = nas_arena_copy(arena, table->score, bytes);
    double *sorted = nas_arena_copy(arena, table->score, bytes);
    NAS_TRY_ALLOC(score, err);
    NAS_TRY_ALLOC(sorted, err);
    qsort(sorted, (size_t)table->n, sizeof *sorted, by_value);
    double first = sorted[table->n / 4], third = sorted[3 * table->n / 4];
    for (int64_t i = 0; i < table->n && third > first; i++)
        score[i] = fmax(score[i], first - 3 * (third - first));
    *out = *table;
    out->score = score;
    return NAS_OK;
}

nas_status nas_explain_mattered_of(const nas_explain_table *table, nas_rng rng,
                                   nas_arena *arena, nas_explain_mattered *out,
                                   nas_err *err)
{
    *out = (nas_explain_mattered){0};
    if (table->n < LEAST_NETWORKS || table->columns == 0 || !varies(table))
        return NAS_OK;
    out->decision = NAS_NEW(arena, nas_explain_decision, table->columns);
    NAS_TRY_ALLOC(out->decision, err);
    for (int c = 0; c < table->columns; c++) {
        nas_explain_decision *d = &out->decision[out->n_decisions++];
        d->column = c;
        d->level = NAS_NEW(arena, nas_explain_level, table->column[c].n_levels);
        NAS_TRY_ALLOC(d->level, err);
    }
    nas_explain_table fenced;
    NAS_TRY(fence(table, arena, &fenced, err));
    NAS_TRY(nas_mattered_fanova(&fenced, nas_rng_split(&rng, 1), arena, out, err));
    NAS_TRY(nas_mattered_top(&fenced, nas_rng_split(&rng, 2), arena, out, err));
    NAS_TRY(nas_mattered_foresight(&fenced, nas_rng_split(&rng, 3), arena, out, err));
    return nas_mattered_rules(&fenced, arena, out, err);
}

/* ---- JSON -------------------------------------------------------------- */

static void write_level(nas_json *json, const char *name, const nas_explain_level *level)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "value", name);
    nas_json_key_int(json, "n", level->n);
    nas_json_key_real(json, "effect", level->effect);
    nas_json_key_real(json, "deviation", level->deviation);
    nas_json_key_real(json, "in_all", level->in_all);
    nas_json_key_real(json, "in_best", level->in_best);
    nas_json_object_end(json);
}

static void write_decision(nas_json *json, const nas_explain_column *column,
                           const nas_explain_decision *d)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", column->name);
    nas_json_key_bool(json, "training", column->training);
    nas_json_key_real(json, "share", d->share);
    nas_json_key_real(json, "deviation", d->deviation);
    nas_json_key_real(json, "top_share", d->top_share);
    nas_json_key_real(json, "top_deviation", d->top_deviation);
    nas_json_key_real(json, "top_chance", d->top_chance);
    nas_json_key(json, "levels");
    nas_json_array_begin(json);
    for (int k = 0; k < column->n_levels; k++)
        write_level(json, column->levels[k], &d->level[k]);
    nas_json_array_end(json);
    nas_json_object_end(json);
}

static void write_pair(nas_json *json, const nas_explain_table *t,
                       const nas_explain_pair *pair)
{
    nas_json_object_begin(json);
    nas_json_key(json, "names");
    nas_json_array_begin(json);
    nas_json_string(json, t->column[pair->a].name);
    nas_json_string(json, t->column[pair->b].name);
    nas_json_array_end(json);
    nas_json_key_real(json, "share", pair->share);
    nas_json_key_real(json, "deviation", pair->deviation);
    nas_json_object_end(json);
}

static void write_rule(nas_json *json, const nas_explain_rule *rule)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "rule", rule->text);
    nas_json_key_real(json, "effect", rule->effect);
    nas_json_key_real(json, "low", rule->low);
    nas_json_key_real(json, "high", rule->high);
    nas_json_key_int(json, "support", rule->support);
    nas_json_object_end(json);
}

void nas_explain_mattered_write_json(const nas_explain_table *table,
                                     const nas_explain_mattered *m, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "networks", table->n);
    nas_json_key_int(json, "rung", table->rung);
    nas_json_key_real(json, "r2", m->n_decisions > 0 ? m->r2 : (double)NAN);
    nas_json_key_real(json, "tau", m->n_decisions > 0 ? m->tau : (double)NAN);
    nas_json_key(json, "foresight");
    nas_json_array_begin(json);
    for (int i = 0; i < m->n_foresight; i++) {
        nas_json_object_begin(json);
        nas_json_key_int(json, "networks", m->foresight[i].networks);
        nas_json_key_int(json, "next", m->foresight[i].next);
        nas_json_key_real(json, "tau", m->foresight[i].tau);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    nas_json_key(json, "decisions");
    nas_json_array_begin(json);
    for (int i = 0; i < m->n_decisions; i++)
        write_decision(json, &table->column[m->decision[i].column], &m->decision[i]);
    nas_json_array_end(json);
    nas_json_key(json, "pairs");
    nas_json_array_begin(json);
    for (int i = 0; i < m->n_pairs; i++)
        write_pair(json, table, &m->pair[i]);
    nas_json_array_end(json);
    nas_json_key(json, "rules");
    nas_json_array_begin(json);
    for (int i = 0; i < m->n_rules; i++)
        write_rule(json, &m->rule[i]);
    nas_json_array_end(json);
    nas_json_object_end(json);
}
