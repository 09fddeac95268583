/* Successive halving, Hyperband and its form for DEHB: brackets over the rungs of the
 * ladder.
 *
 * K. Jamieson, A. Talwalkar: Non-stochastic Best Arm Identification and Hyperparameter
 * Optimization. AISTATS 2016. arXiv:1502.07943
 * L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar: Hyperband: A Novel
 * Bandit-Based Approach to Hyperparameter Optimization. JMLR 18(185), 2018.
 * arXiv:1603.06560
 *
 * N. Awad, N. Mallik, F. Hutter: DEHB: Evolutionary Hyperband for Scalable, Robust and
 * Efficient Hyperparameter Optimization. IJCAI 2021. arXiv:2105.09821
 *
 * Deviations
 * 1. Resources are the rungs of the ladder, whose ratio need not be eta.
 * 2. n = floor((s_max + 1) / (s + 1)) * eta^s networks in a bracket, as in the example of
 *    the paper (81, 27, 9, 6, 5 for R = 81, eta = 3) and in HpBandSter; the ceiling of
 *    the paper's pseudo-code gives 81, 34, 15, 8, 5.
 * 3. Which bracket a trial belongs to follows from its number: brackets come in the order
 *    s = s_max ... 0, over and over. While one waits for its last trainings, free workers
 *    begin the next.
 * 4. Draining, a bracket that was not filled is halved as it is.
 *
 * Notation
 *   paper        here                  range   default  source
 *   eta          eta                   2..64   3        paper
 *   R, r_i       rungs of the ladder   -       -        ladder
 *   s            bracket.s             0..s_max
 *   n_i          size(bracket, i) */
#include "schedule/schedulers.h"

#include "strategy/bracket_sizes.h"

#include <assert.h>
#include <math.h>

enum { PARAM_ETA };

/* Trials [from, from + n) of the history. */
typedef struct bracket {
    int s;
    int first_rung;
    int64_t from, n;
} bracket;

/* n_i: networks of the bracket at its i-th rung; at least one. */
static int64_t size(const bracket *b, int i, int64_t eta)
{
    int64_t n = b->n;
    for (; i > 0; i--)
        n /= eta;
    return n > 0 ? n : 1;
}

static bracket first_bracket(int s_max, int64_t eta)
{
    return (bracket){s_max, 0, 0, nas_bracket_networks(s_max, s_max, eta)};
}

/* The one that follows. @param once  successive halving: always s_max */
static bracket following(const bracket *b, int s_max, int64_t eta, bool once)
{
    int s = once || b->s == 0 ? s_max : b->s - 1;
    return (bracket){s, s_max - s, b->from + b->n, nas_bracket_networks(s, s_max, eta)};
}

/* The best of the bracket that ended rung k and was not sent on; -1 when there is none,
 * or when some of the rung's networks have not ended.
 * @param sent  out: how many were sent on */
static int64_t best_waiting(const nas_history *history, const bracket *b, int k,
                            int64_t *sent, bool *open)
{
    int64_t best = -1;
    *sent = 0;
    *open = false;
    for (int64_t t = b->from; t < b->from + b->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        *open |= trial->queued_rung >= k && trial->rungs <= k && !trial->failed;
        *sent += trial->queued_rung > k;
        if (!nas_view_finished(trial, k) || trial->queued_rung > k || trial->failed)
            continue;
        if (best < 0 || nas_view_better(trial, &history->trials[best], k))
            best = t;
    }
    return best;
}

/* One round of successive halving in a full bracket.
 * @return the trial to promote and, out, its rung; or -1 */
static int64_t promotable(const nas_schedule_view *view, const bracket *b, int64_t eta,
                          int *rung)
{
    for (int k = b->first_rung; k + 1 < view->ladder->n; k++) {
        int64_t sent = 0;
        bool open = false;
        int64_t best = best_waiting(view->history, b, k, &sent, &open);
        if (open)
            return -1;
        if (sent < size(b, k + 1 - b->first_rung, eta) && best >= 0) {
            *rung = k + 1;
            return best;
        }
    }
    return -1;
}

