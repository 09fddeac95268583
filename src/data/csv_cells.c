#include "data/csv_cells.h"

#include "data/options.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MOST_TEXTS = 1 << 16, /* more different texts are not counted */
    MANY_NUMBERS = 21,    /* more different numbers are quantities */
    ROWS_A_TELL = 1024,
    MANY_LEVELS = 64, /* with fewer, no column is taken for names or free text */
};

/* A cell that could not be a number. */
typedef struct bad_cell {
    const char *path, *text;
    int64_t line, place, row, column;
} bad_cell;

/* What the first pass has seen of a column. */
struct nas_csv_tally {
    bool codes; /* the user says that its numbers are categories */
    int64_t numbers, texts, missing;
    int64_t perhaps_missing; /* words that may be levels, too */
    nas_intern few;          /* at most MANY_NUMBERS different numbers */
    bool overflow;           /* more than MOST_TEXTS */
    bad_cell first_text;
};

/* ---- words ------------------------------------------------------------------------ */

/* The order is that of nas_csv_cell_use: what may not be a class, a level, a number. */
static const char *const missing[] = {"", "NA", "N/A", "NaN", "?", "null", "none", "-"};
static const size_t n_missing[] = {
    [NAS_CSV_LABEL] = 5, [NAS_CSV_CATEGORY] = 6, [NAS_CSV_NUMBER] = 8};

static bool is_listed(const char *list, const char *text)
{
    const size_t n = strlen(text);
    for (const char *at = list; at != NULL;) {
        const size_t length = strcspn(at, ",");
        if (length == n && memcmp(at, text, n) == 0)
            return true;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return false;
}

bool nas_csv_is_missing(const nas_data_options *options, const char *text,
                        nas_csv_cell_use use)
{
    for (size_t i = 0; i < n_missing[use]; i++)
        if (strcasecmp(text, missing[i]) == 0)
            return true;
    return options->missing != NULL && is_listed(options->missing, text);
}

/* One comma among digits. */
static bool has_decimal_comma(const char *text)
{
    const char *comma = strchr(text, ',');
    return comma != NULL && comma != text && comma[1] != '\0' &&
           text[strspn(text, "0123456789+-,eE")] == '\0' &&
           strchr(comma + 1, ',') == NULL;
}

/* ---- complaints ------------------------------------------------------------------- */

static bool is_input(const nas_csv_columns *columns, int64_t column)
{
    for (int64_t k = 0; k < columns->n_features; k++)
        if (columns->feature[k] == column)
            return true;
    return false;
}

static void hint_cell(const nas_csv_cells *cells, const bad_cell *cell, nas_err *err)
{
    const char *name = cells->columns->names[cell->column];
    const bool gone =
        nas_csv_is_missing(cells->source->options, cell->text, NAS_CSV_NUMBER);
    if (!is_input(cells->columns, cell->column))
        nas_err_hint(err, gone
                              ? "remove the row or fill in a value"
                              : "only numbers can be predicted together, and order rows");
    else if (gone)
        nas_err_hint(err, "the network was not trained on missing values: remove the row "
                          "or fill in a value");
    else if (nas_csv_is_date(cell->text))
        nas_err_hint(err,
                     "it is a date: leave the column out with --drop '%s', or let it "
                     "order the split with --time-column '%s'",
                     name, name);
    else if (has_decimal_comma(cell->text))
        nas_err_hint(err, "if decimals are written with a comma: --decimal-comma");
    else if (cells->tallies == NULL)
        nas_err_hint(err, "the column held numbers in the training data");
    else
        nas_err_hint(err,
                     "if it stands for a missing value: --missing '%.60s'; if all are "
                     "codes: --categories '%s'; or leave the column out: --drop '%s'",
                     cell->text, name, name);
}

static nas_status fail(const nas_csv_cells *cells, const bad_cell *cell, nas_err *err)
{
    const char *name = cells->columns->names[cell->column];
    nas_status status;
    if (nas_csv_is_missing(cells->source->options, cell->text, NAS_CSV_NUMBER))
        status =
            nas_fail(err, NAS_E_DATA,
                     "%s:%lld:%lld: row %lld, column `%s`: the value is missing%s%s%s",
                     cell->path, (long long)cell->line, (long long)cell->place,
                     (long long)cell->row + 1, name, cell->text[0] != '\0' ? " (`" : "",
                     cell->text, cell->text[0] != '\0' ? "`)" : "");
    else
        status = nas_fail(
            err, NAS_E_DATA, "%s:%lld:%lld: row %lld, column `%s`: `%.60s`, expected %s",
            cell->path, (long long)cell->line, (long long)cell->place,
            (long long)cell->row + 1, name, cell->text,
            cell->column == cells->columns->time ? "a number or a date such as 2026-11-25"
                                                 : "a number");
    hint_cell(cells, cell, err);
    return status;
}

static bad_cell cell_at(const nas_csv_file *file, int64_t row, int64_t column)
{
    return (bad_cell){.path = file->stream.path,
                      .text = nas_csv_field(file, column),
                      .line = file->fields[column].line,
                      .place = file->fields[column].column,
                      .row = row,
                      .column = column};
}

nas_status nas_csv_fail_cell(const nas_csv_cells *cells, const nas_csv_file *file,
                             int64_t row, int64_t column, nas_err *err)
{
    const bad_cell cell = cell_at(file, row, column);
    return fail(cells, &cell, err);
}

static nas_status check_width(const nas_csv_cells *cells, const nas_csv_file *file,
                              int64_t row, nas_err *err)
{
    if (file->n_fields == cells->columns->n)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA,
                    "%s:%lld: row %lld has %lld cell%s, the header has %lld columns",
                    file->stream.path, (long long)file->fields[0].line,
                    (long long)row + 1, (long long)file->n_fields,
                    file->n_fields == 1 ? "" : "s", (long long)cells->columns->n);
}

