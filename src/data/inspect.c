#include "data/inspect.h"

#include "nasmith/rng.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A majority of this many times the smallest class is called imbalance; from there on
 * a search weighs classes where its metric does. */
static const double imbalance_ratio = 3.0;

/* Shorter runs of 1, 2, 3, ... happen by chance. */
enum { INDEX_ROWS = 12, NAMES_SHOWN = 3 };

/* ---- rows ----------------------------------------------------------------------- */

nas_status nas_inspection_init(nas_inspection *inspection, nas_arena *arena,
                               nas_shape shape, nas_element element, int64_t n,
                               nas_err *err)
{
    *inspection = (nas_inspection){.shape = shape, .element = element};
    inspection->low = NAS_NEW(arena, float, shape.c);
    inspection->high = NAS_NEW(arena, float, shape.c);
    inspection->last = NAS_NEW(arena, float, shape.c);
    inspection->counts_up = NAS_NEW(arena, bool, shape.c);
    inspection->hashes = nas_heap_alloc((size_t)n, sizeof *inspection->hashes);
    NAS_TRY_ALLOC(inspection->low, err);
    NAS_TRY_ALLOC(inspection->high, err);
    NAS_TRY_ALLOC(inspection->last, err);
    NAS_TRY_ALLOC(inspection->counts_up, err);
    NAS_TRY_ALLOC(inspection->hashes, err);
    for (int64_t c = 0; c < shape.c; c++) {
        inspection->low[c] = FLT_MAX;
        inspection->high[c] = -FLT_MAX;
        inspection->counts_up[c] = shape.h * shape.w == 1 && shape.c > 1;
    }
    return NAS_OK;
}

void nas_inspection_free(nas_inspection *inspection)
{
    nas_heap_free(inspection->hashes);
    inspection->hashes = NULL;
}

/* Range of one channel of one row; comparisons vectorise, conversions wait for the end.
 */
#define DEFINE_RANGE(name, type)                                                         \
    static void name(const void *input, int64_t n, float *low, float *high)              \
    {                                                                                    \
        const type *values = input;                                                      \
        type min = values[0];                                                            \
        type max = values[0];                                                            \
        for (int64_t i = 1; i < n; i++) {                                                \
            min = values[i] < min ? values[i] : min;                                     \
            max = values[i] > max ? values[i] : max;                                     \
        }                                                                                \
        *low = (float)min;                                                               \
        *high = (float)max;                                                              \
    }
DEFINE_RANGE(range_u8, uint8_t)
DEFINE_RANGE(range_i8, int8_t)
DEFINE_RANGE(range_i16, int16_t)
DEFINE_RANGE(range_i32, int32_t)
DEFINE_RANGE(range_f32, float)

typedef void (*range_function)(const void *input, int64_t n, float *low, float *high);

static const range_function ranges[] = {
    [NAS_ELEMENT_U8] = range_u8,   [NAS_ELEMENT_I8] = range_i8,
    [NAS_ELEMENT_I16] = range_i16, [NAS_ELEMENT_I32] = range_i32,
    [NAS_ELEMENT_F32] = range_f32,
};

nas_status nas_inspect_finite(const float *values, int64_t n, nas_err *err)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return nas_fail(err, NAS_E_DATA,
                            "element %lld is %s, expected a finite number",
                            (long long)i + 1, isnan(values[i]) ? "NaN" : "infinite");
    return NAS_OK;
}

nas_status nas_inspection_add(nas_inspection *inspection, const void *input, nas_err *err)
{
    nas_shape shape = inspection->shape;
    int64_t plane = shape.h * shape.w;
    size_t plane_bytes = (size_t)plane * nas_element_bytes(inspection->element);
    if (inspection->element == NAS_ELEMENT_F32 && inspection->columns == NULL)
        NAS_TRY(nas_inspect_finite(input, shape.c * plane, err));
    for (int64_t c = 0; c < shape.c; c++) {
        float low;
        float high;
        ranges[inspection->element]((const char *)input + (size_t)c * plane_bytes, plane,
                                    &low, &high);
        inspection->low[c] = fminf(inspection->low[c], low);
        inspection->high[c] = fmaxf(inspection->high[c], high);
        if (inspection->n_seen > 0 && low != inspection->last[c] + 1.0f)
            inspection->counts_up[c] = false;
        inspection->last[c] = low;
    }
    inspection->hashes[inspection->n_seen++] =
        nas_hash64(input, (size_t)shape.c * plane_bytes, 0);
    return NAS_OK;
}

