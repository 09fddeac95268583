#include "report.h"

#include "nasmith/file.h"

#include <math.h>
#include <string.h>

/* In the order in which a reader wants them. */
static const struct {
    const char *id, *title;
    nas_report_section write;
} SECTIONS[] = {
    {"verdict", "Verdict", nas_report_verdict},
    {"delivered", "Delivered networks", nas_report_finalists},
    {"baselines", "Beside simpler things", nas_report_baselines},
    {"generalise", "Does it generalise?", nas_report_generalise},
    {"answers", "Right, wrong, and how sure", nas_report_answers},
    {"looks", "What it looks at", nas_report_looks},
    {"network", "The chosen network", nas_report_network},
    {"near", "Why this network?", nas_report_near},
    {"mattered", "What mattered", nas_report_mattered},
    {"pairs", "Decisions in pairs", nas_report_pairs},
    {"front", "Score against cost", nas_report_front},
    {"parallel", "All networks at once", nas_report_parallel},
    {"history", "History", nas_report_history},
    {"curves", "Learning curves", nas_report_curves},
    {"gallery", "Other good networks", nas_report_gallery},
    {"surrogate", "Can scores be predicted?", nas_report_surrogate},
    {"timeline", "Where the time went", nas_report_timeline},
    {"failures", "Failures", nas_report_failures},
    {"trials", "All networks in numbers", nas_report_trials},
    {"reproduce", "Reproduce", nas_report_reproduce},
    {"method", "Method and limits", nas_report_method},
};
enum { N_SECTIONS = sizeof SECTIONS / sizeof SECTIONS[0] };

/* ---- reading ----------------------------------------------------------- */

static bool on_front(const nas_search_result *result, int64_t trial)
{
    for (int i = 0; i < result->n_front; i++)
        if (result->front[i] == trial)
            return true;
    return false;
}

static bool is_finalist(const nas_search_result *result, int64_t trial)
{
    for (int i = 0; i < result->n_finalists; i++)
        if (result->finalists[i].trial == trial)
            return true;
    return false;
}

static nas_status collect(nas_report *r, nas_err *err)
{
    NAS_TRY(nas_study_trials(r->study, r->arena, &r->rows, &r->n_rows, err));
    r->trials = NAS_NEW(r->arena, nas_report_trial, r->n_rows);
    NAS_TRY_ALLOC(r->trials, err);
    for (int64_t i = 0; i < r->n_rows; i++) {
        const nas_evaluation_row *best = r->rows[i].best;
        if (r->rows[i].origin != NAS_TRIAL_SEARCH || best == NULL)
            continue;
        r->trials[r->n_trials++] = (nas_report_trial){
            .row = &r->rows[i],
            .best = best,
            .front = on_front(r->result, r->rows[i].id),
            .finalist = is_finalist(r->result, r->rows[i].id),
        };
    }
    return NAS_OK;
}

/* ---- shared by sections ------------------------------------------------ */

const nas_trial_row *nas_report_row(const nas_report *r, int64_t trial)
{
    for (int64_t i = 0; i < r->n_rows; i++)
        if (r->rows[i].id == trial)
            return &r->rows[i];
    return NULL;
}

double nas_report_score(const nas_report_trial *trial)
{
    return trial->best->validation.value;
}

nas_axis nas_report_metric_axis(const nas_report *r, const char *label)
{
    return (nas_axis){
        .label = label, .low = 1, .high = 0, .percent = r->metric->fraction};
}

void nas_report_tip(const nas_report *r, const nas_report_trial *t, char *out,
                    size_t size)
{
    char value[32];
    nas_cost_words cost = nas_cost_in_words(&t->row->cost);
    nas_page_metric(r->metric, nas_report_score(t), value, sizeof value);
    (void)snprintf(out, size, "#%lld: %s, rung %d, %s params, %s MACs",
                   (long long)t->row->id, value, t->best->spec.rung, cost.params,
                   cost.macs);
}

double nas_report_real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

