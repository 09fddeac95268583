/* nasmith proxies DATA: rank networks of a space without training any. */
#include "cli.h"
#include "progress.h"

#include "nasmith/clock.h"
#include "nasmith/proxy.h"
#include "nasmith/space.h"
#include "nasmith/stats.h"
#include "nasmith/table.h"
#include "nasmith/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PROXIES = 32, MAX_DRAWS_EACH = 50 };

static const nas_param PARAMS[] = {
    {.name = "space",
     .type = NAS_PARAM_STRING,
     .default_text = "auto",
     .doc = "preset or YAML file"},
    {.name = "networks",
     .type = NAS_PARAM_INT,
     .default_text = "20",
     .min = 1,
     .max = 1000000,
     .doc = "random networks, all different"},
    {.name = "table",
     .type = NAS_PARAM_STRING,
     .doc = "CSV of recorded trainings: its networks are taken, and the rank correlation "
            "of each proxy with their validation is shown"},
    {.name = "metric",
     .type = NAS_PARAM_STRING,
     .doc = "which of a known table: c10, c100, in16, macro"},
    {.name = "proxies",
     .type = NAS_PARAM_STRING,
     .default_text = "params,macs,naswot,jacov,synflow",
     .doc = "which, by commas, or `all`"},
    {.name = "inits",
     .type = NAS_PARAM_INT,
     .default_text = "1",
     .min = 1,
     .max = 1000,
     .doc = "initial weights; scores are means over them"},
    {.name = "batch",
     .type = NAS_PARAM_INT,
     .unit = "rows",
     .default_text = "64",
     .min = 16,
     .max = 1024,
     .doc = "training rows that are looked at; a multiple of 16"},
    {.name = "top",
     .type = NAS_PARAM_INT,
     .default_text = "20",
     .max = 1000000,
     .doc = "networks to show, best first; 0 = all"},
    NAS_CLI_DATA_PARAMS,
    NAS_CLI_SEED_PARAM,
    {.name = NULL},
};

/* Everything of one run, released together. */
typedef struct survey {
    nas_cli *cli;
    nas_dataset *data;
    nas_table *table;
    nas_space *own_space; /* without a table */
    const nas_space *space;
    nas_workspace *workspace;
    nas_arena *arena;
    nas_proxy_batch batch;
    const nas_proxy *proxies[MAX_PROXIES];
    int n_proxies;
    const nas_candidate **networks; /* [n] */
    int64_t *rows;                  /* [n] networks of the table, or NULL */
    int64_t n;
    double *scores;    /* [n][n_proxies] */
    double *aggregate; /* [n] */
    double *seconds;   /* [n] spent on each */
} survey;

/* ---- opening ---------------------------------------------------------------------- */

static nas_status load_data(survey *s, nas_err *err)
{
    nas_data_options options;
    const char *path = s->cli->args[0], *folder = NULL;
    nas_data_summary summary = {0};
    NAS_TRY(nas_cli_data_options(s->cli, &options, err));
    NAS_TRY(nas_cli_cache_folder(s->cli, path, &folder, err));
    nas_progress_view view = nas_progress_new(s->cli, NAS_PROGRESS_AUTO);
    nas_progress_watch_data(&view, &options);
    nas_status status = nas_data_prepare(path, &options, folder, &summary, err);
    nas_progress_end(&view);
    nas_progress_note_stop(s->cli, status, err);
    nas_data_summary_free(&summary);
    NAS_TRY(status);
    NAS_TRY(nas_dataset_open(folder, &s->data, err));
    int64_t batch = nas_cli_int(s->cli, "batch");
    if (batch % NAS_LANES != 0)
        return nas_fail(err, NAS_E_USAGE, "--batch %lld: expected a multiple of %d",
                        (long long)batch, NAS_LANES);
    return nas_proxy_batch_read(s->data, (int)batch, s->arena, &s->batch, err);
}

static nas_status load_space(survey *s, nas_err *err)
{
    const char *what = nas_cli_string(s->cli, "space"), *why = NULL;
    const char *path = nas_cli_string(s->cli, "table");
    const nas_dataset *data = s->data;
    nas_space_context context = {.input = nas_dataset_inner_shape(data),
                                 .n_outputs = data->n_outputs,
                                 .task = data->task,
                                 .raw = data->columns != NULL ? data->shape.c : 0};
    if (path != NULL) {
        nas_table_options options = {.metric = nas_cli_string(s->cli, "metric"),
                                     .input = context.input,
                                     .n_outputs = context.n_outputs};
        if (nas_cli_given(s->cli, "space"))
            options.space = what;
        NAS_TRY(nas_table_load(path, &options, &s->table, err));
        s->space = nas_table_space(s->table);
        return NAS_OK;
    }
    if (strcmp(what, "auto") == 0)
        what = nas_space_auto(&context, &why);
    NAS_TRY(nas_space_load(what, &context, &s->own_space, err));
    s->space = s->own_space;
    return NAS_OK;
}

