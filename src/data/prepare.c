#include "data/anomaly.h"
#include "data/fingerprint.h"
#include "data/folds.h"
#include "data/inspect.h"
#include "data/learn.h"
#include "data/options.h"
#include "data/prepared.h"
#include "data/source.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_A_TELL = 64 };

/* One preparation or check, from opened files to written parts. */
typedef struct preparation {
    const nas_data_options *options;
    nas_source *source;
    nas_source *test; /* NULL without options->test_path */
    nas_arena *arena; /* the source's */
    nas_rows rows;    /* of source, then of test */
    nas_split_how how;
    nas_folds folds;
    int64_t *class_counts;
    nas_column *columns; /* of a table that is more than plain numbers, or NULL */
    nas_inspection inspection;
    nas_prepared_writer search, sealed;
    bool writing;
    uint64_t quick, content;
} preparation;

/* ---- opening -------------------------------------------------------------------- */

static void close_sources(preparation *p)
{
    nas_source_close(p->test);
    nas_source_close(p->source);
}

static nas_status open_sources(preparation *p, const char *path,
                               const nas_data_options *options, nas_err *err)
{
    *p = (preparation){.options = options};
    NAS_TRY(nas_data_options_check(options, err));
    NAS_TRY(nas_source_open(path, options, &p->source, err));
    p->arena = p->source->arena;
    nas_status status = NAS_OK;
    if (options->test_path != NULL)
        status = nas_source_open(options->test_path, options, &p->test, err);
    if (status != NAS_OK)
        close_sources(p);
    return status;
}

static nas_status check_test_alike(const nas_source *a, const nas_source *b, nas_err *err)
{
    if (nas_shape_equal(a->shape, b->shape) && a->element == b->element &&
        a->task == b->task &&
        (a->task == NAS_TASK_CLASSIFICATION || a->n_outputs == b->n_outputs))
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA, "test data `%s` (%s) does not fit `%s` (%s)",
                    b->path, b->kind, a->path, a->kind);
}

static nas_status describe_test(preparation *p, const nas_schema *schema, nas_err *err)
{
    nas_source *source = p->source;
    for (int64_t i = 0; i < source->rows.n; i++) {
        if (source->rows.part[i] != NAS_PART_TEST)
            continue;
        nas_status status = nas_fail(
            err, NAS_E_USAGE, "test data given, but `%s` has its own", source->path);
        nas_err_hint(err, "leave --test out, or name the training part alone");
        return status;
    }
    nas_schema fixed = *schema;
    fixed.task = nas_task_name(source->task);
    fixed.n_features = source->feature_names != NULL ? source->shape.c : 0;
    fixed.feature_names = source->feature_names;
    fixed.columns = source->columns;
    fixed.shape = source->shape;
    if (source->task != NAS_TASK_CLASSIFICATION) {
        fixed.n_targets = source->n_outputs;
        fixed.target_names = source->label_names;
    }
    NAS_TRY(p->test->reader->describe(p->test, &fixed, err));
    NAS_TRY(nas_anomaly_mark(p->test, &fixed, err));
    NAS_TRY(check_test_alike(source, p->test, err));
    memset(p->test->rows.part, NAS_PART_TEST, (size_t)p->test->rows.n);
    for (int64_t i = 0; i < p->test->n_warnings; i++)
        nas_source_warn(source, "%s", p->test->warnings[i]);
    if (source->task != NAS_TASK_CLASSIFICATION)
        return NAS_OK;
    return nas_source_relabel(p->test, source->label_names, source->n_outputs,
                              "the training data", err);
}

/* Two arrays one after the other; both NULL give NULL. */
static void *join(nas_arena *arena, const void *a, int64_t n_a, const void *b,
                  int64_t n_b, size_t size)
{
    char *out = nas_arena_alloc(arena, (size_t)(n_a + n_b), size);
    if (out == NULL)
        return NULL;
    memcpy(out, a, (size_t)n_a * size);
    memcpy(out + (size_t)n_a * size, b, (size_t)n_b * size);
    return out;
}