/* ---- first pass ------------------------------------------------------------------- */

/* Mark the columns that --categories names. */
static nas_status mark_codes(nas_csv_cells *cells, nas_err *err)
{
    const nas_csv_columns *columns = cells->columns;
    const char *list = cells->source->options->categories;
    int64_t n = 0;
    int64_t *found = NAS_NEW(cells->source->arena, int64_t, columns->n + 1);
    NAS_TRY_ALLOC(found, err);
    if (list == NULL)
        return NAS_OK;
    const bool all = strcmp(list, "*") == 0;
    if (!all)
        NAS_TRY(nas_csv_columns_find(columns, cells->source, "categories", list, found,
                                     &n, err));
    for (int64_t i = 0; i < n; i++)
        if (!is_input(columns, found[i]))
            return nas_fail(err, NAS_E_USAGE,
                            "--categories names column `%s`, which is no input",
                            columns->names[found[i]]);
    for (int64_t k = 0; k < columns->n_features; k++) {
        cells->tallies[k].codes = all;
        for (int64_t i = 0; i < n; i++)
            if (found[i] == columns->feature[k])
                cells->tallies[k].codes = true;
    }
    return NAS_OK;
}

nas_status nas_csv_cells_init(nas_csv_cells *cells, nas_source *source,
                              nas_csv_columns *columns, const nas_schema *schema,
                              nas_err *err)
{
    const int64_t n = columns->n_features;
    *cells = (nas_csv_cells){.source = source, .columns = columns};
    cells->inputs = schema->columns;
    if (schema->feature_names != NULL)
        return NAS_OK;
    cells->inputs = NAS_NEW(source->arena, nas_source_column, n);
    cells->tallies = NAS_NEW(source->arena, nas_csv_tally, n);
    NAS_TRY_ALLOC(cells->inputs, err);
    NAS_TRY_ALLOC(cells->tallies, err);
    for (int64_t k = 0; k < n; k++) {
        cells->inputs[k].texts.arena = source->arena;
        cells->tallies[k].few.arena = source->arena;
    }
    return mark_codes(cells, err);
}

