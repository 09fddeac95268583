#include "spectrum_case.h"

#include "graph/spectrum.h"

#include "nasmith/rng.h"

#include <math.h>

#include "graph/runtime/log.h"

enum { STEPS = 700 };

static float *run_case(const nas_graph *graph, const float *in)
{
    nas_err err = {0};
    nas_spectrum *spectrum = NULL;
    check_ok(nas_spectrum_new(graph, &spectrum, &err), err);
    assert_non_null(spectrum);
    const int64_t n = nas_shape_count(nas_spectrum_shape(spectrum));
    float *work = nas_heap_alloc((size_t)nas_spectrum_work(spectrum), sizeof *work);
    float *out = nas_heap_alloc((size_t)n, sizeof *out);
    nas_spectrum_run(spectrum, in, work, out);
    nas_heap_free(work);
    nas_spectrum_free(spectrum);
    return out;
}

/* log |sum x w e^...|^2 of one frame at frequency k, by the definition. */
static double log_power(const float *x, int window, int size, int k)
{
    const double pi = acos(-1.0);
    double re = 0, im = 0;
    for (int t = 0; t < window; t++) {
        const double w = 0.5 - 0.5 * cos(2 * pi * t / window);
        re += (double)x[t] * w * cos(2 * pi * k * t / size);
        im += (double)x[t] * w * sin(2 * pi * k * t / size);
    }
    return log(re * re + im * im);
}

static void powers_are_those_of_the_definition(void **state)
{
    (void)state;
    static const int windows[] = {8, 13, 32, 100, 256, 400};
    nas_rng rng = nas_rng_new(2385, 1);
    float x[STEPS];
    for (int i = 0; i < STEPS; i++)
        x[i] = (float)(1000 * nas_rng_normal(&rng));
    for (size_t c = 0; c < sizeof windows / sizeof windows[0]; c++) {
        nas_err err = {0};
        const int window = windows[c], hop = 50;
        int size = 8;
        while (size < window)
            size *= 2;
        nas_graph *graph = spectrum_case(
            (nas_shape){1, 1, STEPS},
            (attribute[]){{"window", window}, {"hop", hop}, {"relative", 0}, {0}}, &err);
        float *out = run_case(graph, x);
        const int64_t frames = nas_graph_output_shape(graph).w;
        for (int64_t f = 0; f < frames; f++)
            for (int k = 0; k <= size / 2; k++) {
                const double expected = log_power(x + f * hop, window, size, k);
                if (fabs((double)out[k * frames + f] - expected) > 3e-3)
                    fail_msg("window %d frame %d frequency %d: %g, expected %g", window,
                             (int)f, k, (double)out[k * frames + f], expected);
            }
        nas_heap_free(out);
        nas_graph_free(graph);
    }
}

/* A tone of 1,000 Hz: the same bands lead at every loudness, and only `relative` forgets
 * the loudness. */
static void loudness_is_forgotten_or_kept(void **state)
{
    (void)state;
    const double pi = acos(-1.0);
    float soft[STEPS], loud[STEPS];
    for (int i = 0; i < STEPS; i++) {
        soft[i] = (float)(0.01 * sin(2 * pi * 1000 * i / 8000));
        loud[i] = 30000 * 100 * soft[i];
    }
    for (int relative = 0; relative < 2; relative++) {
        nas_err err = {0};
        nas_graph *graph = spectrum_case(
            (nas_shape){1, 1, STEPS},
            (attribute[]){{"window", 256}, {"bands", 20}, {"relative", relative}, {0}},
            &err);
        float *a = run_case(graph, soft), *b = run_case(graph, loud);
        const int64_t frames = nas_graph_output_shape(graph).w;
        const double apart = relative ? 0 : 2 * log(3e6);
        for (int64_t i = 0; i < 20 * frames; i++)
            assert_true(fabs((double)b[i] - (double)a[i] - apart) < 2e-3);
        /* 1,000 Hz is 1,000 mel of 2,146: band 8 or 9 of 20. */
        for (int64_t band = 0; band < 20; band++)
            assert_true(a[8 * frames] >= a[band * frames] ||
                        a[9 * frames] >= a[band * frames]);
        nas_heap_free(a);
        nas_heap_free(b);
        nas_graph_free(graph);
    }
}

/* Silence is 80 dB below itself: finite, and the same everywhere. */
static void silence_is_a_number(void **state)
{
    (void)state;
    nas_err err = {0};
    float x[STEPS] = {0};
    nas_graph *graph =
        spectrum_case((nas_shape){1, 1, STEPS}, (attribute[]){{"bands", 8}, {0}}, &err);
    float *out = run_case(graph, x);
    for (int64_t i = 0; i < nas_shape_count(nas_graph_output_shape(graph)); i++)
        assert_true(fabs((double)out[i] - log(1e-8)) < 1e-5);
    nas_heap_free(out);
    nas_graph_free(graph);
}

