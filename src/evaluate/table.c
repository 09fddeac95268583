/* A table of recorded trainings. */
#include "nasmith/table.h"

#include "evaluate/table_parts.h"
#include "evaluate/table_sealed.h"

#include "nasmith/file.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, ROWS_OF_A_SPACE = 4096, MAX_ROWS = 1 << 22 };

/* ---- the space ---- */

/* One decision with a value per row. */
static nas_status rows_space(const nas_space_context *context, int64_t rows,
                             nas_space **out, nas_err *err)
{
    nas_text text = {0};
    nas_text_puts(&text, "network:\n  - name: row\n    conv: {out: [");
    for (int64_t i = 1; i <= rows; i++)
        nas_text_printf(&text, "%s%lld", i > 1 ? ", " : "", (long long)i);
    nas_text_puts(&text, "]}\n  - global_avg_pool\n");
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_space_parse(text.data, text.length, "rows", context, out, err);
    nas_text_free(&text);
    return status;
}

static nas_status count_rows(const char *path, int64_t *out, nas_err *err)
{
    nas_csv_file file = {0};
    bool more = true;
    nas_status status = nas_csv_open(&file, path, err);
    *out = -1; /* the header */
    while (status == NAS_OK && more) {
        status = nas_csv_next(&file, &more, err);
        *out += more;
        if (*out > ROWS_OF_A_SPACE)
            status = nas_fail(err, NAS_E_DATA,
                              "%s: more than %d rows, which is the most without --space",
                              path, ROWS_OF_A_SPACE);
    }
    nas_csv_close(&file);
    return status;
}

static nas_status load_space(nas_table *table, const char *path, nas_err *err)
{
    const nas_table_options *options = &table->options;
    nas_space_context context = {.input = options->input,
                                 .n_outputs = options->n_outputs};
    if (context.input.c == 0)
        context.input = (nas_shape){3, 32, 32};
    if (context.n_outputs == 0)
        context.n_outputs = 10;
    if (strcmp(options->space, "rows") != 0)
        return nas_space_load(options->space, &context, &table->space, err);
    int64_t rows = 0;
    NAS_TRY(count_rows(path, &rows, err));
    if (rows < 2)
        return nas_fail(err, NAS_E_DATA, "%s: %lld networks, at least 2 expected", path,
                        (long long)rows);
    return rows_space(&context, rows, &table->space, err);
}

/* ---- rows ---- */

static int64_t slot_of(const nas_table *table, uint64_t key)
{
    uint64_t mask = (uint64_t)table->n_slots - 1,
             slot = key * UINT64_C(0x9e3779b97f4a7c15);
    for (slot = (slot >> 20) & mask; table->slots[slot] >= 0; slot = (slot + 1) & mask)
        if (table->rows[table->slots[slot]].key == key)
            break;
    return (int64_t)slot;
}

static nas_status grow(nas_table *table, nas_err *err)
{
    int64_t capacity = table->capacity > 0 ? table->capacity * 2 : FIRST_CAPACITY;
    table_row *rows =
        nas_heap_grow(table->rows, (size_t)table->n, (size_t)capacity, sizeof *rows);
    NAS_TRY_ALLOC(rows, err);
    table->rows = rows;
    table->capacity = capacity;
    int64_t *slots = nas_heap_alloc((size_t)capacity * 4, sizeof *slots);
    NAS_TRY_ALLOC(slots, err);
    nas_heap_free(table->slots);
    table->slots = slots;
    table->n_slots = capacity * 4;
    memset(slots, 0xff, (size_t)table->n_slots * sizeof *slots); /* -1 everywhere */
    for (int64_t i = 0; i < table->n; i++)
        slots[slot_of(table, rows[i].key)] = i;
    return NAS_OK;
}

static void fill(double *value, double with)
{
    if (isnan(*value))
        *value = with;
}

static void fill_row(const nas_table *table, table_row *row, const table_row *with)
{
    for (int k = 0; k < table->ladder.n; k++)
        fill(&row->validation[k], with->validation[k]);
    fill(&row->test, with->test);
    fill(&row->seconds, with->seconds);
    fill(&row->params, with->params);
    fill(&row->macs, with->macs);
    fill(&row->objective, with->objective);
    for (int k = 0; k < table->n_proxies; k++)
        fill(&row->proxy[k], with->proxy[k]);
}