static nas_status join_rows(preparation *p, nas_err *err)
{
    const nas_rows *a = &p->source->rows;
    const nas_rows *b = &p->test->rows;
    size_t target = (size_t)p->source->n_outputs * sizeof(float);
    p->rows = (nas_rows){.n = a->n + b->n, .timed = a->timed};
    p->rows.part = join(p->arena, a->part, a->n, b->part, b->n, 1);
    NAS_TRY_ALLOC(p->rows.part, err);
    if (a->labels != NULL) {
        p->rows.labels =
            join(p->arena, a->labels, a->n, b->labels, b->n, sizeof *a->labels);
        NAS_TRY_ALLOC(p->rows.labels, err);
    } else {
        p->rows.targets = join(p->arena, a->targets, a->n, b->targets, b->n, target);
        NAS_TRY_ALLOC(p->rows.targets, err);
    }
    if (a->times != NULL) { /* test rows are where they are, whatever their time */
        p->rows.times = NAS_NEW(p->arena, double, p->rows.n);
        NAS_TRY_ALLOC(p->rows.times, err);
        memcpy(p->rows.times, a->times, (size_t)a->n * sizeof *a->times);
    }
    if (a->groups != NULL && b->groups != NULL) {
        p->rows.groups =
            join(p->arena, a->groups, a->n, b->groups, b->n, sizeof *a->groups);
        NAS_TRY_ALLOC(p->rows.groups, err);
        for (int64_t i = 0; p->test->own_groups && i < b->n; i++)
            p->rows.groups[a->n + i] += (int32_t)a->n; /* at most one group a row */
    }
    return NAS_OK;
}

/* Readers of one class or quantity a row do not know of tasks with several labels. */
static nas_status check_labels(const preparation *p, nas_err *err)
{
    const char *task = p->options->task;
    bool several = p->source->task == NAS_TASK_MULTILABEL;
    if (several || task == NULL || strcmp(task, nas_task_name(NAS_TASK_MULTILABEL)) != 0)
        return NAS_OK;
    nas_status status =
        nas_fail(err, NAS_E_USAGE, "--task multilabel: `%s` (%s) has one label a row",
                 p->source->path, p->source->kind);
    nas_err_hint(err, "name several columns of 0 and 1: --label a,b,c");
    return status;
}

static nas_status describe_sources(preparation *p, nas_err *err)
{
    nas_schema schema = nas_anomaly_schema(p->options);
    NAS_TRY(p->source->reader->describe(p->source, &schema, err));
    NAS_TRY(nas_anomaly_mark(p->source, &schema, err));
    NAS_TRY(check_labels(p, err));
    if (p->test == NULL) {
        p->rows = p->source->rows;
        return NAS_OK;
    }
    NAS_TRY(describe_test(p, &schema, err));
    return join_rows(p, err);
}

/* ---- rows ----------------------------------------------------------------------- */

static nas_status warn_shared_groups(preparation *p, nas_err *err)
{
    int64_t shared = 0;
    if (p->rows.groups == NULL || !p->how.test_from_files)
        return NAS_OK;
    NAS_TRY(nas_split_shared_groups(&p->rows, p->arena, &shared, err));
    if (shared > 0)
        nas_source_warn(p->source, "%lld test rows are of groups that are trained on",
                        (long long)shared);
    return NAS_OK;
}

/* Folds; anomalies are all validated or tested on, so that there is nothing to rotate. */
static nas_status divide(preparation *p, int64_t n_classes, nas_err *err)
{
    nas_data_options options = *p->options;
    if (p->source->marked && options.folds == 0)
        options.folds = 1;
    if (p->source->marked && options.folds > 1)
        return nas_fail(err, NAS_E_USAGE,
                        "--folds %lld: with --task anomaly only normal rows are trained "
                        "on, in one part",
                        (long long)options.folds);
    return nas_folds_make(&p->rows, n_classes, p->how.kind, &options, p->arena, &p->folds,
                          err);
}

static nas_status plan_rows(preparation *p, nas_err *err)
{
    nas_source *source = p->source;
    bool classes = source->task == NAS_TASK_CLASSIFICATION;
    if (source->task != NAS_TASK_REGRESSION) {
        p->class_counts = NAS_NEW(p->arena, int64_t, source->n_outputs);
        NAS_TRY_ALLOC(p->class_counts, err);
    }
    NAS_TRY(nas_inspect_labels(source, &p->rows, p->class_counts, err));
    int64_t n_classes = classes ? source->n_outputs : 1;
    NAS_TRY(nas_split_rows(&p->rows, n_classes, p->options, p->arena, &p->how, err));
    NAS_TRY(divide(p, n_classes, err));
    NAS_TRY(nas_inspect_parts(source, &p->rows, err));
    NAS_TRY(warn_shared_groups(p, err));
    if (source->marked)
        NAS_TRY(nas_anomaly_finish(source, &p->rows, p->how.test_from_files, err));
    NAS_TRY(nas_columns_learn(source, &p->rows, &p->columns, err));
    if (source->marked && p->columns != NULL)
        return nas_fail(err, NAS_E_DATA,
                        "`%s`: --task anomaly needs plain numbers, without categories or "
                        "missing values",
                        source->path);
    NAS_TRY(nas_inspection_init(&p->inspection, p->arena, source->shape, source->element,
                                p->rows.n, err));
    p->inspection.columns = p->columns;
    return NAS_OK;
}