/* All bands, 2 channels: coefficients are an orthonormal transform of the bands, so they
 * have the same sum of squares. */
static void cosines_keep_the_energy(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 2);
    float x[2 * STEPS];
    double sums[2] = {0, 0};
    for (int i = 0; i < 2 * STEPS; i++)
        x[i] = (float)nas_rng_normal(&rng);
    for (int k = 0; k < 2; k++) {
        nas_err err = {0};
        nas_graph *graph = spectrum_case(
            (nas_shape){2, 1, STEPS},
            (attribute[]){
                {"bands", 12}, {"coefficients", k ? 12 : 0}, {"series", k}, {0}},
            &err);
        float *out = run_case(graph, x);
        for (int64_t i = 0; i < nas_shape_count(nas_graph_output_shape(graph)); i++)
            sums[k] += (double)out[i] * (double)out[i];
        nas_heap_free(out);
        nas_graph_free(graph);
    }
    assert_true(fabs(sums[0] - sums[1]) < 1e-5 * sums[0]);
}

static void logarithm_is_as_exact_as_said(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 3);
    for (int i = 0; i < 200000; i++) {
        const float x = ldexpf((float)(1 + nas_rng_uniform(&rng)),
                               (int)nas_rng_below(&rng, 252) - 126);
        const double exact = log((double)x);
        assert_true(fabs((double)nas_rt_log(x) - exact) < 2e-7 * fmax(1, fabs(exact)));
    }
    for (int i = 0; i < 100000; i++) { /* near 1 */
        const float x = (float)(0.5 + nas_rng_uniform(&rng));
        assert_true(fabs((double)nas_rt_log(x) - log((double)x)) < 2e-7);
    }
}

/* Attributes of the computed part are part of the identity, fitted constants are not. */
static void identity_and_what_stands_behind(void **state)
{
    (void)state;
    nas_err err = {0};
    const nas_shape in = {1, 1, STEPS};
    const float mean[1] = {2.385f}, inverse[1] = {0.5f};
    const nas_front front = {.mean = mean, .inverse_deviation = inverse};
    nas_graph *a = spectrum_case(in, (attribute[]){{"bands", 8}, {0}}, &err);
    nas_graph *b =
        spectrum_case(in, (attribute[]){{"bands", 8}, {"relative", 0}, {0}}, &err);
    nas_graph *fitted = NULL, *again = NULL, *behind = NULL, *canonical = NULL;
    assert_int_not_equal(nas_graph_hash(a), nas_graph_hash(b));
    assert_int_not_equal(nas_graph_front_key(a), nas_graph_front_key(b));
    check_ok(nas_graph_with_front(a, &front, &fitted, &err), err);
    check_ok(nas_graph_with_front(fitted, &front, &again, &err), err);
    assert_int_equal(nas_graph_count(fitted), nas_graph_count(a) + 1);
    assert_int_equal(nas_graph_count(again), nas_graph_count(fitted));
    assert_int_equal(nas_graph_node(again, 1)->op, NAS_OP_SPECTRUM);
    assert_int_equal(nas_graph_node(again, 2)->op, NAS_OP_STANDARDISE);
    assert_int_equal(nas_graph_hash(fitted), nas_graph_hash(a));
    assert_int_equal(nas_graph_front_key(fitted), nas_graph_front_key(a));
    check_ok(nas_graph_canonical(fitted, &canonical, &err), err);
    assert_int_equal(nas_graph_node(canonical, 1)->op, NAS_OP_SPECTRUM);
    assert_int_equal(nas_graph_hash(canonical), nas_graph_hash(a));
    check_ok(nas_graph_behind(fitted, &behind, &err), err);
    assert_int_equal(nas_graph_count(behind), nas_graph_count(fitted) - 1);
    assert_true(nas_shape_equal(nas_graph_input_shape(behind), nas_graph_front_shape(a)));
    assert_int_equal(nas_graph_front_key(behind), 0);
    assert_true(
        nas_shape_equal(nas_graph_front_shape(behind), nas_graph_input_shape(behind)));
    nas_spectrum *none = NULL;
    check_ok(nas_spectrum_new(behind, &none, &err), err);
    assert_null(none);
    nas_graph_free(canonical);
    nas_graph_free(behind);
    nas_graph_free(again);
    nas_graph_free(fitted);
    nas_graph_free(b);
    nas_graph_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_are_those_of_the_definition),
        cmocka_unit_test(loudness_is_forgotten_or_kept),
        cmocka_unit_test(silence_is_a_number),
        cmocka_unit_test(cosines_keep_the_energy),
        cmocka_unit_test(logarithm_is_as_exact_as_said),
        cmocka_unit_test(identity_and_what_stands_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