static nas_status unknown_proxy(const char *word, nas_err *err)
{
    const char *names[MAX_PROXIES];
    size_t n = 0;
    for (; n < MAX_PROXIES && nas_proxy_at((int)n) != NULL; n++)
        names[n] = nas_proxy_at((int)n)->name;
    const char *near = nas_text_nearest(word, names, n);
    (void)nas_fail(err, NAS_E_USAGE, "unknown proxy `%s`", word);
    nas_err_hint(err, near != NULL ? "did you mean `%s`?" : "`nasmith proxies --help`%s",
                 near != NULL ? near : "");
    return NAS_E_USAGE;
}

static nas_status choose_proxies(survey *s, nas_err *err)
{
    const char *list = nas_cli_string(s->cli, "proxies");
    if (strcmp(list, "all") == 0) {
        while (nas_proxy_at(s->n_proxies) != NULL) {
            s->proxies[s->n_proxies] = nas_proxy_at(s->n_proxies);
            s->n_proxies++;
        }
        return NAS_OK;
    }
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        const char *word = nas_arena_printf(s->arena, "%.*s", (int)length, list);
        NAS_TRY_ALLOC(word, err);
        const nas_proxy *proxy = nas_proxy_find(word);
        if (proxy == NULL)
            return unknown_proxy(word, err);
        if (s->n_proxies == MAX_PROXIES)
            return nas_fail(err, NAS_E_USAGE, "--proxies: more than %d", MAX_PROXIES);
        s->proxies[s->n_proxies++] = proxy;
        list += length + (list[length] == ',');
    }
    return s->n_proxies > 0 ? NAS_OK
                            : nas_fail(err, NAS_E_USAGE, "--proxies: none is named");
}

/* ---- networks --------------------------------------------------------------------- */

static nas_status allocate(survey *s, int64_t n, nas_err *err)
{
    s->networks = NAS_NEW(s->arena, const nas_candidate *, n);
    s->rows = NAS_NEW(s->arena, int64_t, n);
    s->scores = NAS_NEW(s->arena, double, n * s->n_proxies);
    s->aggregate = NAS_NEW(s->arena, double, 2 * n);
    NAS_TRY_ALLOC(s->networks, err);
    NAS_TRY_ALLOC(s->rows, err);
    NAS_TRY_ALLOC(s->scores, err);
    NAS_TRY_ALLOC(s->aggregate, err);
    s->seconds = s->aggregate + n;
    return NAS_OK;
}

/* As many of the table's, in a random order. */
static nas_status draw_rows(survey *s, int64_t n, nas_rng *rng, nas_err *err)
{
    int64_t all = nas_table_networks(s->table);
    int64_t *order = NAS_NEW(s->arena, int64_t, all);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < all; i++)
        order[i] = i;
    nas_rng_shuffle(rng, order, all);
    s->n = n < all ? n : all;
    for (int64_t i = 0; i < s->n; i++) {
        s->rows[i] = order[i];
        s->networks[i] = nas_table_candidate(s->table, order[i]);
    }
    return NAS_OK;
}

static bool has_network(const nas_space *space, const nas_candidate *candidate)
{
    nas_graph *graph = NULL;
    bool found = nas_space_decode(space, candidate, &graph, NULL) == NAS_OK;
    nas_graph_free(graph);
    return found;
}

/* Different networks, found by their keys; a small space may have fewer. */
static nas_status draw_networks(survey *s, int64_t n, nas_rng *rng, nas_err *err)
{
    uint64_t *keys = NAS_NEW(s->arena, uint64_t, n);
    NAS_TRY_ALLOC(keys, err);
    for (int64_t i = 0; i < MAX_DRAWS_EACH * n && s->n < n; i++) {
        nas_candidate *candidate = nas_space_sample(s->space, rng, s->arena);
        NAS_TRY_ALLOC(candidate, err);
        uint64_t key = nas_space_key(s->space, candidate);
        bool known = false;
        for (int64_t k = 0; k < s->n && !known; k++)
            known = keys[k] == key;
        if (known || !has_network(s->space, candidate))
            continue;
        keys[s->n] = key;
        s->networks[s->n++] = candidate;
    }
    return s->n > 0 ? NAS_OK
                    : nas_fail(err, NAS_E_LIMIT,
                               "space `%s` has no network that fits "
                               "the data",
                               nas_space_name(s->space));
}