/* Rows of the test source follow those of the first. */
typedef struct row_context {
    preparation *p;
    int64_t first_row;
    size_t row_bytes;
} row_context;

static nas_status take_row(void *context, int64_t row, const void *input, nas_err *err)
{
    const row_context *c = context;
    preparation *p = c->p;
    if (row % ROWS_A_TELL == 0)
        NAS_TRY(nas_data_tell(p->options,
                              (nas_data_progress){.step = NAS_DATA_TAKE_OVER,
                                                  .done = c->first_row + row,
                                                  .total = p->rows.n},
                              err));
    NAS_TRY(nas_inspection_add(&p->inspection, input, err));
    if (!p->writing)
        return NAS_OK;
    bool test = p->rows.part[c->first_row + row] == NAS_PART_TEST;
    return nas_prepared_put(test ? &p->sealed : &p->search, input, c->row_bytes, err);
}

static nas_status stream_inputs(preparation *p, nas_err *err)
{
    row_context context = {.p = p};
    nas_sink sink = {.row = take_row, .context = &context};
    context.row_bytes =
        (size_t)nas_shape_count(p->source->shape) * nas_element_bytes(p->source->element);
    NAS_TRY(p->source->reader->rows(p->source, &sink, err));
    context.first_row = p->source->rows.n;
    if (p->test != NULL)
        NAS_TRY(p->test->reader->rows(p->test, &sink, err));
    nas_status status = nas_inspection_finish(&p->inspection, &p->rows, p->source, err);
    nas_inspection_free(&p->inspection);
    return status;
}

/* ---- writing -------------------------------------------------------------------- */

/* Which rows are anomalies; targets are the inputs, which stand there already. */
static nas_status write_flags(preparation *p, nas_prepared_writer *writer, bool test,
                              nas_err *err)
{
    const nas_rows *rows = &p->rows;
    NAS_TRY(nas_prepared_section_begin(writer, "anomalies", err));
    for (int64_t i = 0; i < rows->n; i++)
        if ((rows->part[i] == NAS_PART_TEST) == test)
            NAS_TRY(nas_prepared_put(writer, &rows->anomalies[i], 1, err));
    return NAS_OK;
}

static nas_status write_part_rows(preparation *p, nas_prepared_writer *writer, bool test,
                                  nas_err *err)
{
    const nas_rows *rows = &p->rows;
    bool classes = rows->labels != NULL;
    if (rows->anomalies != NULL)
        return write_flags(p, writer, test, err);
    size_t target = (size_t)p->source->n_outputs * sizeof(float);
    NAS_TRY(nas_prepared_section_begin(writer, classes ? "labels" : "targets", err));
    for (int64_t i = 0; i < rows->n; i++) {
        if ((rows->part[i] == NAS_PART_TEST) != test)
            continue;
        if (classes)
            NAS_TRY(
                nas_prepared_put(writer, &rows->labels[i], sizeof *rows->labels, err));
        else
            NAS_TRY(nas_prepared_put(writer, rows->targets + i * p->source->n_outputs,
                                     target, err));
    }
    if (rows->groups == NULL)
        return NAS_OK;
    NAS_TRY(nas_prepared_section_begin(writer, "groups", err));
    for (int64_t i = 0; i < rows->n; i++)
        if ((rows->part[i] == NAS_PART_TEST) == test)
            NAS_TRY(
                nas_prepared_put(writer, &rows->groups[i], sizeof *rows->groups, err));
    return NAS_OK;
}

/* Row numbers of the source as those within search.nasd, which has no test rows: counted
 * from the nearest RANK_STEP-th row on, since a number for each would be much memory. */
enum { RANK_STEP = 64 };

