#include "data/folds.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    FEW_ROWS = 2000, /* below, one validation part of 15 % has fewer than 300 rows */
    AUTO_FOLDS = 5,
    VERY_FEW_ROWS = 200, /* below, even all rows are few, and how they fall matters */
    AUTO_REPEATS = 3,
    FEWEST_ROWS = 10, /* two for each of five folds */
    GROUP_DRAWS = 64,
};

static nas_rng stream(uint64_t seed, uint64_t label)
{
    static const char name[] = "nasmith data folds";
    nas_rng rng = nas_rng_new(seed, nas_hash64(name, sizeof name - 1, 0));
    return nas_rng_split(&rng, label);
}

/* ---- how many --------------------------------------------------------------- */

/* Why the rows may not be divided anew; NULL when they may. */
static const char *forbidden(nas_split_kind split)
{
    return split == NAS_SPLIT_FILES  ? "the files say which rows are validated on"
           : split == NAS_SPLIT_TIME ? "rows are validated on in the order of time"
                                     : NULL;
}

static nas_status decide(const nas_data_options *options, nas_split_kind split, int64_t n,
                         int64_t n_units, nas_folds *out, nas_err *err)
{
    const char *why = forbidden(split);
    int64_t folds = options->folds;
    if (folds > 1 && why != NULL)
        return nas_fail(err, NAS_E_USAGE, "--folds %lld is impossible: %s",
                        (long long)folds, why);
    if (folds > n_units)
        return nas_fail(err, NAS_E_DATA, "--folds %lld: there are only %lld %s to divide",
                        (long long)folds, (long long)n_units,
                        n_units < n ? "groups" : "rows");
    if (folds == 0)
        folds = why != NULL || n >= FEW_ROWS || n < FEWEST_ROWS ? 1
                : n_units < AUTO_FOLDS                          ? n_units
                                                                : AUTO_FOLDS;
    int64_t repeats = options->repeats;
    if (folds <= 1 && repeats > 1)
        return nas_fail(
            err, NAS_E_USAGE, "--repeats %lld repeats folds, and there are none%s%s",
            (long long)repeats, why != NULL ? ": " : "", why != NULL ? why : "");
    if (repeats == 0)
        repeats = folds > 1 && n < VERY_FEW_ROWS ? AUTO_REPEATS : 1;
    out->folds = folds > 1 ? (int)folds : 1;
    out->repeats = (int)repeats;
    return NAS_OK;
}

/* ---- groups ------------------------------------------------------------------ */

/* One division of groups; counts are of rows. */
typedef struct dealing {
    int folds;
    int64_t n, n_groups, n_classes;
    const int64_t *of_group; /* [n_groups][n_classes] */
    const int64_t *totals;   /* [n_classes] */
    int64_t *of_fold;        /* [folds][n_classes] */
    uint8_t *fold, *best;    /* [n_groups] */
    int64_t *order;          /* [n_groups] */
} dealing;

/* What a fold adds to the sum of squares that is least when all folds are alike. */
static double unevenness(const dealing *d, const int64_t *counts)
{
    double sum = 0.0;
    double size = 0.0;
    for (int64_t k = 0; k < d->n_classes; k++) {
        double count = (double)counts[k];
        size += count;
        if (d->totals[k] > 0)
            sum += count * count / (double)d->totals[k];
    }
    return sum + size * size / (double)d->n;
}

/* @param sign  1 or -1 */
static void move(const dealing *d, int64_t group, int fold, int64_t sign)
{
    for (int64_t k = 0; k < d->n_classes; k++)
        d->of_fold[fold * d->n_classes + k] +=
            sign * d->of_group[group * d->n_classes + k];
}

static int best_fold(const dealing *d, int64_t group)
{
    int best = 0;
    double least = HUGE_VAL;
    for (int f = 0; f < d->folds; f++) {
        const int64_t *counts = d->of_fold + f * d->n_classes;
        double before = unevenness(d, counts);
        move(d, group, f, 1);
        double more = unevenness(d, counts) - before;
        move(d, group, f, -1);
        if (more < least) {
            least = more;
            best = f;
        }
    }
    return best;
}

/* @return the unevenness of all folds */
static double deal(const dealing *d)
{
    double sum = 0.0;
    memset(d->of_fold, 0, (size_t)(d->folds * d->n_classes) * sizeof *d->of_fold);
    for (int64_t i = 0; i < d->n_groups; i++) {
        int64_t group = d->order[i];
        int f = best_fold(d, group);
        move(d, group, f, 1);
        d->fold[group] = (uint8_t)f;
    }
    for (int f = 0; f < d->folds; f++)
        sum += unevenness(d, d->of_fold + f * d->n_classes);
    return sum;
}

static void deal_best(const dealing *d, nas_rng rng)
{
    double least = HUGE_VAL;
    for (int64_t i = 0; i < d->n_groups; i++)
        d->order[i] = i;
    for (int draw = 0; draw < GROUP_DRAWS; draw++) {
        nas_rng_shuffle(&rng, d->order, d->n_groups);
        double value = deal(d);
        if (value < least) {
            least = value;
            memcpy(d->best, d->fold, (size_t)d->n_groups);
        }
    }
}

/* Rows that are divided, and whom they belong to. */
typedef struct pool {
    const nas_rows *rows;
    int64_t n_classes;
    int64_t *at; /* [n] rows */
    int64_t n;
    int64_t *group_of; /* [n]; NULL without groups */
    int64_t n_groups;
} pool;

