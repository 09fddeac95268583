/* Right, wrong, and how sure: confusion, calibration, errors, hardest rows. */
#include "example.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The delivered network's answers on test rows where there are some. */
static const json_t *answers_of(const nas_report *r, const char **where)
{
    const json_t *network = r->explanation->network;
    const json_t *test = json_object_get(network, "test");
    *where = test != NULL ? "the delivered network on the test rows"
                          : "the network as searched, on validation rows";
    return test != NULL ? test : json_object_get(network, "validation");
}

static const char **label_names(const nas_report *r, int *n)
{
    const json_t *labels = json_object_get(r->explanation->network, "labels");
    *n = (int)json_array_size(labels);
    const char **out = NAS_NEW(r->arena, const char *, *n + 1);
    for (int i = 0; i < *n && out != NULL; i++) {
        const char *name = json_string_value(json_array_get(labels, (size_t)i));
        out[i] = name != NULL ? name : "?";
    }
    return out;
}

/* ---- confusion --------------------------------------------------------- */

static nas_status confusion(const nas_report *r, const json_t *answers, const char *where,
                            nas_err *err)
{
    const json_t *rows = json_object_get(answers, "confusion");
    int n = 0;
    const char **names = label_names(r, &n);
    double *share = NAS_NEW(r->arena, double, n *n + 1);
    NAS_TRY_ALLOC(names, err);
    NAS_TRY_ALLOC(share, err);
    if (json_array_size(rows) != (size_t)n || n == 0 || n > 40)
        return NAS_OK;
    for (int t = 0; t < n; t++) {
        double all = 0;
        for (int a = 0; a < n; a++) {
            share[t * n + a] = (double)json_integer_value(
                json_array_get(json_array_get(rows, (size_t)t), (size_t)a));
            all += share[t * n + a];
        }
        for (int a = 0; a < n; a++)
            share[t * n + a] =
                all > 0 && share[t * n + a] > 0 ? share[t * n + a] / all : (double)NAN;
    }
    nas_page_heading(r->out, "Confusion");
    nas_page_paragraph(r->out, "Of %s: for each true class, where its rows went.", where);
    nas_heat heat = {.title = "Confusion matrix",
                     .description = "Rows are true classes, columns answers; each row "
                                    "adds up to 100 %.",
                     .row_label = "truth",
                     .column_label = "answer",
                     .row = names,
                     .column = names,
                     .rows = n,
                     .columns = n,
                     .value = share,
                     .numbers = n <= 20,
                     .percent = true,
                     .scale = 1};
    nas_chart_heat(r->out, &heat);
    return NAS_OK;
}

/* One number of each object of an array. */
static nas_status numbers_of(const nas_report *r, const json_t *list, const char *key,
                             double **out, nas_err *err)
{
    size_t i;
    json_t *item;
    *out = NAS_NEW(r->arena, double, (int64_t)json_array_size(list) + 1);
    NAS_TRY_ALLOC(*out, err);
    json_array_foreach(list, i, item)
    {
        (*out)[i] = nas_report_real(item, key);
    }
    return NAS_OK;
}

/* ---- calibration ------------------------------------------------------- */

static nas_status calibration_table(const nas_report *r, const json_t *bins, nas_err *err)
{
    double *confidence = NULL, *right = NULL, *rows = NULL;
    NAS_TRY(numbers_of(r, bins, "confidence", &confidence, err));
    NAS_TRY(numbers_of(r, bins, "accuracy", &right, err));
    NAS_TRY(numbers_of(r, bins, "n", &rows, err));
    const nas_chart_column columns[] = {
        {.name = "says", .value = confidence, .percent = true},
        {.name = "right", .value = right, .percent = true},
        {.name = "rows", .value = rows}};
    nas_chart_table(r->out, "Reliability", columns, 3, (int)json_array_size(bins));
    return NAS_OK;
}

/* What dividing the logits would change; a division that was fitted on few validation
 * rows may do harm to test rows. */
static void say_temperature(const nas_report *r, const json_t *c)
{
    const double temperature = nas_report_real(c, "temperature");
    const double before = 100 * nas_report_real(c, "ece");
    const double after = 100 * nas_report_real(c, "ece_scaled");
    if (!(after < before))
        nas_page_paragraph(r->out,
                           "Expected calibration error %.1f points. Temperature scaling, "
                           "fitted on validation rows, does not lower it (%.1f points).",
                           before, after);
    else
        nas_page_paragraph(
            r->out,
            "Expected calibration error %.1f points. Temperature scaling, fitted on "
            "validation rows: dividing the logits by %.2f (nasmith export --temperature "
            "%.2f) gives %.1f points. %s",
            before, temperature, temperature, after,
            temperature > 1.15   ? "It is too sure of itself."
            : temperature < 0.87 ? "It is too modest."
                                 : "It is about as sure as it should be.");
}

