/* Why this network: what was tried beside it, where it comes from, what its parts do. */
#include "report.h"

#include <math.h>
#include <stdio.h>

enum { NEIGHBOURS = 20, ANCESTORS = 12 };

/* ---- one mutation away ------------------------------------------------- */

/* "-12 %", "same" */
static void change_words(double from, double to, char *out, size_t size)
{
    double change = from > 0 ? 100 * (to / from - 1) : 0;
    if (fabs(change) < 0.5)
        (void)snprintf(out, size, "same");
    else
        (void)snprintf(out, size, "%+.0f %%", change);
}

/* A prediction nearer than this to the network's own says nothing: half a tenth of a
 * point, or of an error its two-hundredth part. */
static double least_gap(const nas_report *r)
{
    double own = fabs(r->result->finalists[0].validation.value);
    return r->metric->fraction ? 0.0005 : isnan(own) ? 0 : 0.005 * own;
}

static void neighbour_row(const nas_report *r, const nas_explain_neighbour *n, double own,
                          const nas_cost *cost)
{
    char measured[48] = "not trained", predicted[32];
    char params[16], macs[16], ram[16];
    if (n->trial != 0)
        (void)snprintf(measured, sizeof measured, "trained");
    if (!isnan(n->measured))
        nas_page_metric(r->metric, n->measured, measured, sizeof measured);
    if (fabs(n->predicted - own) < least_gap(r))
        (void)snprintf(predicted, sizeof predicted, "no difference");
    else
        nas_report_gap(r, n->predicted - own, predicted, sizeof predicted);
    change_words((double)cost->params, (double)n->cost.params, params, sizeof params);
    change_words((double)cost->macs, (double)n->cost.macs, macs, sizeof macs);
    change_words((double)cost->ram_bytes, (double)n->cost.ram_bytes, ram, sizeof ram);
    nas_page_row_begin(r->out, false);
    nas_page_cell_left(r->out, "%s", n->decision);
    nas_page_cell_left(r->out, "%s → %s", n->from, n->to);
    nas_page_cell(r->out, "%s", predicted);
    nas_page_cell(r->out, "%s", measured);
    if (n->trial != 0)
        nas_page_cell(r->out, "#%lld", (long long)n->trial);
    else
        nas_page_cell(r->out, "%s", "");
    nas_page_cell(r->out, "%s", params);
    nas_page_cell(r->out, "%s", macs);
    nas_page_cell(r->out, "%s", ram);
    nas_page_cell_left(r->out, "%s", n->feasible ? "" : "over a limit");
    nas_page_row_end(r->out);
}

/* A trial's score at the rung of the table. */
static double measured_at_rung(const nas_report *r, int64_t trial)
{
    const nas_explain_table *t = &r->explanation->table;
    for (int64_t i = 0; i < t->n; i++)
        if (t->trial[i] == trial)
            return t->larger_is_better ? t->score[i] : -t->score[i];
    return (double)NAN;
}

static nas_status neighbours(const nas_report *r, const nas_trial_row *row, nas_err *err)
{
    nas_explain_neighbourhood near;
    if (r->explanation->table.columns == 0)
        return NAS_OK;
    int trained = 0, over = 0, better = 0;
    NAS_TRY(nas_explain_neighbours_of(r->study, &r->explanation->table, row->id, r->arena,
                                      &near, err));
    if (near.n == 0)
        return NAS_OK;
    for (int i = 0; i < near.n; i++) {
        double gap = near.neighbour[i].predicted - near.predicted;
        trained += near.neighbour[i].trial != 0;
        over += !near.neighbour[i].feasible;
        better += near.neighbour[i].feasible && near.neighbour[i].trial == 0 &&
                  (r->metric->larger_is_better ? gap : -gap) >= least_gap(r);
    }
    char own[32];
    nas_page_metric(r->metric, measured_at_rung(r, row->id), own, sizeof own);
    nas_page_heading(r->out, "One change away");
    nas_page_paragraph(
        r->out,
        "%d networks differ from the chosen one in one decision. Trained: %d; over a "
        "limit: %d; not trained, but better by the forests: %d. Best first; scores at "
        "rung %d, where the chosen network has %s; costs against it.",
        near.n, trained, over, better, r->explanation->table.rung, own);
    nas_page_table_begin(
        r->out, "Networks one change away",
        "<decision|<change|predicted|measured|trial|params|MACs|RAM|<limits");
    for (int i = 0; i < near.n && i < NEIGHBOURS; i++)
        neighbour_row(r, &near.neighbour[i], near.predicted, &row->cost);
    nas_page_table_end(r->out);
    return NAS_OK;
}

