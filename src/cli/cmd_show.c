/* nasmith show [STUDY] [TRIAL]: one study, or one trial with its network. */
#include "cli.h"

#include "nasmith/explain.h"
#include "nasmith/graph.h"
#include "nasmith/search.h"
#include "nasmith/study.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

static const nas_param PARAMS[] = {
    {.name = "graph",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "print only the trial's network, as graph JSON"},
    {.name = "explain",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "the verdict on a study in plain words, and what mattered"},
    {.name = NULL},
};

/* ---- a trial ---------------------------------------------------------------------- */

/* "conv 3x3 /2 -> 16" */
static void describe_node(const nas_node *node, char *out, size_t size)
{
    const nas_value *a = node->attr;
    const char *name = nas_op_get(node->op)->name;
    switch (node->op) {
    case NAS_OP_CONV:
    case NAS_OP_DEPTHWISE:
    case NAS_OP_MAX_POOL:
    case NAS_OP_AVG_POOL:
        (void)snprintf(out, size, "%s %lldx%lld", name, (long long)a[NAS_ATTR_KERNEL_H].i,
                       (long long)a[NAS_ATTR_KERNEL_W].i);
        if (a[NAS_ATTR_STRIDE_W].i > 1)
            (void)snprintf(out, size, "%s %lldx%lld, stride %lld", name,
                           (long long)a[NAS_ATTR_KERNEL_H].i,
                           (long long)a[NAS_ATTR_KERNEL_W].i,
                           (long long)a[NAS_ATTR_STRIDE_W].i);
        break;
    default:
        (void)snprintf(out, size, "%s", name);
    }
}

static int64_t node_params(const nas_graph *graph, int index)
{
    int64_t sum = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        if (w->node == index && w->trained)
            sum += w->count;
    }
    return sum;
}

static void print_node(const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    char what[64], shape[64], inputs[64] = "";
    describe_node(node, what, sizeof what);
    (void)snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)node->shape.c,
                   (long long)node->shape.h, (long long)node->shape.w);
    size_t n = 0;
    for (int i = 0; i < node->n_inputs && n + 12 < sizeof inputs; i++)
        n += (size_t)snprintf(inputs + n, sizeof inputs - n, "%s%d", i > 0 ? "," : "",
                              node->inputs[i]);
    /* A plain chain needs no arrows: name inputs only where they are not the line above.
     */
    bool chain = node->n_inputs == 1 && node->inputs[0] == index - 1;
    printf("  %3d  %-26s %-16s %8lld %10lld  %s%s\n", index, what, shape,
           (long long)node_params(graph, index),
           (long long)nas_graph_node_macs(graph, index),
           chain || node->n_inputs == 0 ? "" : "from ", chain ? "" : inputs);
}

static nas_status print_network(const char *text, nas_err *err)
{
    nas_graph *graph = NULL;
    NAS_TRY(nas_graph_read_json(text, strlen(text), "network", &graph, err));
    printf("  %3s  %-26s %-16s %8s %10s\n", "", "layer", "C x H x W", "params", "MACs");
    for (int i = 0; i < nas_graph_count(graph); i++)
        print_node(graph, i);
    nas_graph_free(graph);
    return NAS_OK;
}

/* @param folds  of cross-validation */
static void print_evaluation(const nas_evaluation_row *e, bool folds, bool fraction)
{
    static const char *const STATES[] = {"queued", "running", "done", "failed"};
    static const char *const PURPOSES[] = {"rung", "refit", "baseline"};
    char value[32], low[32], high[32];
    nas_cli_format_metric(fraction, e->validation.value, value, sizeof value);
    nas_cli_format_metric(fraction, e->validation.low, low, sizeof low);
    nas_cli_format_metric(fraction, e->validation.high, high, sizeof high);
    printf("  %-8s %2d  ", PURPOSES[e->spec.purpose], e->spec.rung);
    if (e->spec.epochs == 0)
        printf("%-24s", "inherited weights");
    else
        printf("%3.0f %% of rows x %lld epochs", 100 * e->spec.fraction,
               (long long)e->spec.epochs);
    if (folds)
        printf("  fold %d/%d", e->spec.fold, e->spec.repeat);
    printf("  %-8s %s", STATES[e->state], value);
    if (!isnan(e->validation.low))
        printf("  (%s to %s, n %lld)", low, high, (long long)e->validation.n);
    printf("  %.1f s%s%s%s\n", e->seconds,
           e->from_study ? ", answered from the study" : "",
           e->reason != NULL ? ": " : "", e->reason != NULL ? e->reason : "");
}

