/* Small pieces of the page: cards, tables, numbers. */
#ifndef NASMITH_REPORT_PAGE_H
#define NASMITH_REPORT_PAGE_H

#include "nasmith/evaluate.h"
#include "nasmith/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Everything before the first section, and after the last. */
void nas_page_begin(nas_text *out, const char *title);
void nas_page_end(nas_text *out);
/* <style> with all classes: the page's, and a single plot's. */
void nas_page_style(nas_text *out);

/* A heading within a section. */
void nas_page_heading(nas_text *out, const char *title);
/* A paragraph; plain text, escaped. */
void nas_page_paragraph(nas_text *out, const char *fmt, ...) NAS_PRINTF(2, 3);

/* A number with its sign: "+2,385", "-0.0123". */
void nas_page_signed(double value, int digits, char *out, size_t size);
/* "93.1 %", "0.4123", "55,198" or "-" */
void nas_page_metric(const nas_metric *metric, double value, char *out, size_t size);
/* "93.1 % (92.6 to 93.6, n 10,000)" */
void nas_page_score(const nas_metric *metric, const nas_score *score, char *out,
                    size_t size);

/* Tables: names separated by `|`, in HTML; a name that starts with `<` is left-aligned.
 * Rows and cells have no end tags: HTML needs none, and large tables halve. */
void nas_page_table_begin(nas_text *out, const char *caption, const char *columns);
void nas_page_row_begin(nas_text *out, bool chosen);
/* A row about a trial: linked with its marks in plots. */
void nas_page_row_of(nas_text *out, bool chosen, int64_t trial);
void nas_page_cell(nas_text *out, const char *fmt, ...) NAS_PRINTF(2, 3);
void nas_page_cell_left(nas_text *out, const char *fmt, ...) NAS_PRINTF(2, 3);
/* A score, its interval below it. */
void nas_page_cell_score(nas_text *out, const nas_metric *metric, const nas_score *score);
void nas_page_row_end(nas_text *out);
void nas_page_table_end(nas_text *out);

/* What opens on demand: <details> with its summary. */
void nas_page_details_begin(nas_text *out, const char *summary);
void nas_page_details_end(nas_text *out);

#endif