static nas_status draw(survey *s, nas_err *err)
{
    int64_t n = nas_cli_int(s->cli, "networks");
    nas_rng rng = nas_rng_new((uint64_t)nas_cli_int(s->cli, "seed"), 0);
    NAS_TRY(allocate(s, n, err));
    return s->table != NULL ? draw_rows(s, n, &rng, err) : draw_networks(s, n, &rng, err);
}

/* ---- scores ----------------------------------------------------------------------- */

static nas_status score_all(survey *s, nas_err *err)
{
    nas_proxy_options options = {.repeats = (int)nas_cli_int(s->cli, "inits"),
                                 .seed = (uint64_t)nas_cli_int(s->cli, "seed")};
    int64_t done = 0;
    for (; done < s->n && nas_cli_interrupted == 0; done++) {
        nas_graph *graph = NULL;
        double start = nas_clock_monotonic_s();
        NAS_TRY(nas_space_decode(s->space, s->networks[done], &graph, err));
        nas_status status =
            nas_proxy_score(graph, &s->batch, &options, s->proxies, s->n_proxies,
                            s->workspace, s->scores + done * s->n_proxies, err);
        nas_graph_free(graph);
        NAS_TRY(status);
        s->seconds[done] = nas_clock_monotonic_s() - start;
        if (done % 50 == 49)
            nas_cli_note(s->cli, "  %lld of %lld networks", (long long)done + 1,
                         (long long)s->n);
    }
    if (done < s->n) {
        nas_cli_warn(s->cli, "interrupted: %lld of %lld networks", (long long)done,
                     (long long)s->n);
        s->cli->exit_code = 128 + nas_cli_signal;
        s->n = done;
    }
    return NAS_OK;
}

static bool is_default(const nas_proxy *proxy)
{
    for (int i = 0; i < NAS_PROXY_DEFAULTS; i++)
        if (strcmp(proxy->name, nas_proxy_defaults[i]) == 0)
            return true;
    return false;
}