/* ---- duplicates ----------------------------------------------------------------- */

typedef struct hashed_row {
    uint64_t hash;
    int64_t row;
} hashed_row;

typedef struct duplicate_counts {
    int64_t repeated;    /* rows equal to an earlier one */
    int64_t test_known;  /* test rows equal to a row of the search */
    int64_t crossing;    /* validation rows equal to a training row */
    int64_t conflicting; /* rows in sets of equal rows with different classes */
} duplicate_counts;

static int compare_hashes(const void *a, const void *b)
{
    const hashed_row *x = a;
    const hashed_row *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void count_equal_rows(const hashed_row *same, int64_t n, const nas_rows *rows,
                             duplicate_counts *counts)
{
    int64_t in_part[NAS_PART_TEST + 1] = {0};
    bool conflict = false;
    for (int64_t i = 0; i < n; i++) {
        in_part[rows->part[same[i].row]]++;
        if (rows->labels != NULL &&
            rows->labels[same[i].row] != rows->labels[same[0].row])
            conflict = true;
    }
    counts->repeated += n - 1;
    if (in_part[NAS_PART_TRAIN] + in_part[NAS_PART_VALIDATION] > 0)
        counts->test_known += in_part[NAS_PART_TEST];
    if (in_part[NAS_PART_TRAIN] > 0)
        counts->crossing += in_part[NAS_PART_VALIDATION];
    if (conflict)
        counts->conflicting += n;
}

/* Rows are compared in turns, each of those whose hashes begin alike: a few MB at once,
 * where all rows of a large set would take 32 bytes each. */
enum { ROWS_A_TURN = 1 << 19 };

/* @param out  the rows of this turn; NULL: only count them */
static int64_t take_turn(const nas_inspection *inspection, uint64_t turns, uint64_t turn,
                         hashed_row *out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < inspection->n_seen; i++) {
        if ((inspection->hashes[i] >> 32) * turns >> 32 != turn)
            continue;
        if (out != NULL)
            out[n] = (hashed_row){.hash = inspection->hashes[i], .row = i};
        n++;
    }
    return n;
}

static void count_sorted(const hashed_row *sorted, int64_t n, const nas_rows *rows,
                         duplicate_counts *counts)
{
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && sorted[end].hash == sorted[i].hash)
            end++;
        if (end - i > 1)
            count_equal_rows(sorted + i, end - i, rows, counts);
        i = end;
    }
}

static nas_status count_duplicates(const nas_inspection *inspection, const nas_rows *rows,
                                   duplicate_counts *counts, nas_err *err)
{
    const uint64_t turns = (uint64_t)(inspection->n_seen / ROWS_A_TURN) + 1;
    for (uint64_t turn = 0; turn < turns; turn++) {
        int64_t n = take_turn(inspection, turns, turn, NULL);
        if (n == 0)
            continue;
        hashed_row *sorted = nas_heap_alloc((size_t)n, sizeof *sorted);
        NAS_TRY_ALLOC(sorted, err);
        n = take_turn(inspection, turns, turn, sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, compare_hashes);
        count_sorted(sorted, n, rows, counts);
        nas_heap_free(sorted);
    }
    return NAS_OK;
}

