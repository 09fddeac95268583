/* All networks of the study: one table, which the plots of networks share, and as CSV. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 2000 };

void nas_report_cost_cells(const nas_report *r, const nas_cost *cost)
{
    nas_cost_words words = nas_cost_in_words(cost);
    nas_page_cell(r->out, "%s", words.params);
    nas_page_cell(r->out, "%s", words.macs);
    nas_page_cell(r->out, "%s", words.ram);
    nas_page_cell(r->out, "%s", words.flash);
}

int64_t nas_report_table_row(const nas_report *r, int64_t trial)
{
    const nas_explain_table *t = &r->explanation->table;
    int64_t low = 0, high = t->n;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (t->trial[middle] < trial)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n && t->trial[low] == trial ? low : -1;
}

/* Text of a decision's choice in a row of the table of decisions; "" = not in it. */
static const char *choice_of(const nas_report *r, int64_t row, int column)
{
    const nas_explain_table *t = &r->explanation->table;
    if (row < 0)
        return "";
    const nas_explain_column *c = &t->column[column];
    int level = t->level[row * t->columns + column];
    return c->optional && level == 0 ? "" : c->levels[level];
}

/* ---- the table --------------------------------------------------------- */

typedef struct entry {
    const nas_report_trial *trial;
    double goodness; /* larger is better */
} entry;

/* By the highest rung, then by score, then by age. */
static int by_rung_and_score(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->trial->best->spec.rung != y->trial->best->spec.rung)
        return y->trial->best->spec.rung - x->trial->best->spec.rung;
    int order = (x->goodness < y->goodness) - (x->goodness > y->goodness);
    return order != 0 ? order
                      : (x->trial->row->id > y->trial->row->id) -
                            (x->trial->row->id < y->trial->row->id);
}

static void predicted_cell(const nas_report *r, int64_t row)
{
    const nas_explain_table *t = &r->explanation->table;
    const nas_explain_mattered *m = &r->explanation->mattered;
    char text[32] = "";
    if (row >= 0 && m->predicted != NULL)
        nas_page_metric(r->metric,
                        t->larger_is_better ? m->predicted[row] : -m->predicted[row],
                        text, sizeof text);
    nas_page_cell(r->out, "%s", text);
}

static void trial_row(const nas_report *r, const nas_report_trial *t)
{
    const nas_score *score = &t->best->validation;
    const int64_t row = nas_report_table_row(r, t->row->id);
    char value[32], half[32];
    nas_page_metric(r->metric, score->value, value, sizeof value);
    nas_page_metric(r->metric, (score->high - score->low) / 2, half, sizeof half);
    nas_page_row_of(r->out, t->finalist, t->row->id);
    nas_page_cell(r->out, "#%lld", (long long)t->row->id);
    nas_page_cell(r->out, "%d", t->best->spec.rung);
    nas_page_cell(r->out, "%s", value);
    nas_page_cell(r->out, "%s", half);
    nas_report_cost_cells(r, &t->row->cost);
    nas_page_cell(r->out, "%.1f", t->best->seconds);
    nas_page_cell(r->out, "%s", t->front ? "yes" : "");
    if (r->explanation->mattered.n_decisions > 0)
        predicted_cell(r, row);
    for (int i = 0; i < nas_report_axis_count(r); i++)
        nas_page_cell(r->out, "%s",
                      choice_of(r, row, r->explanation->mattered.decision[i].column));
    nas_page_row_end(r->out);
}

static void table_head(const nas_report *r, nas_text *head)
{
    nas_text_puts(head, "trial|rung|validation|± 95 %|params|MACs|RAM|flash|"
                        "seconds|front");
    if (r->explanation->mattered.n_decisions > 0)
        nas_text_puts(head, "|predicted");
    for (int i = 0; i < nas_report_axis_count(r); i++) {
        int column = r->explanation->mattered.decision[i].column;
        nas_text_putc(head, '|');
        nas_svg_escape(head, r->explanation->table.column[column].name);
    }
}

