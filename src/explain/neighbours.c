/* Networks one decision away from a trial: what they cost, and how good they may be. */
#include "explain/forest.h"
#include "nasmith/strategy.h"
#include "search/price.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TREES = 128 };
static const uint64_t STREAM = 0x6e65617262; /* "nearb" */

typedef struct finder {
    const nas_study_settings *settings;
    const nas_explain_table *table;
    nas_space *space;
    nas_history *history;
    nas_forest forest;
    bool predicts;
    pricer pricer;
    nas_arena *arena;
} finder;

/* Index of the level that a value's text has; merged levels have the first one's. */
static int level_of(const nas_explain_column *column, const char *value)
{
    int last = column->optional ? 1 : 0;
    if (value == NULL)
        return 0;
    for (int k = last; k < column->n_levels; k++)
        if (strcmp(column->levels[k], value) == 0)
            return k;
    return last;
}

static const char *value_of(const finder *f, const nas_candidate *c, int decision)
{
    int choice = nas_space_choice(f->space, c, decision);
    return choice < 0 ? NULL : nas_space_decision(f->space, decision).values[choice];
}

static double predict(const finder *f, const nas_candidate *c)
{
    uint8_t level[NAS_EXPLAIN_COLUMNS] = {0};
    int decisions = nas_space_decision_count(f->space);
    if (!f->predicts)
        return (double)NAN;
    for (int d = 0; d < decisions; d++) {
        const char *name = nas_space_decision(f->space, d).name;
        for (int k = 0; k < f->table->columns; k++)
            if (strcmp(f->table->column[k].name, name) == 0)
                level[k] = (uint8_t)level_of(&f->table->column[k], value_of(f, c, d));
    }
    double score = nas_forest_predict(&f->forest, level);
    return f->table->larger_is_better ? score : -score;
}

/* The decision that was changed: the first that differs in both and is active before. */
static int changed(const finder *f, const nas_candidate *a, const nas_candidate *b)
{
    int decisions = nas_space_decision_count(f->space), other = -1;
    for (int d = 0; d < decisions; d++) {
        int x = nas_space_choice(f->space, a, d), y = nas_space_choice(f->space, b, d);
        if (x != y && x >= 0 && y >= 0)
            return d;
        if (x != y)
            other = d;
    }
    return other;
}

static void find_trial(const finder *f, uint64_t key, nas_explain_neighbour *out)
{
    const nas_history *h = f->history;
    out->measured = (double)NAN;
    for (int64_t i = 0; i < h->n; i++) {
        const nas_history_trial *t = &h->trials[i];
        if (t->key != key)
            continue;
        out->trial = t->id;
        if (t->rungs > f->table->rung && t->first_rung <= f->table->rung)
            out->measured = f->table->larger_is_better ? t->score[f->table->rung]
                                                       : -t->score[f->table->rung];
        return;
    }
}

static nas_status copy_text(const finder *f, const char *text, const char **out,
                            nas_err *err)
{
    *out = nas_arena_strdup(f->arena, text != NULL ? text : "absent");
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

/* @return whether it has a network */
static nas_status describe(finder *f, const nas_candidate *from, const nas_candidate *to,
                           nas_explain_neighbour *out, bool *has_network, nas_err *err)
{
    int d = changed(f, from, to);
    *has_network = false;
    *out = (nas_explain_neighbour){0};
    if (d < 0)
        return NAS_OK;
    NAS_TRY(nas_price_candidate(&f->pricer, to, &out->cost, &out->feasible, err));
    if (out->cost.params == 0)
        return NAS_OK;
    *has_network = true;
    NAS_TRY(copy_text(f, nas_space_decision(f->space, d).name, &out->decision, err));
    NAS_TRY(copy_text(f, value_of(f, from, d), &out->from, err));
    NAS_TRY(copy_text(f, value_of(f, to, d), &out->to, err));
    out->predicted = predict(f, to);
    find_trial(f, nas_space_key(f->space, to), out);
    return NAS_OK;
}

static int by_prediction(const void *a, const void *b)
{
    const nas_explain_neighbour *x = a, *y = b;
    if (x->feasible != y->feasible)
        return y->feasible - x->feasible;
    return (x->predicted < y->predicted) - (x->predicted > y->predicted);
}

static int by_error(const void *a, const void *b)
{
    const nas_explain_neighbour *x = a, *y = b;
    if (x->feasible != y->feasible)
        return y->feasible - x->feasible;
    return (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static nas_status find_all(finder *f, const nas_candidate *from,
                           nas_explain_neighbourhood *out, nas_err *err)
{
    nas_candidate **list = NULL;
    int64_t count = 0;
    if ((nas_space_abilities(f->space) & NAS_SPACE_NEIGHBOURS) == 0)
        return NAS_OK;
    NAS_TRY(nas_space_neighbours(f->space, from, f->arena, &list, &count, err));
    out->neighbour = NAS_NEW(f->arena, nas_explain_neighbour, count);
    NAS_TRY_ALLOC(out->neighbour, err);
    for (int64_t i = 0; i < count; i++) {
        bool has_network = false;
        NAS_TRY(describe(f, from, list[i], &out->neighbour[out->n], &has_network, err));
        out->n += has_network;
    }
    qsort(out->neighbour, (size_t)out->n, sizeof *out->neighbour,
          f->table->larger_is_better ? by_prediction : by_error);
    return NAS_OK;
}

static nas_status prepare(finder *f, nas_study *study, nas_err *err)
{
    const nas_study_settings *s = f->settings;
    NAS_TRY(nas_space_parse(s->space_text, strlen(s->space_text), s->space_name,
                            &s->space_context, &f->space, err));
    f->history = nas_history_new(f->space);
    NAS_TRY_ALLOC(f->history, err);
    NAS_TRY(nas_study_sync(study, f->history, err));
    f->pricer = nas_pricer_of(f->space, s, 0);
    f->predicts = f->table->n >= 12 && f->table->columns > 0;
    if (!f->predicts)
        return NAS_OK;
    return nas_forest_grow(f->table, TREES, nas_rng_new(s->seed, STREAM), f->arena,
                           &f->forest, err);
}

nas_status nas_explain_neighbours_of(nas_study *study, const nas_explain_table *table,
                                     int64_t trial, nas_arena *arena,
                                     nas_explain_neighbourhood *out, nas_err *err)
{
    finder f = {.settings = nas_study_settings_of(study), .table = table, .arena = arena};
    *out = (nas_explain_neighbourhood){.predicted = (double)NAN};
    nas_status status = prepare(&f, study, err);
    int64_t index = status == NAS_OK ? nas_history_find(f.history, trial) : -1;
    if (index >= 0) {
        const nas_candidate *from = f.history->trials[index].candidate;
        out->predicted = predict(&f, from);
        status = find_all(&f, from, out, err);
    }
    nas_history_free(f.history);
    nas_space_free(f.space);
    return status;
}
