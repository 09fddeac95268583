#include "data/csv_text.h"

#include "nasmith/arena.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1 << 16, MAX_RECORD_BYTES = 1 << 26, END = -1 };

/* ---- bytes ---------------------------------------------------------------------- */

static nas_status fill(nas_csv_file *file, nas_err *err)
{
    file->at = 0;
    return nas_stream_read(&file->stream, file->buffer, BUFFER_BYTES, &file->n, err);
}

/* @param out  next byte without consuming it, or END */
static nas_status peek(nas_csv_file *file, int *out, nas_err *err)
{
    if (file->at == file->n)
        NAS_TRY(fill(file, err));
    *out = file->n == 0 ? END : (unsigned char)file->buffer[file->at];
    return NAS_OK;
}

static void advance(nas_csv_file *file)
{
    if (file->buffer[file->at++] == '\n') {
        file->line++;
        file->column = 1;
    } else {
        file->column++;
    }
}

static void find_delimiter(nas_csv_file *file)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[sizeof candidates] = {0};
    bool quoted = false;
    for (size_t i = file->at; i < file->n && (quoted || file->buffer[i] != '\n'); i++) {
        if (file->buffer[i] == '"')
            quoted = !quoted;
        for (size_t k = 0; k < sizeof candidates && !quoted; k++)
            counts[k] += file->buffer[i] == candidates[k];
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof candidates; k++)
        best = counts[k] > counts[best] ? k : best;
    file->delimiter = candidates[best];
}

nas_status nas_csv_open(nas_csv_file *file, const char *path, nas_err *err)
{
    *file = (nas_csv_file){.line = 1, .column = 1};
    NAS_TRY(nas_stream_open(&file->stream, path, err));
    file->buffer = nas_heap_alloc(1, BUFFER_BYTES);
    NAS_TRY_ALLOC(file->buffer, err);
    NAS_TRY(fill(file, err));
    if (file->n >= 3 && memcmp(file->buffer, "\357\273\277", 3) == 0)
        file->at = 3;
    find_delimiter(file);
    return NAS_OK;
}

void nas_csv_close(nas_csv_file *file)
{
    nas_stream_close(&file->stream);
    nas_heap_free(file->buffer);
    nas_heap_free(file->fields);
    nas_text_free(&file->record);
    *file = (nas_csv_file){.n = 0};
}

/* ---- fields --------------------------------------------------------------------- */

static nas_status start_field(nas_csv_file *file, nas_err *err)
{
    if (file->n_fields == file->fields_capacity) {
        int64_t wanted = file->fields_capacity == 0 ? 64 : 2 * file->fields_capacity;
        nas_csv_field_place *grown = nas_heap_grow(
            file->fields, (size_t)file->fields_capacity, (size_t)wanted, sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        file->fields = grown;
        file->fields_capacity = wanted;
    }
    file->fields[file->n_fields++] = (nas_csv_field_place){
        .start = file->record.length, .line = file->line, .column = file->column};
    return NAS_OK;
}

static nas_status fail_here(const nas_csv_file *file, const nas_csv_field_place *place,
                            const char *what, nas_err *err)
{
    return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: %s", file->stream.path,
                    (long long)place->line, (long long)place->column, what);
}

static bool ends_field(const nas_csv_file *file, int c)
{
    return c == END || c == '\n' || c == file->delimiter;
}

static nas_status append(nas_csv_file *file, int c, nas_err *err)
{
    const nas_csv_field_place *place = &file->fields[file->n_fields - 1];
    if (c == '\0')
        return fail_here(file, place, "binary data, expected text", err);
    if (file->record.length >= MAX_RECORD_BYTES)
        return fail_here(file, place, "the line is longer than 64 MiB", err);
    nas_text_putc(&file->record, (char)c);
    advance(file);
    return NAS_OK;
}

static nas_status skip_blanks(nas_csv_file *file, int *c, nas_err *err)
{
    NAS_TRY(peek(file, c, err));
    while ((*c == ' ' || *c == '\t' || *c == '\r') && !ends_field(file, *c)) {
        advance(file);
        NAS_TRY(peek(file, c, err));
    }
    return NAS_OK;
}

/* After the opening quote; two quotes stand for one. */
static nas_status read_quoted(nas_csv_file *file, nas_err *err)
{
    const nas_csv_field_place *place = &file->fields[file->n_fields - 1];
    int c = 0;
    for (;;) {
        NAS_TRY(peek(file, &c, err));
        if (c == END)
            return fail_here(file, place, "the quote that opens here is not closed", err);
        if (c == '"') {
            advance(file);
            NAS_TRY(peek(file, &c, err));
            if (c != '"')
                break;
        }
        NAS_TRY(append(file, c, err));
    }
    NAS_TRY(skip_blanks(file, &c, err));
    if (!ends_field(file, c))
        return fail_here(file, place, "text follows the closing quote", err);
    return NAS_OK;
}

static nas_status read_plain(nas_csv_file *file, nas_err *err)
{
    size_t start = file->fields[file->n_fields - 1].start;
    int c = 0;
    NAS_TRY(peek(file, &c, err));
    while (!ends_field(file, c)) {
        NAS_TRY(append(file, c, err));
        NAS_TRY(peek(file, &c, err));
    }
    nas_text *record = &file->record;
    while (record->length > start && !record->failed &&
           strchr(" \t\r", record->data[record->length - 1]) != NULL)
        record->data[--record->length] = '\0';
    return NAS_OK;
}

