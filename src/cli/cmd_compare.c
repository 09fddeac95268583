/* nasmith compare A B...: networks of a study, or two studies, side by side. */
#include "cli.h"

#include "nasmith/search.h"
#include "nasmith/text.h"
#include "search/keep.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MOST = 4 };

static const nas_param PARAMS[] = {
    {.name = "study",
     .type = NAS_PARAM_STRING,
     .doc = "the study of the trials; default: the only or newest one here"},
    {.name = NULL},
};

/* One column of the table. */
typedef struct side {
    nas_study *study;
    const nas_study_settings *settings;
    nas_search_result result;
    const nas_trial_row *row;
    const nas_finalist *finalist; /* NULL: not one */
    const nas_metric *metric;
    const nas_evaluation_row *best; /* of the highest rung done */
    json_t *decisions;
} side;

typedef struct comparison {
    nas_cli *cli;
    side side[MOST];
    int n;
    bool studies; /* two studies' chosen networks; else trials of one study */
} comparison;

/* ---- loading ------------------------------------------------------------- */

static nas_status load_study(side *s, const char *path, nas_err *err)
{
    NAS_TRY(nas_study_open(path, &s->study, err));
    s->settings = nas_study_settings_of(s->study);
    s->metric = nas_metric_find(s->settings->metric);
    if (s->metric == NULL)
        return nas_fail(err, NAS_E_STUDY, "the study's metric `%s` is unknown",
                        s->settings->metric);
    return nas_search_read_result(s->study, &s->result, err);
}

static nas_status load_trial(const nas_cli *cli, side *s, int64_t trial, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(s->study, trial, cli->arena, &row, err));
    if (row == NULL)
        return nas_fail(err, NAS_E_USAGE, "no trial %lld in %s", (long long)trial,
                        nas_study_path(s->study));
    s->row = row;
    s->best = row->best;
    for (int i = 0; i < s->result.n_finalists; i++)
        if (s->result.finalists[i].trial == trial)
            s->finalist = &s->result.finalists[i];
    s->decisions =
        row->decisions != NULL ? json_loads(row->decisions, 0, NULL) : json_object();
    return NAS_OK;
}

static bool is_number(const char *word, int64_t *out)
{
    return nas_parse_int(word[0] == '#' ? word + 1 : word, out, NULL) == NAS_OK;
}

static nas_status load_all(comparison *c, nas_err *err)
{
    nas_cli *cli = c->cli;
    const char *path = nas_cli_string(cli, "study");
    int64_t trial = 0;
    c->studies = !is_number(cli->args[0], &trial);
    for (int i = 0; i < cli->n_args; i++) {
        side *s = &c->side[c->n++];
        if (is_number(cli->args[i], &trial) == c->studies)
            return nas_fail(err, NAS_E_USAGE,
                            "found `%s`, expected %s: trials and studies cannot be mixed",
                            cli->args[i], c->studies ? "a study" : "a trial's number");
        if (!c->studies)
            NAS_TRY(nas_cli_default_study(cli, path, &path, err));
        NAS_TRY(load_study(s, c->studies ? cli->args[i] : path, err));
        if (c->studies && s->result.n_finalists == 0)
            return nas_fail(err, NAS_E_STUDY, "%s has no chosen network yet",
                            cli->args[i]);
        NAS_TRY(
            load_trial(cli, s, c->studies ? s->result.finalists[0].trial : trial, err));
    }
    return NAS_OK;
}

/* ---- printing ------------------------------------------------------------ */

enum { NAME_WIDTH = 26, VALUE_WIDTH = 27 };

/* @param same  all values are equal: dim */
static void print_line(const comparison *c, const char *name, char value[MOST][64])
{
    bool same = c->n > 1;
    for (int i = 1; i < c->n; i++)
        same = same && strcmp(value[0], value[i]) == 0;
    printf("%s%-*.*s", same ? nas_cli_style(c->cli->color_out, NAS_STYLE_DIM) : "",
           NAME_WIDTH, NAME_WIDTH - 1, name);
    for (int i = 0; i < c->n; i++) {
        const int width = nas_cli_width(value[i], VALUE_WIDTH);
        printf(" %*.*s", width, width, value[i]);
    }
    printf("%s\n", same ? nas_cli_style(c->cli->color_out, NAS_STYLE_RESET) : "");
}