/* Whether `a` is nearer to the first value of every decision: unused ones have it. */
static bool comes_before(const nas_space *space, const nas_candidate *a,
                         const nas_candidate *b)
{
    for (int d = 0; d < nas_space_decision_count(space); d++) {
        int x = nas_space_choice(space, a, d), y = nas_space_choice(space, b, d);
        if (x != y)
            return x < y;
    }
    return false;
}

static nas_status add_row(nas_table *table, const table_row *row, nas_err *err)
{
    if (table->n == table->capacity)
        NAS_TRY(grow(table, err));
    int64_t slot = slot_of(table, row->key);
    if (table->slots[slot] < 0) {
        table->slots[slot] = table->n;
        table->rows[table->n++] = *row;
        return NAS_OK;
    }
    table_row *known = &table->rows[table->slots[slot]];
    table_row both = *row, other = *known;
    if (!comes_before(table->space, row->candidate, known->candidate)) {
        both = *known;
        other = *row;
    }
    fill_row(table, &both, &other);
    *known = both;
    return NAS_OK;
}

/* ---- reading ---- */

/* A number, or NaN where the field is empty or there is no such column. */
static nas_status number(const nas_csv_file *file, int64_t column, double *out,
                         nas_err *err)
{
    *out = (double)NAN;
    if (column < 0 || *nas_csv_field(file, column) == '\0')
        return NAS_OK;
    if (!nas_csv_number(nas_csv_field(file, column), out))
        return nas_table_fail(file, column, err, "`%.40s`, expected a number",
                              nas_csv_field(file, column));
    return NAS_OK;
}

/* ---- the objective of another file ---- */

/* Values by `index`. */
typedef struct side_table {
    double (*pairs)[2]; /* [n] index, value; sorted */
    int64_t n, capacity;
} side_table;

static int by_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static nas_status read_side_rows(nas_csv_file *file, int64_t index, int64_t column,
                                 side_table *out, nas_err *err)
{
    int64_t width = file->n_fields;
    for (bool more = true;;) {
        NAS_TRY(nas_csv_next(file, &more, err));
        if (!more)
            return NAS_OK;
        if (file->n_fields != width || out->n == MAX_ROWS)
            return nas_table_fail(file, 0, err, "%lld fields, the header has %lld",
                                  (long long)file->n_fields, (long long)width);
        if (out->n == out->capacity) {
            int64_t capacity = out->n > 0 ? 2 * out->n : FIRST_CAPACITY;
            void *grown = nas_heap_grow(out->pairs, (size_t)out->n, (size_t)capacity,
                                        sizeof *out->pairs);
            NAS_TRY_ALLOC(grown, err);
            out->pairs = grown;
            out->capacity = capacity;
        }
        NAS_TRY(number(file, index, &out->pairs[out->n][0], err));
        NAS_TRY(number(file, column, &out->pairs[out->n][1], err));
        out->n += !isnan(out->pairs[out->n][0]);
    }
}

static nas_status read_side_file(nas_csv_file *file, const char *path, const char *name,
                                 side_table *out, nas_err *err)
{
    bool more = false;
    NAS_TRY(nas_csv_open(file, path, err));
    NAS_TRY(nas_csv_next(file, &more, err));
    int64_t index = nas_table_column(file, "index");
    int64_t column = nas_table_column(file, name);
    if (index < 0 || column < 0)
        return nas_fail(err, NAS_E_USAGE, "%s has no column `%s`", path,
                        index < 0 ? "index" : name);
    NAS_TRY(read_side_rows(file, index, column, out, err));
    if (out->n > 1)
        qsort(out->pairs, (size_t)out->n, sizeof *out->pairs, by_first);
    return NAS_OK;
}

/* A column of another file. */
static nas_status read_side(const char *path, const char *name, side_table *out,
                            nas_err *err)
{
    nas_csv_file file = {0};
    nas_status status = read_side_file(&file, path, name, out, err);
    nas_csv_close(&file);
    return status;
}