static nas_status calibration(const nas_report *r, const json_t *answers, nas_err *err)
{
    const json_t *c = json_object_get(answers, "calibration");
    const json_t *bins = json_object_get(c, "bins");
    size_t i;
    json_t *bin;
    if (c == NULL)
        return NAS_OK;
    nas_axis x = {
        .label = "probability it gives its answer", .low = 0, .high = 1, .percent = true};
    nas_axis y = {.label = "share that is right", .low = 0, .high = 1, .percent = true};
    nas_page_heading(r->out, "Can its probabilities be believed?");
    nas_plot plot = nas_plot_begin(
        r->out, 520, 380, x, y, "Reliability",
        "How often answers of a given probability are right; on the diagonal, as often "
        "as it says. Larger points stand for more rows.");
    nas_plot_line(&plot, (double[2]){0, 1}, (double[2]){0, 1}, 2, "frontline", NULL);
    double rows = fmax(1, nas_report_real(answers, "rows"));
    json_array_foreach(bins, i, bin)
    {
        double n = nas_report_real(bin, "n"), at = nas_report_real(bin, "confidence");
        double right = nas_report_real(bin, "accuracy");
        double half = n > 0 ? 1.96 * sqrt(fmax(right * (1 - right), 0.25 / n) / n) : 0;
        char tip[96];
        if (n < 1)
            continue;
        (void)snprintf(tip, sizeof tip, "says %.0f %%, right %.0f %%, %.0f rows",
                       100 * at, 100 * right, n);
        nas_plot_interval(&plot, at, fmax(0, right - half), fmin(1, right + half));
        nas_plot_point(&plot, at, right, 3 + 8 * sqrt(n / rows), "front", tip);
    }
    nas_plot_end(&plot);
    NAS_TRY(calibration_table(r, bins, err));
    say_temperature(r, c);
    return NAS_OK;
}

/* ---- regression -------------------------------------------------------- */

static nas_status residual_table(const nas_report *r, const json_t *pairs, nas_err *err)
{
    const int n = (int)json_array_size(pairs);
    double *value = NAS_NEW(r->arena, double, 3 * (int64_t)n + 1);
    size_t i;
    json_t *pair;
    NAS_TRY_ALLOC(value, err);
    json_array_foreach(pairs, i, pair)
    {
        value[i] = json_number_value(json_array_get(pair, 0));
        value[n + (int)i] = json_number_value(json_array_get(pair, 1));
        value[2 * n + (int)i] = value[n + (int)i] - value[i];
    }
    const nas_chart_column columns[] = {{.name = "truth", .value = value},
                                        {.name = "answer", .value = value + n},
                                        {.name = "error", .value = value + 2 * n}};
    nas_chart_table(r->out, "Answers against the truth", columns, 3, n);
    return NAS_OK;
}

static nas_status residuals(const nas_report *r, const json_t *answers, const char *where,
                            nas_err *err)
{
    const json_t *pairs = json_object_get(answers, "pairs");
    size_t i;
    json_t *pair;
    if (json_array_size(pairs) == 0)
        return NAS_OK;
    nas_axis x = {.label = "truth", .low = 1, .high = 0};
    nas_axis y = {.label = "answer"};
    json_array_foreach(pairs, i, pair)
    {
        nas_axis_include(&x, json_number_value(json_array_get(pair, 0)));
        nas_axis_include(&x, json_number_value(json_array_get(pair, 1)));
    }
    nas_axis_pad(&x);
    y.low = x.low;
    y.high = x.high;
    nas_page_heading(r->out, "Answers against the truth");
    nas_page_paragraph(r->out, "Of %s.", where);
    nas_plot plot =
        nas_plot_begin(r->out, 520, 400, x, y, "Answers against the truth",
                       "One point a row; on the diagonal the answer is exact.");
    nas_plot_line(&plot, (double[2]){x.low, x.high}, (double[2]){x.low, x.high}, 2,
                  "frontline", NULL);
    json_array_foreach(pairs, i, pair)
    {
        nas_plot_point(&plot, json_number_value(json_array_get(pair, 0)),
                       json_number_value(json_array_get(pair, 1)), 3, "trial", NULL);
    }
    nas_plot_end(&plot);
    return residual_table(r, pairs, err);
}

