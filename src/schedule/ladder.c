#include "nasmith/schedule.h"

#include <math.h>

/* Which ladder. Measured on Fashion-MNIST (50,000 rows), 24 random chain networks, rank
 * correlation with 8 epochs: 1 epoch .84, 4 epochs .94; inside the best third .05 and
 * .55. One epoch removes the bad and cannot rank the good: hence 1 and 4 epochs, and
 * keeping a third, which kept the best, where a quarter may lose it. */
enum {
    SMALL_ROWS = 2000,  /* below, a third of the rows is fewer than 700: whether a
                           network is good is then not visible, and no time is saved */
    TOP_VISITS = 40000, /* rows seen at the top: 600 steps of 64, so that warm-up and
                           cosine have something to work on */
    TOP_EPOCHS = 4,     /* for as many rows as 10,000 and more */
    MAX_EPOCHS = 400,   /* 36 outlines in two minutes: 78.9 % with 100, 84.6 with 400 */
    EPOCHS_RATIO = 4,   /* between the first rung and the others */
    FEW_NETWORKS = 2,   /* that must reach the top: else nothing is compared there */
    FEW_STARTS = 8,     /* that must be started: else nothing is searched */
    MANY_NETWORKS = 48, /* reaching the top: a longer rung pays */
    LONGER = 3,         /* how much longer */
    FEWEST_ROWS = 500,  /* of a fraction that was made smaller */
    SCORED_ROWS = 200,  /* an accuracy of 90 % is then known to within 4 points */
};

static const double THIRD = 1.0 / 3;
static const double QUARTER = 0.25;
/* Scoring with inherited weights costs about an eighth of the shortest training: so as
 * much time goes into either. */
static const double SUPERNET_KEEP = 0.125;
/* Of the wall clock of a search, for one network's way up: 5 M MACs in three minutes on
 * 50,000 images, where larger ones left the second rung unaffordable. */
static const double MAX_SHARE = 0.45;

/* ---- folds ------------------------------------------------------------------- */

int nas_ladder_folds(const nas_ladder *ladder, int rung)
{
    return ladder->folds[rung] > 1 ? ladder->folds[rung] : 1;
}

int nas_ladder_repeats(const nas_ladder *ladder, int rung)
{
    return rung == ladder->n - 1 && ladder->repeats > 1 ? ladder->repeats : 1;
}

static int runs(const nas_ladder *ladder, int rung)
{
    return nas_ladder_folds(ladder, rung) * nas_ladder_repeats(ladder, rung);
}

int nas_ladder_new_runs(const nas_ladder *ladder, int rung)
{
    const nas_rung *here = &ladder->rung[rung];
    bool same = rung > 0 && here[-1].fraction == here->fraction &&
                here[-1].epochs == here->epochs;
    return runs(ladder, rung) - (same ? runs(ladder, rung - 1) : 0);
}

/* Few folds everywhere. */
static nas_ladder with_few_folds(const nas_ladder *ladder, const nas_fold_counts *folds)
{
    nas_ladder out = *ladder;
    int64_t rows = folds->rows > 0 ? folds->rows : 1;
    int64_t few = (SCORED_ROWS + rows - 1) / rows;
    for (int i = 0; i < out.n; i++)
        out.folds[i] = few < folds->folds ? (int)few : folds->folds;
    return out;
}

/* Few folds, and all of them at the top. */
static nas_ladder with_all_folds(const nas_ladder *ladder, const nas_fold_counts *folds)
{
    nas_ladder out = with_few_folds(ladder, folds);
    if (out.folds[0] == folds->folds && folds->repeats <= 1)
        return out;
    out.rung[out.n] = out.rung[out.n - 1];
    out.rung[out.n - 1].keep = QUARTER;
    out.folds[out.n] = folds->folds;
    out.repeats = folds->repeats;
    out.n++;
    return out;
}

/* ---- visits ------------------------------------------------------------------ */

static double rung_rows(const nas_rung *rung, int64_t rows)
{
    return ceil(rung->fraction * (double)rows);
}

/* Of one training. */
static double rung_visits(const nas_rung *rung, int64_t rows)
{
    return rung_rows(rung, rows) * (double)rung->epochs;
}

/* Of all that a trial adds at a rung. */
static double new_visits(const nas_ladder *ladder, int rung, int64_t rows)
{
    return rung_visits(&ladder->rung[rung], rows) *
           (double)nas_ladder_new_runs(ladder, rung);
}

static int64_t top_epochs(int64_t rows)
{
    int64_t epochs = (TOP_VISITS + rows - 1) / rows;
    return epochs < TOP_EPOCHS ? TOP_EPOCHS : epochs > MAX_EPOCHS ? MAX_EPOCHS : epochs;
}

/* Append a rung unless it equals the one below, which is then the top if this one is. */
static void append(nas_ladder *ladder, double fraction, int64_t epochs, double keep)
{
    nas_rung *below = ladder->n > 0 ? &ladder->rung[ladder->n - 1] : NULL;
    if (below != NULL && below->fraction == fraction && below->epochs == epochs)
        below->keep = keep > 0 ? below->keep : 0;
    else
        ladder->rung[ladder->n++] = (nas_rung){fraction, epochs, keep};
}

