#include "data/make.h"

#include <math.h>

enum { N = 500 };

static nas_front fit(const nas_dataset *data, int64_t n, bool plain, nas_arena *arena)
{
    static int64_t rows[N];
    nas_err err = {0};
    nas_front front;
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    check_ok(nas_dataset_fit_front(data, rows, n, plain, arena, &front, &err), err);
    return front;
}

/* Encoded and standardised column k of a raw row. */
static double at(const nas_front *front, const float *row, int64_t k)
{
    float out[16];
    nas_encode_row(front->columns, front->n_columns, row, out);
    return ((double)out[k] - (double)front->mean[k]) *
           (double)front->inverse_deviation[k];
}

static void categories_and_missing_values(void **state)
{
    (void)state;
    static float inputs[N][2];
    char *levels[] = {(char[]){"a"}, (char[]){"b"}};
    nas_column columns[] = {{.indicator = true}, {.levels = levels, .n_levels = 2}};
    const nas_dataset data = {.shape = {2, 1, 1},
                              .element = NAS_ELEMENT_F32,
                              .n_rows = N,
                              .inputs = inputs,
                              .columns = columns};
    for (int i = 0; i < N; i++) {
        inputs[i][0] = i % 10 == 3 ? NAN : (float)(i % 7);
        inputs[i][1] = i % 100 == 0 ? 1.0f : 0.0f; /* b is rare */
    }
    nas_arena *arena = nas_arena_new();
    const nas_front front = fit(&data, N, false, arena);
    assert_int_equal(front.n_raw, 2);
    assert_int_equal(front.n_columns, 5); /* value, missing, a, b, unknown */
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        const double z = at(&front, inputs[i], 0);
        sum += z;
        squares += z * z;
    }
    assert_true(fabs(sum / N) < 1e-5 && fabs(squares / N - 1) < 1e-4);
    const float gone[] = {NAN, 0}, middle[] = {3, 0}, strange[] = {3, 7};
    assert_true(at(&front, gone, 0) == at(&front, middle, 0)); /* the median */
    assert_true(at(&front, gone, 1) > 1.0 && at(&front, middle, 1) < 0.0);
    const float rare[] = {3, 1};
    assert_true(at(&front, rare, 3) > 4.0 && at(&front, rare, 3) <= 5.0);
    /* No training row was unknown: such a row is like the mean one. */
    assert_true(at(&front, strange, 4) == 0.0);
    assert_true(fabs(at(&front, strange, 2)) > 4.0);
    nas_arena_free(arena);
}

static void long_tails_are_squashed(void **state)
{
    (void)state;
    static float inputs[N][2];
    char *names[] = {(char[]){"income"}, (char[]){"age"}};
    nas_dataset data = {.shape = {2, 1, 1},
                        .element = NAS_ELEMENT_F32,
                        .n_rows = N,
                        .inputs = inputs,
                        .feature_names = names};
    nas_rng rng = nas_rng_new(2385, 3);
    for (int i = 0; i < N; i++) {
        inputs[i][0] = (float)exp(2.5 * nas_rng_normal(&rng));
        inputs[i][1] = (float)nas_rng_normal(&rng);
    }
    nas_arena *arena = nas_arena_new();
    const nas_front front = fit(&data, N, false, arena);
    assert_non_null(front.columns);
    assert_true(front.columns[NAS_ENCODE_KIND] == (float)NAS_ENCODE_SQUASH);
    assert_true(front.columns[NAS_ENCODE_FIELDS + NAS_ENCODE_KIND] ==
                (float)NAS_ENCODE_VALUE);
    double largest = 0;
    for (int i = 0; i < N; i++)
        largest = fmax(largest, fabs(at(&front, inputs[i], 0)));
    assert_true(largest < 4);
    const float low[] = {1, 0}, high[] = {20, 0}, huge[] = {1e30f, 0};
    assert_true(at(&front, low, 0) + 0.5 < at(&front, high, 0));
    assert_true(at(&front, high, 0) < at(&front, huge, 0));
    assert_true(at(&front, huge, 0) < 5);
    /* Int8 networks and rows without names of columns stay as they were. */
    assert_null(fit(&data, N, true, arena).columns);
    data.feature_names = NULL;
    const nas_front plain = fit(&data, N, false, arena);
    float mean[2], inverse[2];
    int64_t rows[N];
    for (int i = 0; i < N; i++)
        rows[i] = i;
    nas_dataset_fit_standardise(&data, rows, N, mean, inverse);
    assert_null(plain.columns);
    assert_memory_equal(plain.mean, mean, sizeof mean);
    assert_memory_equal(plain.inverse_deviation, inverse, sizeof inverse);
    nas_arena_free(arena);
}

/* Mostly one value, and few that are far away: the few must differ among themselves. */
static void a_spike_and_a_tail(void **state)
{
    (void)state;
    static float inputs[N][1];
    char *names[] = {(char[]){"gain"}};
    const nas_dataset data = {.shape = {1, 1, 1},
                              .element = NAS_ELEMENT_F32,
                              .n_rows = N,
                              .inputs = inputs,
                              .feature_names = names};
    for (int i = 0; i < N; i++)
        inputs[i][0] = i % 50 == 0 ? 1000.0f * (float)(1 + i / 50) : 0.0f;
    inputs[0][0] = 99999;
    nas_arena *arena = nas_arena_new();
    const nas_front front = fit(&data, N, false, arena);
    assert_non_null(front.columns);
    const float zero = 0, small = 2000, large = 9000;
    assert_true(at(&front, &small, 0) - at(&front, &zero, 0) > 0.5);
    assert_true(at(&front, &large, 0) - at(&front, &small, 0) > 0.5);
    nas_arena_free(arena);
}

static void all_missing_is_no_trouble(void **state)
{
    (void)state;
    static float inputs[N][1];
    nas_column columns[] = {{.indicator = true}};
    const nas_dataset data = {.shape = {1, 1, 1},
                              .element = NAS_ELEMENT_F32,
                              .n_rows = N,
                              .inputs = inputs,
                              .columns = columns};
    for (int i = 0; i < N; i++)
        inputs[i][0] = NAN;
    nas_arena *arena = nas_arena_new();
    const nas_front front = fit(&data, 20, false, arena);
    assert_true(at(&front, inputs[0], 0) == 0.0);
    assert_true(at(&front, inputs[0], 1) == 0.0);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(categories_and_missing_values),
        cmocka_unit_test(long_tails_are_squashed),
        cmocka_unit_test(a_spike_and_a_tail),
        cmocka_unit_test(all_missing_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