/* ---- hardest rows ------------------------------------------------------ */

static void row_table(const nas_report *r, const char *key, const char *title)
{
    const json_t *rows = json_object_get(r->explanation->network, key);
    bool classes = r->settings->space_context.task == NAS_TASK_CLASSIFICATION;
    size_t i;
    json_t *row;
    if (json_array_size(rows) == 0)
        return;
    nas_page_table_begin(r->out, title,
                         classes ? "row|<truth|<answer|sure of it|given to the truth"
                                 : "row|truth|answer|error");
    json_array_foreach(rows, i, row)
    {
        nas_page_row_begin(r->out, false);
        nas_page_cell(r->out, "%lld",
                      (long long)json_integer_value(json_object_get(row, "row")));
        if (classes) {
            nas_page_cell_left(r->out, "%s",
                               json_string_value(json_object_get(row, "truth")));
            nas_page_cell_left(r->out, "%s",
                               json_string_value(json_object_get(row, "answer")));
            nas_page_cell(r->out, "%.1f %%", 100 * nas_report_real(row, "confidence"));
            nas_page_cell(r->out, "%.2g %%",
                          100 * nas_report_real(row, "truth_probability"));
        } else {
            double truth = nas_report_real(row, "truth");
            double answer = nas_report_real(row, "answer");
            char words[3][32];
            nas_text_number(words[0], sizeof words[0], truth, 4);
            nas_text_number(words[1], sizeof words[1], answer, 4);
            nas_page_signed(answer - truth, 3, words[2], sizeof words[2]);
            for (int k = 0; k < 3; k++)
                nas_page_cell(r->out, "%s", words[k]);
        }
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
}

/* The hardest rows themselves, when they were asked for. */
static nas_status row_pictures(const nas_report *r, nas_err *err)
{
    const json_t *rows = json_object_get(r->explanation->network, "hardest");
    size_t i;
    json_t *row;
    const nas_shape shape = r->settings->space_context.input;
    if (!r->options->examples || shape.h * shape.w < 2)
        return NAS_OK;
    nas_text_puts(r->out, shape.h > 1 ? "<div class=\"gallery small\">\n"
                                      : "<div class=\"grid2\">\n");
    json_array_foreach(rows, i, row)
    {
        const char *truth = json_string_value(json_object_get(row, "truth"));
        const char *answer = json_string_value(json_object_get(row, "answer"));
        int64_t index = json_integer_value(json_object_get(row, "row"));
        nas_text_printf(r->out, "<figure><figcaption>row %lld", (long long)index);
        if (truth != NULL && answer != NULL) {
            nas_text_puts(r->out, "<br>");
            nas_svg_escape(r->out, truth);
            nas_text_puts(r->out, " → ");
            nas_svg_escape(r->out, answer);
        }
        nas_text_puts(r->out, "</figcaption>\n");
        NAS_TRY(nas_example_draw(r, index, NULL, 0, err));
        nas_text_puts(r->out, "</figure>\n");
    }
    nas_text_puts(r->out, "</div>\n");
    return NAS_OK;
}

nas_status nas_report_answers(const nas_report *r, nas_err *err)
{
    if (r->explanation->network == NULL)
        return NAS_OK;
    const char *where;
    const json_t *answers = answers_of(r, &where);
    NAS_TRY(confusion(r, answers, where, err));
    NAS_TRY(calibration(r, answers, err));
    NAS_TRY(residuals(r, answers, where, err));
    nas_page_heading(r->out, "Where it is most wrong");
    if (json_array_size(json_object_get(r->explanation->network, "hardest")) == 0) {
        nas_page_paragraph(r->out, "The network as searched answers all validation rows "
                                   "right.");
    } else {
        nas_page_paragraph(r->out,
                           "Validation rows (numbers of the prepared data), by the "
                           "network as searched. Look at them: wrong labels are often "
                           "among them.");
        NAS_TRY(row_pictures(r, err));
        row_table(r, "hardest", "Most wrong rows");
    }
    if (json_array_size(json_object_get(r->explanation->network, "unsure")) == 0)
        return NAS_OK;
    nas_page_details_begin(r->out, "Where it is least sure");
    row_table(r, "unsure", "Least sure rows");
    nas_page_details_end(r->out);
    return NAS_OK;
}
