/* The spectrum operator, see include/nasmith/spectrum.h. MACs are real products of every
 * frame of every channel, with m = size/2: window; transform 2 m log2 m and 2 m to take
 * it apart; 2 (m + 1) for powers; with bands 2 (m + 1); bands * coefficients. */
#include "graph/op.h"
#include "graph/spectrum.h"

#include <math.h>

static const nas_param spectrum_params[] = {
    {"window", NAS_PARAM_INT, "samples", "256", 8, 8192, NULL, "samples of a frame",
     NULL},
    {"hop", NAS_PARAM_INT, "samples", "128", 1, 8192, NULL, "samples from frame to frame",
     NULL},
    {"bands", NAS_PARAM_INT, NULL, "0", 0, 1024, NULL, "mel bands; 0: every frequency",
     NULL},
    {"coefficients", NAS_PARAM_INT, NULL, "0", 0, 1024, NULL,
     "of the cosine transform over bands; 0: the bands themselves", NULL},
    {"rate", NAS_PARAM_REAL, "Hz", "1", 1e-6, 1e9, NULL, "samples per second", NULL},
    {"low_hz", NAS_PARAM_REAL, "Hz", "0", 0, 1e9, NULL, "lower end of the bands", NULL},
    {"high_hz", NAS_PARAM_REAL, "Hz", "0", 0, 1e9, NULL,
     "upper end of the bands; 0: half the rate", NULL},
    {"relative", NAS_PARAM_BOOL, NULL, "true", 0, 0, NULL,
     "logarithms less that of the sample's largest value", NULL},
    {"series", NAS_PARAM_BOOL, NULL, "false", 0, 0, NULL,
     "bands become channels of a series, not rows of an image", NULL},
    {0},
};

static const char no_int8[] = "spectra are computed in floats and have no 8-bit form";

static double high_hz(const nas_node *node)
{
    const double high = node->attr[NAS_ATTR_SPECTRUM_HIGH_HZ].f;
    return high > 0 ? high : node->attr[NAS_ATTR_SPECTRUM_RATE].f / 2;
}

static nas_status check_bands(const nas_node *node, nas_err *err)
{
    const int64_t bands = node->attr[NAS_ATTR_SPECTRUM_BANDS].i;
    const int64_t coefficients = node->attr[NAS_ATTR_SPECTRUM_COEFFICIENTS].i;
    const double low = node->attr[NAS_ATTR_SPECTRUM_LOW_HZ].f;
    const double half = node->attr[NAS_ATTR_SPECTRUM_RATE].f / 2;
    if (coefficients > bands)
        return nas_fail(err, NAS_E_GRAPH,
                        "%lld coefficients of %lld bands, expected at most as many",
                        (long long)coefficients, (long long)bands);
    if (bands > 0 && (low >= high_hz(node) || high_hz(node) > half))
        return nas_fail(err, NAS_E_GRAPH,
                        "bands from %g to %g Hz, expected a range within 0 to %g, half "
                        "the rate",
                        low, high_hz(node), half);
    return NAS_OK;
}

static nas_status spectrum_shape(const nas_node *node, const nas_shape *inputs,
                                 nas_shape *out, nas_err *err)
{
    const int64_t window = node->attr[NAS_ATTR_SPECTRUM_WINDOW].i;
    const nas_shape in = inputs[0];
    if (in.h != 1 || in.w < window)
        return nas_fail(err, NAS_E_GRAPH,
                        "a spectrum of %lld samples needs a series, (C,1,T), of at least "
                        "as many steps; its input is %lldx%lldx%lld",
                        (long long)window, (long long)in.c, (long long)in.h,
                        (long long)in.w);
    NAS_TRY(check_bands(node, err));
    const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, in);
    const int64_t rows = nas_spectrum_rows(&plan);
    *out = (nas_shape){in.c, rows, plan.frames};
    if (node->attr[NAS_ATTR_SPECTRUM_SERIES].i != 0)
        *out = (nas_shape){nas_count_mul(in.c, rows), 1, plan.frames};
    return NAS_OK;
}

static int64_t spectrum_macs(const nas_node *node, const nas_shape *inputs)
{
    const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, inputs[0]);
    const int64_t half = plan.size / 2;
    int64_t stages = 0;
    while ((INT64_C(1) << stages) < half)
        stages++;
    int64_t macs = plan.window + 2 * half * stages + 2 * half + 2 * (half + 1);
    if (plan.bands > 0)
        macs += 2 * (half + 1) + (int64_t)plan.bands * plan.coefficients;
    return nas_count_mul(nas_count_mul(macs, plan.frames), plan.channels);
}

const nas_op nas_operator_spectrum = {
    .name = "spectrum",
    .summary = "log power spectra of a series, in mel bands, or their cosine transform",
    .params = spectrum_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .front = true,
    .no_int8 = no_int8,
    .shape = spectrum_shape,
    .weights = nas_weights_none,
    .macs = spectrum_macs,
};

/* ---- sizes ------------------------------------------------------------------------- */