static nas_status tally_text(nas_csv_cells *cells, int64_t k, const bad_cell *cell,
                             nas_err *err)
{
    nas_csv_tally *tally = &cells->tallies[k];
    nas_intern *texts = &cells->inputs[k].texts;
    int64_t code = 0;
    if (tally->texts++ == 0) {
        tally->first_text = *cell;
        tally->first_text.text = nas_arena_strdup(cells->source->arena, cell->text);
        NAS_TRY_ALLOC(tally->first_text.text, err);
    }
    tally->overflow = tally->overflow || texts->n >= MOST_TEXTS;
    return tally->overflow ? NAS_OK : nas_intern_add(texts, cell->text, &code, err);
}

static nas_status tally_cell(nas_csv_cells *cells, const nas_csv_file *file, int64_t row,
                             int64_t k, nas_err *err)
{
    nas_csv_tally *tally = &cells->tallies[k];
    const nas_data_options *options = cells->source->options;
    const bad_cell cell = cell_at(file, row, cells->columns->feature[k]);
    double value;
    int64_t code = 0;
    if (nas_csv_is_missing(options, cell.text, NAS_CSV_CATEGORY)) {
        tally->missing++;
    } else if (nas_csv_is_missing(options, cell.text, NAS_CSV_NUMBER)) {
        tally->perhaps_missing++;
    } else if (!tally->codes && nas_csv_number(cell.text, &value)) {
        tally->numbers++;
        if (tally->few.n < MANY_NUMBERS)
            return nas_intern_add(&tally->few, cell.text, &code, err);
    } else {
        return tally_text(cells, k, &cell, err);
    }
    return NAS_OK;
}

/* A cell of a column whose kind is known. */
static nas_status check_cell(nas_csv_cells *cells, const nas_csv_file *file, int64_t row,
                             int64_t k, nas_err *err)
{
    double value;
    const int64_t column = cells->columns->feature[k];
    const char *text = nas_csv_field(file, column);
    nas_source_column *input = cells->inputs != NULL ? &cells->inputs[k] : NULL;
    const bool category = input != NULL && input->category;
    if (input != NULL && nas_csv_is_missing(cells->source->options, text,
                                            category ? NAS_CSV_CATEGORY : NAS_CSV_NUMBER))
        input->n_missing++;
    else if (!category && !nas_csv_number(text, &value))
        return nas_csv_fail_cell(cells, file, row, column, err);
    return NAS_OK;
}

nas_status nas_csv_tell(const nas_data_options *options, const nas_csv_file *file,
                        int64_t row, nas_err *err)
{
    if (row % ROWS_A_TELL != 0)
        return NAS_OK;
    return nas_data_tell(options,
                         (nas_data_progress){.step = NAS_DATA_SURVEY,
                                             .bytes = true,
                                             .done = nas_stream_offset(&file->stream),
                                             .total = file->stream.disk_bytes},
                         err);
}

nas_status nas_csv_cells_scan(nas_csv_cells *cells, const nas_csv_file *file, int64_t row,
                              nas_err *err)
{
    NAS_TRY(check_width(cells, file, row, err));
    NAS_TRY(nas_csv_tell(cells->source->options, file, row, err));
    for (int64_t k = 0; k < cells->columns->n_features; k++)
        NAS_TRY(cells->tallies != NULL ? tally_cell(cells, file, row, k, err)
                                       : check_cell(cells, file, row, k, err));
    return NAS_OK;
}

/* ---- deciding --------------------------------------------------------------------- */

/* Texts that make no categories: a date, a decimal comma, or a slip among quantities. */
static nas_status check_texts(const nas_csv_cells *cells, const nas_csv_tally *tally,
                              nas_err *err)
{
    const char *text = tally->first_text.text;
    if (tally->texts == 0 || tally->codes)
        return NAS_OK;
    char *end = NULL;
    const bool beyond = text[0] != '\0' && fabs(strtod(text, &end)) > (double)FLT_MAX &&
                        *end == '\0'; /* inf, or too large for a float */
    const bool quantities =
        tally->numbers > tally->texts &&
        (tally->few.n >= MANY_NUMBERS || 2 * tally->few.n > tally->numbers);
    if (beyond || quantities || nas_csv_is_date(text) || has_decimal_comma(text))
        return fail(cells, &tally->first_text, err);
    return NAS_OK;
}

