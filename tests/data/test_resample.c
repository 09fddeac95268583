#include "check.h"

#include "nasmith/arena.h"

#include "data/resample.h"

#include <math.h>
#include <string.h>

typedef struct collected {
    float values[8192];
    int64_t n;
} collected;

static nas_status collect(void *context, float sample, nas_err *err)
{
    collected *out = context;
    (void)err;
    assert_true(out->n < 8192);
    out->values[out->n++] = sample;
    return NAS_OK;
}

static void resample(nas_resampler *r, int64_t from, int64_t to, double hertz, int64_t n,
                     collected *out)
{
    nas_err err = {0};
    out->n = 0;
    r->out = collect;
    r->context = out;
    check_ok(nas_resampler_begin(r, from, to, &err), err);
    for (int64_t i = 0; i < n; i++) {
        double t = 6.283185307179586 * hertz * (double)i / (double)from;
        check_ok(nas_resampler_put(r, hertz > 0 ? (float)sin(t) : 1.0f, &err), err);
    }
    check_ok(nas_resampler_end(r, &err), err);
    assert_int_equal(out->n, nas_resample_length(n, from, to));
}

/* A tone in the band stays that tone, away from the ends; 4101 Hz has 4000 phases, 44101
 * Hz to 16001 Hz more than the table. */
static void tones_are_kept(void **state)
{
    static const int64_t rates[][2] = {
        {8000, 16000}, {44100, 16000}, {16000, 8000}, {4101, 4000}, {44101, 16001}};
    static collected out;
    nas_resampler r = {.from = 0};
    (void)state;
    for (size_t k = 0; k < sizeof rates / sizeof rates[0]; k++) {
        resample(&r, rates[k][0], rates[k][1], 500.0, 4000, &out);
        double worst = 0.0;
        for (int64_t i = out.n / 4; i < out.n * 3 / 4; i++) {
            double t = 6.283185307179586 * 500.0 * (double)i / (double)rates[k][1];
            worst = fmax(worst, fabs((double)out.values[i] - sin(t)));
        }
        if (worst > 2e-3)
            fail_msg("%d to %d Hz: error %g", (int)rates[k][0], (int)rates[k][1], worst);
    }
    nas_resampler_free(&r);
}

/* A tone above half of the new rate must vanish, not fold back. */
static void what_does_not_fit_vanishes(void **state)
{
    static collected out;
    nas_resampler r = {.from = 0};
    (void)state;
    resample(&r, 16000, 8000, 6000.0, 4000, &out);
    for (int64_t i = out.n / 4; i < out.n * 3 / 4; i++)
        assert_true(fabsf(out.values[i]) < 2e-3f);
    nas_resampler_free(&r);
}

static void constants_stay(void **state)
{
    static collected out;
    nas_resampler r = {.from = 0};
    (void)state;
    resample(&r, 11025, 8000, 0.0, 1000, &out);
    for (int64_t i = 100; i < out.n - 100; i++)
        assert_true(fabsf(out.values[i] - 1.0f) < 1e-5f);
    nas_resampler_free(&r);
}

static void lengths_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(nas_resample_length(3, 16000, 8000), 2);
    assert_int_equal(nas_resample_length(4, 16000, 8000), 2);
    assert_int_equal(nas_resample_length(1, 8000, 16000), 2);
    static collected out;
    nas_resampler r = {.from = 0};
    for (int64_t n = 1; n < 40; n++) { /* shorter than the kernel */
        resample(&r, 44100, 16000, 500.0, n, &out);
        resample(&r, 16000, 44100, 500.0, n, &out);
    }
    nas_resampler_free(&r);
}

static void distant_rates_are_refused(void **state)
{
    nas_err err = {0};
    nas_resampler r = {.from = 0};
    (void)state;
    assert_int_equal(nas_resampler_begin(&r, 1, 8000, &err), NAS_E_DATA);
    assert_int_equal(nas_resampler_begin(&r, 8000, 1, &err), NAS_E_DATA);
    nas_alloc_fail_nth(1);
    assert_int_equal(nas_resampler_begin(&r, 8000, 4000, &err), NAS_E_NOMEM);
    nas_alloc_fail_nth(2);
    assert_int_equal(nas_resampler_begin(&r, 8000, 4000, &err), NAS_E_NOMEM);
    nas_alloc_fail_nth(0);
    nas_resampler_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_are_kept),
        cmocka_unit_test(what_does_not_fit_vanishes),
        cmocka_unit_test(constants_stay),
        cmocka_unit_test(lengths_are_rounded_up),
        cmocka_unit_test(distant_rates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
