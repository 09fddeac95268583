#include "nasmith/data.h"

#include "data/names.h"

#include <stdio.h>
#include <string.h>

enum { CLASSES_SHOWN = 20, COLUMNS_SHOWN = 12, LINE_WIDTH = 90, INDENT = 9 };

void nas_data_summary_free(nas_data_summary *summary)
{
    if (summary == NULL)
        return;
    nas_arena_free(summary->arena);
    *summary = (nas_data_summary){.arena = NULL};
}

/* ---- text ----------------------------------------------------------------------- */

/* 1234567 as "1,234,567". */
static void format_rows(int64_t value, char *out, size_t size)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
    size_t at = 0;
    for (int i = 0; i < n && at + 2 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

static const char *split_words(const nas_data_summary *summary)
{
    static const char *const words[] = {
        [NAS_SPLIT_STRATIFIED] = "stratified",  [NAS_SPLIT_RANDOM] = "random",
        [NAS_SPLIT_GROUP] = "by group",         [NAS_SPLIT_TIME] = "by time",
        [NAS_SPLIT_FILES] = "as the files say",
    };
    return words[summary->split];
}

/* "train 1,257 · val 270", or "5 folds of 1,527 rows". */
static void write_search_parts(const nas_data_summary *summary, nas_text *out)
{
    char train[32], validation[32], all[32];
    format_rows(summary->n_train, train, sizeof train);
    format_rows(summary->n_validation, validation, sizeof validation);
    format_rows(summary->n_train + summary->n_validation, all, sizeof all);
    if (summary->folds <= 1)
        nas_text_printf(out, "         train %s · val %s", train, validation);
    else
        nas_text_printf(out, "         %lld folds of %s rows", (long long)summary->folds,
                        all);
    if (summary->repeats > 1)
        nas_text_printf(out, ", %lld times", (long long)summary->repeats);
}

static void write_parts(const nas_data_summary *summary, nas_text *out)
{
    char test[32], how[64];
    write_search_parts(summary, out);
    format_rows(summary->n_test, test, sizeof test);
    bool files = summary->split == NAS_SPLIT_FILES;
    bool drawn = !files && summary->split != NAS_SPLIT_TIME;
    (void)snprintf(how, sizeof how, drawn ? "%s, seed %llu" : "%s", split_words(summary),
                   (unsigned long long)summary->seed);
    if (files == summary->test_from_files)
        nas_text_printf(out, " · test %s (%s)\n", test, how);
    else
        nas_text_printf(out, " (%s) · test %s (%s)\n", how, test,
                        files ? "taken from the training rows" : "as the files say");
}

/* Bytes of UTF-8 are counted as columns: a line may come out a little short. */
static void write_classes(const nas_data_summary *summary, nas_text *out)
{
    size_t line = INDENT;
    bool labels = summary->task == NAS_TASK_MULTILABEL;
    nas_text_puts(out, labels ? "Labels   " : "Classes  ");
    for (int64_t k = 0; k < summary->n_outputs && k < CLASSES_SHOWN; k++) {
        char item[160], rows[32];
        format_rows(summary->class_counts[k], rows, sizeof rows);
        (void)snprintf(item, sizeof item, "%s%s %s", k > 0 ? " · " : "",
                       summary->label_names[k], rows);
        if (line + strlen(item) > LINE_WIDTH && k > 0) {
            nas_text_puts(out, " ·\n         ");
            line = INDENT;
            memmove(item, item + strlen(" · "), strlen(item + strlen(" · ")) + 1);
        }
        nas_text_puts(out, item);
        line += strlen(item);
    }
    if (summary->n_outputs > CLASSES_SHOWN)
        nas_text_printf(out, " · %lld more",
                        (long long)(summary->n_outputs - CLASSES_SHOWN));
    nas_text_putc(out, '\n');
}

/* Figures of the first target, names of the others. */
static void write_targets(const nas_data_summary *summary, nas_text *out)
{
    nas_text_printf(out, "Target   %s  %.6g to %.6g, mean %.6g, deviation %.6g\n",
                    summary->label_names[0], summary->target_min, summary->target_max,
                    summary->target_mean, summary->target_deviation);
    if (summary->horizon > 0) { /* each horizon by its first and last step */
        for (int64_t k = summary->horizon; k <= summary->n_outputs; k += summary->horizon)
            nas_text_printf(out, "         %s to %s\n",
                            summary->label_names[k - summary->horizon],
                            summary->label_names[k - 1]);
        return;
    }
    for (int64_t k = 1; k < summary->n_outputs; k++)
        nas_text_printf(out, "         %s%s\n", k == 1 ? "and " : "    ",
                        summary->label_names[k]);
}

/* What becomes of one column that is more than a plain number. */
static void write_column(const nas_data_summary *summary, int64_t k, nas_text *out)
{
    char missing[32], rare[32];
    const nas_column *column = &summary->columns[k];
    format_rows(column->n_missing, missing, sizeof missing);
    format_rows(column->n_rare, rare, sizeof rare);
    nas_text_printf(out, "         %s: ", summary->feature_names[k]);
    if (column->levels != NULL)
        nas_text_printf(out, "%lld categor%s, one input for all others",
                        (long long)column->n_levels, column->n_levels == 1 ? "y" : "ies");
    else
        nas_text_puts(out, "number");
    if (column->n_rare > 0)
        nas_text_printf(out, " (%s training row%s)", rare,
                        column->n_rare == 1 ? "" : "s");
    if (column->n_missing > 0)
        nas_text_printf(out, "; %s missing: %s%s", missing,
                        column->levels != NULL ? "" : "the median",
                        column->indicator
                            ? (column->levels != NULL ? "an input of its own"
                                                      : " and an input that says so")
                            : (column->levels != NULL ? "no category" : ""));
    nas_text_putc(out, '\n');
}

static void write_columns(const nas_data_summary *summary, nas_text *out)
{
    int64_t shown = 0, special = 0;
    for (int64_t k = 0; k < summary->shape.c; k++)
        special +=
            summary->columns[k].levels != NULL || summary->columns[k].n_missing > 0;
    nas_text_printf(out,
                    "Columns  %lld plain number%s, %lld encoded: %lld inputs of the "
                    "network\n",
                    (long long)(summary->shape.c - special),
                    summary->shape.c - special == 1 ? "" : "s", (long long)special,
                    (long long)summary->inner.c);
    for (int64_t k = 0; k < summary->shape.c && shown < COLUMNS_SHOWN; k++) {
        if (summary->columns[k].levels == NULL && summary->columns[k].n_missing == 0)
            continue;
        write_column(summary, k, out);
        shown++;
    }
    if (special > shown)
        nas_text_printf(out, "         and %lld more (--json)\n",
                        (long long)(special - shown));
}

static double labels_per_row(const nas_data_summary *summary)
{
    double n = (double)(summary->n_train + summary->n_validation + summary->n_test);
    double sum = 0.0;
    for (int64_t k = 0; k < summary->n_outputs; k++)
        sum += (double)summary->class_counts[k];
    return n > 0.0 ? sum / n : 0.0;
}

void nas_data_summary_text(const nas_data_summary *summary, nas_text *out)
{
    char rows[32];
    format_rows(summary->n_train + summary->n_validation + summary->n_test, rows,
                sizeof rows);
    nas_text_printf(out, "Data     %s  %s rows: %s", summary->source, rows,
                    summary->kind);
    if (!nas_task_has_units(summary->task))
        nas_text_printf(out, ", %lld %s", (long long)summary->n_outputs,
                        summary->task == NAS_TASK_MULTILABEL ? "labels" : "classes");
    nas_text_printf(out, "%s\n", summary->from_cache ? " (prepared before)" : "");
    write_parts(summary, out);
    int64_t n = summary->n_train + summary->n_validation + summary->n_test;
    if (summary->task == NAS_TASK_ANOMALY)
        nas_text_printf(out, "Task     anomaly: %lld rows are normal, %lld are not\n",
                        (long long)(n - summary->n_anomalies),
                        (long long)summary->n_anomalies);
    else if (summary->horizon > 0)
        nas_text_printf(out, "Task     forecasting, the next %lld steps from %lld\n",
                        (long long)summary->horizon, (long long)summary->shape.w);
    else
        nas_text_printf(out, "Task     %s\n", nas_task_name(summary->task));
    bool classes = !nas_task_has_units(summary->task);
    if (summary->task == NAS_TASK_MULTILABEL)
        nas_text_printf(out, "Given    %.3g labels a row\n", labels_per_row(summary));
    if (classes)
        write_classes(summary, out);
    else if (summary->task == NAS_TASK_REGRESSION)
        write_targets(summary, out);
    if (summary->columns != NULL)
        write_columns(summary, out);
    for (int64_t i = 0; i < summary->n_warnings; i++)
        nas_text_printf(out, "Note     %s\n", summary->warnings[i]);
}

/* ---- JSON ----------------------------------------------------------------------- */

static void write_labels_json(const nas_data_summary *summary, nas_json *json)
{
    bool classes = !nas_task_has_units(summary->task);
    nas_json_key(json, classes ? "classes" : "targets");
    nas_json_array_begin(json);
    for (int64_t k = 0; k < summary->n_outputs; k++) {
        if (!classes) {
            nas_json_string(json, summary->label_names[k]);
            continue;
        }
        nas_json_object_begin(json);
        nas_json_key_string(json, "name", summary->label_names[k]);
        nas_json_key_int(json, "rows", summary->class_counts[k]);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    if (summary->task == NAS_TASK_ANOMALY)
        nas_json_key_int(json, "anomalies", summary->n_anomalies);
    if (summary->task != NAS_TASK_REGRESSION)
        return;
    nas_json_key(json, "target");
    nas_json_object_begin(json);
    nas_json_key_real(json, "min", summary->target_min);
    nas_json_key_real(json, "max", summary->target_max);
    nas_json_key_real(json, "mean", summary->target_mean);
    nas_json_key_real(json, "deviation", summary->target_deviation);
    nas_json_object_end(json);
}

void nas_data_summary_json(const nas_data_summary *summary, nas_json *json)
{
    char content[17], quick[17];
    nas_fingerprint_text(summary->fingerprint, content);
    nas_fingerprint_text(summary->quick_fingerprint, quick);
    nas_json_object_begin(json);
    nas_json_key_string(json, "source", summary->source);
    nas_json_key_string(json, "kind", summary->kind);
    nas_json_key_string(json, "task", nas_task_name(summary->task));
    nas_json_key(json, "shape");
    nas_json_array_begin(json);
    nas_json_int(json, summary->shape.c);
    nas_json_int(json, summary->shape.h);
    nas_json_int(json, summary->shape.w);
    nas_json_array_end(json);
    if (summary->columns != NULL) {
        nas_json_key(json, "columns");
        nas_columns_write_json(summary->columns, summary->feature_names, summary->shape.c,
                               json);
        nas_json_key_int(json, "network_inputs", summary->inner.c);
    }
    nas_json_key_string(json, "element", nas_element_name(summary->element));
    nas_json_key_int(json, "outputs", summary->n_outputs);
    write_labels_json(summary, json);
    nas_json_key_int(json, "train", summary->n_train);
    nas_json_key_int(json, "validation", summary->n_validation);
    nas_json_key_int(json, "test", summary->n_test);
    if (summary->horizon > 0)
        nas_json_key_int(json, "horizon", summary->horizon);
    nas_json_key_int(json, "folds", summary->folds);
    nas_json_key_int(json, "repeats", summary->repeats);
    nas_json_key_string(json, "split", nas_split_name(summary->split));
    nas_json_key_bool(json, "test_from_files", summary->test_from_files);
    nas_json_key_int(json, "seed", (int64_t)summary->seed);
    if (summary->sample_rate > 0)
        nas_json_key_int(json, "sample_rate", summary->sample_rate);
    nas_json_key(json, "warnings");
    nas_json_array_begin(json);
    for (int64_t i = 0; i < summary->n_warnings; i++)
        nas_json_string(json, summary->warnings[i]);
    nas_json_array_end(json);
    nas_json_key_string(json, "fingerprint", content);
    nas_json_key_string(json, "quick_fingerprint", quick);
    nas_json_object_end(json);
}
