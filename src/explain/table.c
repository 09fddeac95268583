/* The trials of a study as a table of levels and scores. */
#include "nasmith/explain.h"

#include "nasmith/strategy.h"

#include <string.h>

enum { SAMPLES = 1000, MOST_ROWS = 4000 };
static const uint64_t SAMPLE_STREAM = 0x7368617265; /* "share" */

typedef struct reader {
    nas_space *space;
    nas_history *history;
    nas_arena *arena;
    nas_explain_column *column;
    int *decision; /* [columns] index in the space */
    int columns;
    int rung;
} reader;

/* The rung with the most scores; of equal ones the highest. */
static int common_rung(const nas_history *history)
{
    int64_t count[NAS_MAX_RUNGS] = {0};
    int best = 0;
    for (int64_t i = 0; i < history->n; i++)
        for (int r = history->trials[i].first_rung; r < history->trials[i].rungs; r++)
            count[r]++;
    for (int r = 1; r < NAS_MAX_RUNGS; r++)
        if (count[r] >= count[best] && count[r] > 0)
            best = r;
    return best;
}

/* Long lists of values are merged evenly. */
static int merged(const nas_explain_column *column, int n_values, int choice)
{
    int room = NAS_EXPLAIN_LEVELS - 1;
    int value = n_values > room ? choice * room / n_values : choice;
    return column->optional ? (choice < 0 ? 0 : value + 1) : value;
}

static nas_status name_levels(const reader *r, nas_explain_column *column,
                              const nas_decision_info *info, nas_err *err)
{
    const char **names = NAS_NEW(r->arena, const char *, NAS_EXPLAIN_LEVELS);
    NAS_TRY_ALLOC(names, err);
    for (int k = info->n_values - 1; k >= 0; k--) { /* the first of merged ones stays */
        names[merged(column, info->n_values, k)] =
            nas_arena_strdup(r->arena, info->values[k]);
        NAS_TRY_ALLOC(names[merged(column, info->n_values, k)], err);
    }
    if (column->optional)
        names[0] = "absent";
    column->n_levels = merged(column, info->n_values, info->n_values - 1) + 1;
    column->levels = names;
    return NAS_OK;
}

/* Shares among uniform samples; a decision that they never vary is no column.
 * @param choices  [SAMPLES] of this decision */
static nas_status add_column(reader *r, int decision, const int *choices, nas_err *err)
{
    nas_decision_info info = nas_space_decision(r->space, decision);
    nas_explain_column *column = &r->column[r->columns];
    *column = (nas_explain_column){.ordered = info.ordered, .training = info.training};
    bool same = true;
    for (int i = 0; i < SAMPLES; i++) {
        column->optional = column->optional || choices[i] < 0;
        same = same && choices[i] == choices[0];
    }
    if (same || r->columns == NAS_EXPLAIN_COLUMNS)
        return NAS_OK;
    double *share = NAS_NEW(r->arena, double, NAS_EXPLAIN_LEVELS);
    NAS_TRY_ALLOC(share, err);
    for (int i = 0; i < SAMPLES; i++)
        share[merged(column, info.n_values, choices[i])] += 1.0 / SAMPLES;
    column->share = share;
    column->name = nas_arena_strdup(r->arena, info.name);
    NAS_TRY_ALLOC(column->name, err);
    r->decision[r->columns++] = decision;
    return name_levels(r, column, &info, err);
}

static nas_status make_columns(reader *r, nas_err *err)
{
    const int decisions = nas_space_decision_count(r->space);
    int *choices = NAS_NEW(r->arena, int, (size_t)decisions *SAMPLES);
    r->column = NAS_NEW(r->arena, nas_explain_column, decisions + 1);
    r->decision = NAS_NEW(r->arena, int, decisions + 1);
    nas_arena *scratch = nas_arena_new();
    if (choices == NULL || r->column == NULL || r->decision == NULL || scratch == NULL) {
        nas_arena_free(scratch);
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    nas_rng rng = nas_rng_new(0, SAMPLE_STREAM);
    nas_status status = NAS_OK;
    for (int i = 0; i < SAMPLES && status == NAS_OK; i++) {
        nas_candidate *c = nas_space_sample(r->space, &rng, scratch);
        if (c == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
        for (int d = 0; d < decisions && c != NULL; d++)
            choices[d * SAMPLES + i] = nas_space_choice(r->space, c, d);
        nas_arena_reset(scratch);
    }
    nas_arena_free(scratch);
    for (int d = 0; d < decisions && status == NAS_OK; d++)
        status = add_column(r, d, choices + d * SAMPLES, err);
    return status;
}

static nas_status fill_rows(const reader *r, nas_explain_table *out, nas_err *err)
{
    const nas_history *h = r->history;
    uint8_t *level = NAS_NEW(r->arena, uint8_t, h->n * (int64_t)(r->columns + 1));
    double *score = NAS_NEW(r->arena, double, h->n);
    int64_t *trial = NAS_NEW(r->arena, int64_t, h->n);
    if (level == NULL || score == NULL || trial == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    int64_t every = 1 + (h->n_scored - 1) / MOST_ROWS, seen = 0;
    for (int64_t i = 0; i < h->n; i++) {
        const nas_history_trial *t = &h->trials[i];
        bool scored = t->rungs > r->rung && t->first_rung <= r->rung;
        if (!scored || seen++ % every != 0)
            continue;
        for (int c = 0; c < r->columns; c++) {
            nas_decision_info info = nas_space_decision(r->space, r->decision[c]);
            int choice = nas_space_choice(r->space, t->candidate, r->decision[c]);
            bool impossible = choice < 0 && !r->column[c].optional;
            level[out->n * r->columns + c] =
                (uint8_t)merged(&r->column[c], info.n_values, impossible ? 0 : choice);
        }
        score[out->n] = t->score[r->rung];
        trial[out->n++] = t->id;
    }
    out->level = level;
    out->score = score;
    out->trial = trial;
    return NAS_OK;
}

static nas_status read_table(nas_study *study, reader *r, nas_explain_table *out,
                             nas_err *err)
{
    const nas_study_settings *s = nas_study_settings_of(study);
    NAS_TRY(nas_space_parse(s->space_text, strlen(s->space_text), s->space_name,
                            &s->space_context, &r->space, err));
    r->history = nas_history_new(r->space);
    NAS_TRY_ALLOC(r->history, err);
    NAS_TRY(nas_study_sync(study, r->history, err));
    NAS_TRY(make_columns(r, err));
    const nas_metric *metric = nas_metric_find(s->metric);
    r->rung = common_rung(r->history);
    *out = (nas_explain_table){.columns = r->columns,
                               .column = r->column,
                               .rung = r->rung,
                               .larger_is_better =
                                   metric == NULL || metric->larger_is_better};
    return fill_rows(r, out, err);
}

nas_status nas_explain_table_of(nas_study *study, nas_arena *arena,
                                nas_explain_table *out, nas_err *err)
{
    reader r = {.arena = arena};
    nas_status status = read_table(study, &r, out, err);
    nas_history_free(r.history);
    nas_space_free(r.space);
    return status;
}
