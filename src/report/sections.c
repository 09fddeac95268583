/* The sections that are words and tables. */
#include "report.h"

#include "nasmith/text.h"
#include "nasmith/version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void limit_bar(const nas_report *r, const nas_cost *cost, nas_limit_kind kind)
{
    double bound = nas_limit_bound(&r->settings->limits, kind);
    if (bound <= 0)
        return;
    double used = nas_limit_cost(cost, kind);
    char have[32], limit[32];
    nas_cost_text(kind, used, have, sizeof have);
    nas_cost_text(kind, bound, limit, sizeof limit);
    nas_text_printf(
        r->out,
        "<div class=\"bar\"><span>%s</span><span class=\"track\"><span "
        "class=\"fill%s\" style=\"width:%.1f%%\"></span></span><span>%s of %s "
        "(%.0f %%)</span></div>\n",
        nas_limit_title(kind), used > bound ? " over" : "", fmin(100, 100 * used / bound),
        have, limit, 100 * used / bound);
}

static void card(nas_text *out, const char *key, const char *value)
{
    nas_text_puts(out, "<div class=\"card\"><div class=\"k\">");
    nas_svg_escape(out, key);
    nas_text_puts(out, "</div><div class=\"v\">");
    nas_svg_escape(out, value);
    nas_text_puts(out, "</div></div>\n");
}

/* What the study's device would need for an inference; nothing without a device. */
static void device_cards(const nas_report *r, const nas_finalist *f)
{
    const nas_device *device = &r->settings->latency.device;
    char title[80], value[64];
    if (!(device->clock_mhz > 0) || f->cost.latency_ms < 0)
        return;
    nas_device_estimate e = nas_device_estimate_of(device, f->cost.latency_ms);
    (void)snprintf(title, sizeof title, "Latency on %s, estimated", device->name);
    (void)snprintf(value, sizeof value, "%.3g to %.3g ms", e.low_ms, e.high_ms);
    card(r->out, title, value);
    if (e.millijoules < 0)
        return;
    (void)snprintf(title, sizeof title, "Energy on %s, estimated", device->name);
    (void)snprintf(value, sizeof value, "%.3g mJ", e.millijoules);
    card(r->out, title, value);
}

static void cost_cards(const nas_report *r, const nas_finalist *f)
{
    static const struct {
        nas_limit_kind kind;
        const char *name;
    } COSTS[] = {{NAS_LIMIT_PARAMS, "Parameters"},
                 {NAS_LIMIT_MACS, "MACs per inference"},
                 {NAS_LIMIT_RAM, "RAM"},
                 {NAS_LIMIT_FLASH, "Flash"}};
    char value[32];
    nas_text_puts(r->out, "<div class=\"cards\">\n");
    for (size_t i = 0; i < sizeof COSTS / sizeof COSTS[0]; i++) {
        nas_cost_text(COSTS[i].kind, nas_limit_cost(&f->cost, COSTS[i].kind), value,
                      sizeof value);
        card(r->out, COSTS[i].name, value);
    }
    if (f->measured_latency_ms >= 0) {
        nas_cost_text(NAS_LIMIT_LATENCY, f->measured_latency_ms, value, sizeof value);
        card(r->out, "Latency of the C code, measured here", value);
    }
    device_cards(r, f);
    nas_text_puts(r->out, "</div>\n");
}

/* The score, large, and what it is of. */
static void headline(const nas_report *r, const nas_finalist *f)
{
    bool tested = !isnan(f->test.value);
    const nas_score *score = tested ? &f->test : &f->validation;
    char value[32], low[32], high[32], rows[28];
    nas_page_metric(r->metric, score->value, value, sizeof value);
    nas_page_metric(r->metric, score->low, low, sizeof low);
    nas_page_metric(r->metric, score->high, high, sizeof high);
    nas_text_integer(rows, sizeof rows, score->n);
    nas_text_printf(r->out,
                    "<p class=\"headline\"><b>%s</b> %s on %s<br><span "
                    "class=\"soft\">95 %% interval %s to %s, %s rows</span></p>\n",
                    value, r->metric->name, tested ? "the sealed test" : "validation",
                    low, high, rows);
}

