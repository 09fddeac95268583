#include "data/series_text.h"

#include "data/csv_text.h"
#include "data/labels.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHUNK = 1 << 16, MAX_LINE = 1 << 26, PEEK = 4096 };

/* ---- lines ----------------------------------------------------------------------- */

/* Lines of a stream. Zero-initialise. */
typedef struct line_reader {
    nas_stream stream;
    char *chunk; /* heap */
    size_t n, at;
    int64_t line;
    nas_text text;
} line_reader;

static void close_lines(line_reader *reader)
{
    nas_stream_close(&reader->stream);
    nas_heap_free(reader->chunk);
    nas_text_free(&reader->text);
}

static nas_status open_lines(line_reader *reader, const char *path, nas_err *err)
{
    NAS_TRY(nas_stream_open(&reader->stream, path, err));
    reader->chunk = nas_heap_alloc(1, CHUNK);
    NAS_TRY_ALLOC(reader->chunk, err);
    return NAS_OK;
}

/* Up to the next newline. @param more  out, false at the end of the file */
static nas_status read_line(line_reader *reader, bool *more, nas_err *err)
{
    bool ended = false;
    nas_text_clear(&reader->text);
    *more = false;
    while (!ended) {
        if (reader->at == reader->n) {
            reader->at = 0;
            NAS_TRY(
                nas_stream_read(&reader->stream, reader->chunk, CHUNK, &reader->n, err));
            if (reader->n == 0)
                break;
        }
        *more = true;
        const char *from = reader->chunk + reader->at;
        const char *newline = memchr(from, '\n', reader->n - reader->at);
        ended = newline != NULL;
        size_t n = ended ? (size_t)(newline - from) : reader->n - reader->at;
        nas_text_append(&reader->text, from, n);
        reader->at += n + ended;
        if (reader->text.length > MAX_LINE)
            return nas_fail(err, NAS_E_DATA, "%s:%lld: the line is longer than 64 MiB",
                            reader->stream.path, (long long)reader->line + 1);
    }
    reader->line++;
    return nas_text_status(&reader->text, err);
}

/* The next line that is neither blank nor a comment, trimmed. */
static nas_status next_line(line_reader *reader, char comment, nas_series_line *line,
                            bool *more, nas_err *err)
{
    for (;;) {
        NAS_TRY(read_line(reader, more, err));
        if (!*more)
            return NAS_OK;
        char *text = reader->text.data != NULL ? reader->text.data : NULL;
        if (text == NULL)
            continue;
        if (strlen(text) < reader->text.length)
            return nas_fail(err, NAS_E_DATA, "%s:%lld: binary data, expected text",
                            reader->stream.path, (long long)reader->line);
        size_t n = reader->text.length;
        while (n > 0 && isspace((unsigned char)text[n - 1]))
            text[--n] = '\0';
        text += strspn(text, " \t\r");
        if (*text == '\0' || *text == comment)
            continue;
        line->path = reader->stream.path;
        line->text = text;
        line->line = reader->line;
        return NAS_OK;
    }
}

bool nas_series_text_first_line(const char *path, char comment, char *out, size_t size)
{
    char head[PEEK + 1];
    if (!nas_file_exists(path) || nas_file_is_directory(path))
        return false;
    size_t n = nas_stream_peek(path, head, PEEK);
    head[n] = '\0';
    if (n == 0 || memchr(head, '\0', n) != NULL)
        return false;
    for (const char *at = head; *at != '\0';) {
        at += strspn(at, " \t\r\n");
        size_t length = strcspn(at, "\n");
        if (*at != '\0' && *at != comment) {
            (void)snprintf(out, size, "%.*s", (int)length, at);
            return true;
        }
        at += length;
    }
    return false;
}

/* ---- values ---------------------------------------------------------------------- */

nas_status nas_series_line_fail(const nas_series_line *line, const char *at,
                                const char *what, nas_err *err)
{
    return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: %s", line->path,
                    (long long)line->line, (long long)(at - line->text) + 1, what);
}

