#include "data/split.h"

#include "nasmith/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names of the random streams; a change here changes every split. */
enum { STREAM_SPLIT = 1, STREAM_GROUPS = 2, STREAM_TRAIN_ORDER = 3, GROUP_DRAWS = 64 };

static nas_rng stream(uint64_t seed, uint64_t label)
{
    static const char name[] = "nasmith data split";
    nas_rng rng = nas_rng_new(seed, nas_hash64(name, sizeof name - 1, 0));
    return nas_rng_split(&rng, label);
}

nas_status nas_split_stratify(const int32_t *labels, int64_t n_classes, nas_rng rng,
                              int64_t *pool, int64_t n, nas_err *err)
{
    nas_rng_shuffle(&rng, pool, n);
    return labels == NULL ? NAS_OK : nas_data_deal(labels, n_classes, &rng, pool, n, err);
}

/* ---- groups --------------------------------------------------------------------- */

typedef struct group_split {
    const nas_rows *rows;
    const int64_t *pool; /* rows to be divided */
    int64_t n;
    int64_t n_classes;
    int64_t *group_of; /* [n] dense group index of pool[i] */
    int64_t *sizes;    /* [n_groups] */
    int64_t n_groups;
    int64_t target[NAS_PART_TEST + 1]; /* rows wanted of validation and test */
    int64_t *counts;                   /* scratch, [NAS_PART_TEST + 1][n_classes] */
} group_split;

static int compare_groups(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

nas_status nas_split_number_groups(const int32_t *groups, const int64_t *pool, int64_t n,
                                   nas_arena *arena, int64_t **group_of,
                                   int64_t *n_groups, nas_err *err)
{
    int64_t *distinct = NAS_NEW(arena, int64_t, n);
    *group_of = NAS_NEW(arena, int64_t, n);
    NAS_TRY_ALLOC(distinct, err);
    NAS_TRY_ALLOC(*group_of, err);
    for (int64_t i = 0; i < n; i++)
        distinct[i] = groups[pool[i]];
    qsort(distinct, (size_t)n, sizeof *distinct, compare_groups);
    *n_groups = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || distinct[i] != distinct[*n_groups - 1])
            distinct[(*n_groups)++] = distinct[i];
    for (int64_t i = 0; i < n; i++) {
        int64_t group = groups[pool[i]];
        const int64_t *found = bsearch(&group, distinct, (size_t)*n_groups,
                                       sizeof *distinct, compare_groups);
        (*group_of)[i] = found - distinct;
    }
    return NAS_OK;
}

static nas_status index_groups(group_split *s, nas_arena *arena, nas_err *err)
{
    NAS_TRY(nas_split_number_groups(s->rows->groups, s->pool, s->n, arena, &s->group_of,
                                    &s->n_groups, err));
    s->sizes = NAS_NEW(arena, int64_t, s->n_groups);
    s->counts = NAS_NEW(arena, int64_t, (NAS_PART_TEST + 1) * s->n_classes);
    NAS_TRY_ALLOC(s->sizes, err);
    NAS_TRY_ALLOC(s->counts, err);
    for (int64_t i = 0; i < s->n; i++)
        s->sizes[s->group_of[i]]++;
    return NAS_OK;
}

/* Fill test, then validation, with groups in the given order, each to about its target;
 * one group at least is left for each part that follows. */
static void deal_groups(const group_split *s, const int64_t *order, uint8_t *part)
{
    static const nas_part wanted[] = {NAS_PART_TEST, NAS_PART_VALIDATION};
    int64_t at = 0;
    memset(part, NAS_PART_TRAIN, (size_t)s->n_groups);
    for (int i = 0; i < 2; i++) {
        int64_t target = s->target[wanted[i]];
        int64_t left =
            wanted[i] == NAS_PART_TEST && s->target[NAS_PART_VALIDATION] > 0 ? 2 : 1;
        int64_t filled = 0;
        while (target > 0 && at < s->n_groups - left &&
               (filled == 0 || filled + s->sizes[order[at]] / 2 <= target)) {
            filled += s->sizes[order[at]];
            part[order[at++]] = (uint8_t)wanted[i];
        }
    }
}