static nas_ladder full_ladder(int64_t rows, int64_t epochs)
{
    nas_ladder ladder = {.n = 0};
    int64_t first = epochs / EPOCHS_RATIO > 0 ? epochs / EPOCHS_RATIO : 1;
    if (rows < SMALL_ROWS) {
        append(&ladder, 1, first, THIRD);
    } else {
        append(&ladder, THIRD, first, THIRD);
        append(&ladder, THIRD, epochs, QUARTER);
    }
    append(&ladder, 1, epochs, 0);
    return ladder;
}

/* Row visits per network that is started, and the share of these that reach the top. */
static double visits_per_start(const nas_ladder *ladder, int64_t rows, double *share)
{
    double visits = 0;
    *share = 1;
    for (int i = 0; i < ladder->n; i++) {
        visits += *share * new_visits(ladder, i, rows);
        if (i + 1 < ladder->n)
            *share *= ladder->rung[i].keep;
    }
    return visits;
}

static double reach_top(const nas_ladder *ladder, int64_t rows, double visits)
{
    double share = 1;
    double starts = visits / visits_per_start(ladder, rows, &share);
    return starts * share;
}

static bool too_high(const nas_ladder *ladder, int64_t rows, double visits)
{
    double share = 1;
    double starts = visits / visits_per_start(ladder, rows, &share);
    return starts < FEW_STARTS || starts * share < FEW_NETWORKS;
}

static void drop_top(nas_ladder *ladder)
{
    ladder->n--;
    ladder->rung[ladder->n - 1].keep = 0;
}

/* Halve the rows of every rung. @return false when they cannot be fewer */
static bool shrink(nas_ladder *ladder, int64_t rows)
{
    double smallest = fmin(1, (double)FEWEST_ROWS / (double)rows);
    if (ladder->rung[0].fraction <= smallest)
        return false;
    for (int i = 0; i < ladder->n; i++)
        ladder->rung[i].fraction = fmax(smallest, ladder->rung[i].fraction / 2);
    return true;
}

static void lengthen(nas_ladder *ladder, const nas_fold_counts *folds, int64_t rows,
                     double visits)
{
    while (ladder->n < NAS_MAX_RUNGS - 1) { /* all folds may take one more */
        nas_ladder all = with_all_folds(ladder, folds);
        if (reach_top(&all, rows, visits) < MANY_NETWORKS)
            return;
        nas_rung *top = &ladder->rung[ladder->n - 1];
        if (top->epochs * LONGER > MAX_EPOCHS)
            return;
        top->keep = QUARTER;
        append(ladder, top->fraction, top->epochs * LONGER, 0);
    }
}

nas_ladder nas_ladder_plan_folds(const nas_fold_counts *folds, int64_t rows,
                                 int64_t epochs, double budget_core_s,
                                 double seconds_per_row)
{
    rows = rows > 0 ? rows : 1;
    nas_ladder ladder = full_ladder(rows, epochs > 0 ? epochs : top_epochs(rows));
    if (!(budget_core_s > 0) || !(seconds_per_row > 0))
        return with_all_folds(&ladder, folds);
    double visits = budget_core_s / seconds_per_row;
    for (;;) {
        nas_ladder few = with_few_folds(&ladder, folds);
        if (!too_high(&few, rows, visits))
            break;
        /* The top the user asked for stays; two rungs are needed to choose at all. */
        if (ladder.n > 2 && epochs == 0)
            drop_top(&ladder);
        else if (!shrink(&ladder, rows))
            break;
    }
    if (epochs == 0)
        lengthen(&ladder, folds, rows, visits);
    nas_ladder all = with_all_folds(&ladder, folds);
    return too_high(&all, rows, visits) ? with_few_folds(&ladder, folds) : all;
}

nas_ladder nas_ladder_plan(int64_t rows, int64_t epochs, double budget_core_s,
                           double seconds_per_row)
{
    const nas_fold_counts none = {.folds = 1, .repeats = 1, .rows = rows};
    return nas_ladder_plan_folds(&none, rows, epochs, budget_core_s, seconds_per_row);
}

nas_ladder nas_ladder_with_supernet(const nas_ladder *ladder)
{
    nas_ladder out = {.n = 0, .repeats = ladder->repeats};
    out.rung[out.n++] = (nas_rung){1, 0, SUPERNET_KEEP};
    for (int i = 0; i < ladder->n && out.n < NAS_MAX_RUNGS; i++, out.n++) {
        out.rung[out.n] = ladder->rung[i];
        out.folds[out.n] = ladder->folds[i];
    }
    out.rung[out.n - 1].keep = 0;
    return out;
}

double nas_ladder_max_macs(const nas_ladder *ladder, int64_t rows, double search_wall_s,
                           double seconds_per_mac_row)
{
    double visits = 0;
    if (!(search_wall_s > 0) || !isfinite(search_wall_s) || !(seconds_per_mac_row > 0))
        return (double)INFINITY;
    for (int i = 0; i < ladder->n; i++)
        visits += new_visits(ladder, i, rows);
    return MAX_SHARE * search_wall_s / (visits * seconds_per_mac_row);
}

double nas_rung_seconds(const nas_schedule_view *view, const nas_cost *cost, int rung)
{
    int workers = view->workers > 0 ? view->workers : 1;
    int at_once = (nas_ladder_new_runs(view->ladder, rung) + workers - 1) / workers;
    return (double)cost->macs * view->seconds_per_mac_row * (double)at_once *
           rung_visits(&view->ladder->rung[rung], view->rows);
}