static void print_mean(const nas_score *mean, bool fraction)
{
    char value[32], low[32], high[32];
    nas_cli_format_metric(fraction, mean->value, value, sizeof value);
    nas_cli_format_metric(fraction, mean->low, low, sizeof low);
    nas_cli_format_metric(fraction, mean->high, high, sizeof high);
    printf("  mean of the highest rung  %s  (%s to %s, n %lld)\n", value, low, high,
           (long long)mean->n);
}

static nas_status print_trial(nas_cli *cli, const nas_trial_row *trial, bool fraction,
                              nas_err *err)
{
    if (nas_cli_bool(cli, "graph")) {
        printf("%s\n", trial->graph);
        return NAS_OK;
    }
    nas_cost_words cost = nas_cost_in_words(&trial->cost);
    printf("Trial #%lld%s%s   %s params   %s MACs   RAM %s   flash %s",
           (long long)trial->id, trial->name != NULL ? "   " : "",
           trial->name != NULL ? trial->name : "", cost.params, cost.macs, cost.ram,
           cost.flash);
    if (trial->cost.latency_ms >= 0)
        printf("   %s", cost.latency);
    putchar('\n');
    if (trial->parents[0] > 0)
        printf("Parent   #%lld\n", (long long)trial->parents[0]);
    if (trial->decisions != NULL)
        printf("Choices  %s\n", trial->decisions);
    printf("Recipe   %s\nTrainings\n", trial->recipe);
    bool folds = false;
    for (int i = 0; i < trial->n_evaluations; i++)
        folds = folds || trial->evaluations[i].spec.fold > 0;
    for (int i = 0; i < trial->n_evaluations; i++)
        print_evaluation(&trial->evaluations[i], folds, fraction);
    if (folds && trial->best != NULL)
        print_mean(&trial->best->validation, fraction);
    printf("Network\n");
    return print_network(trial->graph, err);
}

/* ---- a study ---------------------------------------------------------------------- */

static void print_ladder(const nas_ladder *ladder)
{
    printf("Ladder   ");
    for (int i = 0; i < ladder->n; i++)
        if (ladder->rung[i].epochs == 0)
            printf("inherited weights");
        else
            printf("%s%.0f %% of rows x %lld", i > 0 ? " -> " : "",
                   100 * ladder->rung[i].fraction, (long long)ladder->rung[i].epochs);
    printf(" epochs\n");
    int top = ladder->n - 1, repeats = nas_ladder_repeats(ladder, top);
    if (nas_ladder_folds(ladder, top) == 1)
        return;
    printf("Folds    ");
    for (int i = 0; i < ladder->n; i++)
        printf("%s%d", i > 0 ? " -> " : "", nas_ladder_folds(ladder, i));
    if (repeats > 1)
        printf(", %d times", repeats);
    printf("\n");
}

static nas_status print_study(nas_study *study, nas_err *err)
{
    const nas_study_settings *s = nas_study_settings_of(study);
    nas_study_counts c;
    NAS_TRY(nas_study_count(study, &c, err));
    printf("Study    %s (nasmith %s)\n", nas_study_path(study), s->version);
    printf("Data     %s (fingerprint %016llx)\n", s->data_path,
           (unsigned long long)s->data_fingerprint);
    printf("Space    %s\n", s->space_name);
    printf("Search   %s with %s, seed %llu, metric %s\n", s->strategy, s->scheduler,
           (unsigned long long)s->seed, s->metric);
    for (nas_limit_kind k = NAS_LIMIT_PARAMS; k <= NAS_LIMIT_LATENCY; k++)
        if (nas_limit_bound(&s->limits, k) > 0)
            printf("Limit    %s <= %.10g\n", nas_limit_name(k),
                   nas_limit_bound(&s->limits, k));
    print_ladder(&s->ladder);
    printf(
        "Trials   %lld proposed, %lld scored, %lld full, %lld failed; %lld draws over a "
        "limit\n",
        (long long)c.proposed, (long long)c.scored, (long long)c.full,
        (long long)c.failed, (long long)c.infeasible);
    printf("Next     nasmith trials %s --sort score --top 10\n", nas_study_path(study));
    return NAS_OK;
}

/* ---- an explanation --------------------------------------------------------------- */

enum { WORDS_WIDTH = 78, SHOWN_DECISIONS = 8 };

/* A paragraph of whole words behind a mark. */
static void print_wrapped(const char *mark, const char *text)
{
    size_t column = strlen(mark);
    printf("%s", mark);
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column + length > WORDS_WIDTH) {
            printf("\n%*s", (int)strlen(mark), "");
            column = strlen(mark);
        }
        printf("%.*s ", (int)length, text);
        column += length + 1;
        text += length + (text[length] == ' ');
    }
    putchar('\n');
}

