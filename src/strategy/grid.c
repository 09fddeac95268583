/* Exhaustive search: every assignment once, in the order of their numbers or in a
 * scattered order that covers the space evenly from the beginning.
 *
 * J. Bergstra, Y. Bengio: Random Search for Hyper-Parameter Optimization. JMLR 13 (2012)
 * 281-305, section 1, has grid search as the method to beat.
 *
 * Deviations
 * 1. Assignments that mean a network already proposed, or that violate a limit, are
 *    passed over: the grid is one of distinct, feasible networks.
 *
 * Notation
 *   here     range                     default    what
 *   order    scattered, sequential     scattered  of the numbers of the assignments
 *   next     0..size                   -          assignments looked at
 *   stride   coprime to the size       -          golden section of the size: position i
 *                                                 of the order is number i * stride mod
 *                                                 size */
#include "strategy/strategies.h"

#include <math.h>

enum { PARAM_ORDER };
enum { ORDER_SCATTERED, ORDER_SEQUENTIAL };

typedef struct grid {
    int64_t order;
    int64_t next;
} grid;

static nas_status grid_init(void *state, const nas_value *values, nas_err *err)
{
    grid *self = state;
    (void)err;
    self->order = values[PARAM_ORDER].i;
    return NAS_OK;
}

static nas_status grid_tell(void *state, const nas_history *history, int64_t t, int rung,
                            nas_err *err)
{
    (void)state;
    (void)history;
    (void)t;
    (void)rung;
    (void)err;
    return NAS_OK;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Multiples of the golden section leave no part of a circle unvisited for long. */
static int64_t scattered_stride(int64_t size)
{
    int64_t stride = (int64_t)((double)size * 0.6180339887498949);
    if (stride < 1)
        stride = 1;
    while (greatest_common_divisor(stride, size) != 1)
        stride++;
    return stride;
}

static nas_status grid_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    grid *self = state;
    int64_t size = (int64_t)nas_space_size(ask->space);
    int64_t stride = self->order == ORDER_SEQUENTIAL ? 1 : scattered_stride(size);
    nas_arena *scratch = nas_arena_new();
    NAS_TRY_ALLOC(scratch, err);
    nas_status status = NAS_OK;
    while (status == NAS_OK && out->candidate == NULL && self->next < size) {
        nas_arena_reset(scratch);
        int64_t number = self->next++ * stride % size; /* both below 2^20 */
        status = nas_propose_candidate(ask, nas_space_at(ask->space, number, scratch), -1,
                                       out, err);
    }
    if (status == NAS_OK && out->candidate != NULL) {
        out->candidate = nas_candidate_copy(out->candidate, ask->arena);
        if (out->candidate == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    nas_arena_free(scratch);
    ask->exhausted = status == NAS_OK && out->candidate == NULL;
    return status;
}

static nas_status grid_save(const void *state, nas_text *out, nas_err *err)
{
    const grid *self = state;
    nas_state_put(out, self->next);
    return nas_text_status(out, err);
}

static nas_status grid_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    grid *self = state;
    state_reader reader = {bytes, n};
    if (!nas_state_get(&reader, &self->next) || reader.left != 0 || self->next < 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `grid`: %zu bytes found, one number expected",
                        n);
    return NAS_OK;
}

static const char *const orders[] = {"scattered", "sequential", NULL};

static const nas_param grid_params[] = {
    [PARAM_ORDER] = {.name = "order",
                     .type = NAS_PARAM_CHOICE,
                     .default_text = "scattered",
                     .choices = orders,
                     .doc = "Sequential: as written in the space, last decision "
                            "fastest; scattered: evenly over it.",
                     .source = "a grid that is cut short should not miss a region"},
    {0},
};

const nas_strategy_ops nas_strategy_grid = {
    .name = "grid",
    .summary = "every network of a small space once (at most 2^20 assignments)",
    .cite = "bergstra2012random",
    .params = grid_params,
    .needs = NAS_SPACE_ENUMERABLE,
    .state_size = sizeof(grid),
    .init = grid_init,
    .tell = grid_tell,
    .ask = grid_ask,
    .save = grid_save,
    .load = grid_load,
};