static nas_status sentences(const nas_report *r, nas_err *err)
{
    static const char *const MOODS[] = {"plain", "good", "warn"};
    nas_explain_sentence *sentence = NULL;
    int n = 0;
    NAS_TRY(nas_explain_verdict(r->explanation, &sentence, &n, err));
    for (int i = 0; i < n; i++) {
        if (i == 0 || strcmp(sentence[i].topic, sentence[i - 1].topic) != 0) {
            nas_text_puts(r->out, i > 0 ? "</ul>\n" : "");
            nas_page_heading(r->out, sentence[i].topic);
            nas_text_printf(r->out, "<ul class=\"verdict%s\">\n",
                            i == 0 && n > 1 ? " short" : "");
        }
        nas_text_printf(r->out, "<li class=\"%s\">", MOODS[sentence[i].mood]);
        nas_svg_escape(r->out, sentence[i].text);
        if (strcmp(sentence[i].section, "verdict") != 0)
            nas_text_printf(r->out, " <a href=\"#%s\">more</a>", sentence[i].section);
        nas_text_puts(r->out, "</li>\n");
    }
    nas_text_puts(r->out, n > 0 ? "</ul>\n" : "");
    return NAS_OK;
}

static void how_it_was_found(const nas_report *r)
{
    const nas_search_result *result = r->result;
    char time[32];
    nas_text_duration(time, sizeof time, result->seconds);
    nas_page_paragraph(
        r->out,
        "Found in space %s by %s with %s in %s (%s): %lld networks scored, %lld "
        "trained in full, %lld failed, %lld draws over a limit and never trained.",
        r->settings->space_name, r->settings->strategy, r->settings->scheduler, time,
        result->stop_reason != NULL ? result->stop_reason : "still running",
        (long long)result->counts.scored, (long long)result->counts.full,
        (long long)result->counts.failed, (long long)result->counts.infeasible);
}

nas_status nas_report_verdict(const nas_report *r, nas_err *err)
{
    if (r->result->n_finalists == 0) {
        nas_page_paragraph(r->out, "No network has been chosen yet.");
        how_it_was_found(r);
        return NAS_OK;
    }
    const nas_finalist *f = &r->result->finalists[0];
    headline(r, f);
    cost_cards(r, f);
    nas_text_puts(r->out, "<div class=\"bars\">\n");
    for (nas_limit_kind k = NAS_LIMIT_PARAMS; k <= NAS_LIMIT_LATENCY; k++)
        limit_bar(r, &f->cost, k);
    nas_text_puts(r->out, "</div>\n");
    NAS_TRY(sentences(r, err));
    how_it_was_found(r);
    return NAS_OK;
}

static void finalist_row(const nas_report *r, const nas_finalist *f, bool chosen)
{
    nas_page_row_of(r->out, chosen, f->trial);
    nas_page_cell(r->out, "#%lld", (long long)f->trial);
    nas_page_cell_left(r->out, "%s", f->role);
    nas_page_cell_score(r->out, r->metric, &f->validation);
    nas_page_cell_score(r->out, r->metric, &f->as_searched_test);
    nas_page_cell_score(r->out, r->metric, &f->test);
    nas_page_cell(r->out, "%lld", (long long)f->refit_epochs);
    nas_report_cost_cells(r, &f->cost);
    char latency[16];
    nas_cost_text(NAS_LIMIT_LATENCY, f->measured_latency_ms, latency, sizeof latency);
    nas_page_cell(r->out, "%s", latency);
    nas_page_row_end(r->out);
}