static double side_value(const side_table *side, double index)
{
    const double(*found)[2] =
        side->n > 0 && !isnan(index)
            ? bsearch(&index, side->pairs, (size_t)side->n, sizeof *side->pairs, by_first)
            : NULL;
    return found != NULL ? (*found)[1] : (double)NAN;
}

/* ---- the file ---- */

/* What reading a table needs besides the table. */
typedef struct table_reader {
    nas_table *table;
    nas_csv_file file;
    table_columns columns;
    side_table side;
    side_table proxies[NAS_TABLE_MOST_PROXIES]; /* those of another file */
} table_reader;

static nas_status read_row(table_reader *self, nas_err *err)
{
    nas_table *table = self->table;
    const nas_csv_file *file = &self->file;
    const table_columns *columns = &self->columns;
    table_row row = {.key = 0};
    nas_candidate *candidate = NULL;
    NAS_TRY(nas_table_architecture(table, file, columns, table->n_read, &candidate, err));
    row.candidate = candidate;
    row.key = nas_space_key(table->space, candidate);
    for (int k = 0; k < table->ladder.n; k++)
        NAS_TRY(number(file, columns->validation[k], &row.validation[k], err));
    double index = 0;
    NAS_TRY(number(file, columns->index, &index, err));
    NAS_TRY(number(file, columns->test, &row.test, err));
    NAS_TRY(number(file, columns->seconds, &row.seconds, err));
    NAS_TRY(number(file, columns->params, &row.params, err));
    NAS_TRY(number(file, columns->macs, &row.macs, err));
    NAS_TRY(number(file, columns->objective, &row.objective, err));
    fill(&row.objective, side_value(&self->side, index));
    for (int k = 0; k < table->n_proxies; k++) {
        NAS_TRY(number(file, columns->proxy[k], &row.proxy[k], err));
        fill(&row.proxy[k], side_value(&self->proxies[k], index));
    }
    if (row.seconds < 0)
        return nas_table_fail(file, columns->seconds, err, "seconds below 0");
    return add_row(table, &row, err);
}

static nas_status read_rows(table_reader *self, nas_err *err)
{
    int64_t width = self->file.n_fields;
    for (;; self->table->n_read++) {
        bool more = false;
        NAS_TRY(nas_csv_next(&self->file, &more, err));
        if (!more)
            return NAS_OK;
        if (self->file.n_fields != width)
            return nas_table_fail(&self->file, 0, err, "%lld fields, the header has %lld",
                                  (long long)self->file.n_fields, (long long)width);
        if (self->table->n_read == MAX_ROWS)
            return nas_table_fail(&self->file, 0, err, "more than %d rows", MAX_ROWS);
        NAS_TRY(read_row(self, err));
    }
}

/* Networks without all their validation values were not trained: they leave. */
static nas_status keep_complete(nas_table *table, const char *path, nas_err *err)
{
    int64_t n = 0;
    double largest = 0;
    for (int64_t i = 0; i < table->n; i++) {
        bool complete = true;
        for (int k = 0; k < table->ladder.n; k++) {
            complete &= !isnan(table->rows[i].validation[k]);
            largest = fmax(largest, fabs(table->rows[i].validation[k]));
        }
        if (table->options.objective != NULL)
            complete &= !isnan(table->rows[i].objective);
        if (complete)
            table->rows[n++] = table->rows[i];
    }
    table->n = n;
    if (n < 2)
        return nas_fail(err, NAS_E_DATA,
                        "%s: %lld networks with all values, at least 2 expected", path,
                        (long long)n);
    bool percent = !table->options.lower_is_better && largest > 1;
    table->score_scale = table->options.lower_is_better ? -1 : percent ? 0.01 : 1;
    memset(table->slots, 0xff, (size_t)table->n_slots * sizeof *table->slots);
    for (int64_t i = 0; i < n; i++)
        table->slots[slot_of(table, table->rows[i].key)] = i;
    return NAS_OK;
}