static nas_status add_value(nas_series_line *line, float value, nas_err *err)
{
    if (line->n_values == line->capacity) {
        int64_t wanted = line->capacity == 0 ? 1024 : 2 * line->capacity;
        float *grown = nas_heap_grow(line->values, (size_t)line->capacity, (size_t)wanted,
                                     sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        line->values = grown;
        line->capacity = wanted;
    }
    line->values[line->n_values++] = value;
    return NAS_OK;
}

static nas_status take_number(nas_series_line *line, const char *text, nas_err *err)
{
    char what[160];
    double value;
    if (nas_csv_number(text, &value))
        return add_value(line, (float)value, err);
    bool missing =
        strcmp(text, "?") == 0 || strcasecmp(text, "nan") == 0 || *text == '\0';
    (void)snprintf(what, sizeof what, "`%.60s`, expected a number%s", text,
                   missing ? ": values may not be missing" : "");
    return nas_series_line_fail(line, text, what, err);
}

nas_status nas_series_line_numbers(nas_series_line *line, char *at, char *end,
                                   const char *separators, nas_err *err)
{
    if (line->n_channels == NAS_SERIES_TEXT_MAX_CHANNELS)
        return nas_series_line_fail(line, at, "too many channels", err);
    char *last = end; /* blanks around numbers do not count */
    while (at < last && isspace((unsigned char)last[-1]))
        last--;
    while (at < last) {
        at += strspn(at, " ");
        char *stop = at + strcspn(at, separators);
        stop = stop > last ? last : stop;
        char kept = *stop;
        char *trimmed = stop;
        while (trimmed > at && trimmed[-1] == ' ')
            trimmed--;
        char inner = *trimmed;
        *trimmed = '\0';
        NAS_TRY(take_number(line, at, err));
        *trimmed = inner;
        *stop = kept;
        at = stop < last ? stop + 1 : last;
    }
    line->ends[line->n_channels++] = line->n_values;
    return NAS_OK;
}

/* ---- reading --------------------------------------------------------------------- */

/* What is collected of all rows. */
typedef struct text_scan {
    int64_t n_rows, n_channels, longest, shortest;
    int64_t *codes; /* heap, [n_rows] */
    int64_t capacity;
} text_scan;

static nas_status read_header(nas_series_text *text, line_reader *lines,
                              nas_series_line *line, nas_err *err)
{
    bool data = false;
    bool more = true;
    while (!data) {
        NAS_TRY(next_line(lines, text->format->comment, line, &more, err));
        if (!more)
            return nas_fail(err, NAS_E_DATA, "`%s` ends before its data (@data)",
                            lines->stream.path);
        NAS_TRY(text->format->header(text, line, &data, err));
    }
    return NAS_OK;
}

/* @param more  out, false at the end */
static nas_status next_row(const nas_series_text *text, line_reader *lines,
                           nas_series_line *line, bool *more, nas_err *err)
{
    line->n_values = line->n_channels = 0;
    line->label = NULL;
    NAS_TRY(next_line(lines, text->format->comment, line, more, err));
    if (!*more)
        return NAS_OK;
    NAS_TRY(text->format->row(text, line, err));
    int64_t before = 0;
    for (int64_t c = 0; c < line->n_channels; c++) {
        if (line->ends[c] == before)
            return nas_series_line_fail(line, line->text, "a series without values", err);
        before = line->ends[c];
    }
    return line->n_channels > 0
               ? NAS_OK
               : nas_series_line_fail(line, line->text, "no values", err);
}

static nas_status note_label(nas_series_text *text, const nas_series_line *line,
                             text_scan *scan, nas_err *err)
{
    int64_t known = text->classes.n;
    char what[160];
    if (line->label == NULL || line->label[0] == '\0')
        return nas_series_line_fail(line, line->text, "the label is missing", err);
    if (scan->n_rows == scan->capacity) {
        int64_t wanted = scan->capacity == 0 ? 256 : 2 * scan->capacity;
        int64_t *grown = nas_heap_grow(scan->codes, (size_t)scan->capacity,
                                       (size_t)wanted, sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        scan->codes = grown;
        scan->capacity = wanted;
    }
    NAS_TRY(nas_intern_add(&text->classes, line->label, &scan->codes[scan->n_rows], err));
    if (!text->declared || text->classes.n == known)
        return NAS_OK;
    (void)snprintf(what, sizeof what, "class `%.60s` is not among those declared",
                   line->label);
    return nas_series_line_fail(line, line->label, what, err);
}

static nas_status note_row(nas_series_text *text, const nas_series_line *line,
                           text_scan *scan, nas_err *err)
{
    char what[96];
    int64_t before = 0;
    if (scan->n_rows > 0 && line->n_channels != scan->n_channels) {
        (void)snprintf(what, sizeof what, "%lld channels, the rows before have %lld",
                       (long long)line->n_channels, (long long)scan->n_channels);
        return nas_series_line_fail(line, line->text, what, err);
    }
    scan->n_channels = line->n_channels;
    for (int64_t c = 0; c < line->n_channels; c++) {
        int64_t length = line->ends[c] - before;
        before = line->ends[c];
        if (scan->longest < length)
            scan->longest = length;
        if (scan->shortest == 0 || length < scan->shortest)
            scan->shortest = length;
    }
    NAS_TRY(note_label(text, line, scan, err));
    scan->n_rows++;
    return NAS_OK;
}

static nas_status scan_rows(nas_source *source, text_scan *scan, line_reader *lines,
                            nas_series_line *line, nas_err *err)
{
    nas_series_text *text = source->state;
    bool more = true;
    NAS_TRY(open_lines(lines, source->path, err));
    if (text->format->header != NULL)
        NAS_TRY(read_header(text, lines, line, err));
    for (;;) {
        NAS_TRY(next_row(text, lines, line, &more, err));
        if (!more)
            break;
        NAS_TRY(note_row(text, line, scan, err));
    }
    if (scan->n_rows == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` holds no series", source->path);
    return NAS_OK;
}

nas_status nas_series_text_open(nas_source *source, const nas_series_format *format,
                                nas_err *err)
{
    nas_series_text *text = NAS_NEW(source->arena, nas_series_text, 1);
    NAS_TRY_ALLOC(text, err);
    text->format = format;
    text->arena = source->arena;
    text->classes.arena = text->columns.arena = source->arena;
    source->state = text;
    return nas_source_add_file(source, source->path, "", err);
}

/* ---- describing ------------------------------------------------------------------ */

static nas_status set_shape(nas_source *source, const nas_schema *schema,
                            const text_scan *scan, nas_err *err)
{
    const nas_series_text *text = source->state;
    const char *name = text->format->name;
    int64_t length = source->options->length;
    source->element = NAS_ELEMENT_F32;
    if (text->table) {
        source->shape = (nas_shape){scan->longest, 1, 1};
        (void)snprintf(source->kind, sizeof source->kind,
                       "table, %lld numeric columns, %s", (long long)scan->longest, name);
        source->feature_names = NAS_NEW(source->arena, char *, scan->longest);
        NAS_TRY_ALLOC(source->feature_names, err);
        for (int64_t k = 0; k < scan->longest && k < text->columns.n; k++)
            source->feature_names[k] = text->columns.texts[k];
        return NAS_OK;
    }
    if (length == 0)
        length = schema->shape.c > 0 ? schema->shape.w : scan->longest;
    source->shape = (nas_shape){scan->n_channels, 1, length};
    (void)snprintf(source->kind, sizeof source->kind,
                   "series, %lld channel%s × %lld steps, %s", (long long)scan->n_channels,
                   scan->n_channels == 1 ? "" : "s", (long long)length, name);
    if (scan->shortest < length)
        nas_source_warn(source, "series of %lld to %lld steps: filled up with zeros",
                        (long long)scan->shortest, (long long)scan->longest);
    if (scan->longest > length)
        nas_source_warn(source, "series longer than %lld steps are cut at the end",
                        (long long)length);
    return NAS_OK;
}

static nas_status describe_scan(nas_source *source, const nas_schema *schema,
                                const text_scan *scan, nas_err *err)
{
    const nas_series_text *text = source->state;
    nas_schema wanted = *schema;
    if (text->quantities && wanted.task == NULL)
        wanted.task = "regression";
    NAS_TRY(set_shape(source, schema, scan, err));
    NAS_TRY(nas_rows_init(&source->rows, source->arena, scan->n_rows, err));
    return nas_labels_from_texts(source, &wanted, &text->classes, scan->codes,
                                 text->declared, err);
}

nas_status nas_series_text_describe(nas_source *source, const nas_schema *schema,
                                    nas_err *err)
{
    text_scan scan = {.n_rows = 0};
    line_reader lines = {.n = 0};
    nas_series_line line = {.path = source->path};
    nas_status status = scan_rows(source, &scan, &lines, &line, err);
    if (status == NAS_OK)
        status = describe_scan(source, schema, &scan, err);
    close_lines(&lines);
    nas_heap_free(line.values);
    nas_heap_free(scan.codes);
    return status;
}

/* ---- rows ------------------------------------------------------------------------ */

/* Channels padded with zeros or cut to the length of the source. */
static nas_status fill_row(const nas_source *source, const nas_series_line *line,
                           float *out, nas_err *err)
{
    const nas_series_text *text = source->state;
    int64_t channels = text->table ? 1 : source->shape.c;
    int64_t length = text->table ? source->shape.c : source->shape.w;
    int64_t begin = 0;
    if (line->n_channels != channels || (text->table && line->n_values != length))
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", source->path);
    memset(out, 0, (size_t)(channels * length) * sizeof *out);
    for (int64_t c = 0; c < channels; c++) {
        int64_t n = line->ends[c] - begin;
        n = n < length ? n : length;
        memcpy(out + c * length, line->values + begin, (size_t)n * sizeof *out);
        begin = line->ends[c];
    }
    return NAS_OK;
}

static nas_status stream_lines(nas_source *source, line_reader *lines,
                               nas_series_line *line, const nas_sink *sink, nas_err *err)
{
    const nas_series_text *text = source->state;
    bool more = true;
    nas_series_text scratch = {.format = text->format, .arena = text->arena};
    scratch.classes.arena = scratch.columns.arena = text->arena;
    float *row = NAS_NEW(source->arena, float, nas_shape_count(source->shape));
    NAS_TRY_ALLOC(row, err);
    NAS_TRY(open_lines(lines, source->path, err));
    if (text->format->header != NULL)
        NAS_TRY(read_header(&scratch, lines, line, err));
    for (int64_t i = 0;; i++) {
        NAS_TRY(next_row(text, lines, line, &more, err));
        if (more != (i < source->rows.n))
            return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read",
                            source->path);
        if (!more)
            return NAS_OK;
        NAS_TRY(fill_row(source, line, row, err));
        NAS_TRY(sink->row(sink->context, i, row, err));
    }
}

nas_status nas_series_text_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    line_reader lines = {.n = 0};
    nas_series_line line = {.path = source->path};
    nas_status status = stream_lines(source, &lines, &line, sink, err);
    close_lines(&lines);
    nas_heap_free(line.values);
    return status;
}