double *nas_report_reals(const nas_report *r, const json_t *object, const char *key,
                         int64_t *n)
{
    const json_t *array = json_object_get(object, key);
    *n = (int64_t)json_array_size(array);
    double *out = *n > 0 ? NAS_NEW(r->arena, double, *n) : NULL;
    for (int64_t i = 0; i < *n && out != NULL; i++) {
        const json_t *value = json_array_get(array, (size_t)i);
        out[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    *n = out != NULL ? *n : 0;
    return out;
}

void nas_report_gap(const nas_report *r, double gap, char *out, size_t size)
{
    if (isnan(gap))
        (void)snprintf(out, size, "-");
    else if (r->metric->fraction)
        (void)snprintf(out, size, "%+.1f points", round(1000 * gap) / 10 + 0.0);
    else
        nas_page_signed(gap, 3, out, size);
}

/* ---- writing ----------------------------------------------------------- */

static void write_section(nas_text *body, nas_text *links, int i, const nas_text *section)
{
    nas_text_printf(body, "<section id=\"%s\">\n<h2>%s</h2>\n", SECTIONS[i].id,
                    SECTIONS[i].title);
    nas_text_append(body, section->data, section->length);
    nas_text_puts(body, "</section>\n");
    nas_text_printf(links, "<a href=\"#%s\">%s</a>\n", SECTIONS[i].id, SECTIONS[i].title);
}

static nas_status write_sections(nas_report *r, nas_text *body, nas_text *links,
                                 nas_err *err)
{
    nas_text section = {0};
    nas_status status = NAS_OK;
    r->out = &section;
    for (int i = 0; i < N_SECTIONS && status == NAS_OK; i++) {
        nas_text_clear(&section);
        status = SECTIONS[i].write(r, err);
        if (section.length > 0)
            write_section(body, links, i, &section);
    }
    if (status == NAS_OK)
        status = nas_text_status(&section, err);
    nas_text_free(&section);
    return status;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static nas_status write_page(nas_report *r, nas_text *page, nas_err *err)
{
    nas_text body = {0}, links = {0};
    nas_status status = collect(r, err);
    if (status == NAS_OK)
        status = write_sections(r, &body, &links, err);
    if (status == NAS_OK) {
        nas_page_begin(page, "nasmith report");
        nas_text_puts(page, "<header><p class=\"soft\">nasmith report</p><h1>");
        nas_svg_escape(page, base_name(r->settings->data_path));
        nas_text_puts(page, "</h1>\n<p class=\"soft\">");
        nas_svg_escape(page, r->settings->data_path);
        nas_text_puts(page, "</p>\n<nav aria-label=\"Sections\">\n");
        nas_text_puts(page, nas_text_string(&links));
        nas_text_puts(page, "</nav></header>\n<main>\n");
        nas_text_puts(page, nas_text_string(&body));
        nas_page_end(page);
        status = nas_text_status(&body, err);
    }
    if (status == NAS_OK)
        status = nas_text_status(&links, err);
    nas_text_free(&body);
    nas_text_free(&links);
    return status == NAS_OK ? nas_text_status(page, err) : status;
}

nas_report_options nas_report_options_default(void)
{
    return (nas_report_options){.examples = false};
}

/* ---- one plot ---------------------------------------------------------- */

/* Sections that begin with a plot. */
static const char *const PLOTS[] = {"front",    "parallel", "history",   "curves",
                                    "mattered", "pairs",    "surrogate", "timeline",
                                    "network",  "answers",  "looks",     "generalise"};
enum { N_PLOTS = sizeof PLOTS / sizeof PLOTS[0] };

static int section_of(const char *id)
{
    for (int i = 0; i < N_SECTIONS; i++)
        if (strcmp(SECTIONS[i].id, id) == 0)
            return i;
    return -1;
}

const char *nas_report_plot_name(int index)
{
    return index >= 0 && index < N_PLOTS ? PLOTS[index] : NULL;
}

const char *nas_report_plot_summary(int index)
{
    return index >= 0 && index < N_PLOTS ? SECTIONS[section_of(PLOTS[index])].title
                                         : NULL;
}

/* The first <svg> of a section as a file: a namespace, and the page's style. */
static nas_status cut_plot(const nas_text *section, const char *name, nas_text *out,
                           nas_err *err)
{
    static const char OPEN[] = "<svg ", CLOSE[] = "</svg>";
    const char *from = strstr(nas_text_string(section), OPEN);
    const char *to = from != NULL ? strstr(from, CLOSE) : NULL;
    const char *inside = from != NULL ? strchr(from, '>') : NULL;
    if (from == NULL || to == NULL || inside == NULL)
        return nas_fail(err, NAS_E_USAGE, "this study has nothing to plot as `%s` yet",
                        name);
    nas_text_puts(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" ");
    nas_text_append(out, from + strlen(OPEN), (size_t)(inside + 1 - from) - strlen(OPEN));
    nas_page_style(out);
    nas_text_append(out, inside + 1, (size_t)(to - inside - 1) + strlen(CLOSE));
    nas_text_puts(out, "\n");
    return nas_text_status(out, err);
}

static nas_status unknown_plot(const char *name, nas_err *err)
{
    nas_status status = nas_fail(err, NAS_E_USAGE, "unknown plot `%s`", name);
    const char *nearest = nas_text_nearest(name, PLOTS, N_PLOTS);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}

/* ---- entries ----------------------------------------------------------- */

typedef nas_status (*page_writer)(nas_report *r, const char *name, nas_text *page,
                                  nas_err *err);

static nas_status write_whole(nas_report *r, const char *name, nas_text *page,
                              nas_err *err)
{
    (void)name;
    return write_page(r, page, err);
}

static nas_status write_one(nas_report *r, const char *name, nas_text *page, nas_err *err)
{
    nas_text section = {0};
    r->out = &section;
    nas_status status = collect(r, err);
    if (status == NAS_OK)
        status = SECTIONS[section_of(name)].write(r, err);
    if (status == NAS_OK)
        status = cut_plot(&section, name, page, err);
    nas_text_free(&section);
    return status;
}

static nas_status write_file(nas_report *r, page_writer write, const char *name,
                             const char *path, nas_err *err)
{
    nas_explanation explanation;
    nas_text page = {0};
    NAS_TRY(nas_explanation_read(r->study, r->result, &explanation, err));
    r->arena = explanation.arena;
    r->settings = nas_study_settings_of(r->study);
    r->explanation = &explanation;
    r->metric = explanation.metric;
    nas_status status = write(r, name, &page, err);
    if (status == NAS_OK)
        status = nas_file_write(path, page.data, page.length, err);
    nas_text_free(&page);
    nas_explanation_free(&explanation);
    return status;
}

nas_status nas_report_write(nas_study *study, const nas_search_result *result,
                            const nas_report_options *options, const char *path,
                            nas_err *err)
{
    nas_report report = {.study = study, .result = result, .options = options};
    return write_file(&report, write_whole, NULL, path, err);
}

nas_status nas_report_write_plot(nas_study *study, const nas_search_result *result,
                                 const char *name, const char *path, nas_err *err)
{
    nas_report_options options = nas_report_options_default();
    nas_report report = {.study = study, .result = result, .options = &options};
    for (int i = 0; i < N_PLOTS; i++)
        if (strcmp(PLOTS[i], name) == 0)
            return write_file(&report, write_one, name, path, err);
    return unknown_plot(name, err);
}