static nas_status hash_file(nas_table *table, const char *path, nas_err *err)
{
    nas_file_map map = {0};
    const nas_table_options *o = &table->options;
    const char *words[] = {o->space, o->validation, o->epochs, o->objective};
    NAS_TRY(nas_file_map_open(path, &map, err));
    table->hash = nas_hash64(map.data, map.bytes, o->lower_is_better);
    nas_file_unmap(&map);
    for (int i = 0; i < 4; i++)
        if (words[i] != NULL)
            table->hash = nas_hash64(words[i], strlen(words[i]), table->hash);
    return NAS_OK;
}

/* Count the proxies, and read those that are in another file. */
static nas_status read_proxies(table_reader *self, nas_err *err)
{
    nas_table *table = self->table;
    const char *list = table->options.proxies;
    char name[128];
    while (nas_table_next_item(&list, name, sizeof name)) {
        const int k = table->n_proxies++;
        if (self->columns.proxy[k] < 0 && !nas_table_is_size(name))
            NAS_TRY(read_side(table->options.proxies_file, name, &self->proxies[k], err));
    }
    return NAS_OK;
}

static nas_status check_options(const nas_table_options *options, nas_err *err)
{
    const char *list = options->proxies;
    char name[128];
    int n = 0;
    if (options->side != NULL && options->objective == NULL)
        return nas_fail(err, NAS_E_USAGE, "%s: which column? --objective COLUMN",
                        options->side);
    if (options->proxies_file != NULL && list == NULL)
        return nas_fail(err, NAS_E_USAGE, "%s: which columns? --proxies A,B",
                        options->proxies_file);
    while (nas_table_next_item(&list, name, sizeof name))
        n++;
    if (n > NAS_TABLE_MOST_PROXIES)
        return nas_fail(err, NAS_E_USAGE, "--proxies %s: more than %d", options->proxies,
                        NAS_TABLE_MOST_PROXIES);
    return NAS_OK;
}

