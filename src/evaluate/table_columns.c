/* Which columns a table has: known tables, names, options. */
#include "evaluate/table_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- known tables ---- */

/* Published tables as they stand in their converted files. The first whose validation
 * columns the header has and whose name was asked for (or none was) is taken. */
static const nas_table_options KNOWN[] = {
    {.metric = "c10",
     .space = "nasbench201",
     .validation = "c10_valid_200",
     .epochs = "200",
     .test = "c10_test_200",
     .seconds = "c10_time_12",
     .seconds_epochs = 12,
     .params = "c10_params_M",
     .macs = "c10_flops_M"},
    {.metric = "c10-12",
     .space = "nasbench201",
     .validation = "c10_valid_12",
     .epochs = "12",
     .test = "c10_test_200",
     .seconds = "c10_time_12",
     .seconds_epochs = 12,
     .params = "c10_params_M",
     .macs = "c10_flops_M"},
    {.metric = "c10-rungs",
     .space = "nasbench201",
     .validation = "c10_valid_12,c10_valid_200",
     .epochs = "12,200",
     .test = "c10_test_200",
     .seconds = "c10_time_12",
     .seconds_epochs = 12,
     .params = "c10_params_M",
     .macs = "c10_flops_M"},
    {.metric = "c100", /* no validation at 200 epochs was published with it */
     .space = "nasbench201",
     .validation = "c100_test_200",
     .epochs = "200",
     .test = "c100_test_200",
     .params = "c10_params_M",
     .macs = "c10_flops_M"},
    {.metric = "in16",
     .space = "nasbench201",
     .validation = "in16_valid_200",
     .epochs = "200",
     .test = "in16_test_200",
     .params = "in16_params_M",
     .macs = "in16_flops_M"},
    {.metric = "macro",
     .space = "nasbench-macro",
     .validation = "mean_acc",
     .epochs = "1",
     .test = "mean_acc",
     .params = "params",
     .macs = "flops"},
    {.metric = "darts-214",
     .space = "rows",
     .validation = "e22,e67,e200,e600", /* R / 27: earlier epochs rank nothing */
     .epochs = "22,67,200,600",
     .test = "e600",
     .curve = true},
};
enum { N_KNOWN = (int)(sizeof KNOWN / sizeof KNOWN[0]) };

const char *nas_table_metric_at(int index)
{
    return index >= 0 && index < N_KNOWN ? KNOWN[index].metric : NULL;
}

/* ---- lists and columns ---- */

bool nas_table_next_item(const char **list, char *out, size_t size)
{
    if (*list == NULL || **list == '\0')
        return false;
    size_t length = strcspn(*list, ",");
    (void)snprintf(out, size, "%.*s", (int)length, *list);
    *list += length + ((*list)[length] == ',');
    return true;
}

int64_t nas_table_column(const nas_csv_file *header, const char *name)
{
    for (int64_t i = 0; name != NULL && i < header->n_fields; i++)
        if (strcmp(nas_csv_field(header, i), name) == 0)
            return i;
    return -1;
}

static bool has_all(const nas_csv_file *header, const char *list)
{
    char name[128];
    while (nas_table_next_item(&list, name, sizeof name))
        if (nas_table_column(header, name) < 0)
            return false;
    return true;
}

static const nas_table_options *find_known(const nas_table_options *given,
                                           const nas_csv_file *header)
{
    for (int i = 0; i < N_KNOWN; i++)
        if ((given->metric == NULL || strcmp(given->metric, KNOWN[i].metric) == 0) &&
            has_all(header, KNOWN[i].validation) && has_all(header, KNOWN[i].test) &&
            nas_table_column(header, "arch") >= 0)
            return &KNOWN[i];
    return NULL;
}

static void fill(const char **option, const char *with)
{
    if (*option == NULL)
        *option = with;
}

static void fill_known(nas_table_options *options, const nas_table_options *known)
{
    bool own_rungs = options->validation != NULL;
    fill(&options->metric, known->metric);
    fill(&options->space, known->space);
    fill(&options->validation, known->validation);
    if (!own_rungs)
        fill(&options->epochs, known->epochs);
    fill(&options->test, known->test);
    if (options->seconds == NULL && options->seconds_epochs == 0)
        options->seconds_epochs = known->seconds_epochs;
    fill(&options->seconds, known->seconds);
    fill(&options->params, known->params);
    fill(&options->macs, known->macs);
    options->curve |= known->curve;
}

