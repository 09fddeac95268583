/* The tables behind the charts: the same numbers for those who cannot see the drawing. */
#include "charts.h"

#include "page.h"
#include "svg.h"

#include <math.h>
#include <stdio.h>

enum { BLOCKS = 12 };

static void begin(nas_text *out, const char *caption, const char *columns)
{
    nas_page_details_begin(out, "Table");
    nas_page_table_begin(out, caption, columns);
}

static void end(nas_text *out)
{
    nas_page_table_end(out);
    nas_page_details_end(out);
}

/* A name in the head of a table: `|` separates columns there. */
static void put_head(nas_text *head, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '|')
            nas_text_puts(head, "&#124;");
        else
            nas_svg_escape(head, (const char[]){*c, '\0'});
    }
}

void nas_chart_number(double value, bool percent, char *out, size_t size)
{
    if (isnan(value))
        (void)snprintf(out, size, "-");
    else if (percent)
        (void)snprintf(out, size, "%.*f %%", fabs(value) < 0.0995 ? 1 : 0, 100 * value);
    else
        nas_text_number(out, size, value, 3);
}

/* ---- plots of two axes ------------------------------------------------- */

/* Finer than what fits into a drawing; whole numbers as such. */
static void table_number(double value, bool percent, char *out, size_t size)
{
    if (isnan(value))
        (void)snprintf(out, size, "-");
    else if (percent)
        (void)snprintf(out, size, "%.2f %%", 100 * value);
    else
        nas_text_number(out, size, value, 4);
}

void nas_chart_table(nas_text *out, const char *caption, const nas_chart_column *columns,
                     int n_columns, int n)
{
    nas_text head = {0};
    char text[32];
    if (n == 0)
        return;
    for (int c = 0; c < n_columns; c++) {
        nas_text_puts(&head, c > 0 ? "|" : "");
        nas_text_puts(&head, columns[c].word != NULL ? "<" : "");
        put_head(&head, columns[c].name);
    }
    begin(out, caption, nas_text_string(&head));
    nas_text_free(&head);
    for (int i = 0; i < n; i++) {
        nas_page_row_begin(out, false);
        for (int c = 0; c < n_columns; c++) {
            const nas_chart_column *column = &columns[c];
            if (column->word != NULL) {
                nas_page_cell_left(out, "%s", column->word[i]);
                continue;
            }
            table_number(column->value[i], column->percent, text, sizeof text);
            nas_page_cell(out, "%s", text);
        }
        nas_page_row_end(out);
    }
    end(out);
}

/* ---- bars -------------------------------------------------------------- */

void nas_chart_bar_table(nas_text *out, const nas_bars *bars)
{
    char text[64];
    begin(out, bars->title, "<what|value|low|high|<note");
    for (int i = 0; i < bars->n; i++) {
        const nas_bar *b = &bars->bar[i];
        const double values[] = {b->value, b->low, b->high};
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", b->label);
        for (int k = 0; k < 3; k++) {
            nas_chart_number(values[k], bars->percent, text, sizeof text);
            nas_page_cell(out, "%s", text);
        }
        nas_page_cell_left(out, "%s", b->note != NULL ? b->note : "");
        nas_page_row_end(out);
    }
    end(out);
}

/* ---- heat map ---------------------------------------------------------- */

void nas_chart_cell(const nas_heat *h, double value, char *out, size_t size)
{
    if (isnan(value) || !h->diverging)
        nas_chart_number(value, h->percent, out, size);
    else if (h->percent)
        (void)snprintf(out, size, "%+.1f", 100 * value);
    else
        nas_page_signed(value, 3, out, size);
}

static void named_cells(nas_text *out, const nas_heat *h)
{
    nas_text head = {0};
    char text[32];
    nas_text_puts(&head, "<");
    put_head(&head, h->row_label != NULL ? h->row_label : "");
    for (int c = 0; c < h->columns; c++) {
        nas_text_puts(&head, "|");
        put_head(&head, h->column[c]);
    }
    begin(out, h->title, nas_text_string(&head));
    nas_text_free(&head);
    for (int r = 0; r < h->rows; r++) {
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", h->row[r]);
        for (int c = 0; c < h->columns; c++) {
            nas_chart_cell(h, h->value[r * h->columns + c], text, sizeof text);
            nas_page_cell(out, "%s", text);
        }
        nas_page_row_end(out);
    }
    end(out);
}

/* Pixels first to last of block i of n over an extent. */
static void block_of(int extent, int n, int i, int *first, int *last)
{
    *first = i * extent / n;
    *last = (i + 1) * extent / n - 1;
}

static void range_words(int first, int last, char *out, size_t size)
{
    if (first == last)
        (void)snprintf(out, size, "%d", first);
    else
        (void)snprintf(out, size, "%d–%d", first, last);
}

static double block_mean(const nas_heat *h, const int rows[2], const int columns[2])
{
    double sum = 0;
    int n = 0;
    for (int r = rows[0]; r <= rows[1]; r++)
        for (int c = columns[0]; c <= columns[1]; c++) {
            double value = h->value[r * h->columns + c];
            sum += isnan(value) ? 0 : value;
            n += !isnan(value);
        }
    return n > 0 ? sum / n : (double)NAN;
}

/* A map of many places: means over blocks of them, named by their pixels. */
static void block_means(nas_text *out, const nas_heat *h)
{
    const int down = h->rows < BLOCKS ? h->rows : BLOCKS;
    const int across = h->columns < BLOCKS ? h->columns : BLOCKS;
    nas_text head = {0};
    int rows[2], columns[2];
    char text[32];
    nas_text_puts(&head, "<row");
    for (int c = 0; c < across; c++) {
        block_of(h->columns, across, c, &columns[0], &columns[1]);
        range_words(columns[0], columns[1], text, sizeof text);
        nas_text_printf(&head, "|%s", text);
    }
    begin(out, h->title, nas_text_string(&head));
    nas_text_free(&head);
    for (int r = 0; r < down; r++) {
        block_of(h->rows, down, r, &rows[0], &rows[1]);
        range_words(rows[0], rows[1], text, sizeof text);
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", text);
        for (int c = 0; c < across; c++) {
            block_of(h->columns, across, c, &columns[0], &columns[1]);
            nas_chart_cell(h, block_mean(h, rows, columns), text, sizeof text);
            nas_page_cell(out, "%s", text);
        }
        nas_page_row_end(out);
    }
    end(out);
}

void nas_chart_heat_table(nas_text *out, const nas_heat *h)
{
    if (h->row != NULL && h->column != NULL)
        named_cells(out, h);
    else
        block_means(out, h);
}

/* ---- timeline ---------------------------------------------------------- */

/* Boxes are too many to list: what each lane adds up to. */
void nas_chart_timeline_table(nas_text *out, const nas_timeline *t)
{
    begin(out, t->title, "<lane|boxes|seconds in them|share of the time");
    for (int lane = 0; lane < t->lanes; lane++) {
        double busy = 0;
        long long boxes = 0;
        for (int64_t i = 0; i < t->n; i++) {
            const nas_span *s = &t->span[i];
            busy += s->lane == lane ? s->to - s->from : 0;
            boxes += s->lane == lane;
        }
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", t->lane[lane]);
        nas_page_cell(out, "%lld", boxes);
        nas_page_cell(out, "%.1f", busy);
        nas_page_cell(out, "%.0f %%", 100 * busy / fmax(t->seconds, 1e-9));
        nas_page_row_end(out);
    }
    end(out);
}