/* ---- ancestry ---------------------------------------------------------- */

static double score_of_row(const nas_report *r, const nas_trial_row *row, int *rung)
{
    for (int64_t i = 0; i < r->n_trials; i++)
        if (r->trials[i].row == row) {
            *rung = r->trials[i].best->spec.rung;
            return nas_report_score(&r->trials[i]);
        }
    *rung = -1;
    return (double)NAN;
}

/* Decisions that differ, as "out 8 → 16". */
static void difference(const nas_trial_row *parent, const nas_trial_row *child, char *out,
                       size_t size)
{
    json_t *a = json_loads(parent->decisions != NULL ? parent->decisions : "{}", 0, NULL);
    json_t *b = json_loads(child->decisions != NULL ? child->decisions : "{}", 0, NULL);
    const char *key;
    json_t *value;
    size_t n = 0;
    out[0] = '\0';
    json_object_foreach(b, key, value)
    {
        const char *before = json_string_value(json_object_get(a, key));
        const char *after = json_string_value(value);
        if (json_equal(json_object_get(a, key), value) || n + 4 >= size)
            continue;
        int written =
            snprintf(out + n, size - n, "%s%s %s → %s", n > 0 ? ", " : "", key,
                     before != NULL ? before : "absent", after != NULL ? after : "?");
        n += written > 0 ? (size_t)written : 0;
        n = n < size ? n : size - 1;
    }
    json_decref(a);
    json_decref(b);
}

static void ancestor_row(const nas_report *r, const nas_trial_row *row,
                         const nas_trial_row *parent)
{
    char score[32], change[300] = "first of its line";
    int rung = -1;
    nas_page_metric(r->metric, score_of_row(r, row, &rung), score, sizeof score);
    nas_cost_words cost = nas_cost_in_words(&row->cost);
    if (parent != NULL)
        difference(parent, row, change, sizeof change);
    nas_page_row_begin(r->out, false);
    nas_page_cell(r->out, "#%lld", (long long)row->id);
    nas_page_cell_left(r->out, "%s", row->parents[1] > 0 ? "crossover" : change);
    nas_page_cell(r->out, "%s", score);
    nas_page_cell(r->out, "%d", rung);
    nas_page_cell(r->out, "%s", cost.params);
    nas_page_cell(r->out, "%s", cost.macs);
    nas_page_row_end(r->out);
}

static void ancestry(const nas_report *r, const nas_trial_row *row)
{
    if (row->parents[0] <= 0)
        return;
    nas_page_heading(r->out, "Where it comes from");
    nas_page_paragraph(r->out, "Its line of ancestors, youngest first: each row changed "
                               "the network of the row below.");
    nas_page_table_begin(r->out, "Ancestry", "trial|<change|score|rung|params|MACs");
    for (int i = 0; i < ANCESTORS && row != NULL; i++) {
        const nas_trial_row *parent =
            row->parents[0] > 0 ? nas_report_row(r, row->parents[0]) : NULL;
        ancestor_row(r, row, parent);
        row = parent;
    }
    nas_page_table_end(r->out);
}

/* ---- ablation ---------------------------------------------------------- */