/* Distance of class proportions and sizes from what was wanted; 0 is perfect. */
static double badness(const group_split *s, const uint8_t *part)
{
    int64_t total[NAS_PART_TEST + 1] = {0};
    int64_t k = s->n_classes;
    double sum = 0.0;
    memset(s->counts, 0, (size_t)((NAS_PART_TEST + 1) * k) * sizeof *s->counts);
    for (int64_t i = 0; i < s->n; i++) {
        int64_t class = s->rows->labels != NULL ? s->rows->labels[s->pool[i]] : 0;
        uint8_t p = part[s->group_of[i]];
        total[p]++;
        s->counts[p * k + class]++;
        s->counts[class]++; /* row 0, NAS_PART_ANY: all parts together */
    }
    for (int p = NAS_PART_TRAIN; p <= NAS_PART_TEST; p++) {
        if (total[p] == 0)
            continue;
        for (int64_t c = 0; c < k; c++)
            sum += fabs((double)s->counts[p * k + c] / (double)total[p] -
                        (double)s->counts[c] / (double)s->n);
        if (p != NAS_PART_TRAIN)
            sum += fabs((double)(total[p] - s->target[p])) / (double)s->n;
    }
    return sum;
}

static nas_status split_groups(group_split *s, nas_rows *rows, nas_rng rng,
                               nas_arena *arena, nas_err *err)
{
    NAS_TRY(index_groups(s, arena, err));
    int64_t needed =
        1 + (s->target[NAS_PART_TEST] > 0) + (s->target[NAS_PART_VALIDATION] > 0);
    if (s->n_groups < needed)
        return nas_fail(err, NAS_E_DATA,
                        "rows come from %lld group%s; %lld are needed, since rows of one "
                        "group may not be in two parts",
                        (long long)s->n_groups, s->n_groups == 1 ? "" : "s",
                        (long long)needed);
    int64_t *order = NAS_NEW(arena, int64_t, s->n_groups);
    uint8_t *part = NAS_NEW(arena, uint8_t, s->n_groups);
    uint8_t *best = NAS_NEW(arena, uint8_t, s->n_groups);
    NAS_TRY_ALLOC(order, err);
    NAS_TRY_ALLOC(part, err);
    NAS_TRY_ALLOC(best, err);
    for (int64_t i = 0; i < s->n_groups; i++)
        order[i] = i;
    double least = HUGE_VAL;
    for (int draw = 0; draw < GROUP_DRAWS; draw++) {
        nas_rng_shuffle(&rng, order, s->n_groups);
        deal_groups(s, order, part);
        double value = badness(s, part);
        if (value < least) {
            least = value;
            memcpy(best, part, (size_t)s->n_groups);
        }
    }
    for (int64_t i = 0; i < s->n; i++)
        rows->part[s->pool[i]] = best[s->group_of[i]];
    return NAS_OK;
}

/* ---- time ------------------------------------------------------------------------ */

typedef struct timed_row {
    double time;
    int64_t row;
} timed_row;

static int compare_times(const void *a, const void *b)
{
    const timed_row *x = a;
    const timed_row *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The place nearest to `at`, not above, where the time changes; 0 when there is none. */
static int64_t place_of_change(const timed_row *rows, int64_t at, int64_t n)
{
    while (at > 0 && at < n && rows[at].time == rows[at - 1].time)
        at--;
    return at;
}

/* Rows of one time stay together. */
static nas_status split_times(nas_rows *rows, const int64_t *pool, int64_t n,
                              int64_t n_validation, int64_t n_test, nas_err *err)
{
    timed_row *sorted = nas_heap_alloc((size_t)n, sizeof *sorted);
    NAS_TRY_ALLOC(sorted, err);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (timed_row){rows->times[pool[i]], pool[i]};
    qsort(sorted, (size_t)n, sizeof *sorted, compare_times);
    int64_t test = place_of_change(sorted, n - n_test, n);
    int64_t validation = place_of_change(sorted, test - n_validation, n);
    for (int64_t i = 0; i < n; i++)
        rows->part[sorted[i].row] = i >= test         ? NAS_PART_TEST
                                    : i >= validation ? NAS_PART_VALIDATION
                                                      : NAS_PART_TRAIN;
    nas_heap_free(sorted);
    if (validation > 0)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA,
                    "rows have too few different times to be trained on, validated and "
                    "tested in this order");
}

/* ---- parts ---------------------------------------------------------------------- */

static int64_t fraction_of(int64_t n, double fraction)
{
    int64_t rows = llround((double)n * fraction);
    return rows < 1 ? 1 : rows;
}