static nas_status new_dealing(const pool *p, int folds, nas_arena *arena, dealing *out,
                              nas_err *err)
{
    int64_t k = p->n_classes;
    int64_t *of_group = NAS_NEW(arena, int64_t, p->n_groups * k);
    int64_t *totals = NAS_NEW(arena, int64_t, k);
    *out = (dealing){.folds = folds,
                     .n = p->n,
                     .n_groups = p->n_groups,
                     .n_classes = k,
                     .of_group = of_group,
                     .totals = totals,
                     .of_fold = NAS_NEW(arena, int64_t, folds * k),
                     .fold = NAS_NEW(arena, uint8_t, p->n_groups),
                     .best = NAS_NEW(arena, uint8_t, p->n_groups),
                     .order = NAS_NEW(arena, int64_t, p->n_groups)};
    if (of_group == NULL || totals == NULL || out->of_fold == NULL || out->fold == NULL ||
        out->best == NULL || out->order == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < p->n; i++) {
        int32_t class = p->rows->labels != NULL ? p->rows->labels[p->at[i]] : 0;
        of_group[p->group_of[i] * k + class]++;
        totals[class]++;
    }
    return NAS_OK;
}

/* ---- dividing ---------------------------------------------------------------- */

static nas_status divide(const pool *p, int folds, nas_rng rng, nas_arena *arena,
                         uint8_t *fold_of, nas_err *err)
{
    if (p->group_of == NULL) {
        NAS_TRY(nas_split_stratify(p->rows->labels, p->n_classes, rng, p->at, p->n, err));
        for (int64_t i = 0; i < p->n; i++)
            fold_of[p->at[i]] = (uint8_t)(i * folds / p->n);
        return NAS_OK;
    }
    dealing d;
    NAS_TRY(new_dealing(p, folds, arena, &d, err));
    deal_best(&d, rng);
    for (int64_t i = 0; i < p->n; i++)
        fold_of[p->at[i]] = d.best[p->group_of[i]];
    return NAS_OK;
}

static nas_status fill_pool(const nas_rows *rows, int64_t n_classes, nas_arena *arena,
                            pool *out, nas_err *err)
{
    *out = (pool){.rows = rows, .n_classes = n_classes};
    out->at = NAS_NEW(arena, int64_t, rows->n);
    NAS_TRY_ALLOC(out->at, err);
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->part[i] != NAS_PART_TEST)
            out->at[out->n++] = i;
    if (rows->groups == NULL)
        return NAS_OK;
    return nas_split_number_groups(rows->groups, out->at, out->n, arena, &out->group_of,
                                   &out->n_groups, err);
}

nas_status nas_folds_make(nas_rows *rows, int64_t n_classes, nas_split_kind split,
                          const nas_data_options *options, nas_arena *arena,
                          nas_folds *out, nas_err *err)
{
    pool p;
    *out = (nas_folds){.folds = 1, .repeats = 1};
    NAS_TRY(fill_pool(rows, n_classes, arena, &p, err));
    NAS_TRY(decide(options, split, p.n, p.group_of != NULL ? p.n_groups : p.n, out, err));
    if (out->folds == 1)
        return NAS_OK;
    out->of = NAS_NEW(arena, uint8_t, rows->n * out->repeats);
    NAS_TRY_ALLOC(out->of, err);
    for (int r = 0; r < out->repeats; r++)
        NAS_TRY(divide(&p, out->folds, stream(options->seed, (uint64_t)r), arena,
                       out->of + r * rows->n, err));
    for (int64_t i = 0; i < p.n; i++)
        rows->part[p.at[i]] =
            out->of[p.at[i]] == 0 ? NAS_PART_VALIDATION : NAS_PART_TRAIN;
    return NAS_OK;
}

/* ---- the rows of a fold ------------------------------------------------------ */

static nas_status collect(const nas_dataset *data, int fold, const uint8_t *fold_of,
                          nas_arena *arena, nas_fold *out, nas_err *err)
{
    int64_t *train = NAS_NEW(arena, int64_t, data->n_rows);
    int64_t *validation = NAS_NEW(arena, int64_t, data->n_rows);
    NAS_TRY_ALLOC(train, err);
    NAS_TRY_ALLOC(validation, err);
    *out = (nas_fold){.train = train, .validation = validation};
    for (int64_t i = 0; i < data->n_rows; i++) {
        if (fold_of[i] == fold)
            validation[out->n_validation++] = i;
        else
            train[out->n_train++] = i;
    }
    nas_rng rng =
        stream(data->fingerprint, (uint64_t)(NAS_MAX_FOLDS + (fold_of - data->fold_of)));
    return nas_split_stratify(data->labels, data->n_outputs,
                              nas_rng_split(&rng, (uint64_t)fold), train, out->n_train,
                              err);
}

nas_status nas_dataset_fold(const nas_dataset *data, int fold, int repeat,
                            nas_arena *arena, nas_fold *out, nas_err *err)
{
    assert(fold == 0 || fold < data->folds);
    assert(repeat == 0 || repeat < data->repeats);
    *out = (nas_fold){data->train, data->n_train, data->validation, data->n_validation};
    if (fold == 0 && repeat == 0)
        return NAS_OK;
    return collect(data, fold, data->fold_of + repeat * data->n_rows, arena, out, err);
}
