/* Proposing from the strengths that alternatives have after a mixture was trained. */
#include "strategy/strategies.h"

#include <math.h>

enum { TRIES = 200, TRIES_PER_SCALE = 20 };
/* Noise of the first tries, as a share of the strengths' own spread. */
static const double NOISE = 0.5;

/* Standard deviation of strengths around the mean of their choice. */
static double spread(const nas_strengths *s)
{
    double sum = 0.0;
    int64_t n = 0;
    for (int c = 0; c < s->mixed->n_choices; c++) {
        const double *own = s->value + (int64_t)c * s->stride;
        int values = s->mixed->choices[c].n;
        double mean = 0.0;
        for (int v = 0; v < values; v++)
            mean += own[v] / values;
        for (int v = 0; v < values; v++, n++)
            sum += (own[v] - mean) * (own[v] - mean);
    }
    return n > 0 ? sqrt(sum / (double)n) : 0.0;
}

/* Gumbel noise: alternatives win as often as the softmax of strengths / scale says. */
static void disturb(nas_ask *ask, double scale, double *out)
{
    const nas_strengths *s = ask->strengths;
    for (int64_t i = 0; i < (int64_t)s->mixed->n_choices * s->stride; i++) {
        double u = nas_rng_uniform(&ask->rng);
        out[i] = s->value[i];
        if (scale > 0.0)
            out[i] -= scale * log(-log(u > 0.0 ? u : 0x1p-54));
    }
}

nas_status nas_mixture_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    (void)state;
    const nas_strengths *s = ask->strengths;
    if (s == NULL)
        return nas_propose_uniform(ask, out, err);
    double *strengths =
        NAS_NEW(ask->arena, double, (int64_t)s->mixed->n_choices * s->stride);
    NAS_TRY_ALLOC(strengths, err);
    double own = spread(s);
    for (int i = 0; i < TRIES; i++) {
        const int raised = i / TRIES_PER_SCALE;
        double scale = NOISE * own * (1.0 + raised);
        disturb(ask, i == 0 ? 0.0 : scale, strengths);
        nas_candidate *candidate =
            nas_space_strongest(ask->space, s->mixed, strengths, s->stride, ask->arena);
        NAS_TRY(nas_propose_candidate(ask, candidate, -1, out, err));
        if (out->candidate != NULL)
            return NAS_OK;
    }
    return nas_propose_uniform(ask, out, err);
}

nas_status nas_mixture_init(void *state, const nas_value *values, nas_err *err)
{
    (void)state;
    (void)values;
    (void)err;
    return NAS_OK;
}