static void warn_duplicates(const duplicate_counts *counts, nas_source *source)
{
    if (counts->repeated > 0)
        nas_source_warn(source, "%lld row%s an earlier row: kept",
                        (long long)counts->repeated,
                        counts->repeated == 1 ? " repeats" : "s repeat");
    if (counts->test_known > 0)
        nas_source_warn(source,
                        "%lld test row%s to training or validation rows: kept, so the "
                        "test score will be too good",
                        (long long)counts->test_known,
                        counts->test_known == 1 ? " is identical" : "s are identical");
    if (counts->crossing > 0)
        nas_source_warn(source, "%lld validation row%s to training rows: kept",
                        (long long)counts->crossing,
                        counts->crossing == 1 ? " is identical" : "s are identical");
    if (counts->conflicting > 0)
        nas_source_warn(source,
                        "%lld rows share their inputs with a row of another class",
                        (long long)counts->conflicting);
}

/* ---- columns -------------------------------------------------------------------- */

/* "`x`" for columns, "3" for channels. */
static void append_name(nas_text *out, const nas_source *source, int64_t c)
{
    if (source->feature_names != NULL)
        nas_text_printf(out, "`%s`", source->feature_names[c]);
    else
        nas_text_printf(out, "%lld", (long long)c + 1);
}

static void warn_columns(nas_source *source, const bool *marked, const char *what)
{
    int64_t n = 0;
    nas_text names = {0};
    for (int64_t c = 0; c < source->shape.c; c++) {
        if (!marked[c])
            continue;
        if (n < NAMES_SHOWN) {
            nas_text_puts(&names, n > 0 ? ", " : "");
            append_name(&names, source, c);
        }
        n++;
    }
    if (n > NAMES_SHOWN)
        nas_text_printf(&names, " and %lld more", (long long)(n - NAMES_SHOWN));
    if (n > 0)
        nas_source_warn(source, "%s%s %s %s",
                        source->feature_names != NULL ? "column" : "channel",
                        n > 1 ? "s" : "", nas_text_string(&names), what);
    nas_text_free(&names);
}

nas_status nas_inspection_finish(const nas_inspection *inspection, const nas_rows *rows,
                                 nas_source *source, nas_err *err)
{
    int64_t n_constant = 0;
    bool *constant = NAS_NEW(source->arena, bool, inspection->shape.c);
    NAS_TRY_ALLOC(constant, err);
    for (int64_t c = 0; c < inspection->shape.c; c++) {
        constant[c] = inspection->low[c] == inspection->high[c];
        n_constant += constant[c];
        bool category =
            inspection->columns != NULL && inspection->columns[c].levels != NULL;
        if (inspection->n_seen < INDEX_ROWS || category)
            inspection->counts_up[c] = false;
    }
    if (n_constant == inspection->shape.c)
        return nas_fail(err, NAS_E_DATA,
                        "`%s`: every input is constant, nothing can be learned",
                        source->path);
    warn_columns(source, constant, "the same in all rows: kept, but no information");
    warn_columns(source, inspection->counts_up,
                 "counting 1, 2, 3, ... with the rows: kept, but better left out");
    duplicate_counts counts = {0};
    NAS_TRY(count_duplicates(inspection, rows, &counts, err));
    warn_duplicates(&counts, source);
    return NAS_OK;
}

/* ---- labels --------------------------------------------------------------------- */

static nas_status check_target(const nas_source *source, const nas_rows *rows,
                               nas_err *err)
{
    for (int64_t k = 0; k < source->n_outputs; k++) {
        bool varies = false;
        for (int64_t i = 1; i < rows->n && !varies; i++)
            varies = rows->targets[i * source->n_outputs + k] != rows->targets[k];
        if (!varies)
            return nas_fail(err, NAS_E_DATA, "`%s`: target `%s` is %g in all %lld rows",
                            source->path, source->label_names[k],
                            (double)rows->targets[k], (long long)rows->n);
    }
    return NAS_OK;
}

/* Rows that have each label. */
static nas_status count_labels(nas_source *source, const nas_rows *rows, int64_t *counts,
                               nas_err *err)
{
    int64_t k = source->n_outputs;
    memset(counts, 0, (size_t)k * sizeof *counts);
    for (int64_t i = 0; i < rows->n * k; i++)
        counts[i % k] += rows->targets[i] >= 0.5F;
    return check_target(source, rows, err);
}