static void put_score(const side *s, const nas_score *score, char *out, size_t size)
{
    char value[16], low[16], high[16];
    bool fraction = s->metric->fraction;
    nas_cli_format_metric(fraction, score->value, value, sizeof value);
    nas_cli_format_metric(fraction, score->low, low, sizeof low);
    nas_cli_format_metric(fraction, score->high, high, sizeof high);
    if (isnan(score->value))
        (void)snprintf(out, size, "-");
    else
        (void)snprintf(out, size, "%s (%s to %s)", value, low, high);
}

static void print_heads(const comparison *c)
{
    char value[MOST][64];
    for (int i = 0; i < c->n; i++)
        (void)snprintf(value[i], sizeof value[i], "#%lld%s%s",
                       (long long)c->side[i].row->id,
                       c->side[i].finalist != NULL ? " " : "",
                       c->side[i].finalist != NULL ? c->side[i].finalist->role : "");
    print_line(c, "", value);
    if (!c->studies)
        return;
    for (int i = 0; i < c->n; i++)
        (void)snprintf(value[i], sizeof value[i], "%.63s",
                       nas_study_path(c->side[i].study));
    print_line(c, "study", value);
    for (int i = 0; i < c->n; i++)
        (void)snprintf(value[i], sizeof value[i], "%.40s, seed %llu",
                       c->side[i].settings->strategy,
                       (unsigned long long)c->side[i].settings->seed);
    print_line(c, "search", value);
    for (int i = 0; i < c->n; i++)
        (void)snprintf(value[i], sizeof value[i], "%lld",
                       (long long)c->side[i].result.counts.scored);
    print_line(c, "networks scored", value);
}

static void print_scores(const comparison *c)
{
    char value[MOST][64], name[64];
    assert(c->n >= 2 && c->side[0].metric != NULL);
    for (int i = 0; i < c->n; i++) {
        const nas_evaluation_row *e = c->side[i].best;
        (void)snprintf(value[i], sizeof value[i],
                       e != NULL ? "%.0f %% x %lld epochs" : "-",
                       e != NULL ? 100 * e->spec.fraction : 0.0,
                       e != NULL ? (long long)e->spec.epochs : 0LL);
    }
    print_line(c, "longest training", value);
    nas_score none = nas_score_none(0);
    for (int i = 0; i < c->n; i++) {
        const side *s = &c->side[i];
        put_score(s, s->best != NULL ? &s->best->validation : &none, value[i],
                  sizeof value[i]);
    }
    assert(c->side[0].metric != NULL);
    (void)snprintf(name, sizeof name, "validation %s", c->side[0].metric->name);
    print_line(c, name, value);
    for (int i = 0; i < c->n; i++) {
        const side *s = &c->side[i];
        put_score(s, s->finalist != NULL ? &s->finalist->test : &none, value[i],
                  sizeof value[i]);
    }
    print_line(c, "test, delivered", value);
}

static void print_costs(const comparison *c)
{
    static const nas_limit_kind KINDS[] = {NAS_LIMIT_PARAMS, NAS_LIMIT_MACS,
                                           NAS_LIMIT_RAM, NAS_LIMIT_FLASH,
                                           NAS_LIMIT_LATENCY};
    char value[MOST][64];
    for (size_t k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++) {
        for (int i = 0; i < c->n; i++)
            nas_cost_text(KINDS[k], nas_limit_cost(&c->side[i].row->cost, KINDS[k]),
                          value[i], sizeof value[i]);
        print_line(c, nas_limit_name(KINDS[k]), value);
    }
}

/* Decisions of any side, once each; with different spaces most are of one side only. */
static void print_decisions(const comparison *c)
{
    char value[MOST][64];
    for (int i = 0; i < c->n; i++) {
        const char *key;
        json_t *unused;
        json_object_foreach(c->side[i].decisions, key, unused)
        {
            bool printed = false;
            for (int k = 0; k < i; k++)
                printed = printed || json_object_get(c->side[k].decisions, key) != NULL;
            for (int k = 0; k < c->n && !printed; k++) {
                const char *word =
                    json_string_value(json_object_get(c->side[k].decisions, key));
                (void)snprintf(value[k], sizeof value[k], "%.63s",
                               word != NULL ? word : "-");
            }
            if (!printed)
                print_line(c, key, value);
        }
    }
}

