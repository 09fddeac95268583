/* Where the time went: what each worker did when, and what was lost. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LANES = 16, MOST_SPANS = 4000, WITH_TIPS = 400 };

typedef struct clock_work {
    const char *lane[MOST_LANES];
    double busy[MOST_LANES];
    int lanes;
    nas_span *span;
    int64_t n;
    int64_t first_ms;
    double last, lost, by_purpose[3];
} clock_work;

static int lane_of(clock_work *w, const char *name)
{
    for (int i = 0; i < w->lanes; i++)
        if (strcmp(w->lane[i], name) == 0)
            return i;
    if (w->lanes == MOST_LANES)
        return -1;
    w->lane[w->lanes] = name;
    return w->lanes++;
}

/* The worker's own part of "HOST/INDEX": lanes are short. */
static nas_status add_span(const nas_report *r, clock_work *w,
                           const nas_evaluation_row *e, nas_err *err)
{
    static const char *const WORDS[] = {"search", "refit", "baseline"};
    if (e->worker == NULL || e->from_study || e->started_ms == 0 || e->finished_ms == 0)
        return NAS_OK;
    int lane = lane_of(w, e->worker);
    double from = (double)(e->started_ms - w->first_ms) / 1000;
    double to = (double)(e->finished_ms - w->first_ms) / 1000;
    if (lane < 0 || w->n == MOST_SPANS || to < from)
        return NAS_OK;
    bool failed = e->state == NAS_EVALUATION_FAILED;
    w->busy[lane] += to - from;
    w->lost += failed ? to - from : 0;
    w->by_purpose[e->spec.purpose] += failed ? 0 : to - from;
    w->last = fmax(w->last, to);
    const char *tip = NULL; /* of a long search only what other plots say of the trial */
    if (r->n_rows <= WITH_TIPS) {
        tip = nas_arena_printf(r->arena, "#%lld %s, %.1f s", (long long)e->trial,
                               WORDS[e->spec.purpose], to - from);
        NAS_TRY_ALLOC(tip, err);
    }
    static const char *const RUNGS[] = {"rung0", "rung1", "rung2", "rung3"};
    int rung = e->spec.rung < 0 ? 0 : e->spec.rung > 3 ? 3 : e->spec.rung;
    w->span[w->n++] =
        (nas_span){.lane = lane,
                   .from = from,
                   .to = to,
                   .style = failed                                    ? "lost"
                            : e->spec.purpose == NAS_PURPOSE_REFIT    ? "refit"
                            : e->spec.purpose == NAS_PURPOSE_BASELINE ? "other"
                                                                      : RUNGS[rung],
                   .tip = tip,
                   .trial = e->trial};
    return NAS_OK;
}

static nas_status collect(const nas_report *r, clock_work *w, nas_err *err)
{
    int64_t count = 0;
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations; k++) {
            int64_t start = r->rows[i].evaluations[k].started_ms;
            count++;
            if (start > 0 && (w->first_ms == 0 || start < w->first_ms))
                w->first_ms = start;
        }
    w->span = NAS_NEW(r->arena, nas_span, count < MOST_SPANS ? count : MOST_SPANS);
    NAS_TRY_ALLOC(w->span, err);
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations; k++)
            NAS_TRY(add_span(r, w, &r->rows[i].evaluations[k], err));
    return NAS_OK;
}

nas_status nas_report_timeline(const nas_report *r, nas_err *err)
{
    clock_work w = {0};
    NAS_TRY(collect(r, &w, err));
    if (w.n == 0)
        return NAS_OK;
    double busy = 0;
    for (int i = 0; i < w.lanes; i++)
        busy += w.busy[i];
    nas_page_paragraph(
        r->out,
        "Workers trained %.0f %% of the time between the first and the last training: "
        "%.1f s for the search, %.1f s for refits, %.1f s for baselines, and %.1f s were "
        "lost to trainings that failed.",
        100 * busy / fmax(1e-9, w.last * w.lanes), w.by_purpose[0], w.by_purpose[1],
        w.by_purpose[2], w.lost);
    nas_timeline timeline = {
        .title = "What each worker did",
        .description = "One box a training: darker boxes are higher rungs. The table of "
                       "trials as CSV has the seconds of each.",
        .lane = w.lane,
        .lanes = w.lanes,
        .span = w.span,
        .n = w.n,
        .seconds = w.last};
    nas_chart_timeline(r->out, &timeline);
    nas_text_puts(r->out,
                  "<p class=\"legend\"><span class=\"dot rung0\"></span>rung 0 <span "
                  "class=\"dot rung1\"></span>rung 1 <span class=\"dot "
                  "rung2\"></span>rung 2 <span class=\"dot refit\"></span>refit <span "
                  "class=\"dot other\"></span>baseline <span class=\"dot "
                  "lost\"></span>failed</p>\n");
    return NAS_OK;
}