static void warn_imbalance(nas_source *source, const int64_t *counts, int64_t n)
{
    int64_t least = 0;
    int64_t most = 0;
    for (int64_t k = 1; k < source->n_outputs; k++) {
        least = counts[k] < counts[least] ? k : least;
        most = counts[k] > counts[most] ? k : most;
    }
    if ((double)counts[most] < imbalance_ratio * (double)counts[least])
        return;
    nas_source_warn(
        source,
        "classes are imbalanced: `%s` has %.1f %% of the rows, `%s` %.2g %%; with "
        "--metric balanced_accuracy or macro_f1 they count, and are trained on, alike",
        source->label_names[most], 100.0 * (double)counts[most] / (double)n,
        source->label_names[least], 100.0 * (double)counts[least] / (double)n);
}

nas_status nas_inspect_labels(nas_source *source, const nas_rows *rows, int64_t *counts,
                              nas_err *err)
{
    if (source->task == NAS_TASK_REGRESSION)
        return check_target(source, rows, err);
    if (source->task == NAS_TASK_MULTILABEL)
        return count_labels(source, rows, counts, err);
    memset(counts, 0, (size_t)source->n_outputs * sizeof *counts);
    for (int64_t i = 0; i < rows->n; i++)
        counts[rows->labels[i]]++;
    if (source->n_outputs < 2) {
        nas_status status =
            nas_fail(err, NAS_E_DATA, "`%s`: all %lld rows have class `%s`", source->path,
                     (long long)rows->n, source->label_names[0]);
        nas_err_hint(err, "a classifier needs at least two classes");
        return status;
    }
    if (source->marked && counts[1] < 2) {
        nas_status status = nas_fail(err, NAS_E_DATA,
                                     "`%s`: %lld of %lld rows are not of class `%s`, "
                                     "expected 2 or more",
                                     source->path, (long long)counts[1],
                                     (long long)rows->n, source->label_names[0]);
        nas_err_hint(err, "a few anomalies are needed to validate and test on");
        return status;
    }
    for (int64_t k = 0; k < source->n_outputs; k++) {
        if (counts[k] >= 2)
            continue;
        nas_status status = nas_fail(
            err, NAS_E_DATA, "`%s`: class `%s` has %lld sample%s, expected 2 or more",
            source->path, source->label_names[k], (long long)counts[k],
            counts[k] == 1 ? "" : "s");
        nas_err_hint(err, "remove or merge the class; if the labels are quantities: "
                          "--task regression");
        return status;
    }
    if (!source->marked)
        warn_imbalance(source, counts, rows->n);
    return NAS_OK;
}

nas_status nas_inspect_parts(nas_source *source, const nas_rows *rows, nas_err *err)
{
    static const char *const names[] = {"any", "training", "validation", "test"};
    if (source->task != NAS_TASK_CLASSIFICATION || source->marked)
        return NAS_OK;
    int64_t k = source->n_outputs;
    int64_t *counts = NAS_NEW(source->arena, int64_t, k * (NAS_PART_TEST + 1));
    NAS_TRY_ALLOC(counts, err);
    for (int64_t i = 0; i < rows->n; i++)
        counts[rows->part[i] * k + rows->labels[i]]++;
    for (int part = NAS_PART_TRAIN; part <= NAS_PART_TEST; part++) {
        for (int64_t c = 0; c < k; c++) {
            if (counts[part * k + c] > 0)
                continue;
            if (part == NAS_PART_TRAIN)
                return nas_fail(err, NAS_E_DATA,
                                "`%s`: class `%s` has no row in the training part",
                                source->path, source->label_names[c]);
            nas_source_warn(source, "class `%s` has no row in the %s part",
                            source->label_names[c], names[part]);
        }
    }
    return NAS_OK;
}