static nas_status read_table(table_reader *self, const char *path, nas_err *err)
{
    nas_table *table = self->table;
    bool more = false;
    NAS_TRY(check_options(&table->options, err));
    NAS_TRY(nas_csv_open(&self->file, path, err));
    NAS_TRY(nas_csv_next(&self->file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "%s: empty, expected a line of column names",
                        path);
    NAS_TRY(nas_table_settle(table, &self->file, err));
    NAS_TRY(load_space(table, path, err));
    NAS_TRY(nas_table_place(table, &self->file, &self->columns, err));
    if (table->options.side != NULL)
        NAS_TRY(
            read_side(table->options.side, table->options.objective, &self->side, err));
    NAS_TRY(read_proxies(self, err));
    NAS_TRY(read_rows(self, err));
    NAS_TRY(keep_complete(table, path, err));
    return hash_file(table, path, err);
}

static nas_status copy_options(nas_table *table, const nas_table_options *from,
                               nas_err *err)
{
    nas_table_options *o = &table->options;
    const char **texts[] = {&o->metric,    &o->space,   &o->validation, &o->epochs,
                            &o->test,      &o->seconds, &o->params,     &o->macs,
                            &o->objective, &o->side,    &o->proxies,    &o->proxies_file};
    *o = *from;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (*texts[i] != NULL) {
            *texts[i] = nas_arena_strdup(table->arena, *texts[i]);
            NAS_TRY_ALLOC(*texts[i], err);
        }
    return NAS_OK;
}

nas_status nas_table_load(const char *path, const nas_table_options *options,
                          nas_table **out, nas_err *err)
{
    nas_table_options none = {0};
    nas_table *table = nas_heap_alloc(1, sizeof *table);
    NAS_TRY_ALLOC(table, err);
    table_reader reader = {.table = table};
    table->arena = nas_arena_new();
    nas_status status = table->arena != NULL
                            ? copy_options(table, options != NULL ? options : &none, err)
                            : nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        status = read_table(&reader, path, err);
    nas_csv_close(&reader.file);
    nas_heap_free(reader.side.pairs);
    for (int k = 0; k < NAS_TABLE_MOST_PROXIES; k++)
        nas_heap_free(reader.proxies[k].pairs);
    if (status != NAS_OK) {
        nas_table_free(table);
        return status;
    }
    *out = table;
    return NAS_OK;
}

void nas_table_free(nas_table *table)
{
    if (table == NULL)
        return;
    nas_heap_free(table->rows);
    nas_heap_free(table->slots);
    nas_space_free(table->space);
    nas_arena_free(table->arena);
    nas_heap_free(table);
}

/* ---- asking ---- */

const nas_table_options *nas_table_options_of(const nas_table *table)
{
    return &table->options;
}

const nas_space *nas_table_space(const nas_table *table)
{
    return table->space;
}

const nas_ladder *nas_table_ladder(const nas_table *table)
{
    return &table->ladder;
}

int64_t nas_table_rows_read(const nas_table *table)
{
    return table->n_read;
}

int64_t nas_table_networks(const nas_table *table)
{
    return table->n;
}

uint64_t nas_table_hash(const nas_table *table)
{
    return table->hash;
}

int64_t nas_table_find(const nas_table *table, const nas_candidate *candidate)
{
    return table->slots[slot_of(table, nas_space_key(table->space, candidate))];
}

const nas_candidate *nas_table_candidate(const nas_table *table, int64_t network)
{
    assert(network >= 0 && network < table->n);
    return table->rows[network].candidate;
}

double nas_table_validation(const nas_table *table, int64_t network, int rung)
{
    assert(network >= 0 && network < table->n && rung >= 0 && rung < table->ladder.n);
    return table->rows[network].validation[rung];
}

double nas_table_score(const nas_table *table, int64_t network, int rung)
{
    return table->score_scale * nas_table_validation(table, network, rung);
}

double nas_table_epochs(const nas_table *table, int from, int rung)
{
    bool continued = table->options.curve && from >= 0;
    return (double)(table->ladder.rung[rung].epochs -
                    (continued ? table->ladder.rung[from].epochs : 0));
}

double nas_table_seconds(const nas_table *table, int64_t network, int from, int rung)
{
    double seconds = table->rows[network].seconds;
    double of_epochs = table->options.seconds_epochs;
    if (isnan(seconds))
        return 0;
    if (of_epochs == 0)
        of_epochs = (double)table->ladder.rung[table->ladder.n - 1].epochs;
    return seconds * nas_table_epochs(table, from, rung) / of_epochs;
}

/* Millions in a table keep six digits. */
static int64_t count_of(double value, const char *column)
{
    size_t length = column != NULL ? strlen(column) : 0;
    bool millions = length > 2 && strcmp(column + length - 2, "_M") == 0;
    if (isnan(value))
        return 1;
    return (int64_t)llround(fmin(fmax(1, millions ? 1e6 * value : value), 9e15));
}

nas_cost nas_table_cost(const nas_table *table, int64_t network)
{
    const table_row *row = &table->rows[network];
    return (nas_cost){.params = count_of(row->params, table->options.params),
                      .macs = count_of(row->macs, table->options.macs),
                      .arena_bytes = 1,
                      .ram_bytes = 1,
                      .flash_bytes = 1,
                      .latency_ms = isnan(row->objective) ? -1 : row->objective};
}

double nas_table_objective(const nas_table *table, int64_t network)
{
    return table->rows[network].objective;
}

int nas_table_proxy_count(const nas_table *table)
{
    return table->n_proxies;
}

double nas_table_proxy(const nas_table *table, int64_t network, int proxy)
{
    assert(proxy >= 0 && proxy < table->n_proxies);
    return table->rows[network].proxy[proxy];
}

/* ---- sealed ---- */

double nas_table_test(const nas_table *table, int64_t network)
{
    return table->rows[network].test;
}

void nas_table_shuffle_test(nas_table *table, uint64_t seed)
{
    nas_rng rng = nas_rng_new(seed, 0x7ab1e);
    for (int64_t i = table->n - 1; i > 0; i--) {
        int64_t k = (int64_t)nas_rng_below(&rng, (uint64_t)i + 1);
        double test = table->rows[i].test;
        table->rows[i].test = table->rows[k].test;
        table->rows[k].test = test;
    }
}