typedef struct ranks {
    const uint8_t *part;
    int64_t *before; /* heap, [n / RANK_STEP + 1] rows that are not tested on */
} ranks;

static nas_status ranks_init(ranks *r, const nas_rows *rows, nas_err *err)
{
    int64_t n = 0;
    r->part = rows->part;
    r->before = nas_heap_alloc((size_t)(rows->n / RANK_STEP) + 1, sizeof *r->before);
    NAS_TRY_ALLOC(r->before, err);
    for (int64_t i = 0; i < rows->n; i++) {
        if (i % RANK_STEP == 0)
            r->before[i / RANK_STEP] = n;
        n += rows->part[i] != NAS_PART_TEST;
    }
    return NAS_OK;
}

static nas_status put_place(preparation *p, const ranks *r, int64_t row, nas_err *err)
{
    int64_t place = r->before[row / RANK_STEP];
    for (int64_t i = row - row % RANK_STEP; i < row; i++)
        place += r->part[i] != NAS_PART_TEST;
    return nas_prepared_put(&p->search, &place, sizeof place, err);
}

static nas_status put_indices(preparation *p, const ranks *r, nas_err *err)
{
    const nas_rows *rows = &p->rows;
    int64_t *order = NULL;
    int64_t n = 0;
    NAS_TRY(nas_split_train_order(rows, rows->labels != NULL ? p->source->n_outputs : 1,
                                  p->options->seed, p->arena, &order, &n, err));
    NAS_TRY(nas_prepared_section_begin(&p->search, "train", err));
    for (int64_t i = 0; i < n; i++)
        NAS_TRY(put_place(p, r, order[i], err));
    NAS_TRY(nas_prepared_section_begin(&p->search, "validation", err));
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->part[i] == NAS_PART_VALIDATION)
            NAS_TRY(put_place(p, r, i, err));
    return NAS_OK;
}

static nas_status write_indices(preparation *p, nas_err *err)
{
    ranks r = {.before = NULL};
    nas_status status = ranks_init(&r, &p->rows, err);
    if (status == NAS_OK)
        status = put_indices(p, &r, err);
    nas_heap_free(r.before);
    return status;
}

static nas_status write_folds(preparation *p, nas_err *err)
{
    if (p->folds.of == NULL)
        return NAS_OK;
    NAS_TRY(nas_prepared_section_begin(&p->search, "folds", err));
    for (int r = 0; r < p->folds.repeats; r++) {
        const uint8_t *of = p->folds.of + r * p->rows.n;
        for (int64_t i = 0; i < p->rows.n; i++)
            if (p->rows.part[i] != NAS_PART_TEST)
                NAS_TRY(nas_prepared_put(&p->search, &of[i], sizeof *of, err));
    }
    return NAS_OK;
}

static nas_dataset describe_part(const preparation *p, const nas_data_summary *summary,
                                 bool test)
{
    const nas_source *source = p->source;
    nas_dataset out = {
        .task = source->task,
        .shape = source->shape,
        .element = source->element,
        .n_rows = test ? summary->n_test : summary->n_train + summary->n_validation,
        .n_outputs = source->n_outputs,
        .label_names = source->label_names,
        .feature_names = source->feature_names,
        .columns = p->columns,
        .n_train = test ? 0 : summary->n_train,
        .n_validation = test ? 0 : summary->n_validation,
        .folds = test ? 1 : p->folds.folds,
        .repeats = test ? 1 : p->folds.repeats,
        .horizon = source->horizon,
        .target_channels = source->target_channels,
        .split = p->how.kind,
        .flippable = source->flippable,
        .fingerprint = p->content,
    };
    return out;
}

static nas_status open_writers(preparation *p, const char *folder, nas_err *err)
{
    char *search = nas_file_join(p->arena, folder, NAS_PREPARED_SEARCH);
    char *sealed = nas_file_join(p->arena, folder, NAS_PREPARED_SEALED);
    NAS_TRY_ALLOC(search, err);
    NAS_TRY_ALLOC(sealed, err);
    NAS_TRY(nas_file_make_directory(folder, err));
    nas_file_remove_stale(folder);
    NAS_TRY(nas_prepared_open_writer(&p->search, search, err));
    NAS_TRY(nas_prepared_open_writer(&p->sealed, sealed, err));
    NAS_TRY(nas_prepared_section_begin(&p->search, "inputs", err));
    p->writing = true;
    return nas_prepared_section_begin(&p->sealed, "inputs", err);
}

