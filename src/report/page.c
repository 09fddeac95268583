#include "page.h"

#include "svg.h"

#include "base/embed.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const nas_embedded nas_embedded_assets[];

static const char *asset(const char *name)
{
    for (const nas_embedded *e = nas_embedded_assets; e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e->data;
    return "";
}

void nas_page_begin(nas_text *out, const char *title)
{
    nas_text_puts(
        out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
             "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
             "img-src data:\">\n"
             "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    nas_svg_escape(out, title);
    nas_text_puts(out, "</title>\n");
    nas_page_style(out);
    nas_text_puts(out, "</head>\n<body>\n");
}

void nas_page_style(nas_text *out)
{
    nas_text_puts(out, "<style>\n");
    nas_text_puts(out, asset("report.css"));
    nas_text_puts(out, "</style>\n");
}

void nas_page_end(nas_text *out)
{
    nas_text_puts(out, "</main>\n<div id=\"tip\" hidden></div>\n<script>\n");
    nas_text_puts(out, asset("report.js"));
    nas_text_puts(out, "</script>\n</body>\n</html>\n");
}

void nas_page_heading(nas_text *out, const char *title)
{
    nas_text_puts(out, "<h3>");
    nas_svg_escape(out, title);
    nas_text_puts(out, "</h3>\n");
}

void nas_page_details_begin(nas_text *out, const char *summary)
{
    nas_text_puts(out, "<details><summary>");
    nas_svg_escape(out, summary);
    nas_text_puts(out, "</summary>\n");
}

void nas_page_details_end(nas_text *out)
{
    nas_text_puts(out, "</details>\n");
}

NAS_PRINTF(2, 0) static void escape_format(nas_text *out, const char *fmt, va_list args)
{
    char line[1024];
    (void)vsnprintf(line, sizeof line, fmt, args);
    nas_svg_escape(out, line);
}

void nas_page_paragraph(nas_text *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    nas_text_puts(out, "<p>");
    escape_format(out, fmt, args);
    nas_text_puts(out, "</p>\n");
    va_end(args);
}

void nas_page_signed(double value, int digits, char *out, size_t size)
{
    out[0] = '+';
    nas_text_number(value < 0 ? out : out + 1, value < 0 ? size : size - 1, value,
                    digits);
}

void nas_page_metric(const nas_metric *metric, double value, char *out, size_t size)
{
    if (isnan(value))
        (void)snprintf(out, size, "-");
    else if (metric->fraction)
        (void)snprintf(out, size, "%.2f %%", 100 * value);
    else
        nas_text_number(out, size, value, 4);
}

void nas_page_score(const nas_metric *metric, const nas_score *score, char *out,
                    size_t size)
{
    char value[32], low[32], high[32];
    nas_page_metric(metric, score->value, value, sizeof value);
    if (isnan(score->value)) {
        (void)snprintf(out, size, "-");
        return;
    }
    nas_page_metric(metric, score->low, low, sizeof low);
    nas_page_metric(metric, score->high, high, sizeof high);
    (void)snprintf(out, size, "%s (%s to %s, n %lld)", value, low, high,
                   (long long)score->n);
}

void nas_page_table_begin(nas_text *out, const char *caption, const char *columns)
{
    nas_text_puts(out,
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    nas_svg_escape(out, caption);
    nas_text_puts(out, "\"><table><thead><tr>");
    while (*columns != '\0') {
        size_t length = strcspn(columns, "|");
        bool left = columns[0] == '<';
        nas_text_puts(out,
                      left ? "<th class=\"t\" scope=\"col\">" : "<th scope=\"col\">");
        nas_text_append(out, columns + left, length - left);
        nas_text_puts(out, "</th>");
        columns += length + (columns[length] == '|');
    }
    nas_text_puts(out, "</tr></thead><tbody>\n");
}

void nas_page_row_begin(nas_text *out, bool chosen)
{
    nas_text_puts(out, chosen ? "<tr class=\"chosen\">" : "<tr>");
}

void nas_page_row_of(nas_text *out, bool chosen, int64_t trial)
{
    nas_text_printf(out, "<tr data-t=\"%lld\"%s>", (long long)trial,
                    chosen ? " class=\"chosen\"" : "");
}

void nas_page_cell(nas_text *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    nas_text_puts(out, "<td>");
    escape_format(out, fmt, args);
    va_end(args);
}

void nas_page_cell_left(nas_text *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    nas_text_puts(out, "<td class=\"t\">");
    escape_format(out, fmt, args);
    va_end(args);
}

void nas_page_row_end(nas_text *out)
{
    nas_text_puts(out, "\n");
}

void nas_page_table_end(nas_text *out)
{
    nas_text_puts(out, "</tbody></table></div>\n");
}

void nas_page_cell_score(nas_text *out, const nas_metric *metric, const nas_score *score)
{
    char value[32], low[32], high[32];
    nas_page_metric(metric, score->value, value, sizeof value);
    nas_page_metric(metric, score->low, low, sizeof low);
    nas_page_metric(metric, score->high, high, sizeof high);
    if (isnan(score->low) || isnan(score->value))
        nas_text_printf(out, "<td>%s", value);
    else
        nas_text_printf(out, "<td>%s<br><span class=\"soft\">%s to %s</span>", value, low,
                        high);
}
