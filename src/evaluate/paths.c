/* Which networks of a space a step of its supernet trains.
 *
 * Z. Guo, X. Zhang, H. Mu, W. Heng, Z. Liu, Y. Wei, J. Sun: Single Path One-Shot Neural
 * Architecture Search with Uniform Sampling. ECCV 2020. doi:10.1007/978-3-030-58517-4_32
 * X. Chu, B. Zhang, R. Xu: FairNAS: Rethinking Evaluation Fairness of Weight Sharing
 * Neural Architecture Search. ICCV 2021. doi:10.1109/ICCV48922.2021.01202
 *
 * Deviations
 * 1. Decisions may have different numbers of values: a fair step has as many paths as the
 *    largest has, and the others deal out their values as evenly as that allows. Where a
 *    decision is inactive its value is not used.
 * 2. A drawn path that is no network (disconnected) is left out of its step and not drawn
 *    again: that would make some values rarer than others. */
#include "nasmith/supernet.h"

static nas_status draw_uniform(const nas_space *space, nas_rng *rng, nas_arena *arena,
                               nas_candidate **out, nas_err *err)
{
    *out = nas_space_sample(space, rng, arena);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

static int most_values(const nas_space *space)
{
    int most = 1;
    for (int d = 0; d < nas_space_decision_count(space); d++) {
        nas_decision_info info = nas_space_decision(space, d);
        if (!info.training && info.n_values > most)
            most = info.n_values;
    }
    return most;
}

/* Values of one decision for all paths: permutations of them, one after the other.
 * @param order  room for n_values
 * @param out    [paths][decisions], the column of this decision is set */
static void deal(int n_values, int paths, nas_rng *rng, int64_t *order, int16_t *out,
                 int stride)
{
    for (int k = 0; k < paths; k++) {
        if (k % n_values == 0) {
            for (int v = 0; v < n_values; v++)
                order[v] = v;
            nas_rng_shuffle(rng, order, n_values);
        }
        out[(int64_t)k * stride] = (int16_t)order[k % n_values];
    }
}

static nas_status draw_fair(const nas_space *space, nas_rng *rng, nas_arena *arena,
                            nas_candidate **out, int n, nas_err *err)
{
    int decisions = nas_space_decision_count(space);
    int16_t *values = NAS_NEW(arena, int16_t, (int64_t)n * decisions);
    int64_t *order = NAS_NEW(arena, int64_t, n);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY_ALLOC(order, err);
    for (int d = 0; d < decisions; d++) {
        nas_decision_info info = nas_space_decision(space, d);
        if (info.training) /* no part of the network; the first will do */
            continue;
        deal(info.n_values, n, rng, order, values + d, decisions);
    }
    for (int k = 0; k < n; k++) {
        out[k] = nas_space_assign(space, values + (int64_t)k * decisions, rng, arena);
        NAS_TRY_ALLOC(out[k], err);
    }
    return NAS_OK;
}

nas_status nas_paths_draw(const nas_paths *paths, const nas_space *space, nas_rng *rng,
                          nas_arena *arena, nas_candidate ***out, int *n, nas_err *err)
{
    *n = paths->fair ? most_values(space) : 1;
    *out = NAS_NEW(arena, nas_candidate *, *n);
    NAS_TRY_ALLOC(*out, err);
    if (paths->fair)
        return draw_fair(space, rng, arena, *out, *n, err);
    return draw_uniform(space, rng, arena, *out, err);
}
