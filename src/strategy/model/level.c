#include "strategy/model/level.h"

#include <math.h>
#include <stdlib.h>

/* Mean gain from rung r - 1 to r over the trials that have both, summed up from rung 0.
 */
static void find_levels(const nas_history *history, double *level)
{
    double sum[NAS_MAX_RUNGS] = {0};
    int64_t n[NAS_MAX_RUNGS] = {0};
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        for (int r = trial->first_rung + 1; r < trial->rungs; r++) {
            double gain = trial->score[r] - trial->score[r - 1];
            if (!isfinite(gain))
                continue;
            sum[r] += gain;
            n[r]++;
        }
    }
    level[0] = 0;
    for (int r = 1; r < NAS_MAX_RUNGS; r++)
        level[r] = level[r - 1] + (n[r] > 0 ? sum[r] / (double)n[r] : 0);
}

void nas_model_level(const nas_history *history, double *out)
{
    double level[NAS_MAX_RUNGS];
    find_levels(history, level);
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        out[t] = (double)NAN;
        if (trial->rungs > 0 && isfinite(trial->score[trial->rungs - 1]))
            out[t] = trial->score[trial->rungs - 1] - level[trial->rungs - 1];
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void nas_model_targets(double *scores, int64_t n, double *sorted)
{
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(scores[i]))
            sorted[known++] = scores[i];
    if (known == 0)
        return;
    qsort(sorted, (size_t)known, sizeof *sorted, ascending);
    double best = sorted[known - 1], spread = best - sorted[known / 2];
    if (!(spread > 0))
        spread = best - sorted[0] > 0 ? best - sorted[0] : 1;
    for (int64_t i = 0; i < n; i++)
        scores[i] = -log(2 + (best - scores[i]) / spread);
}
