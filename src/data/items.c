#include "data/items.h"

#include "data/csv_text.h"
#include "data/options.h"
#include "data/stream.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More different whole numbers than this are quantities, as in tables. */
enum { MAX_INTEGER_CLASSES = 20 };

static bool has_extension(const nas_item_kind *kind, const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; kind->extensions[i] != NULL; i++) {
        size_t m = strlen(kind->extensions[i]);
        if (n > m && strcasecmp(name + n - m, kind->extensions[i]) == 0)
            return true;
    }
    return false;
}

bool nas_item_is(const nas_item_kind *kind, const char *path)
{
    unsigned char head[NAS_ITEM_HEAD];
    return has_extension(kind, path) ||
           kind->is_magic(head, nas_stream_peek_raw(path, head, sizeof head));
}

nas_status nas_items_add(nas_source *source, nas_items *items, const char *path,
                         const char *name, nas_item item, nas_err *err)
{
    nas_item *grown = nas_source_grow(source->arena, items->items, items->n,
                                      &items->capacity, sizeof *grown);
    NAS_TRY_ALLOC(grown, err);
    items->items = grown;
    if (items->n == 0)
        items->first_file = source->n_files;
    items->items[items->n++] = item;
    return nas_source_add_file(source, path, name, err);
}

nas_status nas_items_tell(const nas_source *source, const nas_items *items, int64_t i,
                          nas_err *err)
{
    return nas_data_tell(
        source->options,
        (nas_data_progress){.step = NAS_DATA_SURVEY, .done = i, .total = items->n}, err);
}

nas_status nas_items_open(nas_source *source, nas_items *items, nas_err *err)
{
    items->labels.arena = source->arena;
    items->groups.arena = source->arena;
    if (nas_file_is_directory(source->path))
        NAS_TRY(nas_items_from_tree(source, items, err));
    else
        NAS_TRY(nas_items_from_list(source, items, err));
    if (items->n_skipped > 0)
        nas_source_warn(source, "%lld file%s skipped: no %s (first: %s)",
                        (long long)items->n_skipped, items->n_skipped == 1 ? "" : "s",
                        items->kind->what, items->first_skipped);
    return NAS_OK;
}

/* ---- labels ---------------------------------------------------------------------- */

/* One distinct label text. */
typedef struct label_entry {
    const char *text;
    double value;
    int64_t code;
} label_entry;

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const label_entry *)a)->text, ((const label_entry *)b)->text);
}

static int compare_values(const void *a, const void *b)
{
    double x = ((const label_entry *)a)->value;
    double y = ((const label_entry *)b)->value;
    return x != y ? (x > y) - (x < y) : compare_texts(a, b);
}

/* Classes by number, or else by name. */
static nas_status take_classes(nas_source *source, nas_items *items, label_entry *entries,
                               bool numbers, nas_err *err)
{
    int64_t n = items->labels.n;
    int64_t *class_of = NAS_NEW(source->arena, int64_t, n);
    source->label_names = NAS_NEW(source->arena, char *, n);
    NAS_TRY_ALLOC(class_of, err);
    NAS_TRY_ALLOC(source->label_names, err);
    if (n > 0)
        qsort(entries, (size_t)n, sizeof *entries,
              numbers ? compare_values : compare_texts);
    for (int64_t i = 0; i < n; i++) {
        source->label_names[i] = items->labels.texts[entries[i].code];
        class_of[entries[i].code] = i;
    }
    for (int64_t i = 0; i < items->n; i++)
        items->items[i].label = class_of[items->items[i].label];
    source->task = NAS_TASK_CLASSIFICATION;
    source->n_outputs = n;
    return NAS_OK;
}

static nas_status take_targets(nas_source *source, nas_err *err)
{
    source->task = NAS_TASK_REGRESSION;
    source->n_outputs = 1;
    source->label_names = NAS_NEW(source->arena, char *, 1);
    NAS_TRY_ALLOC(source->label_names, err);
    source->label_names[0] = nas_arena_strdup(
        source->arena,
        source->options->label != NULL ? source->options->label : "target");
    NAS_TRY_ALLOC(source->label_names[0], err);
    return NAS_OK;
}