static void ablation_row(const nas_report *r, const json_t *part, const nas_cost *cost)
{
    char loss[32], low[32], high[32], macs[16], params[16], ram[16] = "-";
    double value = nas_report_real(part, "loss");
    nas_report_gap(r, value, loss, sizeof loss);
    nas_report_gap(r, nas_report_real(part, "low"), low, sizeof low);
    nas_report_gap(r, nas_report_real(part, "high"), high, sizeof high);
    change_words((double)cost->macs, nas_report_real(part, "macs"), macs, sizeof macs);
    change_words((double)cost->params, nas_report_real(part, "params"), params,
                 sizeof params);
    double bytes = nas_report_real(part, "ram_bytes");
    if (!isnan(bytes))
        change_words((double)cost->ram_bytes, bytes, ram, sizeof ram);
    bool none = nas_report_real(part, "low") <= 0;
    nas_page_row_begin(r->out, false);
    nas_page_cell_left(r->out, "%s", json_string_value(json_object_get(part, "what")));
    nas_page_cell(r->out, "%s", loss);
    nas_page_cell(r->out, "%s to %s", low, high);
    nas_page_cell(r->out, "%s", params);
    nas_page_cell(r->out, "%s", macs);
    nas_page_cell(r->out, "%s", ram);
    nas_page_cell_left(r->out, "%s", none ? "no clear loss" : "");
    nas_page_row_end(r->out);
}

static nas_status ablation_bars(const nas_report *r, const json_t *parts, nas_err *err)
{
    const int n = (int)json_array_size(parts);
    nas_bar *bar = NAS_NEW(r->arena, nas_bar, n);
    size_t i;
    json_t *part;
    NAS_TRY_ALLOC(bar, err);
    json_array_foreach(parts, i, part)
    {
        bar[i] = (nas_bar){.label = json_string_value(json_object_get(part, "what")),
                           .value = nas_report_real(part, "loss"),
                           .low = nas_report_real(part, "low"),
                           .high = nas_report_real(part, "high")};
        bar[i].style = bar[i].low <= 0 ? "bar0" : "bar1";
    }
    nas_bars bars = {.title = "What is lost without each part",
                     .description = "Loss on validation rows with its 95 % interval; "
                                    "pale bars show no clear loss.",
                     .bar = bar,
                     .n = n,
                     .percent = r->metric->fraction};
    nas_chart_bars(r->out, &bars);
    return NAS_OK;
}

static nas_status ablation(const nas_report *r, const nas_trial_row *row, nas_err *err)
{
    const json_t *a = r->explanation->ablation;
    const json_t *parts = json_object_get(a, "parts");
    size_t i;
    json_t *part;
    if (json_array_size(parts) == 0)
        return NAS_OK;
    long long epochs = (long long)json_integer_value(json_object_get(a, "epochs"));
    char times[32] = "once";
    if (json_integer_value(json_object_get(a, "rounds")) > 1)
        (void)snprintf(times, sizeof times, "%lld times",
                       (long long)json_integer_value(json_object_get(a, "rounds")));
    nas_page_heading(r->out, "What its parts do");
    nas_page_paragraph(
        r->out,
        "Each part taken out or made smaller, trained anew %s for %lld epoch%s on "
        "%.0f %% of the training rows, against the whole network trained the same way; "
        "loss on validation with the 95 %% interval of the paired difference over %lld "
        "rows.",
        times, epochs, epochs == 1 ? "" : "s", 100 * nas_report_real(a, "fraction"),
        (long long)json_integer_value(json_object_get(a, "rows")));
    NAS_TRY(ablation_bars(r, parts, err));
    nas_page_table_begin(r->out, "Ablation",
                         "<without|loss|95 % interval|params|MACs|RAM|<finding");
    json_array_foreach(parts, i, part)
    {
        ablation_row(r, part, &row->cost);
    }
    nas_page_table_end(r->out);
    return NAS_OK;
}

nas_status nas_report_near(const nas_report *r, nas_err *err)
{
    if (r->result->n_finalists == 0)
        return NAS_OK;
    const nas_trial_row *row = nas_report_row(r, r->result->finalists[0].trial);
    if (row == NULL)
        return NAS_OK;
    NAS_TRY(ablation(r, row, err));
    NAS_TRY(neighbours(r, row, err));
    ancestry(r, row);
    return NAS_OK;
}