/* Sealed first: a search file never appears beside test rows of an older split. */
static nas_status finish_writers(preparation *p, const nas_data_summary *summary,
                                 nas_err *err)
{
    nas_dataset search = describe_part(p, summary, false);
    nas_dataset sealed = describe_part(p, summary, true);
    NAS_TRY(write_part_rows(p, &p->search, false, err));
    NAS_TRY(write_part_rows(p, &p->sealed, true, err));
    NAS_TRY(write_indices(p, err));
    NAS_TRY(write_folds(p, err));
    NAS_TRY(nas_prepared_finish(&p->search, &search, summary, err));
    NAS_TRY(nas_prepared_finish(&p->sealed, &sealed, NULL, err));
    NAS_TRY(nas_prepared_commit(&p->sealed, err));
    return nas_prepared_commit(&p->search, err);
}

/* ---- summary -------------------------------------------------------------------- */

static char **copy_names(nas_arena *arena, char *const *names, int64_t n)
{
    char **out = NAS_NEW(arena, char *, n);
    for (int64_t i = 0; out != NULL && i < n; i++) {
        out[i] = nas_arena_strdup(arena, names[i]);
        if (out[i] == NULL)
            return NULL;
    }
    return out;
}

static nas_status copy_columns(const preparation *p, nas_data_summary *out, nas_err *err)
{
    const int64_t n = p->source->shape.c;
    out->columns =
        nas_arena_copy(out->arena, p->columns, (size_t)n * sizeof *out->columns);
    out->feature_names = copy_names(out->arena, p->source->feature_names, n);
    NAS_TRY_ALLOC(out->columns, err);
    NAS_TRY_ALLOC(out->feature_names, err);
    for (int64_t k = 0; k < n; k++) {
        nas_column *column = &out->columns[k];
        if (column->levels == NULL)
            continue;
        column->levels = copy_names(out->arena, column->levels, column->n_levels);
        NAS_TRY_ALLOC(column->levels, err);
    }
    return NAS_OK;
}

static void summarise_target(const preparation *p, nas_data_summary *out)
{
    int64_t n = p->rows.n;
    int64_t width = p->source->n_outputs;
    double sum = 0.0;
    double squares = 0.0;
    out->target_min = HUGE_VAL;
    out->target_max = -HUGE_VAL;
    for (int64_t i = 0; i < n; i++) {
        double y = (double)p->rows.targets[i * width];
        out->target_min = fmin(out->target_min, y);
        out->target_max = fmax(out->target_max, y);
        sum += y;
    }
    out->target_mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double d = (double)p->rows.targets[i * width] - out->target_mean;
        squares += d * d;
    }
    out->target_deviation = sqrt(squares / (double)n);
}

static nas_status summarise(const preparation *p, nas_data_summary *out, nas_err *err)
{
    const nas_source *source = p->source;
    out->arena = nas_arena_new();
    NAS_TRY_ALLOC(out->arena, err);
    (void)snprintf(out->kind, sizeof out->kind, "%s", source->kind);
    out->task = source->task;
    out->shape = out->inner = source->shape;
    out->element = source->element;
    out->n_outputs = source->n_outputs;
    out->split = p->how.kind;
    out->horizon = source->horizon;
    out->folds = p->folds.folds;
    out->repeats = p->folds.repeats;
    out->test_from_files = p->how.test_from_files;
    out->seed = p->options->seed;
    out->sample_rate =
        p->source->sample_rate > 0 ? p->source->sample_rate : p->options->sample_rate;
    out->fingerprint = p->content;
    out->quick_fingerprint = p->quick;
    for (int64_t i = 0; i < p->rows.n; i++) {
        out->n_train += p->rows.part[i] == NAS_PART_TRAIN;
        out->n_validation += p->rows.part[i] == NAS_PART_VALIDATION;
        out->n_test += p->rows.part[i] == NAS_PART_TEST;
    }
    out->label_names = copy_names(out->arena, source->label_names, source->n_outputs);
    NAS_TRY_ALLOC(out->label_names, err);
    if (p->columns != NULL) {
        out->inner.c = nas_columns_width(p->columns, source->shape.c);
        NAS_TRY(copy_columns(p, out, err));
    }
    out->n_warnings = source->n_warnings;
    out->warnings = copy_names(out->arena, source->warnings, source->n_warnings);
    NAS_TRY_ALLOC(out->warnings, err);
    if (source->task == NAS_TASK_ANOMALY) {
        out->n_anomalies = p->class_counts[1];
        return NAS_OK;
    }
    if (p->class_counts == NULL) {
        summarise_target(p, out);
        return NAS_OK;
    }
    out->class_counts = nas_arena_copy(out->arena, p->class_counts,
                                       (size_t)source->n_outputs * sizeof(int64_t));
    NAS_TRY_ALLOC(out->class_counts, err);
    return NAS_OK;
}

