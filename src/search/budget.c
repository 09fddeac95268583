#include "search/budget.h"

#include <assert.h>
#include <math.h>

/* Of the time that is not needed for finishing: about a third, as three-minute searches
 * on Fashion-MNIST used it; up to half, where the best network needs it for a training of
 * a good length (a point is lost for every halving below that, docs of plan.c). */
static const double REFIT_SHARE = 0.35;
static const double MOST_REFIT_SHARE = 0.5;
/* Finishing never takes more than this share of what is left. */
static const double MAX_FINISH_SHARE = 0.3;
static const double FINISH_BASE_S = 0.5;
/* A training costs this beside its epochs. */
static const double TASK_BASE_S = 0.2;
/* What another core adds to the speed of a training. */
static const double SHARED_GAIN = 0.7;
/* Refits gain little beyond eight times the top rung, or 32 epochs. */
enum { MOST_TIMES = 8, MOST_EPOCHS = 32, MAX_WORKERS = 1024 };

double nas_budget_finalist_s(bool onnx, bool c)
{
    return 0.3 + (onnx ? 0.1 : 0.0) + (c ? 0.8 : 0.0);
}

budget nas_budget_split(double remaining_s, double per_finalist_s)
{
    double left = remaining_s > 0.0 ? remaining_s : 0.0;
    budget out;
    out.finish_s =
        fmin(FINISH_BASE_S + BUDGET_FINALISTS * per_finalist_s, MAX_FINISH_SHARE * left);
    out.refit_s = REFIT_SHARE * (left - out.finish_s);
    out.most_refit_s = MOST_REFIT_SHARE * (left - out.finish_s);
    out.search_s = left - out.finish_s - out.refit_s;
    return out;
}

double nas_budget_makespan(const double *seconds, int n, int workers)
{
    double busy[MAX_WORKERS] = {0.0};
    if (workers > MAX_WORKERS)
        workers = MAX_WORKERS;
    assert(workers >= 1);
    double last = 0.0;
    for (int i = 0; i < n; i++) {
        int first = 0;
        for (int w = 1; w < workers; w++)
            if (busy[w] < busy[first])
                first = w;
        busy[first] += seconds[i];
        last = fmax(last, busy[first]);
    }
    return last;
}

double nas_budget_refit_epoch_s(const double *seconds_per_epoch, int n, int workers,
                                double standard_s)
{
    double alone = BUDGET_SAFETY * nas_budget_makespan(seconds_per_epoch, n, workers);
    if (n == 0 || n >= workers)
        return alone;
    /* `standard` seconds of every epoch's time a refit has one core, then its share. */
    int threads = workers / n;
    double speed = 1.0 + SHARED_GAIN * (double)(threads - 1);
    double standard = fmin(standard_s, alone);
    return (alone + standard * (speed - 1.0)) / speed;
}

int64_t nas_budget_refit_epochs(const double *seconds_per_epoch, int n, int workers,
                                double standard_s, double available_s, int64_t most)
{
    double overhead = TASK_BASE_S * ceil((double)n / (double)workers);
    double one = nas_budget_refit_epoch_s(seconds_per_epoch, n, workers, standard_s);
    if (n == 0 || available_s <= overhead)
        return 0;
    double epochs = one > 0.0 ? floor((available_s - overhead) / one) : (double)most;
    return epochs >= (double)most ? most : (int64_t)epochs;
}

int64_t nas_budget_most_epochs(const nas_ladder *ladder, int64_t asked)
{
    int64_t top = ladder->rung[ladder->n - 1].epochs;
    if (asked > 0)
        return top;
    int64_t more = MOST_TIMES * top < MOST_EPOCHS ? MOST_TIMES * top : MOST_EPOCHS;
    return more > top ? more : top;
}