static void finalist_checks(const nas_report *r, const nas_finalist *f)
{
    long long trial = f->trial;
    char saved[160];
    nas_clean_text(&f->saved, saved, sizeof saved);
    if (*saved != '\0')
        nas_page_paragraph(r->out, "#%lld was cleaned up before its test: %s.", trial,
                           saved);
    if (f->onnx_path != NULL)
        nas_page_paragraph(
            r->out, "#%lld as ONNX: run again on %lld rows, largest difference %.1e.",
            trial, (long long)f->onnx_check.n, f->onnx_check.max_error);
    if (f->c_path != NULL && f->c_check.compiled)
        nas_page_paragraph(r->out,
                           "#%lld as C: compiled with %s, run on %lld rows, largest "
                           "difference %.1e.",
                           trial, f->c_check.compiler, (long long)f->c_check.n,
                           f->c_check.max_error);
    else if (f->c_path != NULL)
        nas_page_paragraph(r->out, "#%lld as C: written, not compiled here.", trial);
}

nas_status nas_report_finalists(const nas_report *r, nas_err *err)
{
    (void)err;
    const nas_search_result *result = r->result;
    if (result->n_finalists == 0)
        return NAS_OK;
    nas_page_table_begin(
        r->out, "Delivered networks",
        "trial|<role|validation|test, as searched|test, delivered|epochs|"
        "params|MACs|RAM|flash|latency");
    bool refitted = false;
    for (int i = 0; i < result->n_finalists; i++) {
        finalist_row(r, &result->finalists[i], i == 0);
        refitted = refitted || result->finalists[i].refit_epochs > 0;
    }
    nas_page_table_end(r->out);
    nas_page_paragraph(
        r->out, "%s Intervals are 95 %%.",
        refitted ? "A refit trains on training and validation rows together; it is what "
                   "the files hold."
                 : "There was no refit: the files hold networks as the search trained "
                   "them.");
    for (int i = 0; i < result->n_finalists; i++)
        finalist_checks(r, &result->finalists[i]);
    return NAS_OK;
}