/* ---- entry points --------------------------------------------------------------- */

/* @param folder  NULL = check only */
static nas_status run(preparation *p, const char *folder, nas_data_summary *out,
                      nas_err *err)
{
    NAS_TRY(describe_sources(p, err));
    NAS_TRY(plan_rows(p, err));
    if (folder != NULL)
        NAS_TRY(open_writers(p, folder, err));
    NAS_TRY(stream_inputs(p, err));
    NAS_TRY(summarise(p, out, err));
    return folder != NULL ? finish_writers(p, out, err) : NAS_OK;
}

/* Is there a prepared folder of exactly these sources and options? */
static bool find_prepared(preparation *p, const char *folder, nas_data_summary *out)
{
    nas_dataset *sealed = NULL;
    char *search_path = nas_file_join(p->arena, folder, NAS_PREPARED_SEARCH);
    char *sealed_path = nas_file_join(p->arena, folder, NAS_PREPARED_SEALED);
    if (search_path == NULL || sealed_path == NULL || !nas_file_exists(search_path))
        return false;
    if (nas_prepared_read_summary(search_path, out, NULL) != NAS_OK)
        return false;
    bool same = out->quick_fingerprint == p->quick;
    if (!same && nas_fingerprint_content(p->source, p->test, p->options, &p->content,
                                         NULL) == NAS_OK)
        same = out->fingerprint == p->content; /* touched or copied, not changed */
    same = same && nas_prepared_map(sealed_path, &sealed, NULL) == NAS_OK &&
           sealed->fingerprint == out->fingerprint;
    nas_dataset_close(sealed);
    if (!same)
        nas_data_summary_free(out);
    out->from_cache = same;
    out->quick_fingerprint = p->quick;
    return same;
}

static nas_status prepare(preparation *p, const char *folder, nas_data_summary *out,
                          nas_err *err)
{
    NAS_TRY(nas_fingerprint_quick(p->source, p->test, p->options, &p->quick, err));
    if (folder != NULL && find_prepared(p, folder, out))
        return NAS_OK;
    NAS_TRY(nas_fingerprint_content(p->source, p->test, p->options, &p->content, err));
    nas_status status = run(p, folder, out, err);
    nas_inspection_free(&p->inspection);
    nas_prepared_abort(&p->search);
    nas_prepared_abort(&p->sealed);
    return status;
}

static nas_status prepare_or_check(const char *path, const nas_data_options *options,
                                   const char *folder, nas_data_summary *out,
                                   nas_err *err)
{
    preparation p;
    *out = (nas_data_summary){.n_train = 0};
    NAS_TRY(open_sources(&p, path, options, err));
    nas_status status = prepare(&p, folder, out, err);
    close_sources(&p);
    if (status != NAS_OK)
        nas_data_summary_free(out);
    else
        (void)snprintf(out->source, sizeof out->source, "%s", path);
    return status;
}

nas_status nas_data_prepare(const char *path, const nas_data_options *options,
                            const char *folder, nas_data_summary *out, nas_err *err)
{
    return prepare_or_check(path, options, folder, out, err);
}

nas_status nas_data_check(const char *path, const nas_data_options *options,
                          nas_data_summary *out, nas_err *err)
{
    return prepare_or_check(path, options, NULL, out, err);
}

nas_status nas_data_fingerprint(const char *path, const nas_data_options *options,
                                uint64_t *quick, uint64_t *content, nas_err *err)
{
    preparation p;
    nas_status status = NAS_OK;
    NAS_TRY(open_sources(&p, path, options, err));
    if (quick != NULL)
        status = nas_fingerprint_quick(p.source, p.test, options, quick, err);
    if (status == NAS_OK && content != NULL)
        status = nas_fingerprint_content(p.source, p.test, options, content, err);
    close_sources(&p);
    return status;
}