/* @param n  trials of the history that are in brackets */
static nas_next next_in_brackets(const nas_value *values, const nas_schedule_view *view,
                                 int64_t n, bool once)
{
    int s_max = view->ladder->n - 1, rung = 0;
    int64_t eta = values[PARAM_ETA].i;
    bracket b = first_bracket(s_max, eta);
    for (; b.from < n; b = following(&b, s_max, eta, once)) {
        bool full = n - b.from >= b.n;
        if (!full && !view->drain)
            break;
        if (!full)
            b.n = n - b.from;
        int64_t t = promotable(view, &b, eta, &rung);
        if (t >= 0 && nas_view_climb_seconds(view, &view->history->trials[t], rung,
                                             rung) <= nas_view_seconds_left(view))
            return (nas_next){NAS_NEXT_PROMOTE, t, rung};
    }
    bool start = nas_view_may_start(view, b.first_rung);
    return (nas_next){.kind = start ? NAS_NEXT_ASK : NAS_NEXT_WAIT, .rung = b.first_rung};
}

static nas_next halving_next(const nas_value *values, const nas_schedule_view *view)
{
    return next_in_brackets(values, view, view->history->n, true);
}

static nas_next hyperband_next(const nas_value *values, const nas_schedule_view *view)
{
    return next_in_brackets(values, view, view->history->n, false);
}

/* The rung of slot `slot`, counted from 0, when every rung of every bracket is filled
 * with new networks. */
static int rung_of_slot(int64_t slot, int s_max, int64_t eta)
{
    for (int s = s_max;; s = s == 0 ? s_max : s - 1)
        for (int i = 0; i <= s; i++) {
            slot -= nas_bracket_rung_networks(s, i, s_max, eta);
            if (slot < 0)
                return s_max - s + i;
        }
}

/* One sweep of Hyperband fills the populations; from then on nothing is promoted: every
 * place of a bracket is taken by a new network. */
static nas_next dehb_next(const nas_value *values, const nas_schedule_view *view)
{
    int s_max = view->ladder->n - 1;
    int64_t eta = values[PARAM_ETA].i, sweep = 0, slots = 0;
    for (int s = 0; s <= s_max; s++) {
        sweep += nas_bracket_networks(s, s_max, eta);
        for (int i = 0; i <= s; i++)
            slots += nas_bracket_rung_networks(s, i, s_max, eta);
    }
    assert(slots > 0); /* a ladder has a rung */
    if (view->history->n < sweep)
        return hyperband_next(values, view);
    nas_next next = next_in_brackets(values, view, sweep, false);
    if (next.kind == NAS_NEXT_PROMOTE)
        return next;
    int rung = rung_of_slot((view->history->n - sweep) % slots, s_max, eta);
    bool start = nas_view_may_start(view, rung);
    return (nas_next){.kind = start ? NAS_NEXT_ASK : NAS_NEXT_WAIT, .rung = rung};
}

static const nas_param bracket_params[] = {
    [PARAM_ETA] = {.name = "eta",
                   .type = NAS_PARAM_INT,
                   .default_text = "3",
                   .min = 2,
                   .max = 64,
                   .doc = "One in this many goes on to the next rung.",
                   .source = "Li et al. 2018"},
    {0},
};

const nas_scheduler_ops nas_scheduler_halving = {
    .name = "halving",
    .summary = "successive halving: whole rungs, the best share of each goes on",
    .cite = "jamieson2016halving",
    .params = bracket_params,
    .next = halving_next,
};

const nas_scheduler_ops nas_scheduler_hyperband = {
    .name = "hyperband",
    .summary = "successive halving in brackets that begin at higher and higher rungs",
    .cite = "li2018hyperband",
    .params = bracket_params,
    .next = hyperband_next,
};

const nas_scheduler_ops nas_scheduler_dehb = {
    .name = "dehb",
    .summary = "Hyperband whose brackets are filled with new networks; for strategy dehb",
    .cite = "awad2021dehb",
    .params = bracket_params,
    .next = dehb_next,
};