/* Names, identifiers, free text: hardly a text comes twice. */
static bool is_nearly_unique(const nas_csv_tally *tally, const nas_intern *texts)
{
    return tally->overflow || (texts->n > MANY_LEVELS && 2 * texts->n > tally->texts);
}

/* @param keeps  out, whether the column is of use */
static nas_status settle_column(nas_csv_cells *cells, int64_t k, bool *keeps,
                                nas_err *err)
{
    const nas_csv_tally *tally = &cells->tallies[k];
    nas_source_column *input = &cells->inputs[k];
    const char *name = cells->columns->names[cells->columns->feature[k]];
    const int64_t held = tally->numbers + tally->texts;
    *keeps = false;
    NAS_TRY(check_texts(cells, tally, err));
    input->category = tally->texts > 0;
    input->n_missing = tally->missing + (input->category ? 0 : tally->perhaps_missing);
    if (held == 0)
        nas_source_warn(cells->source, "column `%s` holds no value: left out", name);
    else if (input->category && is_nearly_unique(tally, &input->texts))
        nas_source_warn(cells->source,
                        "column `%s` holds %s%lld different texts in %lld rows, such as "
                        "`%.40s`: left out",
                        name, tally->overflow ? "over " : "", (long long)input->texts.n,
                        (long long)tally->texts, tally->first_text.text);
    else
        *keeps = true;
    return NAS_OK;
}

nas_status nas_csv_cells_settle(nas_csv_cells *cells, nas_err *err)
{
    nas_csv_columns *columns = cells->columns;
    int64_t kept = 0;
    cells->source->columns = cells->inputs;
    if (cells->tallies == NULL)
        return NAS_OK;
    for (int64_t k = 0; k < columns->n_features; k++) {
        bool keeps = false;
        NAS_TRY(settle_column(cells, k, &keeps, err));
        if (!keeps)
            continue;
        columns->feature[kept] = columns->feature[k];
        cells->inputs[kept] = cells->inputs[k];
        cells->tallies[kept++] = cells->tallies[k];
    }
    columns->n_features = kept;
    if (kept > 0)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA, "`%s` has no column to learn from: %s",
                    cells->source->path,
                    cells->source->warnings[cells->source->n_warnings - 1]);
}

/* ---- second pass ------------------------------------------------------------------ */

static nas_status code_of(nas_source_column *input, const char *text, float *out,
                          nas_err *err)
{
    int64_t code = 0;
    if (input->levels != NULL)
        code = nas_intern_find(input->levels, text);
    else
        NAS_TRY(nas_intern_add(&input->texts, text, &code, err));
    *out = (float)code;
    return NAS_OK;
}

nas_status nas_csv_cells_read(const nas_csv_cells *cells, const nas_csv_file *file,
                              int64_t row, float *out, nas_err *err)
{
    const nas_data_options *options = cells->source->options;
    NAS_TRY(check_width(cells, file, row, err));
    for (int64_t k = 0; k < cells->columns->n_features; k++) {
        double value = 0;
        const int64_t column = cells->columns->feature[k];
        const char *text = nas_csv_field(file, column);
        nas_source_column *input = cells->inputs != NULL ? &cells->inputs[k] : NULL;
        const bool category = input != NULL && input->category;
        out[k] = NAN;
        if (input != NULL &&
            nas_csv_is_missing(options, text,
                               category ? NAS_CSV_CATEGORY : NAS_CSV_NUMBER))
            continue;
        if (category)
            NAS_TRY(code_of(input, text, &out[k], err));
        else if (!nas_csv_number(text, &value))
            return nas_csv_fail_cell(cells, file, row, column, err);
        else
            out[k] = (float)value;
    }
    return NAS_OK;
}