static void print_mattered(const nas_explanation *e)
{
    const nas_explain_mattered *m = &e->mattered;
    if (m->n_decisions == 0)
        return;
    printf("\nWhat mattered (share of the differences between %lld networks, and for the "
           "best tenth)\n",
           (long long)e->table.n);
    for (int i = 0; i < m->n_decisions && i < SHOWN_DECISIONS; i++) {
        const nas_explain_decision *d = &m->decision[i];
        printf("  %5.1f %% ± %4.1f   %5.1f %%   %s\n", 100 * d->share, 100 * d->deviation,
               100 * d->top_share, e->table.column[d->column].name);
    }
    for (int i = 0; i < m->n_rules; i++) {
        const nas_explain_rule *r = &m->rule[i];
        double unit = e->metric->fraction ? 100 : 1;
        printf("  %s: %+.3g%s (%.3g to %.3g), %lld networks\n", r->text, unit * r->effect,
               e->metric->fraction ? " points" : "", unit * r->low, unit * r->high,
               (long long)r->support);
    }
}

static nas_status print_verdict(const nas_explanation *e, nas_err *err)
{
    static const char *const MARKS[] = {"  - ", "  + ", "  ! "};
    nas_explain_sentence *sentence = NULL;
    int n = 0;
    NAS_TRY(nas_explain_verdict(e, &sentence, &n, err));
    printf("Study    %s\n", nas_study_path(e->study));
    for (int i = 0; i < n; i++) {
        if (i == 0 || strcmp(sentence[i].topic, sentence[i - 1].topic) != 0)
            printf("%s%s\n", i > 0 ? "\n" : "", sentence[i].topic);
        print_wrapped(MARKS[sentence[i].mood], sentence[i].text);
    }
    print_mattered(e);
    return NAS_OK;
}

static nas_status print_json(const nas_explanation *e, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_status status = nas_explanation_write_json(e, &json, err);
    if (status == NAS_OK)
        status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", nas_text_string(&text));
    nas_text_free(&text);
    return status;
}

static nas_status explain_study(nas_cli *cli, nas_study *study, nas_err *err)
{
    nas_search_result result = {0};
    nas_explanation explanation = {0};
    nas_status status = nas_search_read_result(study, &result, err);
    if (status == NAS_OK)
        status = nas_explanation_read(study, &result, &explanation, err);
    if (status == NAS_OK)
        status = nas_cli_bool(cli, "json") ? print_json(&explanation, err)
                                           : print_verdict(&explanation, err);
    nas_explanation_free(&explanation);
    nas_search_result_free(&result);
    return status;
}

/* ---- choosing -----------------------------------------------------------------------
 */

static nas_status show_trial(nas_cli *cli, nas_study *study, int64_t id, nas_err *err)
{
    nas_trial_row *trials;
    int64_t n;
    NAS_TRY(nas_study_trials(study, cli->arena, &trials, &n, err));
    const nas_metric *metric = nas_metric_find(nas_study_settings_of(study)->metric);
    for (int64_t i = 0; i < n; i++)
        if (trials[i].id == id)
            return print_trial(cli, &trials[i], metric != NULL && metric->fraction, err);
    return nas_fail(err, NAS_E_USAGE, "no trial %lld in %s (it has 1 to %lld)",
                    (long long)id, nas_study_path(study), (long long)n);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    const char *given = NULL;
    int64_t trial = 0;
    for (int i = 0; i < cli->n_args; i++) {
        const char *word = cli->args[i][0] == '#' ? cli->args[i] + 1 : cli->args[i];
        if (nas_parse_int(word, &trial, NULL) != NAS_OK)
            given = cli->args[i];
    }
    if (trial == 0 && nas_cli_bool(cli, "graph"))
        return nas_fail(err, NAS_E_USAGE,
                        "`nasmith show --graph` needs the trial's number");
    const char *path;
    NAS_TRY(nas_cli_default_study(cli, given, &path, err));
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(path, &study, err));
    nas_status status = nas_cli_bool(cli, "explain") ? explain_study(cli, study, err)
                        : trial > 0                  ? show_trial(cli, study, trial, err)
                                                     : print_study(study, err);
    nas_study_close(study);
    return status;
}

const nas_command nas_cmd_show = {
    .name = "show",
    .summary = "one study, or one trial in full with its network",
    .arguments = "[STUDY] [TRIAL]",
    .examples = "  nasmith show\n  nasmith show --explain\n  nasmith show digits.nas.db "
                "140\n"
                "  nasmith show 140 --graph > net.json",
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