/* ---- are they different? --------------------------------------------------- */

/* Paired bootstrap over validation rows, where both are kept and the rows are the same.
 */
static nas_status validation_difference(const comparison *c, nas_err *err)
{
    const side *a = &c->side[0], *b = &c->side[1];
    double *x = NULL, *y = NULL;
    if (a->best == NULL || b->best == NULL ||
        a->settings->data_fingerprint != b->settings->data_fingerprint ||
        a->best->validation.n != b->best->validation.n)
        return NAS_OK;
    int64_t n = 0, n_b = 0;
    int folds_a = nas_ladder_folds(&a->settings->ladder, a->best->spec.rung);
    int folds_b = nas_ladder_folds(&b->settings->ladder, b->best->spec.rung);
    NAS_TRY(
        nas_keep_load_rows(a->study, a->row->id, folds_a, c->cli->arena, &x, &n, err));
    NAS_TRY(
        nas_keep_load_rows(b->study, b->row->id, folds_b, c->cli->arena, &y, &n_b, err));
    if (x == NULL || y == NULL || n != n_b)
        return NAS_OK;
    bool tied = nas_metric_tied(x, y, n, nas_rng_new(0, 0x636d70));
    printf(
        "\n#%lld and #%lld on the same %lld validation rows: %s\n", (long long)a->row->id,
        (long long)b->row->id, (long long)n,
        tied ? "no clear difference (the 95 % interval of the paired difference holds 0)"
             : "different (the 95 % interval of the paired difference excludes 0)");
    return NAS_OK;
}

static nas_status print_json(const comparison *c, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key(&json, "networks");
    nas_json_array_begin(&json);
    for (int i = 0; i < c->n; i++) {
        const side *s = &c->side[i];
        nas_json_object_begin(&json);
        nas_json_key_string(&json, "study", nas_study_path(s->study));
        nas_json_key_int(&json, "trial", s->row->id);
        nas_json_key_string(&json, "metric", s->metric->name);
        nas_json_key_real(&json, "validation",
                          s->best != NULL ? s->best->validation.value : (double)NAN);
        nas_json_key_real(&json, "test",
                          s->finalist != NULL ? s->finalist->test.value : (double)NAN);
        nas_json_key(&json, "cost");
        nas_json_object_begin(&json);
        nas_cost_write_json(&s->row->cost, &json);
        nas_json_object_end(&json);
        nas_json_key(&json, "decisions");
        nas_json_raw(&json, s->row->decisions != NULL ? s->row->decisions : "{}");
        nas_json_object_end(&json);
    }
    nas_json_array_end(&json);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", nas_text_string(&text));
    nas_text_free(&text);
    return status;
}

static nas_status print_all(const comparison *c, nas_err *err)
{
    if (nas_cli_bool(c->cli, "json"))
        return print_json(c, err);
    print_heads(c);
    print_scores(c);
    print_costs(c);
    print_decisions(c);
    return validation_difference(c, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    comparison c = {.cli = cli};
    nas_status status = load_all(&c, err);
    if (status == NAS_OK)
        status = print_all(&c, err);
    for (int i = 0; i < c.n; i++) {
        json_decref(c.side[i].decisions);
        nas_search_result_free(&c.side[i].result);
        nas_study_close(c.side[i].study);
    }
    return status;
}

const nas_command nas_cmd_compare = {
    .name = "compare",
    .summary = "two to four networks of a study, or two studies, side by side",
    .arguments = "A B [C [D]]",
    .details =
        "A, B...: numbers of trials, or study files, whose chosen networks are compared. "
        "Lines that\nare equal everywhere are dim.",
    .examples = "  nasmith compare 171 140 88\n  nasmith compare a.nas.db b.nas.db",
    .min_args = 2,
    .max_args = MOST,
    .params = PARAMS,
    .run = run,
};