/* @param pool  the rows of `s`, to be reordered */
static nas_status split_pool(group_split *s, nas_rows *rows,
                             const nas_data_options *options, nas_arena *arena,
                             int64_t *pool, nas_err *err)
{
    const int64_t n = s->n;
    const int64_t n_test = s->target[NAS_PART_TEST];
    const int64_t n_validation = s->target[NAS_PART_VALIDATION];
    if (rows->times != NULL && n_test + n_validation > 0)
        return split_times(rows, pool, n, n_validation, n_test, err);
    if (rows->groups != NULL && n_test + n_validation > 0)
        return split_groups(s, rows, stream(options->seed, STREAM_GROUPS), arena, err);
    NAS_TRY(nas_split_stratify(rows->labels, s->n_classes,
                               stream(options->seed, STREAM_SPLIT), pool, n, err));
    for (int64_t i = 0; i < n; i++)
        rows->part[pool[i]] = i < n_test                  ? NAS_PART_TEST
                              : i < n_test + n_validation ? NAS_PART_VALIDATION
                                                          : NAS_PART_TRAIN;
    return NAS_OK;
}

nas_status nas_split_rows(nas_rows *rows, int64_t n_classes,
                          const nas_data_options *options, nas_arena *arena,
                          nas_split_how *out, nas_err *err)
{
    bool has[NAS_PART_TEST + 1] = {false};
    int64_t n = 0;
    int64_t *pool = nas_heap_alloc((size_t)rows->n, sizeof *pool);
    NAS_TRY_ALLOC(pool, err);
    for (int64_t i = 0; i < rows->n; i++) {
        has[rows->part[i]] = true;
        if (rows->part[i] <= NAS_PART_TRAIN)
            pool[n++] = i;
    }
    int64_t n_test = has[NAS_PART_TEST] ? 0 : fraction_of(n, options->test);
    int64_t n_validation =
        has[NAS_PART_VALIDATION] ? 0 : fraction_of(n, options->validation);
    out->test_from_files = has[NAS_PART_TEST] && !rows->timed;
    out->kind = rows->timed                ? NAS_SPLIT_TIME
                : has[NAS_PART_VALIDATION] ? NAS_SPLIT_FILES
                : rows->times != NULL      ? NAS_SPLIT_TIME
                : rows->groups != NULL     ? NAS_SPLIT_GROUP
                : rows->labels != NULL     ? NAS_SPLIT_STRATIFIED
                                           : NAS_SPLIT_RANDOM;
    group_split s = {.rows = rows, .pool = pool, .n = n, .n_classes = n_classes};
    s.target[NAS_PART_TEST] = n_test;
    s.target[NAS_PART_VALIDATION] = n_validation;
    nas_status status = NAS_OK;
    if (n - n_test - n_validation < 1)
        status = nas_fail(
            err, NAS_E_DATA,
            "%lld rows are too few to train on: validation takes %lld, test %lld",
            (long long)n, (long long)n_validation, (long long)n_test);
    else
        status = split_pool(&s, rows, options, arena, pool, err);
    nas_heap_free(pool);
    return status;
}

nas_status nas_split_shared_groups(const nas_rows *rows, nas_arena *arena, int64_t *out,
                                   nas_err *err)
{
    int64_t *known = NAS_NEW(arena, int64_t, rows->n);
    int64_t n = 0;
    NAS_TRY_ALLOC(known, err);
    *out = 0;
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->part[i] != NAS_PART_TEST)
            known[n++] = rows->groups[i];
    qsort(known, (size_t)n, sizeof *known, compare_groups);
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t group = rows->groups[i];
        if (rows->part[i] == NAS_PART_TEST &&
            bsearch(&group, known, (size_t)n, sizeof *known, compare_groups) != NULL)
            (*out)++;
    }
    return NAS_OK;
}

nas_status nas_split_train_order(const nas_rows *rows, int64_t n_classes, uint64_t seed,
                                 nas_arena *arena, int64_t **out, int64_t *n,
                                 nas_err *err)
{
    int64_t count = 0;
    for (int64_t i = 0; i < rows->n; i++)
        count += rows->part[i] == NAS_PART_TRAIN;
    int64_t *order = NAS_NEW(arena, int64_t, count);
    NAS_TRY_ALLOC(order, err);
    *n = 0;
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->part[i] == NAS_PART_TRAIN)
            order[(*n)++] = i;
    *out = order;
    return nas_split_stratify(rows->labels, n_classes, stream(seed, STREAM_TRAIN_ORDER),
                              order, *n, err);
}
