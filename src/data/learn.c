#include "data/learn.h"

#include "data/csv_text.h"
#include "data/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 64, LEAST_ROWS = 3, ROWS_A_TELL = 1024 };

/* Training rows of one column. */
typedef struct tally {
    int64_t *rows; /* heap, [capacity] by number of the text */
    int64_t capacity;
    int64_t n_missing;
} tally;

typedef struct learner {
    const nas_source *source;
    const nas_rows *rows;
    tally *tallies; /* [shape.c] */
} learner;

/* One level of a category. */
typedef struct level {
    const char *text;
    int64_t rows;
} level;

/* ---- counting --------------------------------------------------------------------- */

static nas_status count_value(tally *t, float value, bool category, nas_err *err)
{
    if (isnan(value)) {
        t->n_missing++;
        return NAS_OK;
    }
    if (!category)
        return NAS_OK;
    const int64_t code = (int64_t)value;
    if (code >= t->capacity) {
        const int64_t wanted = 2 * code + 64;
        int64_t *grown =
            nas_heap_grow(t->rows, (size_t)t->capacity, (size_t)wanted, sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        t->rows = grown;
        t->capacity = wanted;
    }
    t->rows[code]++;
    return NAS_OK;
}

static nas_status count_row(void *context, int64_t row, const void *input, nas_err *err)
{
    learner *l = context;
    const float *values = input;
    if (row % ROWS_A_TELL == 0)
        NAS_TRY(nas_data_tell(l->source->options,
                              (nas_data_progress){.step = NAS_DATA_COLUMNS,
                                                  .done = row,
                                                  .total = l->source->rows.n},
                              err));
    if (l->rows->part[row] != NAS_PART_TRAIN)
        return NAS_OK;
    for (int64_t k = 0; k < l->source->shape.c; k++)
        NAS_TRY(
            count_value(&l->tallies[k], values[k], l->source->columns[k].category, err));
    return NAS_OK;
}

/* ---- levels ----------------------------------------------------------------------- */

static int by_rows(const void *a, const void *b)
{
    const level *x = a, *y = b;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* Numbers by value, texts by bytes. */
static int by_name(const void *a, const void *b)
{
    const level *x = a, *y = b;
    double u = 0, v = 0;
    if (nas_csv_number(x->text, &u) && nas_csv_number(y->text, &v) && (u < v || u > v))
        return u < v ? -1 : 1;
    return strcmp(x->text, y->text);
}

static nas_status fix_levels(const level *levels, int64_t n, nas_arena *arena,
                             nas_source_column *column, nas_column *out, nas_err *err)
{
    nas_intern *known = NAS_NEW(arena, nas_intern, 1);
    out->levels = NAS_NEW(arena, char *, n + 1);
    NAS_TRY_ALLOC(known, err);
    NAS_TRY_ALLOC(out->levels, err);
    known->arena = arena;
    out->n_levels = n;
    for (int64_t k = 0; k < n; k++) {
        int64_t code = 0;
        NAS_TRY(nas_intern_add(known, levels[k].text, &code, err));
        out->levels[k] = known->texts[code];
    }
    column->levels = known;
    return NAS_OK;
}

static nas_status learn_levels(const tally *t, nas_arena *arena,
                               nas_source_column *column, nas_column *out, nas_err *err)
{
    const int64_t n = column->texts.n;
    int64_t kept = 0;
    level *levels = nas_heap_alloc((size_t)n + 1, sizeof *levels);
    NAS_TRY_ALLOC(levels, err);
    for (int64_t k = 0; k < n; k++)
        levels[k] = (level){.text = column->texts.texts[k],
                            .rows = k < t->capacity ? t->rows[k] : 0};
    qsort(levels, (size_t)n, sizeof *levels, by_rows);
    while (kept < n && kept < MOST_LEVELS && levels[kept].rows >= LEAST_ROWS)
        kept++;
    for (int64_t k = kept; k < n; k++)
        out->n_rare += levels[k].rows;
    qsort(levels, (size_t)kept, sizeof *levels, by_name);
    nas_status status = fix_levels(levels, kept, arena, column, out, err);
    nas_heap_free(levels);
    return status;
}

static nas_status learn_columns(const learner *l, nas_column *out, nas_err *err)
{
    const nas_source *source = l->source;
    for (int64_t k = 0; k < source->shape.c; k++) {
        nas_source_column *column = &source->columns[k];
        out[k].indicator = l->tallies[k].n_missing > 0;
        out[k].n_missing = column->n_missing;
        if (column->category)
            NAS_TRY(learn_levels(&l->tallies[k], source->arena, column, &out[k], err));
    }
    return NAS_OK;
}

/* ---- entries ---------------------------------------------------------------------- */

static bool is_plain(const nas_source *source)
{
    for (int64_t k = 0; source->columns != NULL && k < source->shape.c; k++)
        if (source->columns[k].category || source->columns[k].n_missing > 0)
            return false;
    return true;
}

nas_status nas_columns_learn(nas_source *source, const nas_rows *rows, nas_column **out,
                             nas_err *err)
{
    const int64_t n = source->shape.c;
    learner l = {.source = source, .rows = rows};
    nas_sink sink = {.row = count_row, .context = &l};
    *out = NULL;
    if (is_plain(source))
        return NAS_OK;
    nas_column *learned = NAS_NEW(source->arena, nas_column, n);
    l.tallies = NAS_NEW(source->arena, tally, n);
    NAS_TRY_ALLOC(learned, err);
    NAS_TRY_ALLOC(l.tallies, err);
    nas_status status = source->reader->rows(source, &sink, err);
    if (status == NAS_OK)
        status = learn_columns(&l, learned, err);
    for (int64_t k = 0; k < n; k++)
        nas_heap_free(l.tallies[k].rows);
    *out = learned;
    return status;
}

nas_status nas_columns_known(const nas_column *columns, int64_t n, nas_arena *arena,
                             nas_source_column **out, nas_err *err)
{
    *out = NULL;
    if (columns == NULL)
        return NAS_OK;
    *out = NAS_NEW(arena, nas_source_column, n);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t k = 0; k < n; k++) {
        int64_t code = 0;
        if (columns[k].levels == NULL)
            continue;
        nas_intern *known = NAS_NEW(arena, nas_intern, 1);
        NAS_TRY_ALLOC(known, err);
        known->arena = arena;
        (*out)[k].category = true;
        (*out)[k].levels = known;
        for (int64_t i = 0; i < columns[k].n_levels; i++)
            NAS_TRY(nas_intern_add(known, columns[k].levels[i], &code, err));
    }
    return NAS_OK;
}