/* ---- by the names of the columns ---- */

/* Number after a prefix, or -1. */
static int64_t numbered(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    int64_t value = -1;
    if (strncmp(name, prefix, length) != 0 ||
        nas_parse_int(name + length, &value, NULL) != NAS_OK)
        return -1;
    return value;
}

/* The smallest number above `after` among the columns with the prefix, or -1. */
static int64_t next_number(const nas_csv_file *header, const char *prefix, int64_t after)
{
    int64_t best = -1;
    for (int64_t i = 0; i < header->n_fields; i++) {
        int64_t n = numbered(nas_csv_field(header, i), prefix);
        if (n > after && (best < 0 || n < best))
            best = n;
    }
    return best;
}

/* valid_EPOCHS, test, seconds_EPOCHS, params, macs or flops. */
static nas_status fill_named(nas_table *table, const nas_csv_file *header, nas_err *err)
{
    nas_table_options *options = &table->options;
    nas_text columns = {0}, epochs = {0};
    for (int64_t n = next_number(header, "valid_", 0); n > 0;
         n = next_number(header, "valid_", n)) {
        nas_text_printf(&columns, "%svalid_%lld", columns.length > 0 ? "," : "",
                        (long long)n);
        nas_text_printf(&epochs, "%s%lld", epochs.length > 0 ? "," : "", (long long)n);
    }
    bool failed = columns.failed || epochs.failed;
    if (options->validation == NULL && columns.length > 0) {
        options->validation = nas_arena_strdup(table->arena, columns.data);
        fill(&options->epochs, nas_arena_strdup(table->arena, epochs.data));
        failed |= options->validation == NULL || options->epochs == NULL;
    }
    nas_text_free(&columns);
    nas_text_free(&epochs);
    if (failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    int64_t timed = next_number(header, "seconds_", 0);
    if (options->seconds == NULL && timed > 0) {
        options->seconds =
            nas_arena_printf(table->arena, "seconds_%lld", (long long)timed);
        NAS_TRY_ALLOC(options->seconds, err);
        options->seconds_epochs = (double)timed;
    }
    static const char *const names[] = {"test", "params", "macs", "flops"};
    const char **const targets[] = {&options->test, &options->params, &options->macs,
                                    &options->macs};
    for (int i = 0; i < 4; i++)
        if (nas_table_column(header, names[i]) >= 0)
            fill(targets[i], names[i]);
    return NAS_OK;
}

/* ---- the ladder ---- */

static nas_status settle_ladder(nas_table *table, nas_err *err)
{
    const nas_table_options *options = &table->options;
    const char *columns = options->validation, *epochs = options->epochs;
    char name[128], number[32];
    nas_ladder *ladder = &table->ladder;
    while (nas_table_next_item(&columns, name, sizeof name)) {
        int64_t value = ladder->n + 1;
        if (ladder->n == NAS_MAX_RUNGS)
            return nas_fail(err, NAS_E_USAGE, "more than %d validation columns: %s",
                            NAS_MAX_RUNGS, options->validation);
        if (nas_table_next_item(&epochs, number, sizeof number))
            NAS_TRY(nas_parse_int(number, &value, err));
        if (value < 1 || (ladder->n > 0 && value <= ladder->rung[ladder->n - 1].epochs))
            return nas_fail(err, NAS_E_USAGE,
                            "epochs of the rungs must grow from 1: `%s`",
                            options->epochs != NULL ? options->epochs : "");
        ladder->rung[ladder->n++] = (nas_rung){1, value, 1.0 / 3};
    }
    if (epochs != NULL && *epochs != '\0')
        return nas_fail(err, NAS_E_USAGE, "%d validation columns, but epochs are `%s`",
                        ladder->n, options->epochs);
    ladder->rung[ladder->n - 1].keep = 0;
    return NAS_OK;
}

static nas_status unknown_metric(const nas_table_options *given, nas_err *err)
{
    nas_text names = {0};
    for (int i = 0; i < N_KNOWN; i++)
        nas_text_printf(&names, "%s%s", i > 0 ? ", " : "", KNOWN[i].metric);
    (void)nas_fail(err, NAS_E_USAGE, "the table has no metric `%s`", given->metric);
    nas_err_hint(err, "known tables have %s; others need --validation COLUMN",
                 nas_text_string(&names));
    nas_text_free(&names);
    return NAS_E_USAGE;
}

nas_status nas_table_settle(nas_table *table, const nas_csv_file *file, nas_err *err)
{
    nas_table_options *options = &table->options;
    const nas_table_options *known = find_known(options, file);
    if (known != NULL)
        fill_known(options, known);
    else if (options->metric != NULL && options->validation == NULL)
        return unknown_metric(options, err);
    NAS_TRY(fill_named(table, file, err));
    if (options->validation == NULL || *options->validation == '\0') {
        (void)nas_fail(err, NAS_E_DATA, "%s:1:1: no validation column",
                       file->stream.path);
        nas_err_hint(err, "name columns valid_EPOCHS, or say which: --validation COLUMN");
        return NAS_E_DATA;
    }
    fill(&options->space, "rows");
    fill(&options->metric, "validation");
    return settle_ladder(table, err);
}

/* ---- places ---- */

static nas_status place(const nas_csv_file *file, const char *name, int64_t *out,
                        nas_err *err)
{
    *out = nas_table_column(file, name);
    if (name == NULL || *out >= 0)
        return NAS_OK;
    const char *nearest = NULL;
    const char **names = nas_heap_alloc((size_t)file->n_fields, sizeof *names);
    NAS_TRY_ALLOC(names, err);
    for (int64_t i = 0; i < file->n_fields; i++)
        names[i] = nas_csv_field(file, i);
    nearest = nas_text_nearest(name, names, (size_t)file->n_fields);
    (void)nas_fail(err, NAS_E_USAGE, "%s has no column `%s`", file->stream.path, name);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_heap_free(names);
    return NAS_E_USAGE;
}

static nas_status place_decisions(const nas_table *table, const nas_csv_file *file,
                                  table_columns *out, nas_err *err)
{
    int n = nas_space_decision_count(table->space);
    int64_t *places = NAS_NEW(table->arena, int64_t, n);
    NAS_TRY_ALLOC(places, err);
    out->decision = places;
    for (int d = 0; d < n; d++)
        NAS_TRY(place(file, nas_space_decision(table->space, d).name, &places[d], err));
    return NAS_OK;
}

bool nas_table_is_size(const char *proxy)
{
    return strcmp(proxy, "params") == 0 || strcmp(proxy, "macs") == 0;
}

static nas_status place_proxies(const nas_table_options *options,
                                const nas_csv_file *file, table_columns *out,
                                nas_err *err)
{
    const char *list = options->proxies;
    char name[128];
    for (int k = 0; nas_table_next_item(&list, name, sizeof name); k++) {
        out->proxy[k] = -1;
        if (nas_table_is_size(name))
            out->proxy[k] = strcmp(name, "macs") == 0 ? out->macs : out->params;
        else if (options->proxies_file == NULL)
            NAS_TRY(place(file, name, &out->proxy[k], err));
    }
    return NAS_OK;
}

nas_status nas_table_place(const nas_table *table, const nas_csv_file *file,
                           table_columns *out, nas_err *err)
{
    const nas_table_options *options = &table->options;
    const char *list = options->validation;
    char name[128];
    *out = (table_columns){.index = nas_table_column(file, "index"),
                           .architecture = nas_table_column(file, "arch")};
    for (int k = 0; nas_table_next_item(&list, name, sizeof name); k++)
        NAS_TRY(place(file, name, &out->validation[k], err));
    NAS_TRY(place(file, options->test, &out->test, err));
    NAS_TRY(place(file, options->seconds, &out->seconds, err));
    NAS_TRY(place(file, options->params, &out->params, err));
    NAS_TRY(place(file, options->macs, &out->macs, err));
    out->objective = -1;
    if (options->side == NULL)
        NAS_TRY(place(file, options->objective, &out->objective, err));
    NAS_TRY(place_proxies(options, file, out, err));
    if (strcmp(options->space, "rows") != 0 && out->architecture < 0)
        NAS_TRY(place_decisions(table, file, out, err));
    return NAS_OK;
}