/* @param end  out, the byte that ended the field, not consumed */
static nas_status read_field(nas_csv_file *file, int *end, nas_err *err)
{
    int c = 0;
    NAS_TRY(skip_blanks(file, &c, err));
    NAS_TRY(start_field(file, err));
    if (c == '"') {
        advance(file);
        NAS_TRY(read_quoted(file, err));
    } else {
        NAS_TRY(read_plain(file, err));
    }
    nas_text_putc(&file->record, '\0');
    return peek(file, end, err);
}

static nas_status read_record(nas_csv_file *file, bool *more, nas_err *err)
{
    int c = 0;
    nas_text_clear(&file->record);
    file->n_fields = 0;
    NAS_TRY(peek(file, &c, err));
    *more = c != END;
    while (*more) {
        NAS_TRY(read_field(file, &c, err));
        if (c != END)
            advance(file);
        if (c != file->delimiter)
            break;
    }
    return nas_text_status(&file->record, err);
}

/* Numbers with a comma get a point. One with a point is refused: it may be a thousand. */
static nas_status change_commas(nas_csv_file *file, nas_err *err)
{
    for (int64_t i = 0; i < file->n_fields; i++) {
        double value;
        char *text = file->record.data + file->fields[i].start;
        char *comma = strchr(text, ',');
        if (comma == NULL && strchr(text, '.') != NULL && nas_csv_number(text, &value))
            return nas_fail(err, NAS_E_DATA,
                            "%s:%lld:%lld: `%.60s` has a point, expected a decimal comma "
                            "(--decimal-comma)",
                            file->stream.path, (long long)file->fields[i].line,
                            (long long)file->fields[i].column, text);
        if (comma == NULL || text[strspn(text, "0123456789+-,eE")] != '\0')
            continue;
        *comma = '.';
        if (!nas_csv_number(text, &value))
            *comma = ',';
    }
    return NAS_OK;
}

nas_status nas_csv_next(nas_csv_file *file, bool *more, nas_err *err)
{
    bool blank = true;
    *more = true;
    while (*more && blank) {
        NAS_TRY(read_record(file, more, err));
        blank = file->n_fields == 1 && *nas_csv_field(file, 0) == '\0';
    }
    return file->decimal_comma ? change_commas(file, err) : NAS_OK;
}

const char *nas_csv_field(const nas_csv_file *file, int64_t i)
{
    return nas_text_string(&file->record) + file->fields[i].start;
}

bool nas_csv_number(const char *text, double *out)
{
    char *end = NULL;
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && fabs(*out) <= (double)FLT_MAX;
}

/* ---- dates ----------------------------------------------------------------------- */

/* @return digits at `text`, at most `most` */
static size_t digits(const char *text, size_t most)
{
    size_t n = strspn(text, "0123456789");
    return n <= most ? n : 0;
}

bool nas_csv_is_date(const char *text)
{
    size_t first = digits(text, 4);
    if (first == 0 || text[first] == '\0' || strchr("-/.", text[first]) == NULL)
        return false;
    const char mark = text[first];
    const char *second = text + first + 1;
    size_t middle = digits(second, 2);
    if (middle == 0 || second[middle] != mark)
        return false;
    const char *third = second + middle + 1;
    size_t last = digits(third, 4);
    return last > 0 && (third[last] == '\0' || strchr(" T,", third[last]) != NULL);
}

/* Take exactly two digits in 0..most. */
static bool two_digits(const char **text, int most, int *out)
{
    const char *at = *text;
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = 10 * (at[0] - '0') + (at[1] - '0');
    *text = at + 2;
    return *out <= most;
}

static bool expect(const char **text, char mark)
{
    if (**text != mark)
        return false;
    (*text)++;
    return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, years from March on. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t shifted = (month + 9) % 12;
    int64_t day_of_year = (153 * shifted + 2) / 5 + day - 1;
    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static bool day_time(const char **text, double *seconds)
{
    int hour, minute, second = 0;
    if (!two_digits(text, 24, &hour) || !expect(text, ':') ||
        !two_digits(text, 59, &minute))
        return false;
    if (expect(text, ':') && !two_digits(text, 60, &second))
        return false;
    *seconds = 3600.0 * hour + 60.0 * minute + second;
    double unit = 0.1;
    if (expect(text, '.')) {
        for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10.0)
            *seconds += unit * (**text - '0');
    }
    return true;
}

bool nas_csv_time(const char *text, double *out)
{
    int century, year, month, day;
    double seconds = 0.0;
    if (nas_csv_number(text, out))
        return true;
    if (!two_digits(&text, 99, &century) || !two_digits(&text, 99, &year) ||
        !expect(&text, '-') || !two_digits(&text, 12, &month) || !expect(&text, '-') ||
        !two_digits(&text, 31, &day) || month < 1 || day < 1)
        return false;
    if ((expect(&text, ' ') || expect(&text, 'T')) && !day_time(&text, &seconds))
        return false;
    (void)expect(&text, 'Z');
    *out = 86400.0 * (double)days_since_1970(100 * century + year, month, day) + seconds;
    return *text == '\0';
}