nas_status nas_report_baselines(const nas_report *r, nas_err *err)
{
    (void)err;
    const nas_search_result *result = r->result;
    if (result->n_baselines == 0)
        return NAS_OK;
    nas_page_table_begin(r->out, "Baselines", "<what|params|validation|test");
    for (int i = 0; i < result->n_baselines; i++) {
        const nas_baseline_result *b = &result->baselines[i];
        nas_page_row_begin(r->out, false);
        nas_page_cell_left(r->out, "%s", b->name);
        nas_page_cell(r->out, "%lld", (long long)b->params);
        nas_page_cell_score(r->out, r->metric, &b->validation);
        nas_page_cell_score(r->out, r->metric, &b->test);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
    if (!isnan(result->random_estimate)) {
        char value[32];
        nas_page_metric(r->metric, result->random_estimate, value, sizeof value);
        nas_page_paragraph(
            r->out,
            "One proposal in five was uniform random. From these, the best of as "
            "many random networks as were scored is estimated at %s on "
            "validation.",
            value);
    }
    return NAS_OK;
}

nas_status nas_report_failures(const nas_report *r, nas_err *err)
{
    (void)err;
    int64_t counts[NAS_OUTCOME_COUNT] = {0}, all = 0;
    const char *example[NAS_OUTCOME_COUNT] = {NULL};
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations; k++) {
            const nas_evaluation_row *e = &r->rows[i].evaluations[k];
            if (e->state != NAS_EVALUATION_FAILED)
                continue;
            counts[e->outcome]++;
            example[e->outcome] = e->reason;
            all++;
        }
    if (all == 0)
        return NAS_OK;
    nas_page_table_begin(r->out, "Failures", "<how it ended|trainings|<for example");
    for (int i = 0; i < NAS_OUTCOME_COUNT; i++) {
        if (counts[i] == 0)
            continue;
        nas_page_row_begin(r->out, false);
        nas_page_cell_left(r->out, "%s", nas_outcome_name((nas_outcome)i));
        nas_page_cell(r->out, "%lld", (long long)counts[i]);
        nas_page_cell_left(r->out, "%s", example[i] != NULL ? example[i] : "");
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
    return NAS_OK;
}

static void ladder_text(const nas_ladder *ladder, char *out, size_t size)
{
    size_t n = 0;
    for (int i = 0; i < ladder->n && n < size; i++) {
        const nas_rung *rung = &ladder->rung[i];
        const char *comma = i > 0 ? ", " : "";
        if (rung->epochs == 0)
            n += (size_t)snprintf(out + n, size - n, "%sinherited weights", comma);
        else
            n += (size_t)snprintf(out + n, size - n,
                                  "%s%.0f %% of the rows × %lld epoch%s", comma,
                                  100 * rung->fraction, (long long)rung->epochs,
                                  rung->epochs == 1 ? "" : "s");
    }
    int folds = nas_ladder_folds(ladder, ladder->n - 1);
    if (folds > 1 && n < size)
        (void)snprintf(out + n, size - n, "; the longest on %d folds%s", folds,
                       nas_ladder_repeats(ladder, ladder->n - 1) > 1 ? ", repeated" : "");
}

nas_status nas_report_reproduce(const nas_report *r, nas_err *err)
{
    (void)err;
    const nas_study_settings *s = r->settings;
    const char *command = NULL;
    if (nas_study_get(r->study, "command", r->arena, &command, NULL) != NAS_OK)
        command = NULL;
    char ladder[256];
    ladder_text(&s->ladder, ladder, sizeof ladder);
    nas_text_puts(r->out, "<pre tabindex=\"0\">");
    nas_svg_escape(r->out, command != NULL ? command : "nasmith search");
    nas_text_printf(
        r->out, "\n\nnasmith   %s\nseed      %llu\ndata      %016llx\nladder    ",
        s->version, (unsigned long long)s->seed, (unsigned long long)s->data_fingerprint);
    nas_svg_escape(r->out, ladder);
    nas_text_puts(r->out, "\nrecipe    ");
    nas_svg_escape(r->out, s->recipe_json);
    nas_text_puts(r->out, "\nCPU       ");
    nas_svg_escape(r->out, s->cpu);
    nas_text_puts(r->out, "\n</pre>\n<details><summary>Search space</summary><pre "
                          "tabindex=\"0\">");
    nas_svg_escape(r->out, s->space_text);
    nas_text_puts(r->out, "</pre></details>\n");
    if (r->n_trials > 0)
        nas_report_download(r);
    return NAS_OK;
}

nas_status nas_report_method(const nas_report *r, nas_err *err)
{
    static const char *const TEXTS[] = {
        "The data are split three ways. Networks are trained on training rows and "
        "compared on validation rows; the test rows lie in a file of their own that only "
        "the last step opens, and openings are counted.",
        "A score's interval says how much it would vary with other rows of the same "
        "kind (Wilson for accuracy, else a bootstrap). It does not cover another seed of "
        "the training, and nothing here covers data of another kind.",
        "The validation score of a chosen network leans to the good side, because the "
        "best of many was taken. The test score does not; the table shows both.",
        "Importance is computed from short trainings, in which all networks were treated "
        "alike. It says what made these networks differ under this space and these "
        "limits, not what would matter elsewhere.",
        "What a network looks at is found by covering or shuffling inputs. Such inputs "
        "can be unlike any real one, so a map is a hint, not a proof.",
        "Costs follow from the network and the generated code: RAM is the arena and the "
        "worst-case stack, flash is weights, tables and code without libc and start-up.",
    };
    (void)err;
    nas_text_puts(r->out, "<ul>\n");
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        nas_text_puts(r->out, "<li>");
        nas_svg_escape(r->out, TEXTS[i]);
        nas_text_puts(r->out, "</li>\n");
    }
    nas_text_puts(r->out, "</ul>\n");
    return NAS_OK;
}
