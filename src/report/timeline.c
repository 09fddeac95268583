/* Where the time went: what each worker did when, and what was lost. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LANES = 16, MOST_SPANS = 4000, WITH_TIPS = 600 };
/* Folds of a network that follow each other within this are one box. */
static const double PAUSE_S = 0.1;

typedef struct box {
    nas_span span;
    int trainings;
    double seconds;
} box;

typedef struct clock_work {
    const char *lane[MOST_LANES];
    double busy[MOST_LANES];
    int lanes;
    box *boxes;
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

static const char *style_of(const nas_evaluation_row *e)
{
    static const char *const RUNGS[] = {"rung0", "rung1", "rung2", "rung3"};
    const int rung = e->spec.rung < 0 ? 0 : e->spec.rung > 3 ? 3 : e->spec.rung;
    return e->state == NAS_EVALUATION_FAILED         ? "lost"
           : e->spec.purpose == NAS_PURPOSE_REFIT    ? "refit"
           : e->spec.purpose == NAS_PURPOSE_BASELINE ? "other"
                                                     : RUNGS[rung];
}

/* The box that another training goes on, or a new one. */
static box *box_for(clock_work *w, nas_span span)
{
    for (int64_t i = w->n - 1; i >= 0 && w->boxes[i].span.trial == span.trial; i--) {
        box *b = &w->boxes[i];
        if (b->span.lane == span.lane && strcmp(b->span.style, span.style) == 0 &&
            fabs(span.from - b->span.to) < PAUSE_S)
            return b;
    }
    w->boxes[w->n] = (box){.span = span};
    return &w->boxes[w->n++];
}

static void add_training(clock_work *w, const nas_evaluation_row *e)
{
    if (e->worker == NULL || e->from_study || e->started_ms == 0 || e->finished_ms == 0)
        return;
    int lane = lane_of(w, e->worker);
    double from = (double)(e->started_ms - w->first_ms) / 1000;
    double to = (double)(e->finished_ms - w->first_ms) / 1000;
    if (lane < 0 || w->n == MOST_SPANS || to < from)
        return;
    bool failed = e->state == NAS_EVALUATION_FAILED;
    w->busy[lane] += to - from;
    w->lost += failed ? to - from : 0;
    w->by_purpose[e->spec.purpose] += failed ? 0 : to - from;
    w->last = fmax(w->last, to);
    box *b = box_for(w, (nas_span){.lane = lane,
                                   .from = from,
                                   .to = to,
                                   .style = style_of(e),
                                   .trial = e->trial});
    b->span.to = to;
    b->trainings++;
    b->seconds += to - from;
}

static const char *tip_of(const nas_report *r, const box *b)
{
    const char *style = b->span.style;
    const char *word = strcmp(style, "refit") == 0   ? "refit"
                       : strcmp(style, "other") == 0 ? "baseline"
                       : strcmp(style, "lost") == 0  ? "failed"
                                                     : "search";
    if (b->trainings == 1)
        return nas_arena_printf(r->arena, "#%lld %s, %.1f s", (long long)b->span.trial,
                                word, b->seconds);
    return nas_arena_printf(r->arena, "#%lld %s, %d trainings, %.1f s",
                            (long long)b->span.trial, word, b->trainings, b->seconds);
}

/* Of a long search only other plots say which trial it is. */
static nas_status spans_of(const nas_report *r, const clock_work *w, nas_span **out,
                           nas_err *err)
{
    nas_span *span = NAS_NEW(r->arena, nas_span, w->n);
    NAS_TRY_ALLOC(span, err);
    for (int64_t i = 0; i < w->n; i++) {
        span[i] = w->boxes[i].span;
        if (w->n > WITH_TIPS)
            continue;
        span[i].tip = tip_of(r, &w->boxes[i]);
        NAS_TRY_ALLOC(span[i].tip, err);
    }
    *out = span;
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
    w->boxes = NAS_NEW(r->arena, box, count < MOST_SPANS ? count : MOST_SPANS);
    NAS_TRY_ALLOC(w->boxes, err);
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations; k++)
            add_training(w, &r->rows[i].evaluations[k]);
    return NAS_OK;
}

nas_status nas_report_timeline(const nas_report *r, nas_err *err)
{
    clock_work w = {0};
    nas_span *span = NULL;
    NAS_TRY(collect(r, &w, err));
    if (w.n == 0)
        return NAS_OK;
    NAS_TRY(spans_of(r, &w, &span, err));
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
        .description =
            "One box a training, or the folds of a network on end: darker boxes "
            "are higher rungs. The table of trials as CSV has the seconds of "
            "each.",
        .lane = w.lane,
        .lanes = w.lanes,
        .span = span,
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
