/* J. O. Smith and P. Gossett, "A flexible sampling-rate conversion method", ICASSP 1984:
 * each output is a sum of inputs under a sinc, windowed (Blackman) and widened when the
 * rate falls, so that nothing folds back.
 *
 * Deviations: the table holds the phases themselves, all of them where there are at most
 * MAX_PHASES (no interpolation between entries), else the nearest.
 *
 *   symbol  identifier  meaning
 *   f       cutoff      cycles per input sample, 0.475 min(1, to/from)
 *   N       half        inputs on each side, CROSSINGS / (2 f)
 *   P       phase       fraction of an input sample where the output lies */
#include "data/resample.h"

#include "nasmith/arena.h"

#include <math.h>

enum { CROSSINGS = 16, MAX_PHASES = 4096 };

static const double passband = 0.475;
static const double pi = 3.14159265358979323846;

static int64_t common_factor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int64_t nas_resample_length(int64_t n, int64_t from, int64_t to)
{
    return (int64_t)ceil((double)n * (double)to / (double)from);
}

static double kernel(double t, double cutoff, double half)
{
    double x = 2.0 * cutoff * t;
    double sinc = fabs(x) < 1e-9 ? 1.0 : sin(pi * x) / (pi * x);
    double u = t / half;
    if (fabs(u) >= 1.0)
        return 0.0;
    return sinc * (0.42 + 0.5 * cos(pi * u) + 0.08 * cos(2.0 * pi * u));
}

/* Each phase sums to one: a constant stays what it is. */
static void fill_table(nas_resampler *r, double cutoff)
{
    int64_t width = 2 * r->half;
    for (int64_t p = 0; p < r->n_phases; p++) {
        double fraction = (double)p / (double)r->n_phases;
        double sum = 0.0;
        for (int64_t k = 0; k < width; k++)
            sum += kernel((double)(k - r->half + 1) - fraction, cutoff, (double)r->half);
        for (int64_t k = 0; k < width; k++)
            r->table[p * width + k] = (float)(kernel((double)(k - r->half + 1) - fraction,
                                                     cutoff, (double)r->half) /
                                              sum);
    }
}

nas_status nas_resampler_begin(nas_resampler *r, int64_t from, int64_t to, nas_err *err)
{
    int64_t factor = common_factor(from, to);
    from /= factor;
    to /= factor;
    r->taken = r->made = 0;
    if (from > NAS_RESAMPLE_MAX_RATIO * to || to > NAS_RESAMPLE_MAX_RATIO * from)
        return nas_fail(err, NAS_E_DATA, "its rate is too far from the one wanted");
    if (r->from == from && r->to == to && r->table != NULL) {
        for (int64_t i = 0; i < 2 * r->half; i++)
            r->history[i] = 0.0f;
        return NAS_OK;
    }
    nas_resampler_free(r);
    double cutoff = passband * fmin(1.0, (double)to / (double)from);
    r->from = from;
    r->to = to;
    r->half = (int64_t)ceil(CROSSINGS / (2.0 * cutoff));
    r->n_phases = to < MAX_PHASES ? to : MAX_PHASES;
    r->table = nas_heap_alloc((size_t)r->n_phases, (size_t)(2 * r->half) * sizeof(float));
    NAS_TRY_ALLOC(r->table, err);
    r->history = nas_heap_alloc((size_t)(2 * r->half), sizeof(float));
    NAS_TRY_ALLOC(r->history, err);
    fill_table(r, cutoff);
    return NAS_OK;
}

/* The next output lies between inputs `at` and `at` + 1. */
static float interpolate(const nas_resampler *r, int64_t at, double fraction)
{
    int64_t width = 2 * r->half;
    int64_t phase = llround(fraction * (double)r->n_phases);
    if (phase == r->n_phases)
        phase--; /* the nearest phase of a table that has not all */
    const float *weights = r->table + phase * width;
    double sum = 0.0;
    for (int64_t k = 0; k < width; k++) {
        int64_t input = at - r->half + 1 + k;
        if (input >= 0)
            sum += (double)(weights[k] * r->history[input % width]);
    }
    return (float)sum;
}

/* Give out all samples whose inputs, up to half after them, are in the history. */
static nas_status drain(nas_resampler *r, int64_t limit, nas_err *err)
{
    while (r->made < limit) {
        int64_t at = r->made * r->from / r->to;
        if (at + r->half >= r->taken)
            return NAS_OK;
        double fraction = (double)(r->made * r->from % r->to) / (double)r->to;
        NAS_TRY(r->out(r->context, interpolate(r, at, fraction), err));
        r->made++;
    }
    return NAS_OK;
}

nas_status nas_resampler_put(nas_resampler *r, float sample, nas_err *err)
{
    r->history[r->taken++ % (2 * r->half)] = sample;
    return drain(r, INT64_MAX, err);
}

nas_status nas_resampler_end(nas_resampler *r, nas_err *err)
{
    int64_t total = nas_resample_length(r->taken, r->from, r->to);
    for (int64_t i = 0; i <= r->half && r->made < total; i++) {
        r->history[r->taken++ % (2 * r->half)] = 0.0f;
        NAS_TRY(drain(r, total, err));
    }
    return NAS_OK;
}

void nas_resampler_free(nas_resampler *r)
{
    nas_heap_free(r->table);
    nas_heap_free(r->history);
    r->table = NULL;
    r->history = NULL;
}