/* Over the default proxies if all of them are there, else over all that are. */
static nas_status put_together(survey *s, nas_err *err)
{
    double *chosen = NAS_NEW(s->arena, double, s->n * s->n_proxies);
    NAS_TRY_ALLOC(chosen, err);
    int defaults = 0, n = 0;
    for (int p = 0; p < s->n_proxies; p++)
        defaults += is_default(s->proxies[p]);
    bool all = defaults < NAS_PROXY_DEFAULTS;
    int width = all ? s->n_proxies : defaults;
    for (int p = 0; p < s->n_proxies; p++) {
        if (!all && !is_default(s->proxies[p]))
            continue;
        for (int64_t i = 0; i < s->n; i++)
            chosen[i * width + n] = s->scores[i * s->n_proxies + p];
        n++;
    }
    return nas_proxy_log_rank(chosen, s->n, width, s->aggregate)
               ? NAS_OK
               : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

/* Spearman's rho of a column with the table's validation; NaN ranks below all.
 * @param column  index of a proxy, or -1: the aggregate */
static double correlation(const survey *s, int column)
{
    int top = nas_table_ladder(s->table)->n - 1;
    double *pair = NAS_NEW(s->arena, double, 2 * s->n);
    if (pair == NULL)
        return (double)NAN;
    for (int64_t i = 0; i < s->n; i++) {
        double value =
            column < 0 ? s->aggregate[i] : s->scores[i * s->n_proxies + column];
        pair[i] = isnan(value) ? -(double)INFINITY : value;
        pair[s->n + i] = nas_table_score(s->table, s->rows[i], top);
    }
    return nas_stats_spearman(pair, pair + s->n, s->n, s->arena);
}

/* ---- output ----------------------------------------------------------------------- */

/* Of networks, by aggregate, best first. */
static nas_status sort_networks(const survey *s, int64_t **out, nas_err *err)
{
    int64_t *order = NAS_NEW(s->arena, int64_t, s->n);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < s->n; i++) {
        int64_t place = i;
        for (; place > 0 && s->aggregate[order[place - 1]] < s->aggregate[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    *out = order;
    return NAS_OK;
}

static void decisions_text(const survey *s, int64_t network, nas_text *out)
{
    nas_json json = nas_json_writer(out, 0);
    nas_candidate_write_json(s->space, s->networks[network], &json);
}

static void print_text(const survey *s, const int64_t *order)
{
    int64_t top = nas_cli_int(s->cli, "top"), n = top > 0 && top < s->n ? top : s->n;
    double seconds = nas_stats_mean(s->seconds, s->n);
    printf("%lld networks of %s, %d rows, %.3g s each\n", (long long)s->n,
           nas_space_name(s->space), s->batch.n, seconds);
    printf("%5s %9s", "", "log rank");
    for (int p = 0; p < s->n_proxies; p++)
        printf(" %16s", s->proxies[p]->name);
    printf("%s\n", s->table != NULL ? "  validation" : "");
    for (int64_t i = 0; i < n; i++) {
        int64_t k = order[i];
        nas_text text = {0};
        printf("%5lld %9.3f", (long long)i + 1, s->aggregate[k]);
        for (int p = 0; p < s->n_proxies; p++)
            printf(" %16.6g", s->scores[k * s->n_proxies + p]);
        if (s->table != NULL)
            printf("  %10.4g", nas_table_validation(s->table, s->rows[k],
                                                    nas_table_ladder(s->table)->n - 1));
        decisions_text(s, k, &text);
        printf("  %s\n", nas_text_string(&text));
        nas_text_free(&text);
    }
    if (s->table == NULL)
        return;
    printf("Spearman with validation\n%5s %9.3f", "", correlation(s, -1));
    for (int p = 0; p < s->n_proxies; p++)
        printf(" %16.3f", correlation(s, p));
    printf("\n");
}

static void write_network(const survey *s, int64_t k, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key(json, "decisions");
    nas_candidate_write_json(s->space, s->networks[k], json);
    nas_json_key(json, "scores");
    nas_json_object_begin(json);
    for (int p = 0; p < s->n_proxies; p++)
        nas_json_key_real(json, s->proxies[p]->name, s->scores[k * s->n_proxies + p]);
    nas_json_object_end(json);
    nas_json_key_real(json, "log_rank", s->aggregate[k]);
    if (s->table != NULL)
        nas_json_key_real(json, "validation",
                          nas_table_validation(s->table, s->rows[k],
                                               nas_table_ladder(s->table)->n - 1));
    nas_json_key_real(json, "seconds", s->seconds[k]);
    nas_json_object_end(json);
}

static void write_document(const survey *s, const int64_t *order, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "schema", 1);
    nas_json_key_string(json, "space", nas_space_name(s->space));
    nas_json_key_int(json, "rows", s->batch.n);
    nas_json_key(json, "spearman");
    if (s->table == NULL) {
        nas_json_null(json);
    } else {
        nas_json_object_begin(json);
        for (int p = 0; p < s->n_proxies; p++)
            nas_json_key_real(json, s->proxies[p]->name, correlation(s, p));
        nas_json_key_real(json, "log_rank", correlation(s, -1));
        nas_json_object_end(json);
    }
    nas_json_key(json, "networks");
    nas_json_array_begin(json);
    for (int64_t i = 0; i < s->n; i++)
        write_network(s, order[i], json);
    nas_json_array_end(json);
    nas_json_object_end(json);
}

static nas_status show(const survey *s, nas_err *err)
{
    int64_t *order = NULL;
    NAS_TRY(sort_networks(s, &order, err));
    if (!nas_cli_bool(s->cli, "json")) {
        print_text(s, order);
        return NAS_OK;
    }
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    write_document(s, order, &json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", text.data);
    nas_text_free(&text);
    return status;
}

/* ---- the verb --------------------------------------------------------------------- */

static nas_status look(survey *s, nas_err *err)
{
    s->arena = nas_arena_new();
    NAS_TRY_ALLOC(s->arena, err);
    s->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(s->workspace, err);
    NAS_TRY(choose_proxies(s, err));
    NAS_TRY(load_data(s, err));
    NAS_TRY(load_space(s, err));
    NAS_TRY(draw(s, err));
    nas_cli_catch_signals();
    NAS_TRY(score_all(s, err));
    if (s->n == 0)
        return NAS_OK;
    NAS_TRY(put_together(s, err));
    return show(s, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    survey s = {.cli = cli};
    nas_status status = look(&s, err);
    nas_space_free(s.own_space);
    nas_table_free(s.table);
    nas_dataset_close(s.data);
    nas_workspace_free(s.workspace);
    nas_arena_free(s.arena);
    return status;
}

const nas_command nas_cmd_proxies = {
    .name = "proxies",
    .summary = "rank networks of a space without training any",
    .arguments = "DATA",
    .details =
        "Zero-cost proxies: numbers of a network with its initial weights, from one "
        "batch; "
        "larger is\nbetter for all. `log rank` puts macs, naswot and jacov together (or "
        "those that are named):\nthe sum of log(rank / networks). Proxies sort out bad "
        "networks; among the best tenth they\nrank little. All: params, macs, grad_norm, "
        "l2_norm, plain, snip, fisher, grasp, jacov, naswot,\nepe_nas, synflow, zen, "
        "zico, "
        "swap, az_expressivity, az_progressivity, az_trainability\n(docs/proxies.md).",
    .examples =
        "  nasmith proxies photos/ --space mbconv --networks 100\n"
        "  nasmith proxies cifar/ --table nb201.csv.gz --networks 500 --proxies all",
    .min_args = 1,
    .max_args = 1,
    .params = PARAMS,
    .run = run,
};