bool nas_items_are_quantities(const nas_items *items, const nas_schema *schema)
{
    bool fraction = false;
    double value;
    if (schema->task != NULL)
        return strcmp(schema->task, "regression") == 0;
    if (items->folders)
        return false;
    for (int64_t i = 0; i < items->labels.n; i++) {
        if (!nas_csv_number(items->labels.texts[i], &value))
            return false;
        fraction = fraction || value != floor(value);
    }
    return fraction || items->labels.n > MAX_INTEGER_CLASSES;
}

static nas_status understand_labels(nas_source *source, nas_items *items,
                                    const nas_schema *schema, label_entry *entries,
                                    nas_err *err)
{
    const char *text = NULL; /* a label that is no number */
    for (int64_t i = 0; i < items->labels.n; i++) {
        entries[i] = (label_entry){.text = items->labels.texts[i], .code = i};
        if (!nas_csv_number(entries[i].text, &entries[i].value))
            text = entries[i].text;
    }
    if (!nas_items_are_quantities(items, schema))
        return take_classes(source, items, entries, text == NULL, err);
    if (items->folders)
        return nas_fail(err, NAS_E_USAGE,
                        "task %s is not possible with `%s`: its folders are classes",
                        schema->task, source->path);
    if (text != NULL)
        return nas_fail(err, NAS_E_DATA, "`%s`: label `%.60s`, regression needs a number",
                        source->path, text);
    return take_targets(source, err);
}

/* ---- rows ------------------------------------------------------------------------ */

static nas_status allocate_rows(nas_source *source, const nas_items *items, int64_t n,
                                bool grouped, nas_err *err)
{
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    if (source->task == NAS_TASK_REGRESSION) {
        source->rows.targets = NAS_NEW(source->arena, float, n);
        NAS_TRY_ALLOC(source->rows.targets, err);
    } else {
        source->rows.labels = NAS_NEW(source->arena, int32_t, n);
        NAS_TRY_ALLOC(source->rows.labels, err);
    }
    source->own_groups = items->groups.n == 0;
    if (grouped) {
        source->rows.groups = NAS_NEW(source->arena, int32_t, n);
        NAS_TRY_ALLOC(source->rows.groups, err);
    }
    return NAS_OK;
}

static void fill_item(nas_source *source, const nas_items *items,
                      const label_entry *entries, int64_t i, int64_t row)
{
    const nas_item *item = &items->items[i];
    nas_rows *rows = &source->rows;
    rows->part[row] = item->part;
    if (rows->labels != NULL)
        rows->labels[row] = (int32_t)item->label;
    else
        rows->targets[row] = (float)entries[item->label].value;
    if (rows->groups != NULL)
        rows->groups[row] =
            items->groups.n > 0 && item->group >= 0
                ? nas_source_group_number(items->groups.texts[item->group])
                : (int32_t)i;
}

nas_status nas_items_describe(nas_source *source, nas_items *items,
                              const nas_schema *schema, const int64_t *n_rows,
                              nas_err *err)
{
    int64_t n = 0;
    assert(items->labels.n > 0);
    label_entry *entries = NAS_NEW(source->arena, label_entry, items->labels.n);
    NAS_TRY_ALLOC(entries, err);
    NAS_TRY(understand_labels(source, items, schema, entries, err));
    for (int64_t i = 0; i < items->n; i++)
        n += n_rows != NULL ? n_rows[i] : 1;
    bool grouped = n_rows != NULL || items->groups.n > 0;
    NAS_TRY(allocate_rows(source, items, n, grouped, err));
    int64_t row = 0;
    for (int64_t i = 0; i < items->n; i++)
        for (int64_t k = 0; k < (n_rows != NULL ? n_rows[i] : 1); k++)
            fill_item(source, items, entries, i, row++);
    return NAS_OK;
}
