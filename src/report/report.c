#include "report.h"

#include "page.h"

#include "nasmith/file.h"

#include <string.h>

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

/* The evaluation of the highest rung that is done, or NULL. */
static const nas_evaluation_row *best_evaluation(const nas_trial_row *row)
{
    const nas_evaluation_row *best = NULL;
    for (int i = 0; i < row->n_evaluations; i++) {
        const nas_evaluation_row *e = &row->evaluations[i];
        bool counts =
            e->spec.purpose == NAS_PURPOSE_SEARCH && e->state == NAS_EVALUATION_DONE;
        if (counts && (best == NULL || e->spec.rung > best->spec.rung))
            best = e;
    }
    return best;
}

static nas_status collect(nas_report *r, nas_err *err)
{
    NAS_TRY(nas_study_trials(r->study, r->arena, &r->rows, &r->n_rows, err));
    r->trials = NAS_NEW(r->arena, nas_report_trial, r->n_rows);
    NAS_TRY_ALLOC(r->trials, err);
    for (int64_t i = 0; i < r->n_rows; i++) {
        const nas_evaluation_row *best = best_evaluation(&r->rows[i]);
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

static nas_status write_page(nas_report *r, nas_err *err)
{
    NAS_TRY(collect(r, err));
    nas_page_begin(r->out, "nasmith report");
    nas_report_headline(r);
    nas_report_finalists(r);
    nas_report_front(r);
    NAS_TRY(nas_report_network(r, err));
    nas_report_history(r);
    NAS_TRY(nas_report_curves(r, err));
    nas_report_baselines(r);
    nas_report_failures(r);
    nas_report_trials(r);
    nas_report_reproduce(r);
    nas_page_end(r->out);
    return nas_text_status(r->out, err);
}

nas_status nas_report_write(nas_study *study, const nas_search_result *result,
                            const char *path, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_text text = {0};
    nas_report report = {
        .out = &text,
        .arena = arena,
        .study = study,
        .settings = nas_study_settings_of(study),
        .result = result,
    };
    report.metric = nas_metric_find(report.settings->metric);
    nas_status status =
        report.metric != NULL
            ? write_page(&report, err)
            : nas_fail(err, NAS_E_STUDY, "the study's metric `%s` is unknown",
                       report.settings->metric);
    if (status == NAS_OK)
        status = nas_file_write(path, text.data, text.length, err);
    nas_text_free(&text);
    nas_arena_free(arena);
    return status;
}