nas_status nas_report_trials(const nas_report *r, nas_err *err)
{
    if (r->n_trials == 0)
        return NAS_OK;
    const double sign = r->metric->larger_is_better ? 1 : -1;
    const int64_t n = r->n_trials < MOST_ROWS ? r->n_trials : MOST_ROWS;
    nas_text head = {0};
    entry *order = NAS_NEW(r->arena, entry, r->n_trials);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < r->n_trials; i++)
        order[i] = (entry){&r->trials[i], sign * r->trials[i].best->validation.value};
    qsort(order, (size_t)r->n_trials, sizeof *order, by_rung_and_score);
    char shown[80] = "All networks";
    if (n < r->n_trials)
        (void)snprintf(shown, sizeof shown, "The best %lld of %lld networks",
                       (long long)n, (long long)r->n_trials);
    nas_page_paragraph(r->out,
                       "%s, by the highest rung they finished, then by score; these are "
                       "the numbers behind the plots of networks. A click on a head "
                       "sorts; on paper there are the first 40.",
                       shown);
    table_head(r, &head);
    nas_text_puts(r->out, "<div class=\"tall\">");
    nas_page_table_begin(r->out, "All networks", nas_text_string(&head));
    nas_text_free(&head);
    for (int64_t i = 0; i < n; i++)
        trial_row(r, order[i].trial);
    nas_page_table_end(r->out);
    nas_text_puts(r->out, "</div>\n");
    return NAS_OK;
}

void nas_report_trials_link(const nas_report *r)
{
    nas_text_puts(r->out, "<p class=\"soft\"><a href=\"#trials\">Table of all "
                          "networks</a></p>\n");
}

/* ---- download ---------------------------------------------------------- */

/* Text inside a data URI. */
static void put_uri(nas_text *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || strchr("-_.,;:/", *c) != NULL;
        if (plain)
            nas_text_putc(out, *c);
        else
            nas_text_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

/* A field of a CSV line, quoted where it has to be. */
static void put_field(nas_text *line, const char *text)
{
    nas_text_putc(line, ',');
    if (strpbrk(text, ",\"\n") == NULL) {
        nas_text_puts(line, text);
        return;
    }
    nas_text_putc(line, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            nas_text_putc(line, '"');
        nas_text_putc(line, *c);
    }
    nas_text_putc(line, '"');
}

static void csv_row(const nas_report *r, const nas_report_trial *t, nas_text *line)
{
    const nas_explain_table *table = &r->explanation->table;
    const nas_cost *c = &t->row->cost;
    nas_text_clear(line);
    nas_text_printf(line, "\n%lld,%d,%.6g,%lld,%lld,%lld,%lld,%.3g",
                    (long long)t->row->id, t->best->spec.rung, nas_report_score(t),
                    (long long)c->params, (long long)c->macs, (long long)c->ram_bytes,
                    (long long)c->flash_bytes, t->best->seconds);
    const int64_t row = nas_report_table_row(r, t->row->id);
    for (int k = 0; k < table->columns; k++)
        put_field(line, choice_of(r, row, k));
}

void nas_report_download(const nas_report *r)
{
    const nas_explain_table *table = &r->explanation->table;
    nas_text line = {0};
    nas_text_puts(r->out, "<p><a id=\"csv\" download=\"trials.csv\" "
                          "href=\"data:text/csv;charset=utf-8,");
    nas_text_puts(&line, "trial,rung,score,params,macs,ram_bytes,flash_bytes,seconds");
    for (int k = 0; k < table->columns; k++)
        put_field(&line, table->column[k].name);
    put_uri(r->out, nas_text_string(&line));
    for (int64_t i = 0; i < r->n_trials; i++) {
        csv_row(r, &r->trials[i], &line);
        put_uri(r->out, nas_text_string(&line));
    }
    nas_text_free(&line);
    nas_text_puts(r->out, "\">All trials as CSV</a> (with every rung: nasmith "
                          "trials --json)</p>\n");
}
