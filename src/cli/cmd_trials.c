/* nasmith trials [STUDY]: the table of trials. */
#include "cli.h"

#include "nasmith/search.h"
#include "nasmith/study.h"
#include "nasmith/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATE_CHOICES[] = {"all",    "scored",  "full",
                                            "failed", "running", NULL};
static const char *const SORT_CHOICES[] = {"trial", "score", "params",
                                           "macs",  "ram",   NULL};

static const nas_param PARAMS[] = {
    {.name = "state",
     .type = NAS_PARAM_CHOICE,
     .default_text = "all",
     .choices = STATE_CHOICES,
     .doc = "only these trials"},
    {.name = "sort",
     .type = NAS_PARAM_CHOICE,
     .default_text = "trial",
     .choices = SORT_CHOICES,
     .doc = "order of the rows"},
    {.name = "top",
     .type = NAS_PARAM_INT,
     .default_text = "0",
     .max = 1e9,
     .doc = "only the first N rows; 0: all"},
    {.name = "csv",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "comma-separated"},
    {.name = NULL},
};

/* A row of the table: what matters of a trial. */
typedef struct line {
    const nas_trial_row *trial;
    const nas_evaluation_row *best; /* highest rung done; NULL = none */
    const nas_evaluation_row *last; /* newest of any state */
    bool larger_is_better;
    int64_t sort;
} line;

static bool is_search(const nas_evaluation_row *e)
{
    return e->spec.purpose == NAS_PURPOSE_SEARCH;
}

static line make_line(const nas_trial_row *trial, bool larger, int64_t sort)
{
    line out = {
        .trial = trial, .best = trial->best, .larger_is_better = larger, .sort = sort};
    for (int i = 0; i < trial->n_evaluations; i++) {
        const nas_evaluation_row *e = &trial->evaluations[i];
        if (!is_search(e))
            continue;
        out.last = e;
    }
    return out;
}

static bool wanted(const line *l, int64_t state, int top_rung)
{
    switch (state) {
    case 1:
        return l->best != NULL;
    case 2:
        return l->best != NULL && l->best->spec.rung == top_rung;
    case 3:
        return l->last != NULL && l->last->state == NAS_EVALUATION_FAILED;
    case 4:
        return l->last != NULL && l->last->state == NAS_EVALUATION_RUNNING;
    default:
        return true;
    }
}

static double sort_key(const line *l)
{
    double score = l->best != NULL ? l->best->validation.value : (double)NAN;
    switch (l->sort) {
    case 1:
        return isnan(score) ? HUGE_VAL : l->larger_is_better ? -score : score;
    case 2:
        return (double)l->trial->cost.params;
    case 3:
        return (double)l->trial->cost.macs;
    case 4:
        return (double)l->trial->cost.ram_bytes;
    default:
        return (double)l->trial->id;
    }
}

static int compare_lines(const void *a, const void *b)
{
    double x = sort_key(a), y = sort_key(b);
    if (x != y)
        return x < y ? -1 : 1;
    const line *p = a, *q = b;
    return p->trial->id < q->trial->id ? -1 : p->trial->id > q->trial->id;
}

static const char *state_word(const line *l)
{
    static const char *const WORDS[] = {
        [NAS_EVALUATION_QUEUED] = "queued",
        [NAS_EVALUATION_RUNNING] = "running",
        [NAS_EVALUATION_DONE] = "done",
        [NAS_EVALUATION_FAILED] = "failed",
    };
    return l->last != NULL ? WORDS[l->last->state] : "-";
}

static void print_line(const line *l, bool fraction)
{
    char score[32] = "-";
    if (l->best != NULL)
        nas_cli_format_metric(fraction, l->best->validation.value, score, sizeof score);
    nas_cost_words cost = nas_cost_in_words(&l->trial->cost);
    char id[48];
    (void)snprintf(id, sizeof id, "#%lld", (long long)l->trial->id);
    printf("%6s %10s %5d %9s %9s %9s %9s  %-8s%s%s\n", id, score,
           l->best != NULL ? l->best->spec.rung : -1, cost.params, cost.macs, cost.ram,
           cost.flash, l->trial->name != NULL ? l->trial->name : state_word(l),
           l->last != NULL && l->last->reason != NULL ? " " : "",
           l->last != NULL && l->last->reason != NULL ? l->last->reason : "");
}

static void print_csv(const line *l)
{
    const nas_cost *c = &l->trial->cost;
    printf("%lld,%s,%d,", (long long)l->trial->id, state_word(l),
           l->best != NULL ? l->best->spec.rung : -1);
    if (l->best != NULL)
        printf("%.6g", l->best->validation.value);
    printf(",%lld,%lld,%lld,%lld,%lld\n", (long long)c->params, (long long)c->macs,
           (long long)c->arena_bytes, (long long)c->ram_bytes, (long long)c->flash_bytes);
}

static nas_status print_table(nas_cli *cli, nas_study *study, nas_err *err)
{
    const nas_study_settings *settings = nas_study_settings_of(study);
    const nas_metric *metric = nas_metric_find(settings->metric);
    bool larger = metric == NULL || metric->larger_is_better;
    bool fraction = metric != NULL && metric->fraction;
    nas_trial_row *trials;
    int64_t n;
    NAS_TRY(nas_study_trials(study, cli->arena, &trials, &n, err));
    line *lines = NAS_NEW(cli->arena, line, n);
    NAS_TRY_ALLOC(lines, err);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        lines[kept] = make_line(&trials[i], larger, nas_cli_int(cli, "sort"));
        kept += wanted(&lines[kept], nas_cli_int(cli, "state"), settings->ladder.n - 1);
    }
    qsort(lines, (size_t)kept, sizeof *lines, compare_lines);
    int64_t top = nas_cli_int(cli, "top");
    bool csv = nas_cli_bool(cli, "csv");
    if (csv)
        printf("trial,state,rung,%s,params,macs,arena_bytes,ram_bytes,flash_bytes\n",
               settings->metric);
    else
        printf("%6s %10s %5s %9s %9s %9s %9s\n", "trial", settings->metric, "rung",
               "params", "MACs", "RAM", "flash");
    for (int64_t i = 0; i < kept && (top == 0 || i < top); i++) {
        if (csv)
            print_csv(&lines[i]);
        else
            print_line(&lines[i], fraction);
    }
    return NAS_OK;
}

static nas_status print_json(nas_study *study, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_status status = nas_trials_write_json(study, &json, err);
    if (status == NAS_OK)
        status = nas_text_status(&text, err);
    if (status == NAS_OK)
        printf("%s\n", nas_text_string(&text));
    nas_text_free(&text);
    return status;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    const char *path;
    NAS_TRY(
        nas_cli_default_study(cli, cli->n_args > 0 ? cli->args[0] : NULL, &path, err));
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(path, &study, err));
    nas_status status =
        nas_cli_bool(cli, "json") ? print_json(study, err) : print_table(cli, study, err);
    nas_study_close(study);
    return status;
}

const nas_command nas_cmd_trials = {
    .name = "trials",
    .summary = "the table of trials of a study",
    .arguments = "[STUDY]",
    .details = "The score is that of the highest rung finished, on the validation rows.",
    .examples = "  nasmith trials --sort score --top 10\n"
                "  nasmith trials digits.nas.db --state failed",
    .max_args = 1,
    .params = PARAMS,
    .run = run,
};