nas_rt_spectrum_plan nas_spectrum_plan(const nas_node *node, nas_shape in)
{
    const nas_value *a = node->attr;
    nas_rt_spectrum_plan plan = {
        .channels = (int32_t)in.c,
        .window = (int32_t)a[NAS_ATTR_SPECTRUM_WINDOW].i,
        .hop = (int32_t)a[NAS_ATTR_SPECTRUM_HOP].i,
        .size = 8,
        .bands = (int32_t)a[NAS_ATTR_SPECTRUM_BANDS].i,
        .coefficients = (int32_t)a[NAS_ATTR_SPECTRUM_COEFFICIENTS].i,
        .relative = a[NAS_ATTR_SPECTRUM_RELATIVE].i != 0,
        .in_step = 1,
        .in_channel = (int32_t)in.w,
        .out_frame = 1,
    };
    while (plan.size < plan.window)
        plan.size *= 2;
    plan.frames = 1 + ((int32_t)in.w - plan.window) / plan.hop;
    plan.out_row = plan.frames;
    plan.out_channel = (int32_t)nas_spectrum_rows(&plan) * plan.frames;
    return plan;
}

int64_t nas_spectrum_powers(const nas_rt_spectrum_plan *plan)
{
    return plan->bands > 0 ? plan->bands : plan->size / 2 + 1;
}

int64_t nas_spectrum_rows(const nas_rt_spectrum_plan *plan)
{
    return plan->coefficients > 0 ? plan->coefficients : nas_spectrum_powers(plan);
}

int64_t nas_spectrum_cosines(const nas_rt_spectrum_plan *plan)
{
    const int64_t mel = plan->bands > 0 ? plan->bands + 2 + plan->size / 2 + 1 : 0;
    return plan->window + plan->size + mel;
}

int64_t nas_spectrum_table_floats(const nas_rt_spectrum_plan *plan)
{
    return nas_spectrum_cosines(plan) + (int64_t)plan->coefficients * plan->bands;
}

int64_t nas_spectrum_work_floats(const nas_rt_spectrum_plan *plan)
{
    const int64_t apart = plan->coefficients > 0 ? plan->bands : 0;
    return plan->size + apart * plan->frames * plan->channels;
}

/* ---- tables ------------------------------------------------------------------------ */

static const double PI = 3.14159265358979323846;

static double mel_of(double hz)
{
    return 2595.0 * log10(1.0 + hz / 700.0);
}

/* Where a frequency lies among the edges 0 .. bands + 1 of the bands. */
static double place_of(const nas_node *node, const nas_rt_spectrum_plan *plan, int64_t k)
{
    const double low = mel_of(node->attr[NAS_ATTR_SPECTRUM_LOW_HZ].f);
    const double high = mel_of(high_hz(node));
    const double rate = node->attr[NAS_ATTR_SPECTRUM_RATE].f;
    const double mel = mel_of((double)k * rate / plan->size);
    return (mel - low) / (high - low) * (plan->bands + 1);
}

void nas_spectrum_triangles(const nas_node *node, const nas_rt_spectrum_plan *plan,
                            double *weights)
{
    const int64_t bins = plan->size / 2 + 1;
    for (int64_t i = 0; i < plan->bands * bins; i++) {
        const int64_t band = i / bins;
        const double middle = (double)band + 1.0;
        const double distance = fabs(place_of(node, plan, i % bins) - middle);
        weights[i] = distance < 1.0 ? 1.0 - distance : 0.0;
    }
}

/* First frequency of each slope, and shares for the upper of two bands. */
static void fill_bands(const nas_node *node, const nas_rt_spectrum_plan *plan,
                       float *table)
{
    const int64_t bins = plan->size / 2 + 1;
    float *share = table + plan->bands + 2;
    for (int64_t j = 0; j < plan->bands + 2; j++)
        table[j] = (float)bins;
    for (int64_t k = bins - 1; k >= 0; k--) {
        const double place = place_of(node, plan, k);
        share[k] = (float)(place - floor(place));
        for (int64_t j = 0; j < plan->bands + 2 && (double)j <= place; j++)
            table[j] = (float)k;
    }
}

void nas_spectrum_tables(const nas_node *node, const nas_rt_spectrum_plan *plan,
                         float *table)
{
    float *turn = table + plan->window;
    for (int64_t t = 0; t < plan->window; t++)
        table[t] = (float)(0.5 - 0.5 * cos(2.0 * PI * (double)t / plan->window));
    for (int64_t k = 0; k < plan->size / 2; k++) {
        turn[2 * k] = (float)cos(2.0 * PI * (double)k / plan->size);
        turn[2 * k + 1] = (float)-sin(2.0 * PI * (double)k / plan->size);
    }
    if (plan->bands > 0)
        fill_bands(node, plan, turn + plan->size);
    float *cosines = table + nas_spectrum_cosines(plan);
    for (int64_t i = 0; i < (int64_t)plan->coefficients * plan->bands; i++) {
        const int64_t row = i / plan->bands, band = i % plan->bands;
        const double n = plan->bands;
        const double angle = PI * (double)row * ((double)band + 0.5) / n;
        cosines[i] = (float)(cos(angle) * sqrt((row > 0 ? 2.0 : 1.0) / n));
    }
}
