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
    MAX_EPOCHS = 100,
    EPOCHS_RATIO = 4,   /* between the first rung and the others */
    FEW_NETWORKS = 2,   /* that must reach the top: else nothing is compared there */
    FEW_STARTS = 8,     /* that must be started: else nothing is searched */
    MANY_NETWORKS = 48, /* reaching the top: a longer rung pays */
    LONGER = 3,         /* how much longer */
    FEWEST_ROWS = 500,  /* of a fraction that was made smaller */
};

static const double THIRD = 1.0 / 3;
static const double QUARTER = 0.25;
/* Scoring with inherited weights costs about an eighth of the shortest training: so as
 * much time goes into either. */
static const double SUPERNET_KEEP = 0.125;
/* Of the wall clock of a search, for one network's way up: 5 M MACs in three minutes on
 * 50,000 images, where larger ones left the second rung unaffordable. */
static const double MAX_SHARE = 0.45;

static double rung_rows(const nas_rung *rung, int64_t rows)
{
    return ceil(rung->fraction * (double)rows);
}

static double rung_visits(const nas_rung *rung, int64_t rows)
{
    return rung_rows(rung, rows) * (double)rung->epochs;
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
        visits += *share * rung_visits(&ladder->rung[i], rows);
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

static void lengthen(nas_ladder *ladder, int64_t rows, double visits)
{
    while (ladder->n < NAS_MAX_RUNGS &&
           reach_top(ladder, rows, visits) >= MANY_NETWORKS) {
        nas_rung *top = &ladder->rung[ladder->n - 1];
        if (top->epochs * LONGER > MAX_EPOCHS)
            return;
        top->keep = QUARTER;
        append(ladder, top->fraction, top->epochs * LONGER, 0);
    }
}

nas_ladder nas_ladder_plan(int64_t rows, int64_t epochs, double budget_core_s,
                           double seconds_per_row)
{
    rows = rows > 0 ? rows : 1;
    nas_ladder ladder = full_ladder(rows, epochs > 0 ? epochs : top_epochs(rows));
    if (!(budget_core_s > 0) || !(seconds_per_row > 0))
        return ladder;
    double visits = budget_core_s / seconds_per_row;
    while (too_high(&ladder, rows, visits)) {
        /* The top the user asked for stays; two rungs are needed to choose at all. */
        if (ladder.n > 2 && epochs == 0)
            drop_top(&ladder);
        else if (!shrink(&ladder, rows))
            break;
    }
    if (epochs == 0)
        lengthen(&ladder, rows, visits);
    return ladder;
}

nas_ladder nas_ladder_with_supernet(const nas_ladder *ladder)
{
    nas_ladder out = {.n = 0};
    out.rung[out.n++] = (nas_rung){1, 0, SUPERNET_KEEP};
    for (int i = 0; i < ladder->n && out.n < NAS_MAX_RUNGS; i++)
        out.rung[out.n++] = ladder->rung[i];
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
        visits += rung_visits(&ladder->rung[i], rows);
    return MAX_SHARE * search_wall_s / (visits * seconds_per_mac_row);
}

double nas_rung_seconds(const nas_schedule_view *view, const nas_cost *cost, int rung)
{
    return (double)cost->macs * view->seconds_per_mac_row *
           rung_visits(&view->ladder->rung[rung], view->rows);
}
